"""Where a stopped thread may be made to call a function: where gdb can put back all that it changes.

Up to version 13 gdb takes the layout in which Intel's processors save their AVX-512 registers for that
of all. On AMD's it returns other values than it read (gdb 14: "x86: use the target's XSAVE layout"), and
a thread that was copying memory at that moment goes on with them: the C library copies through these
registers, and greenlet its stacks through the C library. So the thread is first led to where none of
them is in use, into the interpreter's own code or to a system call: a few instructions at a time, else
by letting it run and stopping it again.
"""

from __future__ import annotations

import re
from pathlib import Path

from iqdebug.dap.gdb import Gdb

__all__ = ["at_a_safe_place"]

FIRST_GDB_WITH_LAYOUT = 14
"""The version of gdb that asks for the processor's layout."""

MAX_STEPS = 60
"""Instructions stepped in one round: some milliseconds, more where the processors are busy."""

MAX_ROUNDS = 40

RUN_INTERVAL = 0.02
"""Seconds between two stops."""

STOP_TIMEOUT = 10.0
"""Seconds for gdb to stop the process again."""

_SYSCALL = 0x050F  # the instruction, as gdb reads it


async def at_a_safe_place(gdb: Gdb) -> bool:
    """Whether functions can be called in the stopped thread; it is led on where they cannot.

    :raises TargetError: it could not be stopped again.
    """
    if not _layout_differs(Path("/proc/cpuinfo")) or await _version(gdb) >= FIRST_GDB_WITH_LAYOUT:
        return True
    spans = " || ".join(f"($pc >= {start} && $pc < {end})" for start, end in _interpreter(gdb.pid))
    safe = f"*(unsigned short*)$pc == {_SYSCALL}" + (f" || {spans}" if spans else "")
    for _ in range(MAX_ROUNDS):
        if _in_system_call(gdb.pid) or await _true(gdb, safe):
            return True
        await gdb.command(
            f"set $iqd = 0\nwhile $iqd < {MAX_STEPS} && !({safe})\nstepi\nset $iqd = $iqd + 1\nend"
        )
        if await _true(gdb, safe):
            return True
        await gdb.let_run(RUN_INTERVAL, STOP_TIMEOUT)
    return False


def _layout_differs(cpuinfo: Path) -> bool:
    try:
        text = cpuinfo.read_text()
    except OSError:
        return False
    return "avx512f" in text and "AuthenticAMD" in text


async def _version(gdb: Gdb) -> int:
    version = re.search(r"GNU gdb .*?(\d+)\.\d+\S*$", await gdb.command("show version"), re.MULTILINE)
    return int(version[1]) if version else 0


async def _true(gdb: Gdb, condition: str) -> bool:
    return re.search(r"\$\d+ = 1\b", await gdb.command(f"print/d ({condition})")) is not None


def _in_system_call(pid: int) -> bool:
    """Vector registers hold nothing across the call of a function, such as the C library's around it."""
    try:
        return int(Path(f"/proc/{pid}/task/{pid}/syscall").read_text().split()[0]) >= 0
    except (OSError, ValueError, IndexError):
        return False


def _interpreter(pid: int) -> list[tuple[int, int]]:
    """The addresses of the interpreter's own code."""
    try:
        exe = str(Path(f"/proc/{pid}/exe").readlink())
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return []
    spans = []
    for line in lines:
        fields = line.split(maxsplit=5)
        path = fields[5] if len(fields) == 6 else ""
        if "x" in fields[1] and (path == exe or Path(path).name.startswith("libpython3")):
            start, _, end = fields[0].partition("-")
            spans.append((int(start, 16), int(end, 16)))
    return spans
