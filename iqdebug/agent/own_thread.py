"""The thread that the injected code runs in: one that ``threading`` did not start."""

from __future__ import annotations

import threading
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mark_thread(name: str) -> None:
    """Name the calling thread and have pydevd leave it alone. For a thread that it did not start,
    ``threading`` makes a stand-in and keeps it: see :func:`forget_thread`."""
    thread = threading.current_thread()
    thread.name = name
    thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True  # type: ignore[attr-defined]


def forget_thread() -> None:
    """Take the calling thread's stand-in off ``threading``'s list, where it would stay when the thread
    has ended. Done last in the thread. Without the list's lock, which may be of greenlets by now."""
    active: Any = threading._active  # type: ignore[attr-defined]
    active.pop(get_ident(), None)
