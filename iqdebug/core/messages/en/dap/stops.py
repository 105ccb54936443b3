"""A session at work: breakpoints, values, steps, keeping a stop."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "dap.breakpoint.moved": "moved here from line {line}, which has no code",
    "dap.breakpoint.moved_from_head": (
        "moved from the function's head, which runs only once, to the first line of its body"
    ),
    "dap.breakpoint.no_code": "no code on this line",
    "dap.breakpoint.only_with_c": "debugpy stops there only in a program given with -c",
    "dap.breakpoint.skipped_file": "debugpy stops in no file named {file}",
    "dap.held_by_debugger": "held by the debugger",
    "dap.no_step_in_greenlet": "Cannot step now: a greenlet that waits has nothing to step",
    "dap.no_step_in_greenlet.fix": (
        "Step the thread that is paused; the greenlet goes on when its turn comes."
    ),
    "dap.not_recorded": "The stop could not be recorded",
    "dap.not_recorded.no_answer": "no answer within {seconds} s",
    "dap.not_recorded.unreadable": "no answer that can be read",
    "dap.not_recorded.went_on": "the program went on meanwhile",
    "dap.reading_runs_code": "Reading this would run code of the program",
    "dap.running.continued": "continued",
    "dap.value.cannot_read": "Cannot read now: {reason}",
    "dap.value.limit": "not read: {limit}",
    "dap.value.moved_on": "the process has moved on since",
    "dap.value.no_answer": "no answer within {seconds} s; it goes on in the target",
    "dap.value.no_frame": "the frame is not there any more",
    "dap.value.not_attached_yet": "not attached yet",
    "dap.value.repr_raised": "its repr raised {error}",
    "dap.value.repr_slow": "slow: its repr has not returned within 2 s and goes on in the background",
    "dap.value.runs": "the process runs on: pause it to read in a frame",
    "dap.value.slow": "slow: it goes on in the target",
}
