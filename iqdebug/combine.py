"""One picture from two looks at the same moment: from inside and from outside."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.state import Gil, Snapshot, Thread, ThreadState

__all__ = ["with_outside_view"]


def with_outside_view(inside: tuple[Thread, ...], outside: Snapshot) -> tuple[Thread, ...]:
    """The threads as read inside the target, completed by what only the outside can see: who
    holds or waits for the interpreter lock, and what a thread waits for in the kernel.

    Threads are matched by the kernel's id; one that only one look has seen stays as it is. What
    a thread waits for is taken over only if both looks saw it at the same place, since it may
    have moved on between them.
    """
    seen: dict[int | None, Thread] = {t.os_id: t for t in outside.threads if t.os_id is not None}
    return tuple(_completed(thread, seen.get(thread.os_id)) for thread in inside)


def _completed(thread: Thread, other: Thread | None) -> Thread:
    if other is None:
        return thread
    gil = other.gil if other.gil is not Gil.UNKNOWN else thread.gil
    # The look from outside samples the kernel several times; a single sample catches many a
    # sleeping thread in the moment in which it wakes.
    state = other.state if other.state is not ThreadState.UNKNOWN else thread.state
    wait = thread.wait or (other.wait if _place(thread) == _place(other) else "")
    return replace(thread, gil=gil, state=state, wait=wait)


def _place(thread: Thread) -> tuple[str, int]:
    return (thread.frames[0].path, thread.frames[0].line) if thread.frames else ("", 0)
