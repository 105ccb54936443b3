"""Marks the injected thread, which ``threading`` did not start."""

from __future__ import annotations

import threading
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mark_thread(name: str) -> None:
    """Name the calling thread and make pydevd ignore it. ``threading`` adds a dummy thread to its list
    for it: :func:`forget_thread` removes that."""
    thread = threading.current_thread()
    thread.name = name
    thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True  # type: ignore[attr-defined]


def forget_thread() -> None:
    """Remove the calling thread's dummy from ``threading``'s list, where it would stay after the thread
    has ended. Call it last in the thread. Takes no lock: the list's may have been replaced by gevent's."""
    active: Any = threading._active  # type: ignore[attr-defined]
    active.pop(get_ident(), None)
