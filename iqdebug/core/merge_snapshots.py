"""One picture from two looks at the same moment: from inside and from outside."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.paths import is_number
from iqdebug.core.state import Gil, Snapshot, Thread, ThreadState

__all__ = ["with_outside_view"]


def with_outside_view(inside: tuple[Thread, ...], outside: Snapshot) -> tuple[Thread, ...]:
    """The threads as read inside the target, completed by what only the outside can see: who
    holds or waits for the interpreter lock, and what a thread waits for in the kernel.

    Threads are matched by the C library's id, else the kernel's, which the inside may have wrong: for a
    thread that Python has not started it is that of who asked first. One that only the inside has seen
    stays as it is; one that only the outside has seen is added if it has no frame, which is why the
    inside cannot see it (a program that Python is embedded in). What a thread waits for is taken over
    only if both looks saw it at the same place, since it may have moved on between them.
    """
    by_os_id = {t.os_id: t for t in outside.threads if t.os_id is not None}
    by_ident = {t.ident: t for t in outside.threads if t.ident is not None}
    known = ({t.os_id for t in inside} | {t.ident for t in inside}) - {None}
    without = [t for t in outside.threads if not t.frames and not known & {t.os_id, t.ident}]
    completed = [_completed(t, _of(by_ident, t.ident) or _of(by_os_id, t.os_id)) for t in inside]
    return tuple(sorted([*completed, *without], key=lambda thread: not thread.is_main))


def _of(threads: dict[int, Thread], key: int | None) -> Thread | None:
    return threads.get(key) if key is not None else None


def _completed(thread: Thread, other: Thread | None) -> Thread:
    if other is None:
        return thread
    gil = other.gil if other.gil is not Gil.UNKNOWN else thread.gil
    # The look from outside samples the kernel several times; a single sample catches many a
    # sleeping thread in the moment in which it wakes.
    state = other.state if other.state is not ThreadState.UNKNOWN else thread.state
    wait = thread.wait_message or (other.wait_message if _place(thread) == _place(other) else "")
    os_id = other.os_id or thread.os_id
    # Without a name of Python's, the kernel's tells more than a number.
    named = not is_number(thread.name) or is_number(other.name)
    name = thread.name if named else other.name
    return replace(thread, gil=gil, state=state, wait_message=wait, os_id=os_id, name=name)


def _place(thread: Thread) -> tuple[str, int]:
    return (thread.frames[0].path, thread.frames[0].line) if thread.frames else ("", 0)
