"""A session on a process that iqdebug attached to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from iqdebug.core.errors import CannotAttach, IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.messages import message
from iqdebug.core.session import Capability, Listener, StepKind
from iqdebug.core.state import (
    Breakpoint,
    Completion,
    EvaluateResult,
    Frame,
    Phase,
    ProcessInfo,
    Snapshot,
    Variable,
)
from iqdebug.core.supervision import Supervision
from iqdebug.dap import protocol
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.agent_events import LogsEvent, ReleasedEvent, decode_event
from iqdebug.dap.client import DapClient
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.live_target import LiveTarget
from iqdebug.dap.target_state import is_alive

__all__ = ["Session"]

EXIT_CHECKS = 20
EXIT_CHECK_INTERVAL = 0.02
"""Seconds. A process that is exiting closes its sockets a moment before it is gone."""


class Session:
    """Implements :class:`iqdebug.core.session.DebugSession` over debugpy and the agent.

    :param outside: looks at the running target from outside.
    :param sources: where texts go that are in no file.
    """

    def __init__(
        self,
        info: ProcessInfo,
        outside: Callable[[], Awaitable[Snapshot | None]] | None = None,
        sources: MemorySources | None = None,
    ) -> None:
        self.target = LiveTarget(info, outside=outside, sources=sources)

    def connect(self, dap: DapClient, agent: AgentClient, lease: Lease) -> None:
        self.target.client.dap, self.target.client.agent, self.target.lease = dap, agent, lease

    # what is known

    @property
    def snapshot(self) -> Snapshot:
        return self.target.store.snapshot

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return self.target.breakpoints.current

    @property
    def finder(self) -> Finder:
        return self.target.finder

    @property
    def supervision(self) -> Supervision | None:
        return self.target.supervision

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self.target.store.subscribe(listener)

    def why_not(self, capability: Capability) -> str:
        return self.target.availability.why_not(capability)

    # execution

    async def pause(self) -> None:
        await self.target.execution.pause()

    async def resume(self) -> None:
        await self.target.execution.resume()

    async def step(self, kind: StepKind, thread_id: int) -> None:
        await self.target.execution.step(kind, thread_id)

    async def run_to(self, path: str, line: int) -> None:
        await self.target.breakpoints.run_to(path, line)
        await self.resume()

    async def restart_frame(self, frame: Frame) -> None:
        await self.target.execution.restart_frame(frame)

    # values

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        return await self.target.values.variables(frame, epoch)

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        return await self.target.values.children(reference, epoch, start, count)

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        return await self.target.values.full_value(reference_or_expression, frame, epoch)

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        return await self.target.values.read_expression(expression, frame, epoch)

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        return await self.target.values.evaluate(expression, frame, epoch)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        return await self.target.values.complete(text, column, frame, epoch)

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        return await self.target.values.set_variable(name, expression, frame, epoch)

    # breakpoints, recording, looking again

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.target.availability.require(Capability.BREAKPOINTS)
        await self.target.breakpoints.install(breakpoints)

    async def arm(self, on: bool) -> None:
        await self.target.breakpoints.arm(on)

    async def record(self) -> tuple[str, bytes]:
        return await self.target.record()

    async def refresh(self) -> None:
        await self.target.reader.read_running()

    async def detach(self) -> None:
        await self.target.detach()

    # what the two connections report

    def dap_event(self, event: protocol.Event) -> None:
        self.target.dap_event(event)

    def agent_event(self, message: Mapping[str, Any]) -> None:
        event = decode_event(message)
        if isinstance(event, LogsEvent):
            self.target.append_logs(event)
        elif isinstance(event, ReleasedEvent):
            self._connection_lost(CannotAttach(event.message))

    def dap_closed(self, failure: IqdebugError | None) -> None:
        self._connection_lost(failure)

    def agent_closed(self) -> None:
        client = self.target.client
        if client.dap is not None:  # else the handshake fails, and says so itself
            self._connection_lost(client.agent.failure if client.agent is not None else None)

    def _connection_lost(self, failure: IqdebugError | None) -> None:
        if not self.target.leaving:
            self.target.tasks.spawn(self._end(failure))

    async def _end(self, failure: IqdebugError | None) -> None:
        """The process has ended, or runs on without us."""
        target = self.target
        if target.leaving:
            return
        target.leaving = True
        for _ in range(EXIT_CHECKS):
            if not is_alive(target.info.pid):
                break
            await asyncio.sleep(EXIT_CHECK_INTERVAL)
        await target.close_connections()
        if is_alive(target.info.pid):
            reason = failure.texts[0] if failure else message("detached.connection_ended")
            target.end(Phase.DETACHED, reason)
        else:
            by_supervisor = target.supervision.why_it_ended() if target.supervision is not None else ""
            target.end(
                Phase.ENDED, by_supervisor or (failure.texts[0] if failure else message("ended.exited"))
            )
