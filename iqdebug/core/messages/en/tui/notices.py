"""What is told of an action: what became of it, why it failed."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "tui.failed.action": "That failed unexpectedly",
    "tui.failed.attaching": "Attaching failed unexpectedly",
    "tui.failed.break": "break FILE:LINE, or break FUNCTION",
    "tui.failed.break.why": "the list of breakpoints is on key 6",
    "tui.failed.no_answer": "no answer from the process in time; it may be in a C call",
    "tui.failed.ranking": "The ranking of suspects failed unexpectedly",
    "tui.notice.breakpoint_for_next_attach": (
        "breakpoint at {where}, for the next time that this is attached to"
    ),
    "tui.notice.breakpoint_moved": "breakpoint at {where}, {reason}",
    "tui.notice.breakpoint_not_verified": "breakpoint at {where}, not verified: {reason}",
    "tui.notice.breakpoint_set": "breakpoint at {where}",
    "tui.notice.breakpoint_there_already": "there is a breakpoint at {where} already",
    "tui.notice.cannot": "cannot {action}: {reason}",
    "tui.notice.cannot_hold_clock": "cannot hold a supervisor's clock: {reason}",
    "tui.notice.cannot_start_again": "cannot start again: {reason}",
    "tui.notice.clock_held": (
        "while it is paused {name} is shown a sign of life each second, from outside the process; H "
        "ends that, and so does leaving"
    ),
    "tui.notice.clock_lost": "{name}'s clock can no longer be held",
    "tui.notice.clock_runs": "{name}'s clock runs again",
    "tui.notice.connection_ended": "the connection to it ended",
    "tui.notice.gone_meanwhile": "the process has gone meanwhile: {reason}",
    "tui.notice.innermost_frame": "this is the innermost frame",
    "tui.notice.kept": "kept as {path}",
    "tui.notice.kept_open": "kept as {path}: iqdebug open latest",
    "tui.notice.moved_on": "the process has moved on since: evaluate it again",
    "tui.notice.no_answer_in_time": "no answer in time",
    "tui.notice.no_line_for_breakpoint": "no source line for a breakpoint here",
    "tui.notice.no_line_to_run_to": "no source line to run to",
    "tui.notice.no_traceback": "no traceback is known of {type}",
    "tui.notice.not_assignable": "this value has no expression to assign to",
    "tui.notice.not_set": "not set",
    "tui.notice.outermost_frame": "this is the outermost frame",
    "tui.notice.recorded": "recorded; the process runs on. c: back to it, breakpoints in place again",
    "tui.notice.recording_already": "this is a recording already; c leads back to the process",
}
