"""Where an edit belongs in a file: exactly there, or, apart from white space, in one place only."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from iqdebug.assistant.actions.edits import Definition, Edit, EditRefused, Hunk
from iqdebug.assistant.actions.text_file import TextFile
from iqdebug.core.messages import Message, message

__all__ = ["placed"]

_AS_DIFF = message("assistant.actions.edit.as_diff")


def placed(file: TextFile, edit: Edit, name: str) -> TextFile:
    """The file with the edit made.

    :param name: of the file, for words.
    :raises EditRefused: the place is not there, or not the only one.
    """
    if isinstance(edit, Definition):
        return _definition_placed(file, edit, name)
    if not edit.old:
        raise EditRefused(
            message("assistant.actions.edit.nothing_to_hold", name=name),
            message("assistant.actions.edit.nothing_to_hold.why"),
        )
    exact = _at(file.lines, edit.old)
    if not exact and len(_trimmed(edit).old) != len(edit.old):
        trimmed = _trimmed(edit)
        exact = _at(file.lines, trimmed.old) if trimmed.old else []
        edit = trimmed if exact else edit
    if exact:
        start = _chosen(exact, edit, name)
        return file.replaced(start, start + len(edit.old), edit.new)
    within = _within_lines(file, edit, name)
    if within is not None:
        return within
    loose = _loosely(file.lines, edit)
    if loose:
        start = _chosen([at for at, _ in loose], edit, name)
        return file.replaced(start, start + len(edit.old), dict(loose)[start])
    raise EditRefused(
        message("assistant.actions.edit.no_such_lines", name=name, lines=_shown(edit.old)),
        _nearest(file.lines, edit.old),
    )


def _trimmed(edit: Hunk) -> Hunk:
    """Without the empty lines around it, where both sides have them."""
    old, new = list(edit.old), list(edit.new)
    while old and new and not old[0].strip() and not new[0].strip():
        del old[0], new[0]
    while old and new and not old[-1].strip() and not new[-1].strip():
        del old[-1], new[-1]
    return Hunk(edit.path, tuple(old), tuple(new), edit.line)


def _at(lines: Sequence[str], old: Sequence[str]) -> list[int]:
    size = len(old)
    return [n for n in range(len(lines) - size + 1) if tuple(lines[n : n + size]) == tuple(old)]


def _chosen(starts: Sequence[int], edit: Hunk, name: str) -> int:
    if len(starts) == 1:
        return starts[0]
    if edit.line and edit.line - 1 in starts:
        return edit.line - 1
    raise EditRefused(
        message(
            "assistant.actions.edit.lines_repeated",
            name=name,
            count=len(starts),
            at=[n + 1 for n in starts[:6]],
            lines=_shown(edit.old),
        ),
        message("assistant.actions.edit.lines_repeated.why"),
    )


def _within_lines(file: TextFile, edit: Hunk, name: str) -> TextFile | None:
    """The old text as a part of lines; None where it is nowhere."""
    text, old = "\n".join(file.lines), "\n".join(edit.old)
    count = text.count(old) if old.strip() else 0
    if not count:
        return None
    if count > 1:
        raise EditRefused(
            message("assistant.actions.edit.text_repeated", name=name, text=_shown(edit.old), count=count),
            message("assistant.actions.edit.text_repeated.why"),
        )
    at = text.index(old)
    first = text.count("\n", 0, at)
    start = text.rfind("\n", 0, at) + 1
    behind = text.find("\n", at + len(old))
    behind = len(text) if behind < 0 else behind
    block = text[start:at] + "\n".join(edit.new) + text[at + len(old) : behind]
    return file.replaced(first, first + len(edit.old), block.split("\n"))


def _loosely(lines: Sequence[str], edit: Hunk) -> list[tuple[int, tuple[str, ...]]]:
    """Places that differ by white space at line ends and by one and the same indentation, each with
    the new lines indented as it is there."""
    own = _indent(edit.old)
    wanted = [_without(line, own) for line in edit.old]
    matches = []
    size = len(wanted)
    for start in range(len(lines) - size + 1):
        block = lines[start : start + size]
        there = _indent(block)
        if [_without(line, there) for line in block] != wanted:
            continue
        if any(line.strip() and not line.startswith(own) for line in edit.new):
            continue
        new = tuple(there + line[len(own) :] if line.strip() else "" for line in edit.new)
        matches.append((start, _kept(block, wanted, new, edit, there, own)))
    return matches


def _kept(
    block: Sequence[str], wanted: Sequence[str], new: tuple[str, ...], edit: Hunk, there: str, own: str
) -> tuple[str, ...]:
    """Unchanged lines at both ends as they stand in the file, with their white space."""
    result = list(new)
    stop = min(len(wanted), len(new))
    for n in range(stop):
        if _without(edit.new[n], own) != wanted[n]:
            break
        result[n] = block[n]
    for n in range(1, stop + 1):
        if _without(edit.new[-n], own) != wanted[-n]:
            break
        result[-n] = block[-n]
    return tuple(result)


def _indent(lines: Sequence[str]) -> str:
    """The indentation that all lines with text have in common."""
    texts = [line for line in lines if line.strip()]
    if not texts:
        return ""
    common = texts[0][: len(texts[0]) - len(texts[0].lstrip())]
    for line in texts[1:]:
        while not line.startswith(common):
            common = common[:-1]
    return common


def _without(line: str, indent: str) -> str:
    return line[len(indent) :].rstrip() if line.strip() else ""


def _shown(lines: Sequence[str]) -> str:
    text = " ⏎ ".join(line.strip() for line in lines if line.strip())
    return text if len(text) <= 160 else text[:159] + "…"


def _nearest(lines: Sequence[str], old: Sequence[str]) -> Message:
    """Words about a line of the edit that is there, so that the rest can be copied from around it."""
    for line in sorted({line.strip() for line in old}, key=len, reverse=True):
        at = [n for n, text in enumerate(lines, 1) if line and text.strip() == line]
        if len(at) == 1:
            around = lines[max(at[0] - 3, 0) : at[0] + 2]
            return message("assistant.actions.edit.lines_there", line=at[0], lines="\n".join(around))
    return message("assistant.actions.edit.copy_lines")


def _definition_placed(file: TextFile, edit: Definition, name: str) -> TextFile:
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise EditRefused(
            message("assistant.actions.edit.no_parse", name=name, why=str(error)), _AS_DIFF
        ) from None
    definitions = list(_named(tree, edit.name, edit.owner, ""))
    whole = f"{edit.owner}.{edit.name}" if edit.owner else edit.name
    if not definitions:
        raise EditRefused(message("assistant.actions.edit.no_function", name=name, function=whole), _AS_DIFF)
    if len(definitions) > 1:
        raise EditRefused(
            message(
                "assistant.actions.edit.functions",
                name=name,
                function=whole,
                count=len(definitions),
                at=[node.lineno for node in definitions[:6]],
            ),
            message("assistant.actions.edit.functions.why"),
        )
    node = definitions[0]
    decorated = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    first = decorated if edit.decorated else node.lineno
    indent = file.lines[node.lineno - 1][: node.col_offset]
    new = [indent + line if line.strip() else "" for line in edit.lines]
    return file.replaced(first - 1, node.end_lineno or node.lineno, new)


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def _named(node: ast.AST, name: str, owner: str, around: str) -> list[FunctionNode]:
    definitions: list[FunctionNode] = []
    for child in ast.iter_child_nodes(node):
        inside = around
        if isinstance(child, FunctionNode) and child.name == name and (not owner or around == owner):
            definitions.append(child)
        if isinstance(child, ast.ClassDef):
            inside = child.name
        definitions += _named(child, name, owner, inside)
    return definitions
