"""Why a process cannot be attached to. Reads /proc; touches nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from iqdebug.core.errors import CannotAttach, IqdebugError, MissingTool, NoSuchProcess, NotPermitted
from iqdebug.core.messages import Message, Text, message
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
    why: Message
    fix: Text = ""
    detail: Text = ""


def refusal(pid: int, interpreter: Interpreter, host: Host, table: ProcessTable) -> Refusal | None:
    """The first reason against attaching, None when there is none."""
    row = table.rows.get(pid)
    if row is None:
        return Refusal(NoSuchProcess, message("refusal.ended"))
    try:
        status = host.proc.status(pid)
    except PermissionError:
        status = {}
    except ProcessLookupError:
        return Refusal(NoSuchProcess, message("refusal.ended"))
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
        return Refusal(CannotAttach, message("refusal.itself"))
    if pid in table.ancestors(host.pid):
        return Refusal(
            CannotAttach,
            message("refusal.ancestor"),
            message("fix.another_shell"),
        )
    if table.is_adapter(pid):
        return Refusal(CannotAttach, message("refusal.adapter"))
    return None


def _unsupported(pid: int, interpreter: Interpreter, host: Host) -> Refusal | None:
    version = version_tuple(interpreter.version)
    if interpreter.implementation != "CPython":
        why = message("refusal.implementation", implementation=interpreter.implementation)
        fix = message("fix.faulthandler", pid=pid)
        return Refusal(CannotAttach, why, fix)
    if version and version < OLDEST_TARGET:
        oldest = ".".join(map(str, OLDEST_TARGET))
        return Refusal(CannotAttach, message("refusal.too_old", version=interpreter.version, oldest=oldest))
    if interpreter.bits and interpreter.bits != host.bits:
        return Refusal(
            CannotAttach,
            message("refusal.bits", bits=interpreter.bits, ours=host.bits),
            message("fix.bits", bits=interpreter.bits),
        )
    return None


def not_permitted(pid: int, status: dict[str, str], host: Host, command: str = "attach") -> Refusal | None:
    """The kernel's rule: ptrace(2), section "Ptrace access mode checking"; Yama: its own page."""
    if host.ptrace_scope == 3:
        return Refusal(
            NotPermitted,
            message("refusal.forbidden_to_all"),
            message("fix.sysctl"),
        )
    if host.may_ptrace_all:
        return None
    uids = [int(word) for word in status.get("Uid", "").split()[:3] if word.isdigit()]
    if not uids or set(uids) != {host.euid}:
        owner = (
            message("refusal.another_user") if not uids else message("refusal.user", name=user_name(uids[0]))
        )
        return Refusal(NotPermitted, message("refusal.owner", owner=owner), _privilege(host, pid, command))
    if host.ptrace_scope in (1, 2):
        fix = _privilege(host, pid, command)
        if host.ptrace_scope == 1:
            fix = message("fix.until_next_boot", fix=fix, sudo=host.sudo)
        return Refusal(
            NotPermitted,
            message("refusal.privileges", scope=host.ptrace_scope),
            fix,
        )
    if not os.access(host.proc.path(pid, "maps"), os.R_OK):
        return Refusal(NotPermitted, message("refusal.not_dumpable"), _privilege(host, pid, command))
    return None


def _privilege(host: Host, pid: int, command: str) -> Text:
    if host.euid == 0 or not host.may_become_privileged:
        return message("fix.container_capability")
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
                why = message("refusal.network")
                return Refusal(CannotAttach, why, f"{host.sudo}nsenter -t {pid} -n iqdebug attach {pid}")
            kind, identity = container_of(host.proc, pid)
            command = {
                "docker": f"docker exec -it --privileged {identity or 'CONTAINER'} iqdebug attach {inner}",
                "podman": f"podman exec -it --privileged {identity or 'CONTAINER'} iqdebug attach {inner}",
                "kubernetes": f"kubectl exec -it POD -- iqdebug attach {inner}",
            }.get(kind, f"{host.sudo}nsenter -t {pid} -a iqdebug attach {inner}")
            return Refusal(CannotAttach, message("refusal.container"), message("fix.inside", command=command))
    return None


def _held(pid: int, state: str, status: dict[str, str], host: Host) -> Refusal | None:
    tracer = status.get("TracerPid", "0")
    if tracer not in ("", "0"):
        try:
            name: Text = host.proc.stat(int(tracer)).comm
        except (OSError, ValueError):
            name = message("refusal.tracer_elsewhere")
        return Refusal(
            CannotAttach, message("refusal.traced", tracer=tracer, name=name), message("fix.end_tracer")
        )
    if state in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP):
        return Refusal(CannotAttach, message("refusal.stopped"), message("fix.let_run", pid=pid))
    return None


def _strict(status: dict[str, str]) -> Refusal | None:
    if status.get("Seccomp") != "1":
        return None
    return Refusal(
        CannotAttach,
        message("refusal.strict_seccomp"),
        message("fix.peek", pid="PID"),
    )


def _debugged(pid: int, host: Host, table: ProcessTable) -> Refusal | None:
    debugger = table.debugger_of(pid, host.pid)
    if debugger is None:
        return None
    return Refusal(
        CannotAttach,
        message("refusal.debugged", debugger=debugger),
        message("fix.end_session"),
    )


def _no_gdb(interpreter: Interpreter, host: Host) -> Refusal | None:
    version = version_tuple(interpreter.version)
    if (version and version >= REMOTE_EXEC) or host.which("gdb"):
        return None
    version_text = interpreter.version or message("refusal.old_version")
    return Refusal(
        MissingTool,
        message("refusal.no_gdb", version=version_text),
        host.install("gdb"),
    )


def _no_memory(pid: int, host: Host) -> Refusal | None:
    left = memory_left(host.proc, pid)
    if left is None or left >= MEMORY_NEEDED:
        return None
    return Refusal(
        CannotAttach,
        message("refusal.memory", left=max(left, 0) >> 20, needed=MEMORY_NEEDED >> 20),
        message("fix.memory", sudo=host.sudo, pid=pid),
    )
