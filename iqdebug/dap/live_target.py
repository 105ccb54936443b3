"""One living target and the parts that a session on it is made of."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from iqdebug.core.errors import IqdebugError, ProtocolError, RequestFailed
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import Capability
from iqdebug.core.state import (
    Breakpoint,
    ExceptionInfo,
    LogRecord,
    Origin,
    Phase,
    ProcessInfo,
    Snapshot,
    StopCause,
)
from iqdebug.core.supervision import Supervision
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_client import Lease
from iqdebug.dap.agent_events import LogsEvent
from iqdebug.dap.availability import Availability
from iqdebug.dap.background_tasks import LoggedTasks
from iqdebug.dap.breakpoints import BreakpointList
from iqdebug.dap.client import decode_body
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.execution import ExecutionControl
from iqdebug.dap.snapshot_store import SnapshotStore, connecting
from iqdebug.dap.stop_reader import StopReader, exception_reason
from iqdebug.dap.target_client import TargetClient
from iqdebug.dap.value_reader import ValueReader

__all__ = ["LiveTarget"]

log = logging.getLogger(__name__)

MAX_TASKS = 500
"""Events of the target that are being looked into."""

LEAVE_TIMEOUT = 5.0
"""Seconds for the agent to take out what was brought in."""

HELD_BY_DEBUGGER = message("dap.held_by_debugger")
"""How a crash file says that it came about."""

_STOP_CAUSES = {
    "step": StopCause.STEP,
    "pause": StopCause.PAUSE,
    "breakpoint": StopCause.BREAKPOINT,
    "function breakpoint": StopCause.BREAKPOINT,
    "exception": StopCause.EXCEPTION,
    "goto": StopCause.JUMP,
    "entry": StopCause.ENTRY,
}
"""By DAP's reasons for a stop."""

_STOP_MESSAGES = {
    "step": message("stop.step"),
    "pause": message("stop.pause"),
    "breakpoint": message("stop.breakpoint"),
    "function breakpoint": message("stop.function_breakpoint"),
    "exception": message("stop.some_exception"),
    "goto": message("stop.jump"),
    "entry": message("stop.entry"),
}

_UNUSED_EVENTS = ("initialized", "thread", "process", "module", "exited", "terminated")


class LiveTarget:
    """Wires the parts once, takes debugpy's events, and closes the connections. What differs between a
    target that was attached to and one that was started is with their sessions.

    :param outside: looks at the running target from outside.
    :param sources: where texts go that are in no file.
    :param reason_of: why the target has stopped at an exception.
    :param further_reason: why something is not possible that the phase allows.
    :param on_resumed: called whenever the target goes on.
    """

    def __init__(
        self,
        info: ProcessInfo,
        *,
        outside: Callable[[], Awaitable[Snapshot | None]] | None = None,
        sources: MemorySources | None = None,
        breakpoints: Sequence[Breakpoint] = (),
        reason_of: Callable[[ExceptionInfo], Text] = exception_reason,
        further_reason: Callable[[Capability], Text] = lambda capability: "",
        on_resumed: Callable[[], None] = lambda: None,
    ) -> None:
        self.info = info
        supervisor = info.attach.supervisor
        self.supervision = Supervision(supervisor, info.pid) if supervisor is not None else None
        self.store = SnapshotStore(connecting(info))
        self.client = TargetClient()
        self.tasks = LoggedTasks()
        self.availability = Availability(self.store, further_reason)
        self.finder = Finder(self.client, sources if sources is not None else MemorySources())
        self.reader = StopReader(self.store, self.client, self.finder, outside, reason_of)
        self.values = ValueReader(self.store, self.client, self.availability)
        self.breakpoints = BreakpointList(
            self.store, self.client, self.finder, self.availability, breakpoints
        )
        self.execution = ExecutionControl(
            self.store, self.client, self.availability, self.reader, self.tasks, self.supervision, on_resumed
        )
        self.lease: Lease | None = None
        self.leaving = False
        """The session has ended or is being ended: what the connections report now is no news."""

    async def start(self, *, pause: bool, timeout: float) -> None:
        """The handshake is done: the target runs and is ours.

        :param timeout: seconds for each answer.
        """
        await self.client.tell_agent("settle", timeout)
        await self.client.tell_agent("tap", timeout, on=True)
        if self.store.phase is Phase.CONNECTING:  # a breakpoint may have been hit meanwhile
            self.store.update(self.store.epoch, phase=Phase.RUNNING, reason=message("running.attached"))
            await self.reader.read_running()
        if pause and self.store.phase is Phase.RUNNING:
            await self.execution.pause()

    async def record(
        self, *, why: str = "", how: Text = HELD_BY_DEBUGGER, hold: int | None = None
    ) -> tuple[str, bytes]:
        """The stop as a crash file: a name and its bytes.

        :param why: the kind of crash file; "" for what the stop's exception says.
        :param hold: the agent's number of the hold, where it holds the thread.
        :raises RequestFailed: the target could not gather it, or went on meanwhile.
        """
        self.availability.require(Capability.RECORD)
        stop = self.store.snapshot
        error = stop.exception
        record = await self.client.record(
            thread=stop.focus,
            hold=hold,
            why=why or ("uncaught" if error is not None and error.uncaught else "caught"),
            how=render(how),
            said=error.message if error is not None else "",
        )
        if not self.store.is_current(stop.epoch):
            raise RequestFailed(message("dap.not_recorded"), message("dap.not_recorded.went_on"))
        return record

    # what debugpy reports

    def dap_event(self, event: protocol.Event) -> None:
        """Must not block: whatever takes longer is left to the background tasks.

        :raises ProtocolError: an event has another shape, or there are too many.
        """
        if len(self.tasks) > MAX_TASKS:
            raise ProtocolError(message("dap.server.too_many_events"))
        if event.event == "stopped":
            self._stopped(decode_body(event.body, protocol.StoppedBody))
        elif event.event == "continued":
            if self.store.phase.is_stopped and not self.leaving:
                self.execution.went_on(message("dap.running.continued"))
        elif event.event == "output":
            self._append_output(decode_body(event.body, protocol.OutputBody))
        elif event.event not in _UNUSED_EVENTS:
            log.info("debug event without a use here: %s", event.event)

    def _stopped(self, body: protocol.StoppedBody) -> None:
        self.execution.forget_pause()
        if self.supervision is not None:
            self.supervision.stopped()
        epoch = self.store.begin_epoch(
            publish=False,
            phase=Phase.PAUSED,
            origin=Origin.DAP,
            cause=_STOP_CAUSES.get(body.reason, StopCause.UNKNOWN),
            reason=_stop_reason(body),
            detail="",
            focus=body.threadId,
            exception=None,
        )
        self.tasks.spawn(self._read_stop(epoch, body))

    async def _read_stop(self, epoch: int, body: protocol.StoppedBody) -> None:
        if not await self.reader.read_stacks(epoch, body.threadId):
            return
        await self.breakpoints.remove_run_to()
        if body.reason == "exception" and body.threadId is not None:
            await self.reader.read_exception(epoch, body)
        await self.reader.read_locals(epoch)

    def _append_output(self, body: protocol.OutputBody) -> None:
        if body.category != "telemetry":
            text = body.output.rstrip("\n")[: convert_rows.MAX_LINE]
            self.store.append_logs([LogRecord(time.time(), "iqdebug", text)])

    def append_logs(self, event: LogsEvent) -> None:
        self.store.append_logs([convert_rows.log_record(row) for row in event.records], event.dropped)

    # the end

    async def detach(self) -> None:
        """Resume the target and take everything of ours out of it. Never raises."""
        if self.leaving:
            return
        self.leaving = True
        agent = self.client.agent
        try:
            if agent is not None and not agent.closed:
                with contextlib.suppress(IqdebugError, TimeoutError):
                    await agent.request("leave", timeout=LEAVE_TIMEOUT)
                    await agent.gone(1.0)
        finally:
            await self.close_connections()
            self.tasks.cancel()
            if self.store.phase not in (Phase.ENDED, Phase.DETACHED):
                self.end(Phase.DETACHED, "")

    async def close_connections(self) -> None:
        self.execution.forget_pause()
        if self.lease is not None:
            self.lease.end()
        for connection in (self.client.dap, self.client.agent):
            if connection is not None:
                await connection.close()

    def end(self, phase: Phase, reason: Text) -> None:
        """Publish that the session is over. What was seen of the target last stays."""
        self.store.begin_epoch(phase=phase, cause=StopCause.UNKNOWN, reason=reason, detail="", focus=None)


def _stop_reason(body: protocol.StoppedBody) -> Text:
    """Why the target has stopped; in debugpy's own words where the reason is none that DAP names."""
    known = _STOP_MESSAGES.get(body.reason)
    return known or body.description or body.reason
