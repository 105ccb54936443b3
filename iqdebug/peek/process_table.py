"""One pass over the process table, shared by everything that looks at many processes."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import psutil

from iqdebug.core.messages import Message, message
from iqdebug.peek.procfs import ProcFS

__all__ = ["ProcessRow", "ProcessTable"]

_ADAPTER = re.compile(r"(?:^|/)debugpy[/.]adapter(?:$|/)")
_OURSELVES = re.compile(r"(?:^|/)iqdebug(?:$|/)")


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """:param status: one of psutil's ``STATUS_`` constants.
    :param name: as the kernel has it, cut to 15 characters.
    """

    pid: int
    parent_pid: int
    name: str
    status: str

    @property
    def has_ended(self) -> bool:
        """Whether only its exit status is left, for its parent to collect."""
        return self.status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


class ProcessTable:
    """The processes at the moment of construction, from psutil. Those that ended meanwhile are left out."""

    def __init__(self, proc: ProcFS) -> None:
        self.proc = proc
        self.rows: dict[int, ProcessRow] = {}
        self.children: dict[int, list[int]] = defaultdict(list)
        self._commands: dict[int, list[str]] = {}
        for process in psutil.process_iter():
            try:
                with process.oneshot():
                    row = ProcessRow(process.pid, process.ppid(), process.name(), process.status())
            except psutil.Error:
                continue
            self.rows[row.pid] = row
            self.children[row.parent_pid].append(row.pid)

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
        parents: list[int] = []
        while (row := self.rows.get(pid)) and row.parent_pid > 0 and row.parent_pid not in parents:
            pid = row.parent_pid
            parents.append(pid)
        return parents

    def is_adapter(self, pid: int) -> bool:
        """Whether it is debugpy's adapter: part of a debugger, not a program under test."""
        return any(_ADAPTER.search(word) for word in self.command(pid)[:4])

    def is_iqdebug(self, pid: int) -> bool:
        """Whether it is an iqdebug (or a Python helper of one)."""
        words = self.command(pid)[:4]
        return any(_OURSELVES.search(word) or word.startswith("iqdebug.") for word in words)

    def debugger_of(self, pid: int, ours: int) -> Message | None:
        """The debugger that is already at work on the process; None when none is seen.

        Seen are: a debugpy or PyDev server on its own command line, a debugpy adapter among its
        children, and another iqdebug whose command line names it.
        """
        words = self.command(pid)
        if any(word.endswith("pydevd.py") for word in words):
            return message("debugger.pydev")
        debugpy = any(word == "debugpy" or word.rstrip("/").endswith("/debugpy") for word in words[:4])
        if debugpy and {"--listen", "--connect"} & set(words):
            flag = next(w for w in words if w in ("--listen", "--connect"))
            rest = words[words.index(flag) + 1 :]
            if rest:
                return message("debugger.debugpy_at", flag=flag, address=rest[0])
            return message("debugger.debugpy")
        for child in self.children.get(pid, ()):
            if self.is_adapter(child) and "--for-server" in self.command(child):
                return message("debugger.adapter", pid=child)
        mine = {ours, *self.ancestors(ours)}
        for other in self.rows:
            words = self.command(other)
            if other not in mine and "attach" in words and str(pid) in words and self.is_iqdebug(other):
                return message("debugger.iqdebug", pid=other)
        return None
