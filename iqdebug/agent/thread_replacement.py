"""Detects that the program is about to patch its threads while pydevd uses them.

gevent announces it to subscribers, and eventlet has one function for it. The patching thread waits until
the debugger has detached: half patched, pydevd prints into the program and hangs. Patches by others are
detected afterwards (:func:`.unpatched.locks_replaced`).
"""

from __future__ import annotations

from _thread import allocate_lock

from ..capture.imports import after_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

REPLACEMENT_TIMEOUT = 2.0
"""Seconds that the patching thread waits at most."""


class ThreadReplacement:
    """``requested`` is set when the debugger must detach; :meth:`confirm_detached` ends the wait."""

    def __init__(self) -> None:
        self.requested = False
        self._until_detached = allocate_lock()
        self._until_detached.acquire()
        self._undo: List[Callable[[], None]] = []

    def watch(self) -> None:
        self._undo.append(after_import("gevent.events", self._subscribe))
        self._undo.append(after_import("eventlet.patcher", self._wrap))

    def forget(self) -> None:
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def confirm_detached(self) -> None:
        """Safe to call twice."""
        try:
            self._until_detached.release()
        except RuntimeError:
            pass

    def _wait_for_detach(self) -> None:
        if not self.requested:
            self.requested = True
            self._until_detached.acquire(True, REPLACEMENT_TIMEOUT)

    def _subscribe(self, events: Any) -> None:
        def will_patch(event: Any) -> None:
            if type(event).__name__.startswith("GeventWillPatch"):
                self._wait_for_detach()

        events.subscribers.append(will_patch)
        self._undo.append(lambda: events.subscribers.remove(will_patch))

    def _wrap(self, patcher: Any) -> None:
        original = patcher.monkey_patch

        def monkey_patch(*arguments: Any, **named: Any) -> Any:
            self._wait_for_detach()
            return original(*arguments, **named)

        patcher.monkey_patch = monkey_patch

        def undo() -> None:
            if patcher.monkey_patch is monkey_patch:
                patcher.monkey_patch = original

        self._undo.append(undo)
