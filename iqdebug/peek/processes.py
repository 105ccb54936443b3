"""The Python processes of this machine, as `iqdebug ps` and the picker show them."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from functools import lru_cache

from iqdebug.core.errors import NoSuchProcess
from iqdebug.core.state import ProcessInfo
from iqdebug.peek.host import Host
from iqdebug.peek.interpreter import Interpreter, find_interpreter
from iqdebug.peek.preflight import attachability, require_python, user_name
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.procfs import CLOCK_TICKS, PAGE_SIZE, ProcFS, Stat

__all__ = ["CpuMeter", "describe", "identity", "list_processes", "process_info"]

_user_name = lru_cache(maxsize=256)(user_name)


@dataclass
class CpuMeter:
    """Turns processor time into percent of one core since the same meter's last look."""

    _last: dict[tuple[int, int], tuple[int, float]] = field(default_factory=dict)

    def percent(self, stat: Stat, age: float, now: float) -> float:
        key = (stat.pid, stat.start_ticks)  # a pid that was used again is another process
        before = self._last.get(key)
        self._last[key] = (stat.cpu_ticks, now)
        ticks, seconds = (stat.cpu_ticks - before[0], now - before[1]) if before else (stat.cpu_ticks, age)
        return round(100.0 * ticks / CLOCK_TICKS / seconds, 1) if seconds > 0 else 0.0

    def forget_all_but(self, stats: dict[int, Stat]) -> None:
        alive = {(stat.pid, stat.start_ticks) for stat in stats.values()}
        self._last = {key: value for key, value in self._last.items() if key in alive}


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
    found = []
    for pid in table.stats:
        if pid in hidden:
            continue
        try:
            interpreter = find_interpreter(host.proc, pid)
            if interpreter is None or not (all_users or _uid(pid, host) == host.euid):
                continue
            found.append(describe(pid, interpreter, host, table, meter))
        except (OSError, ValueError, NoSuchProcess):
            continue
    meter.forget_all_but(table.stats)
    return found


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
        stat = host.proc.stat(pid)
        uid = _uid(pid, host)
    except ProcessLookupError:
        raise NoSuchProcess(f"process {pid} has just ended") from None
    try:
        cwd = host.proc.link(pid, "cwd")
    except OSError:
        cwd = ""
    age = max(0.0, host.proc.uptime() - stat.start_ticks / CLOCK_TICKS)
    return ProcessInfo(
        pid=pid,
        user=_user_name(uid) if uid >= 0 else "?",
        python=interpreter.version,
        command=shlex.join(table.command(pid)) or f"[{stat.comm}]",
        cwd=cwd,
        exe=interpreter.exe,
        age=age,
        cpu=meter.percent(stat, age, time.monotonic()),
        rss=stat.rss_pages * PAGE_SIZE,
        threads=stat.threads,
        attach=attachability(pid, interpreter, host=host, table=table),
    )


def _uid(pid: int, host: Host) -> int:
    """The effective user of a process, -1 when it is hidden."""
    try:
        return int(host.proc.status(pid)["Uid"].split()[1])
    except (PermissionError, KeyError, IndexError, ValueError):
        return -1
