"""The thread that the injected code runs in: one that ``threading`` did not start."""

from __future__ import annotations

import threading


def mark_thread(name: str) -> None:
    """Name the calling thread and have pydevd leave it alone. For a thread that it did not start,
    ``threading`` makes a stand-in and keeps it: see :func:`forget_thread`."""
    thread = threading.current_thread()
    thread.name = name
    thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True  # type: ignore[attr-defined]


def forget_thread() -> None:
    """Take the calling thread's stand-in off ``threading``'s list, where it would stay when the thread
    has ended. Done last in the thread."""
    ident = threading.get_ident()
    with threading._active_limbo_lock:  # type: ignore[attr-defined]
        if type(threading._active.get(ident)) is threading._DummyThread:  # type: ignore[attr-defined]
            del threading._active[ident]  # type: ignore[attr-defined]
