"""Attaching to a process, meeting its agent, starting a program: steps, and why they failed."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "dap.agent_not_loaded": "iqdebug's agent could not be loaded in process {pid}",
    "dap.agent_not_loaded.fix": "The process runs on as before; `iqdebug peek` works.",
    "dap.agent_not_loaded.why": "Something in the program prevents it: {failure}",
    "dap.closed_while_attaching": "Process {pid} closed the connection while iqdebug was attaching",
    "dap.debugger_not_started": "The debugger could not be started in process {pid}",
    "dap.debugger_not_started.fix": "The process runs on; `iqdebug peek` works. Please report this.",
    "dap.debugger_too_late": "The debugger cannot be started any more",
    "dap.debugger_too_late.why": "the interpreter is ending",
    "dap.ended_while_attaching": "Process {pid} ended while iqdebug was attaching",
    "dap.in_time.fix": "Nothing was left in it; try again.",
    "dap.in_time.handshake": "Process {pid} did not answer the debug handshake within {seconds} s",
    "dap.in_time.start": "Process {pid} did not start its debugger within {seconds} s",
    "dap.in_time.why": (
        "Another of its threads holds the interpreter lock in a C call, or the machine is very busy."
    ),
    "dap.launch_failed": "{program} could not be started",
    "dap.looking_only": "looking only: {reason}",
    "dap.meeting.changeable": "{folder} can be changed by others",
    "dap.meeting.no_folder": "There is no folder in which iqdebug and the target could meet",
    "dap.meeting.no_folder.fix": (
        "Set TMPDIR to a folder that you may write to and the target's user can reach."
    ),
    "dap.meeting.no_text": "{folder} has a name that is no text",
    "dap.meeting.not_in": "The target cannot be met in {folder}",
    "dap.meeting.not_in.as_its_user": (
        "As the target's own user it may work: sudo -u USER iqdebug attach PID"
    ),
    "dap.meeting.not_in.fix": "Set TMPDIR to a folder that both of you can reach, and try again.",
    "dap.meeting.not_passable": "{folder} cannot be passed through by the target's user",
    "dap.meeting.too_long": "{beginning}… is too long a name for a socket in it",
    "dap.no_answer_in_time": "no answer in time",
    "dap.no_debugger": "The debugger could not be started in the program",
    "dap.no_process": "There is no process {pid}",
    "dap.not_debuggable": "Process {pid} cannot be debugged now",
    "dap.not_debuggable.fix": "`iqdebug peek` works meanwhile.",
    "dap.not_entered": "Process {pid} did not reach a point where it can be entered within {seconds} s",
    "dap.not_entered.fix": "`iqdebug peek` works meanwhile; attach again when the call has returned.",
    "dap.not_entered.why": "Its main thread is in a C call, or holds the interpreter lock there.",
    "dap.snapshot_not_finished": "Process {pid} did not finish the snapshot",
    "dap.snapshot_not_in_time": "Process {pid} did not finish the snapshot in {seconds} s",
    "dap.step.main_thread_in_c": (
        "main thread is in a C call ({seconds} s so far): attaching completes by itself when it returns"
    ),
    "dap.step.reading": "reading frames and values",
    "dap.step.starting_debugger": "starting the debugger in the target",
    "dap.step.starting_in_program": "starting the debugger in the program",
    "dap.step.starting_program": "starting the program",
    "dap.step.starting_slowly": (
        "starting the debugger ({seconds} s: the process seldom lets another thread run)"
    ),
    "dap.threads_replaced": "Process {pid} has replaced the functions that start threads",
    "dap.threads_replaced.fix": "Nothing was left in it, and it runs on; `iqdebug peek` works.",
    "dap.threads_replaced.why": (
        "A thread of its own is what the debugger needs: in the program's it would block it."
    ),
}
