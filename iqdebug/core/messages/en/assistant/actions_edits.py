"""Edits: why one is refused, what to mind about it, how it is applied and taken back."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.actions.apply.changed": "{name} has changed since the fix was proposed",
    "assistant.actions.apply.changed.fix": "Ask for the fix again.",
    "assistant.actions.apply.no_backup": "No backup can be written to {folder}",
    "assistant.actions.apply.no_file": "{name} is no plain file any more",
    "assistant.actions.apply.not_read": "{name} cannot be read",
    "assistant.actions.apply.not_written": "{name} could not be written",
    "assistant.actions.apply.read_only": "{name} is read-only",
    "assistant.actions.apply.read_only.fix": "Allow it: chmod u+w {path}",
    "assistant.actions.apply.unchanged": "Nothing was changed.",
    "assistant.actions.edit.as_diff": "Give the edit as a diff.",
    "assistant.actions.edit.bad_path": (
        "The path is longer than any, or has a character that no path can have"
    ),
    "assistant.actions.edit.copy_lines": "Copy the lines from the file as they are now.",
    "assistant.actions.edit.forbidden": "{path} is not edited: {why}",
    "assistant.actions.edit.foreign": "{path} is in {folder}, which is not the program's own code",
    "assistant.actions.edit.functions": "{name} has `{function}` {count} times (lines {at})",
    "assistant.actions.edit.functions.why": "Give the edit as a diff with lines around.",
    "assistant.actions.edit.lacks_texts": "An edit needs the texts `old` and `new`",
    "assistant.actions.edit.lacks_texts.why": "`old` is copied from the file.",
    "assistant.actions.edit.lines_repeated": (
        "{name} has these lines {count} times (from line {at}): {lines}"
    ),
    "assistant.actions.edit.lines_repeated.why": (
        "Include more of the lines around, so that they stand there only once."
    ),
    "assistant.actions.edit.lines_there": "Line {line} is in it; the lines there are:\n{lines}",
    "assistant.actions.edit.no_file": "There is no file {path} in {root}",
    "assistant.actions.edit.no_file.why": "A fix changes files that are there; give their path.",
    "assistant.actions.edit.no_function": "{name} has no function `{function}`",
    "assistant.actions.edit.no_parse": "{name} does not parse as it is: {why}",
    "assistant.actions.edit.no_path": "The edit does not say which file it changes",
    "assistant.actions.edit.no_path.why": "Name the file's path.",
    "assistant.actions.edit.no_python": "With the edit {name} is no Python any more: {why}",
    "assistant.actions.edit.no_python.why": "Mind the indentation.",
    "assistant.actions.edit.no_python_at": (
        "With the edit {name} is no Python any more: {why} at line {line}: `{source}`"
    ),
    "assistant.actions.edit.no_such_lines": "{name} does not have these lines: {lines}",
    "assistant.actions.edit.none": "There is no edit in the reply",
    "assistant.actions.edit.none.why": (
        "An edit is a unified diff, a search and replace block, or a whole function in a code fence."
    ),
    "assistant.actions.edit.not_read": "{path} cannot be read",
    "assistant.actions.edit.not_whole": (
        "`{function}` is not given whole: `{line}` stands for lines that were left out"
    ),
    "assistant.actions.edit.not_whole.why": (
        "Give the whole function, or only the lines that change as a diff."
    ),
    "assistant.actions.edit.nothing_to_hold": "The edit of {name} has no line to hold on to",
    "assistant.actions.edit.nothing_to_hold.why": "Include some unchanged lines around what is added.",
    "assistant.actions.edit.old_empty": "`old` is empty",
    "assistant.actions.edit.old_empty.why": "Copy the lines that change from the file, as they are.",
    "assistant.actions.edit.outside": "{path} lies outside {root}",
    "assistant.actions.edit.outside.why": "Only files of the program itself are changed.",
    "assistant.actions.edit.paths": "{path} can be {named: or }",
    "assistant.actions.edit.paths.why": "Give the path from the root.",
    "assistant.actions.edit.text_repeated": "{name} has `{text}` {count} times",
    "assistant.actions.edit.text_repeated.why": "Give the whole lines, with those around.",
    "assistant.actions.edit.too_large": "{path} is larger than {size} MiB",
    "assistant.actions.edit.without_effect": "The edit changes nothing",
    "assistant.actions.edit.without_effect.why": "The new lines are the same as the old ones.",
    "assistant.actions.fix.hard_links": (
        "{name} has {count} names (hard links): it changes under each of them"
    ),
    "assistant.actions.fix.link": "{name} is a link; the file that it leads to is changed",
    "assistant.actions.fix.many_lines": "It replaces {count} lines, which is much for a fix",
    "assistant.actions.fix.needs_a_model": (
        "No fix follows from the evidence alone: what the program should do instead, "
        "a person or a model has to say"
    ),
    "assistant.actions.fix.no_parse": "{name} did not parse before and does not now: {why}",
    "assistant.actions.fix.read_only": (
        "{name} is read-only: it can be tried in a scratch copy but not applied"
    ),
    "assistant.actions.text.no_character": (
        "The edit has {text}, which the file's encoding {encoding} does not have"
    ),
    "assistant.actions.text.not_read": "{name} cannot be read as text",
    "assistant.actions.text.not_read.unnamed": "the file cannot be read as text",
    "assistant.actions.undo.changed": "{path} was changed after the fix",
    "assistant.actions.undo.changed.fix": "The file as it was: {backup}",
    "assistant.actions.undo.changed.why": "Putting it back would lose that.",
    "assistant.actions.undo.damaged": "The backup of {path} is damaged",
    "assistant.actions.undo.damaged.why": "It lies in {folder}.",
    "assistant.actions.undo.impossible": "{path} cannot be put back",
    "assistant.actions.undo.nothing": "There is no fix to undo in {folder}",
    "assistant.actions.undo.nothing.why": "It was undone, or is damaged.",
}
