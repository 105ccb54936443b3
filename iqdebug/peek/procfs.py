"""Reads /proc. Every function of the room takes a :class:`ProcFS`, so tests hand in a folder.

Nothing here stops or signals a process: plain reads of text the kernel makes up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from iqdebug.system.source_files import open_regular

__all__ = ["Mapping", "ProcFS", "Stat", "read_regular"]


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/PID/stat that iqdebug uses. ``start_ticks``: clock ticks
    from the boot to its start."""

    pid: int
    comm: str
    state: str  # R S D T t Z X I, as the kernel writes it
    ppid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Mapping:
    start: int
    end: int
    writable: bool
    path: str  # "" for anonymous memory


def read_regular(path: str, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes. Raises OSError and ValueError as
    :func:`iqdebug.system.source_files.open_regular`, OSError for one that is longer."""
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(27, f"longer than {limit} bytes", path)
    return data


class ProcFS:
    """A process table below ``root``.

    Readers of one process raise :class:`ProcessLookupError` when it is gone and
    :class:`PermissionError` when the kernel forbids the look; no other OSError escapes.
    """

    def __init__(self, root: str | Path = "/proc") -> None:
        self.root = str(root)

    def read(self, *parts: str | int) -> bytes:
        try:
            with open(self.path(*parts), "rb") as file:
                return file.read()
        except PermissionError:
            raise
        except OSError as error:
            raise ProcessLookupError(*error.args[:2]) from None

    def link(self, *parts: str | int) -> str:
        try:
            return os.readlink(self.path(*parts))
        except PermissionError:
            raise
        except OSError as error:
            raise ProcessLookupError(*error.args[:2]) from None

    def path(self, *parts: str | int) -> str:
        return "/".join([self.root, *map(str, parts)])

    def exists(self, pid: int) -> bool:
        return pid > 0 and os.path.isdir(self.path(pid))

    def pids(self) -> list[int]:
        """Process ids in ascending order; empty when there is no process table."""
        try:
            return sorted(int(name) for name in os.listdir(self.root) if name.isdigit())
        except OSError:
            return []

    def thread_ids(self, pid: int) -> list[int]:
        try:
            return sorted(int(name) for name in os.listdir(self.path(pid, "task")) if name.isdigit())
        except PermissionError:
            raise
        except OSError as error:
            raise ProcessLookupError(*error.args[:2]) from None

    def stat(self, pid: int, thread_id: int | None = None) -> Stat:
        raw = self.read(pid, "stat") if thread_id is None else self.read(pid, "task", thread_id, "stat")
        # The name may hold anything, closing brackets included: the last one ends it.
        head, _, tail = raw.decode("utf-8", "replace").rpartition(")")
        number, _, comm = head.partition(" (")
        f = tail.split()
        if len(f) < 22:
            raise ProcessLookupError(f"/proc/{pid}/stat is incomplete")
        return Stat(
            pid=int(number),
            comm=comm,
            state=f[0],
            ppid=int(f[1]),
            start_ticks=int(f[19]),
        )

    def status(self, pid: int | str) -> dict[str, str]:
        """/proc/PID/status as a table."""
        lines = self.read(pid, "status").decode("utf-8", "replace").splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def cmdline(self, pid: int) -> list[str]:
        raw = self.read(pid, "cmdline").decode("utf-8", "replace")
        return raw.rstrip("\0").split("\0") if raw.strip("\0") else []

    def maps(self, pid: int) -> Iterator[Mapping]:
        for line in self.read(pid, "maps").decode("utf-8", "replace").splitlines():
            fields = line.split(None, 5)
            if len(fields) >= 5:
                start, _, end = fields[0].partition("-")
                path = fields[5].removesuffix(" (deleted)") if len(fields) > 5 else ""
                yield Mapping(int(start, 16), int(end, 16), "w" in fields[1], path)

    def mapped_files(self, pid: int) -> list[str]:
        """Paths of the files in its memory, each once, in the order of the addresses."""
        text = self.read(pid, "maps").decode("utf-8", "replace")
        paths = (line[line.index("/") :] for line in text.splitlines() if "/" in line)
        return list(dict.fromkeys(path.removesuffix(" (deleted)") for path in paths))
