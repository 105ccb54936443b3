"""Obstacles to tracing that /proc shows: other tracers, too little address space."""

from __future__ import annotations

import re

from iqdebug.peek.procfs import ProcFS

__all__ = ["memory_left", "tracer_warnings"]

REPLACED_UP_TO = (3, 11)
"""Up to this Python a thread has one tracer, and pydevd's takes its place while attached."""

_TRACERS = (
    (re.compile(r"/coverage/tracer\.[^/]*so$"), "coverage"),
    (re.compile(r"/hunter/[^/]*\.so$"), "hunter"),
    (re.compile(r"/line_profiler/[^/]*\.so$"), "line_profiler"),
)
"""Compiled parts of packages that trace by ``sys.settrace``. The agent looks more closely from inside."""


def tracer_warnings(proc: ProcFS, pid: int, version: tuple[int, int] | None) -> list[str]:
    """What attaching means for the other tracers that a process has loaded."""
    if version is None or version > REPLACED_UP_TO:
        return []
    try:
        files = proc.mapped_files(pid)
    except (PermissionError, ProcessLookupError):
        return []
    names = [name for pattern, name in _TRACERS if any(map(pattern.search, files))]
    return [
        f"{name} is loaded in it: what runs while iqdebug is attached is missing from its result; "
        "it goes on after detach"
        for name in names
    ]


def memory_left(proc: ProcFS, pid: int) -> int | None:
    """Bytes of address space that a process may still take (RLIMIT_AS); None where nothing limits it or it
    cannot be told."""
    try:
        limits = proc.read(pid, "limits").decode("ascii", "replace")
        words = proc.read(pid, "statm").split()
        match = re.search(r"^Max address space +(\d+) ", limits, re.MULTILINE)
        return int(match[1]) - int(words[0]) * 4096 if match and words else None
    except (PermissionError, ProcessLookupError, ValueError):
        return None
