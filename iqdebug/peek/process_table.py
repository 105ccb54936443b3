"""One pass over the process table, shared by everything that looks at many processes."""

from __future__ import annotations

import re
from collections import defaultdict

from iqdebug.peek.procfs import ProcFS, Stat

__all__ = ["ProcessTable"]

_ADAPTER = re.compile(r"(?:^|/)debugpy[/.]adapter(?:$|/)")
_OURSELVES = re.compile(r"(?:^|/)iqdebug(?:$|/)")


class ProcessTable:
    """The processes at the moment of construction. Those that ended meanwhile are left out."""

    def __init__(self, proc: ProcFS) -> None:
        self.proc = proc
        self.stats: dict[int, Stat] = {}
        self.children: dict[int, list[int]] = defaultdict(list)
        self._commands: dict[int, list[str]] = {}
        for pid in proc.pids():
            try:
                stat = proc.stat(pid)
            except (OSError, ValueError):
                continue
            self.stats[pid] = stat
            self.children[stat.ppid].append(pid)

    def command(self, pid: int) -> list[str]:
        """Its command line; [] when it cannot be read or there is none."""
        if pid not in self._commands:
            try:
                self._commands[pid] = self.proc.cmdline(pid)
            except OSError:
                self._commands[pid] = []
        return self._commands[pid]

    def ancestors(self, pid: int) -> list[int]:
        """Parent first. Stops at a parent that is not in the table."""
        found: list[int] = []
        while (stat := self.stats.get(pid)) and stat.ppid > 0 and stat.ppid not in found:
            pid = stat.ppid
            found.append(pid)
        return found

    def is_adapter(self, pid: int) -> bool:
        """Whether it is debugpy's adapter: part of a debugger, not a program under test."""
        return any(_ADAPTER.search(word) for word in self.command(pid)[:4])

    def is_iqdebug(self, pid: int) -> bool:
        """Whether it is an iqdebug (or a Python helper of one)."""
        words = self.command(pid)[:4]
        return any(_OURSELVES.search(word) or word.startswith("iqdebug.") for word in words)

    def debugger_of(self, pid: int, ours: int) -> str:
        """In words, the debugger that is already at work on the process; "" when none is seen.

        Seen are: a debugpy or PyDev server on its own command line, a debugpy adapter among its
        children, and another iqdebug that was told to attach to it.
        """
        words = self.command(pid)
        if any(word.endswith("pydevd.py") for word in words):
            return "PyDev's debug server is already in it"
        debugpy = any(word == "debugpy" or word.rstrip("/").endswith("/debugpy") for word in words[:4])
        if debugpy and {"--listen", "--connect"} & set(words):
            flag = next(w for w in words if w in ("--listen", "--connect"))
            rest = words[words.index(flag) + 1 :]
            return f"debugpy is already in it ({flag} {rest[0]})" if rest else "debugpy is already in it"
        for child in self.children.get(pid, ()):
            if self.is_adapter(child) and "--for-server" in self.command(child):
                return f"a debugpy adapter (process {child}) already serves it"
        mine = {ours, *self.ancestors(ours)}
        for other in self.stats:
            words = self.command(other)
            if other not in mine and "attach" in words and str(pid) in words and self.is_iqdebug(other):
                return f"another iqdebug (process {other}) is attached to it"
        return ""
