"""Pause, continue and step, and what follows from the target going on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from iqdebug.core.errors import IqdebugError, NotAvailable, RequestFailed
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Frame, Phase, StopCause
from iqdebug.core.supervision import Supervision
from iqdebug.dap.availability import Availability
from iqdebug.dap.background_tasks import LoggedTasks
from iqdebug.dap.snapshot_store import SnapshotStore
from iqdebug.dap.stop_reader import StopReader
from iqdebug.dap.target_client import TargetClient

__all__ = ["ExecutionControl"]

log = logging.getLogger(__name__)

PAUSE_SHOWN_AFTER = 0.3
"""Seconds without a stop after which the snapshot says that a pause was asked for."""

PAUSE_EXPLAINED_AFTER = 2.0
"""Seconds without a stop after which the snapshot says why."""

STEP_SHOWN_AFTER = 0.2
"""Seconds that a step may take before it is shown as running."""


class ExecutionControl:
    """:param on_resumed: called whenever the target goes on, before the new epoch begins."""

    def __init__(
        self,
        store: SnapshotStore,
        client: TargetClient,
        availability: Availability,
        reader: StopReader,
        tasks: LoggedTasks,
        supervision: Supervision | None,
        on_resumed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._client = client
        self._availability = availability
        self._reader = reader
        self._tasks = tasks
        self._supervision = supervision
        self._on_resumed = on_resumed
        self._pause_timer: asyncio.TimerHandle | None = None

    async def pause(self) -> None:
        self._availability.require(Capability.PAUSE)
        await self._request("pause", {"threadId": "*"})
        with contextlib.suppress(RequestFailed, TimeoutError):
            await self._client.tell_agent("wake")
        self.forget_pause()
        epoch = self._store.epoch
        self._pause_timer = asyncio.get_running_loop().call_later(PAUSE_SHOWN_AFTER, self._show_pause, epoch)

    def _show_pause(self, epoch: int) -> None:
        if self._store.is_current(epoch) and self._store.phase is Phase.RUNNING:
            self._store.update(epoch, detail=self._store.snapshot.detail or message("pause.pausing"))
            self._pause_timer = asyncio.get_running_loop().call_later(
                PAUSE_EXPLAINED_AFTER - PAUSE_SHOWN_AFTER, self._explain_pause, epoch
            )

    def _explain_pause(self, epoch: int) -> None:
        self._tasks.spawn(self._reader.explain_pause(epoch))

    def forget_pause(self) -> None:
        """It has stopped, or it does not matter any more."""
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None

    async def resume(self) -> None:
        self._availability.require(Capability.CONTINUE)
        self.went_on(message("dap.running.continued"))
        self._tasks.spawn(self._tell_agent("kick"))
        await self._request("continue", {"threadId": "*"})

    async def step(self, kind: StepKind, thread_id: int) -> None:
        self._availability.require(Capability.STEP)
        thread = self._store.snapshot.thread(thread_id)
        if thread is not None and thread.is_greenlet:
            raise NotAvailable(message("dap.no_step_in_greenlet"), fix=message("dap.no_step_in_greenlet.fix"))
        epoch = self.went_on(message("running.stepping", kind=kind.value), publish=False)
        await self._request(kind.value, {"threadId": thread_id})
        asyncio.get_running_loop().call_later(STEP_SHOWN_AFTER, self._show_running, epoch)

    def _show_running(self, epoch: int) -> None:
        if self._store.phase is Phase.RUNNING:
            self._store.update(epoch)

    async def restart_frame(self, frame: Frame) -> None:
        self._availability.require(Capability.RESTART_FRAME)
        await self._request("restartFrame", {"frameId": frame.id})

    def went_on(self, reason: Text, *, publish: bool = True) -> int:
        """The target runs: begin its epoch, and have the agent forget the frames of the stop."""
        if self._supervision is not None:
            self._supervision.went_on()
        agent = self._client.agent
        if agent is not None and not agent.closed:
            self._tasks.spawn(self._tell_agent("resumed"))
        self._on_resumed()
        return self._store.begin_epoch(
            publish=publish,
            phase=Phase.RUNNING,
            reason=reason,
            detail="",
            exception=None,
            cause=StopCause.UNKNOWN,
        )

    async def _tell_agent(self, op: str) -> None:
        with contextlib.suppress(IqdebugError, TimeoutError):
            await self._client.tell_agent(op)

    async def _request(self, command: str, arguments: object) -> None:
        """One that the debugger may answer late."""
        try:
            await self._client.tell_debugger(command, arguments)
        except TimeoutError:
            log.info("%s: not answered in time", command)
