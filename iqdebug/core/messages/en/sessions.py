"""Sessions: what is possible, why a target stopped, what it does, how it ended."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "capability.breakpoints": "breakpoints",
    "capability.complete": "complete",
    "capability.continue": "continue",
    "capability.detach": "detach",
    "capability.evaluate": "evaluate",
    "capability.pause": "pause",
    "capability.reattach": "attach again",
    "capability.record": "keep this stop as a crash file",
    "capability.repr": "show repr",
    "capability.restart_frame": "restart frame",
    "capability.run_to": "run to cursor",
    "capability.set_variable": "set variable",
    "capability.step": "step",
    "detached.connection_ended": "the connection ended; the process runs on",
    "detached.not_loaded": "it runs without the debugger: the interpreter did not load iqdebug's agent",
    "detached.replaced": "the debugger is gone from it (it has become another program); it runs on",
    "ended": "ended",
    "ended.described_signal": "ended by {name} ({description})",
    "ended.exit_code": "ended, exit code {code}",
    "ended.exited": "exited",
    "ended.not_held": "{ended}; not held: it patched its threads with breakpoints set",
    "ended.signal": "ended by {name}",
    "ended.unknown_signal": "ended by signal {number}",
    "launched.no_breakpoints": "no breakpoints: {reason}",
    "pause.pausing": "pausing",
    "pause.running_in_c": (
        "pause requested: the running code is in a C call, or a loop on one line that debugpy cannot "
        "interrupt; it stops at the next line it reaches"
    ),
    "pause.waiting_in_c": (
        "pause requested: every thread waits in C{wait}; it stops when one runs Python again"
    ),
    "pause.waits_for": " ({what})",
    "recorded.already": "this is a crash file already",
    "recorded.cannot_run": (
        "a recording cannot run code: it answers names and paths such as user.name or rows[3]['x'], "
        "as they were"
    ),
    "recorded.nothing_runs": "recorded: nothing runs here",
    "recorded.cannot": "cannot {action}",
    "recorded.cannot_look_again": "cannot look again",
    "running.attached": "attached",
    "running.lock_is_held": "a thread holds the interpreter lock in a C call; waiting for it",
    "running.started": "started",
    "running.stepping": "stepping ({kind})",
    "stop.breakpoint": "breakpoint",
    "stop.entry": "entry",
    "stop.exception": "exception {type}",
    "stop.function_breakpoint": "function breakpoint",
    "stop.how": "{reason} {how}",
    "stop.jump": "jump",
    "stop.no_stack": "the stack could not be read in time",
    "stop.pause": "pause",
    "stop.some_exception": "exception",
    "stop.step": "step",
    "stop.uncaught": "uncaught {type}",
    "supervision.asks_the_process": "{name} asks the process itself, which cannot answer while it is paused",
    "supervision.clock_is_held": "{name}'s clock is held (H lets it go)",
    "supervision.ended": "{name} ({pid}) ended {who} after {seconds} s without a sign: it was paused",
    "supervision.ends_any_moment": "{name} ends {who} any moment: c continues",
    "supervision.ends_at_most_in": "{name} ends {who} in at most {seconds} s: c continues",
    "supervision.ends_if_this_lasts": "{name} ends {who} if this lasts: c continues",
    "supervision.ends_in": "{name} ends {who} in {seconds} s: c continues",
    "supervision.no_file": "the file by which this worker gives signs of life was not found",
    "supervision.this_service": "this service",
    "supervision.this_worker": "this worker",
    "unavailable": "Cannot {action} now: {reason}",
    "unavailable.attached": "already attached",
    "unavailable.detached": "detached: attach again first",
    "unavailable.ended": "the process has ended",
    "unavailable.restart_frame": "debugpy does not offer to restart a frame",
    "unavailable.running": "the process is running: pause it first",
    "unavailable.stopped": "already paused",
    "unavailable.without_debugger": "this stop is for looking only",
}
