"""Why a tool's call was not done. The model reads the English ones."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.no_git": "git is not installed here",
    "assistant.no_git.fix": "Install git to see the history.",
    "assistant.refusal.braces": "write each expression as {{expression}}, without braces inside",
    "assistant.refusal.breakpoint_there": (
        "there is a breakpoint at {place} already; remove it first, or watch a line beside it"
    ),
    "assistant.refusal.breakpoint_where": "to {action} a breakpoint, give `path` and `line`",
    "assistant.refusal.cannot_now": "cannot {action} now: {reason}",
    "assistant.refusal.debugger_failed": "The debugger could not do this.",
    "assistant.refusal.defined_nowhere": "no file of the frames defines `{name}`; use search with symbol",
    "assistant.refusal.fix": "Refused: {why}",
    "assistant.refusal.heading": (
        "{number} is a heading between the frames of two exceptions; take one beside it"
    ),
    "assistant.refusal.lines_to": "{path} has lines 1 to {last}",
    "assistant.refusal.many_files": "`{name}` may be any of {paths}; give the whole path",
    "assistant.refusal.moved_on": (
        "allowed, but the process has moved on meanwhile; nothing was done. Look again first"
    ),
    "assistant.refusal.moved_on.not_run": "the process has moved on since; nothing was run",
    "assistant.refusal.moved_on.not_set": "the process has moved on since; nothing was set",
    "assistant.refusal.no_answer": "No answer in time; the target may hold its interpreter lock in a C call.",
    "assistant.refusal.no_breakpoint": "there is no breakpoint at {place}",
    "assistant.refusal.no_expression": "this is no Python expression: {why}",
    "assistant.refusal.no_expression_in": "{expression} is no Python expression: {why}",
    "assistant.refusal.no_file": (
        "there is no file `{name}` here; files of the frames: {known}. Or use search"
    ),
    "assistant.refusal.no_fix": "There is no fix to verify: call propose_fix first, or rerun.",
    "assistant.refusal.no_frame": "there is no frame {number}: thread {thread} has frames 0 to {last}",
    "assistant.refusal.no_history": (
        "git has no history of line {line} of {name}: not in a repository, not committed, or too long"
    ),
    "assistant.refusal.no_history_here": "that file is not on this machine, so it has no history here",
    "assistant.refusal.no_name": "only a variable of the frame can be set: `name` must be its name alone",
    "assistant.refusal.no_text": "{path} has no text that can be read here",
    "assistant.refusal.no_thread": "there is no thread {thread}",
    "assistant.refusal.no_tool": "there is no tool `{tool}`; tools: {names}",
    "assistant.refusal.no_variable": "there is no variable `{name}`",
    "assistant.refusal.no_watch": "no watch can be set at {place}: {why}",
    "assistant.refusal.not_defined": "{path} defines no `{name}`",
    "assistant.refusal.not_in_frame": "frame {number} has no variable `{name}`",
    "assistant.refusal.not_now": "{tool} is not possible now: {reason}",
    "assistant.refusal.not_readable": "`{name}` may not be read: {reason}",
    "assistant.refusal.not_run": "{tool} was not run: {problems:; }",
    "assistant.refusal.nothing_to_read": "there is no `{name}` to be read",
    "assistant.refusal.one_symbol": "`symbol` must be one name; use `text` for anything else",
    "assistant.refusal.other_frames": (
        "the process has moved on since you last looked (now stop {stop}): frame numbers mean other "
        "frames now. Call stack first, then ask again"
    ),
    "assistant.refusal.overstepped": "This tool tried more than it was allowed to; nothing was done.",
    "assistant.refusal.path_or_function": "give `path`, or `function` for a function of the frames' files",
    "assistant.refusal.process_has": "the process has {phase}",
    "assistant.refusal.runs_code_in_recording": (
        "nothing runs in a recording, and this would run code ({why}); read values instead"
    ),
    "assistant.refusal.runs_code_while_running": (
        "while the process runs, only what reads can be evaluated, and here {why}; pause it first"
    ),
    "assistant.refusal.text_or_symbol": "give either `text` or `symbol`",
    "assistant.refusal.too_few_lines": "{path} has {count} lines",
    "assistant.refusal.tool_failed": "The tool itself failed ({error}); try another way.",
    "assistant.refusal.two_expressions": "`name` and `expression` must each be one Python expression",
}
