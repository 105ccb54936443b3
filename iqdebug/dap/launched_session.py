"""A session on a program that iqdebug started: pydevd comes in when it is first needed.

Until then nothing slows the program. It is needed when the person pauses, when there is an enabled
breakpoint, and when the agent holds a thread whose exception nobody catches; where it cannot be
had, such a thread is shown all the same, with what the agent alone can do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iqdebug.core.errors import CannotAttach, ConnectionLost, IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import Capability, Listener, StepKind
from iqdebug.core.state import (
    Breakpoint,
    Completion,
    EvaluateResult,
    Frame,
    Phase,
    ProcessInfo,
    Snapshot,
    StopCause,
    Variable,
)
from iqdebug.core.supervision import Supervision
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.agent_events import HeldEvent, LogsEvent, PassedEvent, ReleasedEvent, decode_event
from iqdebug.dap.availability import Unavailable, unavailable_message
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.debugger_loader import DebuggerLoader
from iqdebug.dap.handshake import ExceptionFilter, Greeting
from iqdebug.dap.held_threads import HeldThreads
from iqdebug.dap.live_target import LiveTarget
from iqdebug.dap.program import Program, ended_message
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.target_state import is_alive

__all__ = ["LaunchOptions", "LaunchedSession"]

ARRIVAL_TIMEOUT = 20.0
"""Seconds for the interpreter to start and load the agent."""

QUICK_END_TIMEOUT = 2.0
"""Seconds in which a program that was let go may end before it could answer."""

END_TIMEOUT = 1.0
"""Seconds between the end of the agent's connection and that of the process."""

_NEEDS_DEBUGGER = (Capability.STEP, Capability.RUN_TO, Capability.SET_VARIABLE, Capability.COMPLETE)


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """``exceptions`` are those that pydevd stops at when they are raised; ``hold`` is whether
    uncaught ones are held, which costs nothing before."""

    pause: bool = False
    hold: bool = True
    exceptions: tuple[ExceptionFilter, ...] = ()
    breakpoints: Sequence[Breakpoint] = ()
    outside: Callable[[], Awaitable[Snapshot | None]] | None = None
    sources: MemorySources | None = None


class LaunchedSession:
    """Implements :class:`iqdebug.core.session.DebugSession` on a program of ours.

    :param rendezvous: started; closed with the session.
    """

    def __init__(
        self, info: ProcessInfo, program: Program, rendezvous: Rendezvous, options: LaunchOptions
    ) -> None:
        self.program = program
        self._rendezvous = rendezvous
        self._options = options
        self._held = HeldThreads()
        self.target = LiveTarget(
            info,
            outside=options.outside,
            sources=options.sources,
            breakpoints=options.breakpoints,
            reason_of=self._held.reason_of,
            further_reason=self._further_reason,
            on_resumed=self._held.resumed,
        )
        self._debugger = DebuggerLoader(self.target, rendezvous, options.exceptions, self._connection_lost)
        self._released = False  # the agent let the program go, which runs or ran on without it
        self._next_lock = asyncio.Lock()
        self._exit = asyncio.ensure_future(self._watch_exit())

    async def begin(self, progress: Callable[[str], None]) -> None:
        """Meet the agent and let the program go. RUNNING afterwards; ENDED where the program was
        quicker; DETACHED where the interpreter did not load the agent, and the program runs."""
        progress(render(message("dap.step.starting_program")))
        store, client = self.target.store, self.target.client
        arrived = asyncio.ensure_future(self._rendezvous.connection("control"))
        either: set[asyncio.Future[Any]] = {arrived, self.program.exited}
        done, _ = await asyncio.wait(either, timeout=ARRIVAL_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if arrived not in done:
            arrived.cancel()
            if not done:
                store.update(store.epoch, phase=Phase.DETACHED, reason=message("detached.not_loaded"))
            return
        self.target.lease = Lease(await self._rendezvous.connection("lease"))
        control = await asyncio.open_connection(sock=arrived.result())
        greeting = Greeting(self.agent_event, self.agent_closed)
        client.agent = AgentClient(*control, greeting.event, greeting.closed)
        await greeting.first
        options = self._options
        wanted = options.pause or options.exceptions or any(b.enabled for b in self.breakpoints)
        if wanted and self.program.exit_code is None:
            progress(render(message("dap.step.starting_in_program")))
            with contextlib.suppress(IqdebugError, TimeoutError):
                await self._debugger.load()
        with contextlib.suppress(IqdebugError, TimeoutError):
            await client.tell_agent("go", hold=options.hold, entry=options.pause)
        if store.phase is Phase.CONNECTING:
            failure = self._debugger.failure
            detail = message("launched.no_breakpoints", reason=failure.texts[0]) if failure else ""
            store.update(store.epoch, phase=Phase.RUNNING, reason=message("running.started"), detail=detail)
            self.target.tasks.spawn(self.refresh())

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

    def _further_reason(self, capability: Capability) -> Text:
        if self._held.without_debugger and capability in _NEEDS_DEBUGGER:
            return unavailable_message(Unavailable.STOP_WITHOUT_DEBUGGER)
        failure = self._debugger.failure
        if failure is None or capability is not Capability.PAUSE:
            return ""
        return failure.texts[1] or failure.texts[0]

    # execution

    async def pause(self) -> None:
        self.target.availability.require(Capability.PAUSE)
        await self._debugger.load()
        if self.target.store.phase is Phase.RUNNING:
            await self.target.execution.pause()

    async def resume(self) -> None:
        try:
            await self._resume()
        except ConnectionLost:
            # It may have run to its end before it could answer: then that is shown, and nothing failed.
            done, _ = await asyncio.wait([self.program.exited], timeout=QUICK_END_TIMEOUT)
            if not done:
                raise

    async def _resume(self) -> None:
        hold = self._held.shown
        if hold is not None and self._held.without_debugger:
            self.target.availability.require(Capability.CONTINUE)
            self.target.execution.went_on(message("dap.running.continued"))
            await self.target.client.tell_agent("release", hold=hold.number)
        else:
            await self.target.execution.resume()
            if hold is None:
                self.target.tasks.spawn(self._show_next())  # else once it has gone on: it would go on with it

    async def step(self, kind: StepKind, thread_id: int) -> None:
        hold = self._held.shown
        await self.target.execution.step(kind, thread_id)
        if hold is None:
            self.target.tasks.spawn(self._show_next())

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
        if self._held.without_debugger and frame is not None and self.target.store.is_current(epoch):
            return await self.target.client.evaluate_in_agent(expression, frame.id)
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
        if not self._debugger.is_loaded:
            if not any(b.enabled for b in breakpoints):
                self.target.breakpoints.keep(breakpoints)
                return
            await self._debugger.load()
        await self.target.breakpoints.install(breakpoints)

    async def arm(self, on: bool) -> None:
        await self.target.breakpoints.arm(on)

    async def record(self) -> tuple[str, bytes]:
        hold = self._held.shown
        if hold is None:
            return await self.target.record()
        return await self.target.record(why=hold.kind, how=render(hold.how), hold=hold.number)

    async def refresh(self) -> None:
        await self.target.reader.read_running()

    async def detach(self) -> None:
        """Leave the program to itself: what is held goes on, what was brought in goes out."""
        self._exit.cancel()
        self.program.let_go()
        await self.target.detach()
        self._rendezvous.close()
        self.program.leave()

    # exceptions that nobody catches

    def agent_event(self, message: Mapping[str, Any]) -> None:
        event = decode_event(message)
        if isinstance(event, HeldEvent):
            self._held.append(event)
            self.target.tasks.spawn(self._show_next())
        elif isinstance(event, PassedEvent):
            self._held.remove(event.number)
            self.target.tasks.spawn(self._show_next())
        elif isinstance(event, LogsEvent):
            self.target.append_logs(event)
        elif isinstance(event, ReleasedEvent):
            self._released = True
            self._connection_lost(CannotAttach(event.message))

    async def _show_next(self) -> None:
        """Show the thread that is held longest, once nothing else is shown."""
        async with self._next_lock:
            if self.target.store.phase.is_stopped:
                return
            hold = self._held.show_next()
            if hold is None:
                return
            try:
                if hold.late:
                    raise CannotAttach(message("dap.debugger_too_late"), message("dap.debugger_too_late.why"))
                await self._debugger.load()
            except IqdebugError as error:
                self._held.without_debugger = True
                await self.target.reader.read_held(
                    hold, message("dap.looking_only", reason=error.texts[1] or error.texts[0])
                )
            else:
                await self.target.client.tell_agent("stop", hold=hold.number)

    # the end

    async def _watch_exit(self) -> None:
        code = await asyncio.shield(self.program.exited)
        self.target.leaving = True
        await self._close_connections()
        self.target.store.begin_epoch(
            phase=Phase.ENDED,
            reason=ended_message(code, was_released=bool(code and self._released)),
            detail="",
            focus=None,
            exception=None,
            exit_code=code,
            cause=StopCause.UNKNOWN,
        )

    def agent_closed(self) -> None:
        self._connection_lost(None)

    def _connection_lost(self, failure: IqdebugError | None) -> None:
        if not self.target.leaving:
            self.target.tasks.spawn(self._end(failure))

    async def _end(self, failure: IqdebugError | None) -> None:
        """The process is about to end, which :meth:`_watch_exit` hears of; or has become another
        program, and runs on without the agent; or the agent let it go, and said why."""
        await asyncio.wait([self.program.exited], timeout=END_TIMEOUT)
        if self.target.leaving or not is_alive(self.target.info.pid):
            return
        self.target.leaving = True
        await self._close_connections()
        self.target.end(Phase.DETACHED, failure.texts[0] if failure else message("detached.replaced"))

    async def _close_connections(self) -> None:
        await self.target.close_connections()
        self._rendezvous.close()
