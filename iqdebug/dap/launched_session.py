"""A session on a program that iqdebug started: pydevd comes in when it is first needed.

Until then nothing slows the program. It is needed when the person pauses, when there is an enabled
breakpoint, and when the agent holds a thread whose exception nobody catches; where it cannot be
had, such a thread is shown all the same, with what the agent alone can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iqdebug.core.errors import CannotAttach, ConnectionLost, IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import (
    Breakpoint,
    EvaluateResult,
    ExceptionInfo,
    Frame,
    Origin,
    Phase,
    ProcessInfo,
    Snapshot,
)
from iqdebug.dap import convert_rows
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.agent_rows import rows_of
from iqdebug.dap.attach import AttachOptions, ExceptionFilter, Hello, both, handshake
from iqdebug.dap.client import DapClient
from iqdebug.dap.program import Program, ended_words
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.session import Session
from iqdebug.dap.target_state import is_alive

__all__ = ["LaunchOptions", "LaunchedSession"]

log = logging.getLogger(__name__)

_ARRIVAL = 20.0  # seconds for the interpreter to start and load the agent
_QUICK_END = 2.0  # seconds
_OPEN = 20.0  # seconds for pydevd to be imported and to answer
_END = 1.0  # seconds between the end of the agent's connection and that of the process
_NOT_HELD = "; not held: it patched its threads with breakpoints set"
_STOPPED = (Phase.PAUSED, Phase.CRASHED)
_NEEDS_PYDEVD = (Capability.STEP, Capability.RUN_TO, Capability.SET_VARIABLE, Capability.COMPLETE)


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


@dataclass(frozen=True, slots=True)
class _Hold:
    number: int
    kind: str
    how: str
    thread: int  # Python's identifier
    late: bool  # the interpreter is ending


class LaunchedSession(Session):
    """:param rendezvous: started; closed with the session."""

    def __init__(
        self, info: ProcessInfo, program: Program, rendezvous: Rendezvous, options: LaunchOptions
    ) -> None:
        super().__init__(info, options.outside, options.sources)
        self.program = program
        self._rendezvous = rendezvous
        self._options = options
        self._breakpoints = tuple(options.breakpoints)
        self._opening = asyncio.Lock()
        self._cannot_open: IqdebugError | None = None
        self._holds: list[_Hold] = []
        self._shown: _Hold | None = None
        self._beside = False  # it is shown without pydevd
        self._released = False  # the agent let the program go, which runs or ran on without it
        self._next_lock = asyncio.Lock()
        self._exit = asyncio.ensure_future(self._watch_exit())

    async def begin(self, progress: Callable[[str], None]) -> None:
        """Meet the agent and let the program go. RUNNING afterwards; ENDED where the program was
        quicker; DETACHED where the interpreter did not load the agent, and the program runs."""
        progress("starting the program")
        arrived = asyncio.ensure_future(self._rendezvous.connection("control"))
        either: set[asyncio.Future[Any]] = {arrived, self.program.exited}
        done, _ = await asyncio.wait(either, timeout=_ARRIVAL, return_when=asyncio.FIRST_COMPLETED)
        if arrived not in done:
            arrived.cancel()
            if not done:
                self._publish(
                    phase=Phase.DETACHED,
                    reason="it runs without the debugger: the interpreter did not load iqdebug's agent",
                )
            return
        hello = Hello()
        self._lease = Lease(await self._rendezvous.connection("lease"))
        control = await asyncio.open_connection(sock=arrived.result())
        self._questions.agent = AgentClient(
            *control, both(hello, self.agent_event), self._agent_closed(hello)
        )
        await hello.future
        wanted = self._options.pause or self._options.exceptions or any(b.enabled for b in self._breakpoints)
        if wanted and self.program.exit_code is None:
            progress("starting the debugger in the program")
            with contextlib.suppress(IqdebugError, TimeoutError):
                await self.ready()
        with contextlib.suppress(IqdebugError, TimeoutError):
            await self._questions.ask("go", hold=self._options.hold, entry=self._options.pause)
        if self._snapshot.phase is Phase.CONNECTING:
            detail = f"no breakpoints: {self._cannot_open.what}" if self._cannot_open else ""
            self._publish(phase=Phase.RUNNING, reason="started", detail=detail)
            self._spawn(self.refresh())

    def _agent_closed(self, hello: Hello) -> Callable[[], None]:
        def closed() -> None:
            hello.closed()
            self.agent_closed()

        return closed

    async def ready(self) -> None:
        """Have pydevd in the program.

        :raises CannotAttach: that is not possible; it is not tried again.
        """
        async with self._opening:
            if self._cannot_open is not None:
                raise self._cannot_open
            if self._questions.client is not None:
                return
            try:
                await self._open()
            except (IqdebugError, TimeoutError) as error:
                log.info("pydevd could not be brought in: %s", error)
                why = error.lines()[-1] if isinstance(error, IqdebugError) else "no answer in time"
                self._cannot_open = CannotAttach("The debugger could not be started in the program", why)
                raise self._cannot_open from error

    async def _open(self) -> None:
        refused = await self._questions.ask("open", answer=_OPEN)
        if refused:
            raise CannotAttach("The debugger could not be started in the program", refused)
        connection = await asyncio.wait_for(self._rendezvous.connection("dap"), _OPEN)
        client = DapClient(*await asyncio.open_connection(sock=connection), self.dap_event, self.dap_closed)
        self._questions.client = client
        wanted = self._options.exceptions
        # Else every exception that the standard library raises and catches by itself would stop it.
        options = AttachOptions(exceptions=wanted, breakpoints=self._breakpoints, just_my_code=bool(wanted))
        await handshake(self, client, self._rendezvous.token, options, _OPEN)

    # what a screen may ask

    def why_not(self, capability: Capability) -> str:
        reason = super().why_not(capability)
        if not reason and self._beside and capability in _NEEDS_PYDEVD:
            return "this stop is for looking only"
        if not reason and self._cannot_open is not None and capability is Capability.PAUSE:
            return self._cannot_open.why or self._cannot_open.what
        return reason

    async def pause(self) -> None:
        self._require(Capability.PAUSE)
        await self.ready()
        if self._snapshot.phase is Phase.RUNNING:
            await super().pause()

    async def resume(self) -> None:
        try:
            await self._resume()
        except ConnectionLost:
            # It may have run to its end before it could answer: then that is told, and nothing failed.
            done, _ = await asyncio.wait([self.program.exited], timeout=_QUICK_END)
            if not done:
                raise

    async def _resume(self) -> None:
        hold = self._shown
        if hold is not None and self._beside:
            self._require(Capability.CONTINUE)
            self._went_on("continued")
            await self._questions.ask("release", hold=hold.number)
        else:
            await super().resume()
            if hold is None:
                self._spawn(self._show_next())  # else once it has gone on: it would go on with it

    async def step(self, kind: StepKind, thread_id: int) -> None:
        hold = self._shown
        await super().step(kind, thread_id)
        if hold is None:
            self._spawn(self._show_next())

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        if self._beside and frame is not None and epoch == self._snapshot.epoch:
            return await self._questions.evaluate_beside(expression, frame.id)
        return await super().evaluate(expression, frame, epoch)

    async def install_breakpoints(self, breakpoints: Sequence[Breakpoint], patience: float = 5.0) -> None:
        if self._questions.client is None:
            if any(b.enabled for b in breakpoints):
                await self.ready()
            else:
                self._breakpoints = tuple(breakpoints)
                for listener in list(self._listeners):
                    listener.breakpoints_changed(self._breakpoints)
                return
        await super().install_breakpoints(breakpoints, patience)

    async def detach(self) -> None:
        """Leave the program to itself: what is held goes on, what was brought in goes out."""
        self._exit.cancel()
        self.program.let_go()
        await super().detach()
        self._rendezvous.close()
        self.program.leave()

    # exceptions that nobody catches

    def agent_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "held":
            fields = ("hold", "kind", "how", "thread", "late")
            self._holds.append(_Hold(*(event[name] for name in fields)))
            self._spawn(self._show_next())
        elif event.get("event") == "passed":
            self._holds = [h for h in self._holds if h.number != event["hold"]]
            if self._shown is not None and self._shown.number == event["hold"]:
                self._shown = None
            self._spawn(self._show_next())
        else:
            super().agent_event(event)

    async def _show_next(self) -> None:
        """Show the thread that is held longest, once nothing else is shown."""
        async with self._next_lock:
            if self._snapshot.phase in _STOPPED or self._shown is not None or not self._holds:
                return
            self._shown = hold = self._holds.pop(0)
            try:
                if hold.late:
                    raise CannotAttach("The debugger cannot be started any more", "the interpreter is ending")
                await self.ready()
            except IqdebugError as error:
                self._beside = True
                await self._show_beside(hold, error)
            else:
                await self._questions.ask("stop", hold=hold.number)

    async def _show_beside(self, hold: _Hold, error: IqdebugError) -> None:
        """The held thread as the agent sees it."""
        rows = await self._questions.ask("threads")
        tree = await self._questions.ask("exception", hold=hold.number)
        threads = self._threads(rows)
        focus = next((row["id"] for row in rows_of(rows, "threads") if row["ident"] == hold.thread), None)
        info = convert_rows.exception(tree, uncaught=True)
        self._publish(
            epoch=self._snapshot.epoch + 1,
            phase=Phase.CRASHED,
            origin=Origin.DAP,
            reason=self._exception_words(info),
            detail=f"looking only: {error.lines()[-1]}",
            threads=threads,
            tasks=tuple(convert_rows.task(row) for row in rows_of(rows, "tasks")),
            focus=focus,
            exception=info,
        )
        await self._add_locals(self._snapshot.epoch)

    def _exception_words(self, info: ExceptionInfo) -> str:
        words = super()._exception_words(info)
        hold = self._shown
        if hold is None or not info.uncaught or not hold.how:
            return words
        return f"{words} {hold.how}" if hold.kind in ("thread", "uncaught") else f"{info.type}: {hold.how}"

    def _held_words(self) -> dict[str, Any]:
        hold = self._shown
        if hold is None:
            return {}
        return {"why": hold.kind, "how": hold.how, "hold": hold.number}

    def _went_on(self, reason: str, publish: bool = True) -> None:
        super()._went_on(reason, publish)
        self._shown, self._beside = None, False

    # the end

    async def _watch_exit(self) -> None:
        code = await asyncio.shield(self.program.exited)
        self._leaving = True
        await self._close_connections()
        self._publish(
            epoch=self._snapshot.epoch + 1,
            phase=Phase.ENDED,
            reason=ended_words(code) + (_NOT_HELD if code and self._released else ""),
            detail="",
            focus=None,
            exception=None,
            exit_code=code,
        )

    def agent_closed(self) -> None:
        if not self._leaving:
            self._spawn(self._lost(None))

    async def _lost(self, failure: IqdebugError | None) -> None:
        """The process is about to end, which :meth:`_watch_exit` hears of; or has become another
        program, and runs on without the agent; or the agent let it go, and said why."""
        self._released = self._released or (failure is not None and failure.what.startswith("released"))
        await asyncio.wait([self.program.exited], timeout=_END)
        if self._leaving or not is_alive(self._info.pid):
            return
        self._leaving = True
        await self._close_connections()
        words = "the debugger is gone from it (it has become another program); it runs on"
        self._publish(
            epoch=self._snapshot.epoch + 1,
            phase=Phase.DETACHED,
            reason=failure.what if failure else words,
            detail="",
            focus=None,
        )

    async def _close_connections(self) -> None:
        self._forget_pause()
        if self._lease is not None:
            self._lease.end()
        for connection in (self._questions.client, self._questions.agent):
            if connection is not None:
                await connection.close()
        self._rendezvous.close()
