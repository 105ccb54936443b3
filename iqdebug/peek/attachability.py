"""Whether attaching to a process would work, what it would cost, and what to know before."""

from __future__ import annotations

import psutil

from iqdebug.core.attachability import Attachability
from iqdebug.core.errors import NoSuchProcess, NotPython
from iqdebug.core.messages import Message, Text, message
from iqdebug.core.python_versions import REMOTE_EXEC
from iqdebug.peek.greenlets import has_greenlets
from iqdebug.peek.host import Host
from iqdebug.peek.interpreter import Interpreter, find_interpreter, version_tuple
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.refusals import refusal
from iqdebug.peek.supervisors import supervisor_of
from iqdebug.peek.tracers import tracer_warnings

__all__ = ["COSTS", "attachability", "is_filtered", "require_python"]

COSTS: tuple[tuple[tuple[int, int], Message], ...] = (
    ((3, 8), message("cost.slowed")),
    ((3, 12), message("cost.full_speed")),
)
"""From which version on, what attaching costs the target. Measured: bench/overhead."""


def attachability(
    pid: int, interpreter: Interpreter, *, host: Host | None = None, table: ProcessTable | None = None
) -> Attachability:
    """Whether attaching to a Python process would work. Never raises; touches nothing."""
    host = host or Host()
    table = table or ProcessTable(host.proc)
    version = version_tuple(interpreter.version)
    costs = (cost for since, cost in reversed(COSTS) if version and version >= since)
    cost: Text = next(costs, "")
    refused = refusal(pid, interpreter, host, table)
    supervisor = supervisor_of(pid, table)
    if refused:
        return Attachability(False, refused.why, refused.fix, cost, supervisor=supervisor)
    warnings = [supervisor.why_message] if supervisor else []
    warnings += _warnings(pid, interpreter, host, table)
    return Attachability(True, cost_message=cost, warning_messages=tuple(warnings), supervisor=supervisor)


def require_python(pid: int, host: Host, table: ProcessTable) -> Interpreter:
    """The interpreter of a process that can at least be looked at.

    Raises NoSuchProcess (also for a zombie) and NotPython.
    """
    row = table.rows.get(pid)
    if row is None:
        what = message("no_process", pid=pid)
        raise NoSuchProcess(what, fix=message("fix.ps"))
    if row.has_ended:
        parent = table.rows.get(row.parent_pid)
        waiting = f"{row.parent_pid} ({parent.name})" if parent else str(row.parent_pid)
        raise NoSuchProcess(message("zombie", pid=pid), message("zombie.why", parent=waiting))
    try:
        interpreter = find_interpreter(host.proc, pid)
    except ProcessLookupError:
        interpreter = None
    if interpreter is None:
        if not host.proc.exists(pid):
            raise NoSuchProcess(message("just_ended", pid=pid))
        raise NotPython(message("not_python", pid=pid, name=row.name), fix=_python_child(pid, host, table))
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


def _warnings(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> list[Text]:
    warnings: list[Text] = []
    version = version_tuple(interpreter.version)
    if version is None:
        warnings.append(message("warning.unknown_version"))
    elif version >= REMOTE_EXEC and not host.which("gdb"):
        warnings.append(message("warning.without_gdb", install=host.install("gdb")))
    if interpreter.free_threaded:
        warnings.append(message("warning.free_threaded"))
    if is_filtered(pid, host):
        warnings.append(message("warning.filtered"))
    if table.rows[pid].status == psutil.STATUS_DISK_SLEEP:
        warnings.append(message("warning.device"))
    if has_greenlets(host.proc, pid):
        warnings.append(message("warning.greenlets"))
    warnings += tracer_warnings(host.proc, pid, version)
    return warnings


def _python_child(pid: int, host: Host, table: ProcessTable) -> Message:
    """Shells and supervisors are often mistaken for the Python program they started."""
    for child in table.children.get(pid, ()):
        try:
            if find_interpreter(host.proc, child):
                command = " ".join(table.command(child))
                shown = command[:60] + ("…" if len(command) > 60 else "")
                return message("fix.child", child=child, command=shown)
        except OSError:
            continue
    return message("fix.ps")
