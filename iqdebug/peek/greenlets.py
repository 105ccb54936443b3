"""Whether a process uses greenlets, which is all that can be seen of them from outside."""

from __future__ import annotations

import re

from iqdebug.peek.procfs import ProcFS

__all__ = ["IN_ATTACHING", "IN_A_LOOK", "has_greenlets"]

IN_ATTACHING = "it may run greenlets (gevent, eventlet): a pause holds all those of a thread"
IN_A_LOOK = "greenlets that wait are not seen from outside, only by attaching"

_GREENLET = re.compile(r"/greenlet/_greenlet[^/]*\.so$")


def has_greenlets(proc: ProcFS, pid: int) -> bool:
    """Whether the module that makes greenlets is loaded. False where that cannot be read."""
    try:
        return any(_GREENLET.search(path) for path in proc.mapped_files(pid))
    except OSError:
        return False
