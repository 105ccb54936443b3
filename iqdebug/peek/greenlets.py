"""Whether a process uses greenlets, which is all that can be seen of them from outside."""

from __future__ import annotations

import re

from iqdebug.peek.procfs import ProcFS

__all__ = ["has_greenlets"]

_GREENLET = re.compile(r"/greenlet/_greenlet[^/]*\.so$")


def has_greenlets(proc: ProcFS, pid: int) -> bool:
    """Whether the module that makes greenlets is loaded. False where that cannot be read."""
    try:
        return any(_GREENLET.search(path) for path in proc.mapped_files(pid))
    except OSError:
        return False
