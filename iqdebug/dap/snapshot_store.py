"""The single authority for what is known of one target: its phase, its epoch, and who is notified."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from iqdebug.core.messages import Text
from iqdebug.core.session import Listener
from iqdebug.core.state import (
    Breakpoint,
    ExceptionInfo,
    LogRecord,
    Origin,
    Phase,
    ProcessInfo,
    Snapshot,
    StopCause,
    Task,
    Thread,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SnapshotStore", "connecting"]

MAX_EARLY_LOGS = 2_000
"""Records kept of what the target wrote before anybody listened."""


class Changes(TypedDict, total=False):
    """The fields of a :class:`Snapshot` that a session changes."""

    phase: Phase
    origin: Origin
    reason: Text
    detail: Text
    threads: tuple[Thread, ...]
    tasks: tuple[Task, ...]
    focus: int | None
    exception: ExceptionInfo | None
    exit_code: int | None
    cause: StopCause


def connecting(info: ProcessInfo) -> Snapshot:
    """The snapshot of a target that is being attached to or started."""
    return Snapshot(
        pid=info.pid,
        epoch=0,
        phase=Phase.CONNECTING,
        origin=Origin.LIVE,
        taken_at=time.time(),
        python=info.python,
        command=info.command,
        cwd=info.cwd,
    )


class SnapshotStore:
    """Holds the one current snapshot; every change of it happens here, on the event loop's thread.

    Every stop, resume and end begins a new epoch. What was asked under an older epoch describes a
    moment that has passed: :meth:`update` drops it. Listeners are notified in the order in which they
    subscribed, each of every published snapshot, in order.
    """

    def __init__(self, first: Snapshot) -> None:
        self._snapshot = first
        self._listeners: list[Listener] = []
        self._early_logs: list[LogRecord] = []

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def epoch(self) -> int:
        return self._snapshot.epoch

    @property
    def phase(self) -> Phase:
        return self._snapshot.phase

    def is_current(self, epoch: int) -> bool:
        return epoch == self._snapshot.epoch

    def begin_epoch(self, *, publish: bool = True, **changes: Unpack[Changes]) -> int:
        """The target has stopped, gone on or ended; returns the new epoch. Without ``publish`` the
        listeners hear of it with the next :meth:`update`."""
        self._snapshot = replace(
            self._snapshot, epoch=self._snapshot.epoch + 1, revision=0, taken_at=time.time(), **changes
        )
        if publish:
            self._publish()
        return self._snapshot.epoch

    def update(self, epoch: int, **changes: Unpack[Changes]) -> bool:
        """More is known of that epoch: publish it as the next revision. False, and nothing happens,
        when the epoch has passed."""
        if epoch != self._snapshot.epoch:
            return False
        self._snapshot = replace(
            self._snapshot, revision=self._snapshot.revision + 1, taken_at=time.time(), **changes
        )
        self._publish()
        return True

    def _publish(self) -> None:
        snapshot = self._snapshot
        for listener in list(self._listeners):
            listener.snapshot_changed(snapshot)

    # listeners

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """The first one hears at once what the target wrote before. Returns what ends it."""
        self._listeners.append(listener)
        early, self._early_logs = self._early_logs, []
        if early:
            listener.logs_arrived(early, 0)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def append_logs(self, records: Sequence[LogRecord], dropped: int = 0) -> None:
        if not self._listeners:
            self._early_logs = [*self._early_logs, *records][-MAX_EARLY_LOGS:]
        for listener in list(self._listeners):
            listener.logs_arrived(records, dropped)

    def notify_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        for listener in list(self._listeners):
            listener.breakpoints_changed(breakpoints)
