"""Would `attach` work, and what would it cost? Asked before anything is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from iqdebug.core.errors import (
    CannotAttach,
    IqdebugError,
    MissingTool,
    NoSuchProcess,
    NotPermitted,
    NotPython,
)
from iqdebug.core.state import Attachability, ProcessInfo, Thread
from iqdebug.peek.greenlets import IN_ATTACHING, has_greenlets
from iqdebug.peek.host import Host, container_of
from iqdebug.peek.interpreter import Interpreter, find_interpreter, version_tuple
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.seccomp import verdict
from iqdebug.peek.supervisors import supervisor_by_stack, supervisor_of
from iqdebug.peek.tracers import memory_left, tracer_warnings

__all__ = ["COSTS", "OLDEST", "Refusal", "attachability", "refusal", "require_attachable", "require_python"]

OLDEST = (3, 8)
"""The oldest Python that the debug server runs on."""

REMOTE_EXEC = (3, 14)
"""From here on the interpreter lets a debugger in by itself (PEP 768)."""

MEMORY_NEEDED = 160 << 20
"""Bytes of address space for the debugger's modules and the stacks of its threads."""

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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a process cannot be attached to: ``why`` completes "process N …"."""

    error: type[IqdebugError]
    why: str
    fix: str = ""
    detail: str = ""


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


def require_attachable(pid: int, *, host: Host | None = None) -> ProcessInfo:
    """The process, when attaching to it would work.

    Raises NoSuchProcess, NotPython, NotPermitted, CannotAttach, or MissingTool when gdb, which
    Python before 3.14 needs for it, is not installed. The message names the mending command.
    """
    # Imported here because the process list shows attachability and so imports this module.
    from iqdebug.peek.processes import describe

    host = host or Host()
    table = ProcessTable(host.proc)
    interpreter = require_python(pid, host, table)
    refused = refusal(pid, interpreter, host, table)
    if refused:
        raise refused.error(f"cannot attach: process {pid} {refused.why}", refused.detail, refused.fix)
    risk = _filtered(pid, host)
    info = describe(pid, interpreter, host, table)
    if risk:
        info = replace(info, attach=replace(info.attach, risk=risk, warnings=(risk, *info.attach.warnings)))
    return info if info.attach.supervisor is not None else _with_supervisor(info, host, table)


def _filtered(pid: int, host: Host) -> str:
    """What might end the process, where its seccomp filters could not be read; "" when they allow all
    that attaching does.

    :raises CannotAttach: they do not.
    """
    if not _under_filters_of_its_own(pid, host):
        return ""
    what, which = verdict(pid)
    if what == "unknown":
        return f"it is under a seccomp filter that could not be read ({which}): attaching may end it"
    if what:
        becomes = "kills it" if what == "kills" else "refuses"
        raise CannotAttach(
            f"cannot attach: process {pid} is under a seccomp filter",
            f"the filter {becomes} when it calls {which}, as iqdebug's agent in it would",
            f"look from outside: iqdebug peek {pid}",
        )
    return ""


def _under_filters_of_its_own(pid: int, host: Host) -> bool:
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


def _with_supervisor(info: ProcessInfo, host: Host, table: ProcessTable) -> ProcessInfo:
    """One that only the process's stack tells of; looked for last, as that takes a look from outside."""
    from iqdebug.peek.pyspy import read_threads

    def look() -> Sequence[Thread]:
        try:
            return read_threads(info.pid, host, deadline=1.0, locals=False)
        except IqdebugError:
            return ()

    found = supervisor_by_stack(info.pid, table, look)
    if found is None:
        return info
    warnings = (found.why, *info.attach.warnings)
    return replace(info, attach=replace(info.attach, warnings=warnings, supervisor=found))


def require_python(pid: int, host: Host, table: ProcessTable) -> Interpreter:
    """The interpreter of a process that can at least be looked at.

    Raises NoSuchProcess (also for a zombie) and NotPython.
    """
    stat = table.stats.get(pid)
    if stat is None:
        raise NoSuchProcess(f"there is no process {pid}", fix="`iqdebug ps` lists the Python processes")
    if stat.state in "ZX":
        parent = table.stats.get(stat.ppid)
        waiting = f"{stat.ppid} ({parent.comm})" if parent else str(stat.ppid)
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
            f"process {pid} ({stat.comm}) runs no Python interpreter", fix=_python_child(pid, host, table)
        )
    return interpreter


def refusal(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> Refusal | None:
    """The first reason against attaching, None when there is none."""
    stat = table.stats.get(pid)
    if stat is None:
        return Refusal(NoSuchProcess, "has ended")
    try:
        status = host.proc.status(pid)
    except PermissionError:
        status = {}
    except ProcessLookupError:
        return Refusal(NoSuchProcess, "has ended")
    return (
        _ours(pid, host, table)
        or _unsupported(pid, interpreter, host)
        or not_permitted(pid, status, host)
        or _elsewhere(pid, status, host)
        or _held(pid, stat.state, status, host)
        or _strict(status)
        or _debugged(pid, host, table)
        or _no_gdb(interpreter, host)
        or _no_memory(pid, host)
    )


def _ours(pid: int, host: Host, table: ProcessTable) -> Refusal | None:
    if pid == host.pid:
        return Refusal(CannotAttach, "is iqdebug itself")
    if pid in table.ancestors(host.pid):
        return Refusal(
            CannotAttach,
            "started this iqdebug: pausing it could freeze this terminal",
            "run iqdebug from another shell",
        )
    if table.is_adapter(pid):
        return Refusal(CannotAttach, "is a debugger's own helper (debugpy adapter)")
    return None


def _unsupported(pid: int, interpreter: Interpreter, host: Host) -> Refusal | None:
    version = version_tuple(interpreter.version)
    if interpreter.implementation != "CPython":
        why = f"runs {interpreter.implementation}; only CPython can be attached to or looked at"
        fix = f"started with -X faulthandler it prints its stacks and ends at: kill -ABRT {pid}"
        return Refusal(CannotAttach, why, fix)
    if version and version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Refusal(
            CannotAttach, f"runs Python {interpreter.version}; iqdebug supports {oldest} and later"
        )
    if interpreter.bits and interpreter.bits != host.bits:
        return Refusal(
            CannotAttach,
            f"is a {interpreter.bits}-bit program, this iqdebug is {host.bits}-bit",
            f"run iqdebug with a {interpreter.bits}-bit Python",
        )
    return None


def not_permitted(pid: int, status: dict[str, str], host: Host, command: str = "attach") -> Refusal | None:
    """The kernel's rule: ptrace(2), section "Ptrace access mode checking"; Yama: its own page."""
    if host.ptrace_scope == 3:
        return Refusal(
            NotPermitted,
            "is out of reach: this kernel forbids it to everyone (kernel.yama.ptrace_scope = 3)",
            "remove that setting from /etc/sysctl.d and reboot: it cannot be lowered while running",
        )
    if host.may_ptrace_all:
        return None
    uids = [int(word) for word in status.get("Uid", "").split()[:3] if word.isdigit()]
    if not uids or set(uids) != {host.euid}:
        owner = "another user" if not uids else f"user {user_name(uids[0])}"
        return Refusal(NotPermitted, f"belongs to {owner}", _privilege(host, pid, command))
    if host.ptrace_scope in (1, 2):
        fix = _privilege(host, pid, command)
        if host.ptrace_scope == 1:
            fix += f", or until the next boot: echo 0 | {host.sudo}tee /proc/sys/kernel/yama/ptrace_scope"
        return Refusal(
            NotPermitted,
            f"is out of reach without privileges (kernel.yama.ptrace_scope = {host.ptrace_scope})",
            fix,
        )
    if not os.access(host.proc.path(pid, "maps"), os.R_OK):
        return Refusal(
            NotPermitted, "is protected from being looked at (not dumpable)", _privilege(host, pid, command)
        )
    return None


def _privilege(host: Host, pid: int, command: str) -> str:
    if host.euid == 0 or not host.may_become_privileged:
        return "start this container with --cap-add=SYS_PTRACE"
    return f"sudo -E env PATH=$PATH iqdebug {command} {pid}"


def _elsewhere(pid: int, status: dict[str, str], host: Host) -> Refusal | None:
    for name in ("pid", "mnt", "net"):
        try:
            same = host.proc.link(pid, "ns", name) == host.proc.link(host.pid, "ns", name)
        except (PermissionError, ProcessLookupError):
            continue
        if not same:
            inner = (status.get("NSpid", "").split() or [str(pid)])[-1]
            if name == "net":
                why = "has a network of its own (another network namespace)"
                return Refusal(CannotAttach, why, f"{host.sudo}nsenter -t {pid} -n iqdebug attach {pid}")
            kind, identity = container_of(host.proc, pid)
            command = {
                "docker": f"docker exec -it --privileged {identity or 'CONTAINER'} iqdebug attach {inner}",
                "podman": f"podman exec -it --privileged {identity or 'CONTAINER'} iqdebug attach {inner}",
                "kubernetes": f"kubectl exec -it POD -- iqdebug attach {inner}",
            }.get(kind, f"{host.sudo}nsenter -t {pid} -a iqdebug attach {inner}")
            return Refusal(CannotAttach, "runs in another container", f"run iqdebug inside it: {command}")
    return None


def _held(pid: int, state: str, status: dict[str, str], host: Host) -> Refusal | None:
    tracer = status.get("TracerPid", "0")
    if tracer not in ("", "0"):
        try:
            name = host.proc.stat(int(tracer)).comm
        except (OSError, ValueError):
            name = "of another container"
        return Refusal(
            CannotAttach, f"is already traced by process {tracer} ({name})", "end or detach that tracer first"
        )
    if state in "Tt":
        return Refusal(CannotAttach, "is stopped (Ctrl-Z or SIGSTOP)", f"let it run first: kill -CONT {pid}")
    return None


def _strict(status: dict[str, str]) -> Refusal | None:
    if status.get("Seccomp") != "1":
        return None
    return Refusal(
        CannotAttach,
        "is in seccomp's strict mode: the kernel kills it when it does anything but read and write",
        "look from outside: iqdebug peek PID",
    )


def _debugged(pid: int, host: Host, table: ProcessTable) -> Refusal | None:
    debugger = table.debugger_of(pid, host.pid)
    if not debugger:
        return None
    return Refusal(
        CannotAttach,
        f"is already being debugged: {debugger}",
        "end that session first: a second one would break both",
    )


def _no_gdb(interpreter: Interpreter, host: Host) -> Refusal | None:
    version = version_tuple(interpreter.version)
    if (version and version >= REMOTE_EXEC) or host.which("gdb"):
        return None
    python = f"Python {interpreter.version or 'before 3.14'}"
    return Refusal(
        MissingTool,
        f"runs {python}, which is entered through gdb, and gdb is not installed",
        host.install("gdb"),
    )


def _no_memory(pid: int, host: Host) -> Refusal | None:
    left = memory_left(host.proc, pid)
    if left is None or left >= MEMORY_NEEDED:
        return None
    return Refusal(
        CannotAttach,
        f"may take {max(left, 0) >> 20} MB more memory (its limit RLIMIT_AS), and the debugger needs "
        f"{MEMORY_NEEDED >> 20} MB in it",
        f"raise its limit: {host.sudo}prlimit --pid {pid} --as=unlimited",
    )


def _warnings(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> list[str]:
    found = []
    version = version_tuple(interpreter.version)
    if version is None:
        found.append("the Python version could not be told from its files")
    elif version >= REMOTE_EXEC and not host.which("gdb"):
        found.append(f"without gdb, attaching waits while the main thread sleeps in C: {host.install('gdb')}")
    if interpreter.free_threaded:
        found.append("a free-threaded build: attaching to it is not tested")
    if _under_filters_of_its_own(pid, host):
        found.append("it is under a seccomp filter: whether that bears attaching is looked at first")
    if table.stats[pid].state == "D":
        found.append("its main thread waits for a device: attaching waits with it")
    if has_greenlets(host.proc, pid):
        found.append(IN_ATTACHING)
    found += tracer_warnings(host.proc, pid, version)
    return found


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


def user_name(uid: int) -> str:
    """The account's name, or the number when there is none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
