"""Notices that the program is about to replace what threads are made of, while pydevd works with it.

gevent says so beforehand to who listens, and eventlet has one function for it. The thread that
replaces waits there until the debugger has gone: what it would leave behind half replaced prints and
hangs. What others replace is noticed afterwards (:func:`.unpatched.locks_replaced`).
"""

from __future__ import annotations

from _thread import allocate_lock

from ..capture.imports import after_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

REPLACEMENT_TIMEOUT = 2.0
"""Seconds that the program waits at most."""


class ThreadReplacement:
    """``asked`` is set once the debugger is to go; :meth:`gone` says that it has."""

    def __init__(self) -> None:
        self.asked = False
        self._until_gone = allocate_lock()
        self._until_gone.acquire()
        self._undo: List[Callable[[], None]] = []

    def watch(self) -> None:
        self._undo.append(after_import("gevent.events", self._hear))
        self._undo.append(after_import("eventlet.patcher", self._wrap))

    def forget(self) -> None:
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def gone(self) -> None:
        """Safe to call twice."""
        try:
            self._until_gone.release()
        except RuntimeError:
            pass

    def _leave(self) -> None:
        if not self.asked:
            self.asked = True
            self._until_gone.acquire(True, REPLACEMENT_TIMEOUT)

    def _hear(self, events: Any) -> None:
        def will_patch(event: Any) -> None:
            if type(event).__name__.startswith("GeventWillPatch"):
                self._leave()

        events.subscribers.append(will_patch)
        self._undo.append(lambda: events.subscribers.remove(will_patch))

    def _wrap(self, patcher: Any) -> None:
        original = patcher.monkey_patch

        def monkey_patch(*arguments: Any, **named: Any) -> Any:
            self._leave()
            return original(*arguments, **named)

        patcher.monkey_patch = monkey_patch

        def undo() -> None:
            if patcher.monkey_patch is monkey_patch:
                patcher.monkey_patch = original

        self._undo.append(undo)
