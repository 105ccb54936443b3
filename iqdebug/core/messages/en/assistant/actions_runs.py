"""Running a recorded program again: what stands in the way, how it ended, and what that proves."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.actions.again.command_line": (
        "its program stood on the command line (-c), which is not recorded"
    ),
    "assistant.actions.again.folder_gone": "its folder {folder} is gone",
    "assistant.actions.again.masked": "These variables were masked and are not set: {names}",
    "assistant.actions.again.no_folder": "its folder {folder} is not on this machine",
    "assistant.actions.again.no_module": "it failed before its module was found",
    "assistant.actions.again.no_program": "its program {program} is not on this machine",
    "assistant.actions.again.no_words": "its command line cannot be read",
    "assistant.actions.again.not_recorded": "(not recorded)",
    "assistant.actions.again.on_command_line": "Its program stood on the command line (-c)",
    "assistant.actions.again.other_python": (
        "Its interpreter {recorded} ({version}) is not on this machine: {own} ({own_version}) runs it"
    ),
    "assistant.actions.again.reads_stdin": "It reads standard input, which is empty when it runs again",
    "assistant.actions.again.secret": (
        "a secret on its command line was masked; give it again to repeat the command"
    ),
    "assistant.actions.again.snapshot": "it is a snapshot of a living process, not a failure",
    "assistant.actions.again.stdin": "its program came from standard input, which is not recorded",
    "assistant.actions.again.typed": "it was typed into an interpreter, which keeps no program",
    "assistant.actions.copy.and_more": "{names} and {more} more",
    "assistant.actions.copy.large_files": "Too large to be copied: {names}",
    "assistant.actions.copy.no_folder": "There is no project folder to copy",
    "assistant.actions.copy.no_folder.why": "{folder} is not on this machine",
    "assistant.actions.copy.no_folder.why_none": "none is not on this machine",
    "assistant.actions.copy.not_in_it": "{name} is no part of {root}",
    "assistant.actions.copy.not_in_it.why": "The fix was not tried.",
    "assistant.actions.copy.too_large": "{folder} is too large to copy",
    "assistant.actions.copy.too_large.why": "It has more than {files} files or {size} MiB.",
    "assistant.actions.copy.too_much": "{folder} is too much to copy",
    "assistant.actions.copy.too_much.why": "It is not the folder of one project.",
    "assistant.actions.copy.unread_files": "Could not be copied: {names}",
    "assistant.actions.failure.in_function": "{failure} in {function}",
    "assistant.actions.note": "note: {note}",
    "assistant.actions.run.ended": "still ran after {seconds} s and was ended",
    "assistant.actions.run.ended_well": "ended well",
    "assistant.actions.run.exit_code": "ended with exit code {code}",
    "assistant.actions.run.failed": "failed with {failure}",
    "assistant.actions.run.left_out": "… {count} bytes left out …",
    "assistant.actions.run.not_started": "{program} cannot be started",
    "assistant.actions.run.signal": "ended by signal {signal}",
    "assistant.actions.verify.after": "with the fix",
    "assistant.actions.verify.again": "It fails again as it was recorded: {failure}",
    "assistant.actions.verify.another": "The recorded failure is gone, but with the fix it {how}",
    "assistant.actions.verify.before": "before",
    "assistant.actions.verify.fixed": ("Fixed: without the fix {failure}, with it the program ended well"),
    "assistant.actions.verify.impossible": "The failure cannot be repeated",
    "assistant.actions.verify.in_copy": "in a copy of {folder}",
    "assistant.actions.verify.no_exception": "no exception of Python was recorded",
    "assistant.actions.verify.no_failure": "Without the fix it {how}; the failure did not come",
    "assistant.actions.verify.not_again": (
        "Without the fix it {how}, where {failure} was recorded: nothing is proved"
    ),
    "assistant.actions.verify.not_until_then": ("With the fix it {how}; the failure did not come until then"),
    "assistant.actions.verify.ran": "ran: {command}",
    "assistant.actions.verify.reach": (
        "It can still reach the network, databases, and files outside the project, as when it was run by hand"
    ),
    "assistant.actions.verify.run": "{title}: {how} ({seconds} s)",
    "assistant.actions.verify.runs_more": (
        "The program runs once or more, in a copy of the project that is deleted afterwards"
    ),
    "assistant.actions.verify.runs_once": (
        "The program runs once, in a copy of the project that is deleted afterwards"
    ),
    "assistant.actions.verify.runs_twice": (
        "The program runs twice, in a copy of the project that is deleted afterwards"
    ),
    "assistant.actions.verify.same": "It fails with the fix as without: {failure}",
    "assistant.actions.verify.variables": "with these variables, as they were recorded:",
    "assistant.actions.verify.with_fix": "and again with this fix:",
    "assistant.actions.verify.your_own": (
        "Command and variables are as the recording has them: is it your own?"
    ),
}
