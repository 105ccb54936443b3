"""The Python processes of this machine, as `iqdebug ps` and the picker show them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import psutil

from iqdebug.core.errors import NoSuchProcess
from iqdebug.core.messages import message
from iqdebug.core.state import ProcessInfo
from iqdebug.peek.attachability import attachability, require_python
from iqdebug.peek.host import Host
from iqdebug.peek.interpreter import Interpreter, find_interpreter
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.procfs import ProcFS

__all__ = ["CpuMeter", "describe", "identity", "list_processes", "process_info"]


@dataclass
class CpuMeter:
    """Turns processor time into percent of one core since the same meter's last look; at the first one,
    since the process began, where psutil's own would say 0."""

    _last: dict[int, tuple[float, float, float]] = field(default_factory=dict)

    def percent(self, pid: int, started: float, cpu_s: float, age: float, now: float) -> float:
        """
        :param started: when it began; a pid that was used again is another process.
        :param cpu_s: processor time so far, seconds.
        :param age: seconds since it began.
        :param now: seconds of a clock that never jumps.
        """
        before = self._last.get(pid)
        self._last[pid] = (started, cpu_s, now)
        used, seconds = cpu_s, age
        if before is not None and before[0] == started:
            used, seconds = cpu_s - before[1], now - before[2]
        return round(100.0 * used / seconds, 1) if seconds > 0 else 0.0

    def forget_all_but(self, pids: Collection[int]) -> None:
        self._last = {pid: value for pid, value in self._last.items() if pid in pids}


_meter = CpuMeter()


def list_processes(
    *, all_users: bool = True, host: Host | None = None, meter: CpuMeter = _meter
) -> list[ProcessInfo]:
    """Every process that runs a Python interpreter, by pid.

    iqdebug's own process and its helpers are left out. Processes of other users are in the list
    as far as the kernel shows them, unless ``all_users`` is False. Stops, starts and signals
    nothing; processes that end meanwhile are left out; never raises for a target.
    """
    host = host or Host()
    table = ProcessTable(host.proc)
    hidden = {host.pid} | {
        child
        for child in table.children.get(host.pid, ())
        if table.is_iqdebug(child) or table.is_adapter(child)
    }
    listed = []
    for pid in table.rows:
        if pid in hidden:
            continue
        try:
            interpreter = find_interpreter(host.proc, pid)
            if interpreter is None or not (all_users or _uid(pid) == host.euid):
                continue
            listed.append(describe(pid, interpreter, host, table, meter))
        except (OSError, ValueError, NoSuchProcess):
            continue
    meter.forget_all_but(table.rows)
    return listed


def process_info(pid: int, *, host: Host | None = None) -> ProcessInfo:
    """One process. Raises NoSuchProcess (also for a zombie) and NotPython; a process that
    cannot be attached to is returned with the reason in ``attach``."""
    host = host or Host()
    table = ProcessTable(host.proc)
    return describe(pid, require_python(pid, host, table), host, table)


def identity(pid: int, proc: ProcFS | None = None) -> str:
    """Tells the process from every other that had its number, on this machine, at any time: the number,
    the clock tick of its start, and the boot. "" when it is gone."""
    proc = proc or ProcFS()
    try:
        boot = proc.read("sys", "kernel", "random", "boot_id").decode().strip()
        stat = proc.stat(pid)
        return "" if stat.state in "ZX" else f"{pid}:{stat.start_ticks}:{boot}"
    except (ProcessLookupError, PermissionError):
        return ""


def describe(
    pid: int, interpreter: Interpreter, host: Host, table: ProcessTable, meter: CpuMeter = _meter
) -> ProcessInfo:
    """The row of one process of the table. Raises NoSuchProcess when it has ended meanwhile."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            started, times = process.create_time(), process.cpu_times()
            rss, threads, name = process.memory_info().rss, process.num_threads(), process.name()
    except psutil.NoSuchProcess:
        raise NoSuchProcess(message("just_ended", pid=pid)) from None
    except psutil.AccessDenied:
        raise NoSuchProcess(message("peek.hidden", pid=pid)) from None
    age = max(0.0, time.time() - started)
    return ProcessInfo(
        pid=pid,
        user=_readable(process.username, "?"),
        python=interpreter.version,
        command=shlex.join(table.command(pid)) or f"[{name}]",
        cwd=_readable(process.cwd, ""),
        exe=interpreter.exe,
        age=age,
        cpu=meter.percent(pid, started, times.user + times.system, age, time.monotonic()),
        rss=rss,
        threads=threads,
        attach=attachability(pid, interpreter, host=host, table=table),
    )


def _readable(ask: Callable[[], str], otherwise: str) -> str:
    """What the kernel shows of it to this user."""
    try:
        return ask()
    except psutil.Error:
        return otherwise


def _uid(pid: int) -> int:
    """The effective user of a process, -1 when it is hidden or gone."""
    try:
        return int(psutil.Process(pid).uids().effective)
    except psutil.Error:
        return -1
