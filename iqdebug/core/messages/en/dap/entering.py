"""Getting the agent into a process, with gdb or without: steps, and why they failed."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "dap.calls_full": "Process {pid} has its queue of pending calls full",
    "dap.calls_full.fix": "Try again in a moment.",
    "dap.calls_full.why": "Signals or other debuggers keep the main thread busy.",
    "dap.entering.asked": "asked the interpreter to run iqdebug's agent (PEP 768)",
    "dap.entering.beside": "main thread is asleep in C: entering beside it",
    "dap.entering.lock_held": (
        "another thread holds the interpreter lock in a C call ({seconds} s so far): attaching completes by "
        "itself when it returns"
    ),
    "dap.entering.stopping": "stopping the process for a moment (gdb)",
    "dap.gdb.call_endless": "{function} did not return within {seconds} s in process {pid}",
    "dap.gdb.call_endless.fix": "`iqdebug peek` looks without calling anything.",
    "dap.gdb.call_endless.why": "An interpreter's own does; this may be another function of that name.",
    "dap.gdb.call_failed": "gdb could not call {function} in process {pid}",
    "dap.gdb.call_failed.fix": "Use `iqdebug peek`, which needs no gdb.",
    "dap.gdb.missing": "gdb is needed to attach to this interpreter, and it is not installed",
    "dap.gdb.missing.fix": "Install it (`iqdebug doctor` names the command), or use `iqdebug peek`.",
    "dap.gdb.missing_for": "Attaching to Python {version} needs gdb, and it is not installed",
    "dap.gdb.missing_for.why": "Without gdb it could not be entered: process {pid} {refusal}.",
    "dap.gdb.not_let": "The kernel did not let gdb stop process {pid}",
    "dap.gdb.not_let.fix": "`iqdebug doctor` names what forbids it and how to allow it.",
    "dap.gdb.not_stopped": "gdb did not stop process {pid} within {seconds} s",
    "dap.gdb.not_stopped.fix": "Try again, or use `iqdebug peek`.",
    "dap.gdb.not_stopped.why": "The process may be in uninterruptible disk or network wait (state D).",
    "dap.gdb.not_stopped_again": "gdb did not stop process {pid} again within {seconds} s",
    "dap.no_memory": "Process {pid} has no memory left for iqdebug's agent",
    "dap.no_safe_place": "Process {pid} was never seen outside of vector instructions",
    "dap.no_safe_place.fix": "Attach again in a moment, or install gdb 14 or later; `iqdebug peek` works.",
    "dap.no_safe_place.why": (
        "gdb before version 14 does not keep this processor's AVX-512 registers, and would break them."
    ),
    # How "process N …" goes on.
    "dap.remote_exec.another_user": "has become another user's",
    "dap.remote_exec.asked_already": "is just being asked to run a script by another debugger",
    "dap.remote_exec.ending": "is ending",
    "dap.remote_exec.machine": "runs on a machine for which the places are not known",
    "dap.remote_exec.no_answer": "has memory that does not answer",
    "dap.remote_exec.no_main_interpreter": "has no main interpreter",
    "dap.remote_exec.no_main_thread": "has no main thread yet",
    "dap.remote_exec.no_state": "has no readable state of an interpreter",
    "dap.remote_exec.no_support": "is no CPython 3.14 with support for remote debugging",
    "dap.remote_exec.not_taken": "does not take the request{why:?: }",
    "dap.remote_exec.out_of_reach": "is out of reach",
    "dap.remote_exec.path_too_long": "has too little room for the path of the script",
    "dap.remote_exec.switched_off": "was started with remote debugging switched off",
}
