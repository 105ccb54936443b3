"""Reads what a target holds into the store: the stacks, exception and locals of a stop, or the stacks of a
target that runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from iqdebug.core.errors import ConnectionLost, RequestFailed
from iqdebug.core.merge_snapshots import with_outside_view
from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import ExceptionInfo, Origin, Phase, Snapshot, StopCause, Task, Thread
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_events import HeldEvent
from iqdebug.dap.agent_rows import ExceptionRow, ThreadsAnswer, VariableRow
from iqdebug.dap.availability import pause_delay
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.exception_info import exception_at_stop
from iqdebug.dap.snapshot_store import SnapshotStore
from iqdebug.dap.target_client import TargetClient

__all__ = ["StopReader", "exception_reason"]

log = logging.getLogger(__name__)

LOCALS_DELAY = 0.05
"""Seconds that a stop must last before the locals of all stacks are read."""


def exception_reason(info: ExceptionInfo) -> Message:
    """Why a target has stopped, of a stop at an exception."""
    if info.uncaught:
        return message("stop.uncaught", type=info.type)
    return message("stop.exception", type=info.type)


class StopReader:
    """Each method is given the epoch that it reads for. An answer that comes once another epoch has begun
    is dropped: nothing of it is published.

    :param outside: looks at the running target from outside, which completes what the agent sees.
    :param reason_of: why the target has stopped at an exception.
    """

    def __init__(
        self,
        store: SnapshotStore,
        client: TargetClient,
        finder: Finder,
        outside: Callable[[], Awaitable[Snapshot | None]] | None = None,
        reason_of: Callable[[ExceptionInfo], Text] = exception_reason,
    ) -> None:
        self._store = store
        self._client = client
        self._finder = finder
        self._outside = outside
        self._reason_of = reason_of
        self._lock_reported = False  # the snapshot's detail says that the lock is held

    # a stop

    async def read_stacks(self, epoch: int, thread_id: int | None) -> bool:
        """Threads and tasks; ``thread_id`` is the thread whose stack is wanted whole. Whether they were
        published."""
        try:
            answer = await self._client.ask_agent("threads", ThreadsAnswer, focus=thread_id)
        except (TimeoutError, RequestFailed) as error:
            log.warning("stack not read: %s", error)
            self._store.update(epoch, detail=message("stop.no_stack"))
            return False
        if not self._store.is_current(epoch):
            return False
        threads = self._threads(answer)
        await self._finder.read_stacks(threads, again=True)
        return self._store.update(epoch, threads=threads, tasks=_tasks(answer))

    async def read_exception(self, epoch: int, body: protocol.StoppedBody) -> None:
        info = await exception_at_stop(self._client, body)
        phase = Phase.CRASHED if info.uncaught else Phase.PAUSED
        self._store.update(epoch, phase=phase, reason=self._reason_of(info), exception=info)

    async def read_locals(self, epoch: int) -> None:
        """Locals of the user's frames, for whoever reads the snapshot alone (the diagnosis). Not of a
        stop that is over at once, as while stepping."""
        await asyncio.sleep(LOCALS_DELAY)
        if not self._store.is_current(epoch):
            return
        frames = convert_rows.user_frame_ids(self._store.snapshot.threads)
        try:
            answer = await self._client.ask_agent(
                "details", list[tuple[int, tuple[VariableRow, ...]]], frames=frames
            )
        except (TimeoutError, RequestFailed):
            return
        if self._store.is_current(epoch):
            threads = convert_rows.with_locals(self._store.snapshot.threads, dict(answer))
            self._store.update(epoch, threads=threads)

    async def read_held(self, hold: HeldEvent, detail: Text) -> None:
        """Begin the epoch of a thread that the agent holds at an exception, without debugpy's help.

        :param detail: why it is without.
        """
        epoch = self._store.epoch
        answer = await self._client.ask_agent("threads", ThreadsAnswer)
        tree = await self._client.ask_agent("exception", ExceptionRow, hold=hold.number)
        if not self._store.is_current(epoch):
            return
        info = convert_rows.exception(tree, uncaught=True)
        stopped = self._store.begin_epoch(
            phase=Phase.CRASHED,
            origin=Origin.DAP,
            cause=StopCause.EXCEPTION,
            reason=self._reason_of(info),
            detail=detail,
            threads=self._threads(answer),
            tasks=_tasks(answer),
            focus=next((row.id for row in answer.threads if row.ident == hold.thread), None),
            exception=info,
        )
        await self.read_locals(stopped)

    # a target that runs

    async def read_running(self) -> None:
        """Threads and tasks of a running target. Does nothing when it cannot answer in time, but for
        saying why."""
        if self._store.phase is not Phase.RUNNING:
            return
        epoch = self._store.epoch
        outside = asyncio.ensure_future(self._outside()) if self._outside is not None else None
        try:
            answer = await self._client.ask_agent("threads", ThreadsAnswer, locals=True)
        except TimeoutError:
            self._lock_reported = self._store.update(epoch, detail=message("running.lock_is_held"))
            return
        except (RequestFailed, ConnectionLost):
            return
        if not self._runs_in(epoch):
            return
        threads = self._threads(answer)
        focus = next((t.id for t in threads if t.is_main), None)
        seen = await outside if outside is not None else None
        if seen is not None:
            threads = with_outside_view(threads, seen)
            wanted = seen.focused
            focus = next((t.id for t in threads if wanted is not None and t.os_id == wanted.os_id), focus)
        await self._finder.read_stacks(threads, again=False)
        if not self._store.is_current(epoch):
            return
        detail = "" if self._lock_reported else self._store.snapshot.detail
        self._lock_reported = False
        self._store.update(
            epoch, threads=threads, tasks=_tasks(answer), origin=Origin.LIVE, focus=focus, detail=detail
        )

    async def explain_pause(self, epoch: int) -> None:
        """Say why a pause that was asked for in that epoch has not stopped anything yet."""
        if not self._runs_in(epoch):
            return
        await self.read_running()
        if self._runs_in(epoch):
            self._lock_reported = False
            self._store.update(epoch, detail=pause_delay(self._store.snapshot.threads))

    def _runs_in(self, epoch: int) -> bool:
        return self._store.is_current(epoch) and self._store.phase is Phase.RUNNING

    def _threads(self, answer: ThreadsAnswer) -> tuple[Thread, ...]:
        pid = self._store.snapshot.pid
        return tuple(convert_rows.thread(row, pid) for row in answer.threads)


def _tasks(answer: ThreadsAnswer) -> tuple[Task, ...]:
    return tuple(convert_rows.task(row) for row in answer.tasks)
