"""Whether attaching to a process would work, what it would cost, and what to know before."""

from __future__ import annotations

import psutil

from iqdebug.core.errors import NoSuchProcess, NotPython
from iqdebug.core.python_versions import REMOTE_EXEC
from iqdebug.core.state import Attachability
from iqdebug.peek.greenlets import IN_ATTACHING, has_greenlets
from iqdebug.peek.host import Host
from iqdebug.peek.interpreter import Interpreter, find_interpreter, version_tuple
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.refusals import refusal
from iqdebug.peek.supervisors import supervisor_of
from iqdebug.peek.tracers import tracer_warnings

__all__ = ["COSTS", "attachability", "is_filtered", "require_python"]

COSTS: tuple[tuple[tuple[int, int], str], ...] = (
    (
        (3, 8),
        "running code is slowed while attached (hot pure-Python loops to a ninth of their speed); "
        "nine tenths and more return on detach",
    ),
    (
        (3, 12),
        "runs at about full speed while attached, but a function it was paused in may run at an eighth "
        "until detach; full speed returns on detach",
    ),
)
"""From which version on, what attaching costs the target. Measured: bench/overhead."""


def attachability(
    pid: int, interpreter: Interpreter, *, host: Host | None = None, table: ProcessTable | None = None
) -> Attachability:
    """Whether attaching to a Python process would work. Never raises; touches nothing."""
    host = host or Host()
    table = table or ProcessTable(host.proc)
    version = version_tuple(interpreter.version)
    cost = next((text for since, text in reversed(COSTS) if version and version >= since), "")
    refused = refusal(pid, interpreter, host, table)
    supervisor = supervisor_of(pid, table)
    if refused:
        return Attachability(False, refused.why, refused.fix, cost, supervisor=supervisor)
    warnings = [supervisor.why] if supervisor else []
    warnings += _warnings(pid, interpreter, host, table)
    return Attachability(True, cost=cost, warnings=tuple(warnings), supervisor=supervisor)


def require_python(pid: int, host: Host, table: ProcessTable) -> Interpreter:
    """The interpreter of a process that can at least be looked at.

    Raises NoSuchProcess (also for a zombie) and NotPython.
    """
    row = table.rows.get(pid)
    if row is None:
        raise NoSuchProcess(f"there is no process {pid}", fix="`iqdebug ps` lists the Python processes")
    if row.has_ended:
        parent = table.rows.get(row.parent_pid)
        waiting = f"{row.parent_pid} ({parent.name})" if parent else str(row.parent_pid)
        raise NoSuchProcess(
            f"process {pid} has already ended",
            f"only its exit status is left, for its parent {waiting} to collect",
        )
    try:
        interpreter = find_interpreter(host.proc, pid)
    except ProcessLookupError:
        interpreter = None
    if interpreter is None:
        if not host.proc.exists(pid):
            raise NoSuchProcess(f"process {pid} has just ended")
        raise NotPython(
            f"process {pid} ({row.name}) runs no Python interpreter", fix=_python_child(pid, host, table)
        )
    return interpreter


def is_filtered(pid: int, host: Host) -> bool:
    """Under more than we are: a container's filter, which we are under too, has let us talk over
    sockets all along."""
    try:
        theirs, ours = host.proc.status(pid), host.proc.status(host.pid)
    except (OSError, ValueError):
        return False
    if theirs.get("Seccomp", "0") != "2":
        return False
    counts = [about.get("Seccomp_filters", "") for about in (theirs, ours)]  # since Linux 5.9
    if all(count.isdigit() for count in counts):
        return int(counts[0]) > int(counts[1])
    return ours.get("Seccomp", "0") != "2"


def _warnings(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> list[str]:
    warnings = []
    version = version_tuple(interpreter.version)
    if version is None:
        warnings.append("the Python version could not be told from its files")
    elif version >= REMOTE_EXEC and not host.which("gdb"):
        warnings.append(
            f"without gdb, attaching waits while the main thread sleeps in C: {host.install('gdb')}"
        )
    if interpreter.free_threaded:
        warnings.append("a free-threaded build: attaching to it is not tested")
    if is_filtered(pid, host):
        warnings.append("it is under a seccomp filter: whether that bears attaching is looked at first")
    if table.rows[pid].status == psutil.STATUS_DISK_SLEEP:
        warnings.append("its main thread waits for a device: attaching waits with it")
    if has_greenlets(host.proc, pid):
        warnings.append(IN_ATTACHING)
    warnings += tracer_warnings(host.proc, pid, version)
    return warnings


def _python_child(pid: int, host: Host, table: ProcessTable) -> str:
    """Shells and supervisors are often mistaken for the Python program they started."""
    for child in table.children.get(pid, ()):
        try:
            if find_interpreter(host.proc, child):
                command = " ".join(table.command(child))
                return f"its child {child} does: {command[:60]}{'…' if len(command) > 60 else ''}"
        except OSError:
            continue
    return "`iqdebug ps` lists the Python processes"
