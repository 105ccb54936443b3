"""Why a process cannot be attached to. Reads /proc; touches nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from iqdebug.core.errors import CannotAttach, IqdebugError, MissingTool, NoSuchProcess, NotPermitted
from iqdebug.core.python_versions import OLDEST_TARGET, REMOTE_EXEC
from iqdebug.peek.host import Host, container_of
from iqdebug.peek.interpreter import Interpreter, version_tuple
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.tracers import memory_left
from iqdebug.peek.users import user_name

__all__ = ["MEMORY_NEEDED", "Refusal", "not_permitted", "refusal"]

MEMORY_NEEDED = 160 << 20
"""Bytes of address space for the debugger's modules and the stacks of its threads."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a process cannot be attached to: ``why`` completes "process N …"."""

    error: type[IqdebugError]
    why: str
    fix: str = ""
    detail: str = ""


def refusal(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> Refusal | None:
    """The first reason against attaching, None when there is none."""
    row = table.rows.get(pid)
    if row is None:
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
        or _held(pid, row.status, status, host)
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
    if version and version < OLDEST_TARGET:
        oldest = ".".join(map(str, OLDEST_TARGET))
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
    if state in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP):
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
