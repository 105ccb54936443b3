"""Looking at a process and attaching to it: refusals, fixes, costs and warnings."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "attach.refused": "cannot attach: process {pid} {why}",
    "cost.full_speed": (
        "runs at about full speed while attached, but a function it was paused in may run at an eighth "
        "until detach; full speed returns on detach"
    ),
    "cost.slowed": (
        "running code is slowed while attached (hot pure-Python loops to a ninth of their speed); nine "
        "tenths and more return on detach"
    ),
    "debugger.adapter": "a debugpy adapter (process {pid}) already serves it",
    "debugger.debugpy": "debugpy is already in it",
    "debugger.debugpy_at": "debugpy is already in it ({flag} {address})",
    "debugger.iqdebug": "another iqdebug (process {pid}) is attached to it",
    "debugger.pydev": "PyDev's debug server is already in it",
    "filter.kills": "the filter kills it when it calls {call}, as iqdebug's agent in it would",
    "filter.refuses": "the filter refuses when it calls {call}, as iqdebug's agent in it would",
    "fix.another_shell": "run iqdebug from another shell",
    "fix.bits": "run iqdebug with a {bits}-bit Python",
    "fix.child": "its child {child} does: {command}",
    "fix.container_capability": "start this container with --cap-add=SYS_PTRACE",
    "fix.end_session": "end that session first: a second one would break both",
    "fix.end_tracer": "end or detach that tracer first",
    "fix.faulthandler": "started with -X faulthandler it prints its stacks and ends at: kill -ABRT {pid}",
    "fix.install": "install {package} with your system's package manager",
    "fix.inside": "run iqdebug inside it: {command}",
    "fix.let_run": "let it run first: kill -CONT {pid}",
    "fix.in_a_container": "in a container, start it with --cap-add=SYS_PTRACE",
    "fix.memory": "raise its limit: {sudo}prlimit --pid {pid} --as=unlimited",
    "fix.peek": "look from outside: iqdebug peek {pid}",
    "fix.ps": "`iqdebug ps` lists the Python processes",
    "fix.sysctl": "remove that setting from /etc/sysctl.d and reboot: it cannot be lowered while running",
    "fix.until_next_boot": (
        "{fix}, or until the next boot: echo 0 | {sudo}tee /proc/sys/kernel/yama/ptrace_scope"
    ),
    "just_ended": "process {pid} has just ended",
    "look.details": "{details:; }",
    "look.gil_in_c": "{who} holds the GIL inside a C call: nothing else can run until it returns",
    "look.refused": "cannot look: process {pid} {why}",
    "look.ended_meanwhile": "process {pid} ended while it was being looked at",
    "look.failed": "process {pid} could not be read from outside",
    "look.has_ended": "process {pid} has ended",
    "look.no_answer": "py-spy gave no answer within {seconds} s",
    "fix.look_from_inside": "try again, or look from inside: iqdebug attach {pid}",
    "look.greenlets": "greenlets that wait are not seen from outside, only by attaching",
    "look.main_thread": "the main thread is {wait}",
    "look.wait_for_gil": "{count} {count:thread waits|threads wait} for the GIL",
    "no_process": "there is no process {pid}",
    "not_python": "process {pid} ({name}) runs no Python interpreter",
    "refusal.adapter": "is a debugger's own helper (debugpy adapter)",
    "refusal.ancestor": "started this iqdebug: pausing it could freeze this terminal",
    "refusal.another_user": "another user",
    "refusal.bits": "is a {bits}-bit program, this iqdebug is {ours}-bit",
    "refusal.container": "runs in another container",
    "refusal.debugged": "is already being debugged: {debugger}",
    "refusal.ended": "has ended",
    "refusal.filtered": "is under a seccomp filter",
    "refusal.forbidden_to_all": (
        "is out of reach: this kernel forbids it to everyone (kernel.yama.ptrace_scope = 3)"
    ),
    "refusal.implementation": "runs {implementation}; only CPython can be attached to or looked at",
    "refusal.itself": "is iqdebug itself",
    "refusal.memory": (
        "may take {left} MB more memory (its limit RLIMIT_AS), and the debugger needs {needed} MB in it"
    ),
    "refusal.network": "has a network of its own (another network namespace)",
    "refusal.no_gdb": "runs Python {version}, which is entered through gdb, and gdb is not installed",
    "refusal.not_dumpable": "is protected from being looked at (not dumpable)",
    "refusal.old_version": "before 3.14",
    "refusal.owner": "belongs to {owner}",
    "refusal.protected": "is protected by the system (a container or security module)",
    "refusal.privileges": "is out of reach without privileges (kernel.yama.ptrace_scope = {scope})",
    "refusal.stopped": "is stopped (Ctrl-Z or SIGSTOP)",
    "refusal.strict_seccomp": (
        "is in seccomp's strict mode: the kernel kills it when it does anything but read and write"
    ),
    "refusal.too_old": "runs Python {version}; iqdebug supports {oldest} and later",
    "refusal.traced": "is already traced by process {tracer} ({name})",
    "refusal.tracer_elsewhere": "of another container",
    "refusal.user": "user {name}",
    "supervisor.ends_service": "ends a service that sends no sign of life for",
    "supervisor.kills_request": "kills a worker whose request takes longer than",
    "supervisor.kills_silent": "kills a worker that gives no sign of life for",
    "supervisor.kills_task": "kills a worker whose task takes longer than",
    "supervisor.pings": "pings its workers and kills one that is silent for",
    "supervisor.seconds": "{seconds} s",
    "supervisor.unknown_time": "a time that cannot be told from here",
    "supervisor.why": "{name} (process {pid}) {does} {time}: this one is killed when it is paused for longer",
    "warning.device": "its main thread waits for a device: attaching waits with it",
    "warning.filtered": "it is under a seccomp filter: whether that bears attaching is looked at first",
    "warning.free_threaded": "a free-threaded build: attaching to it is not tested",
    "warning.greenlets": "it may run greenlets (gevent, eventlet): a pause holds all those of a thread",
    "warning.tracer": (
        "{name} is loaded in it: what runs while iqdebug is attached is missing from its result; it "
        "goes on after detach"
    ),
    "warning.unknown_version": "the Python version could not be told from its files",
    "warning.unreadable_filter": (
        "it is under a seccomp filter that could not be read ({why}): attaching may end it"
    ),
    "warning.without_gdb": "without gdb, attaching waits while the main thread sleeps in C: {install}",
    "zombie": "process {pid} has already ended",
    "zombie.why": "only its exit status is left, for its parent {parent} to collect",
}
