"""The authority for one attached target: phase, epoch, snapshot, breakpoints.

State changes happen here and nowhere else, on the event loop's thread. Every stop, resume and
end raises the epoch; what was asked under an older epoch is answered with nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from iqdebug.core.errors import (
    CannotAttach,
    ConnectionLost,
    IqdebugError,
    NotAvailable,
    ProtocolError,
    RequestFailed,
)
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.merge_snapshots import with_outside_view
from iqdebug.core.session import Capability, Listener, StepKind
from iqdebug.core.state import (
    Breakpoint,
    Completion,
    EvaluateResult,
    ExceptionInfo,
    Frame,
    LogRecord,
    Origin,
    Phase,
    ProcessInfo,
    Snapshot,
    Thread,
    Variable,
)
from iqdebug.core.supervision import Supervision
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.agent_rows import MISUNDERSTOOD, rows_of, unexpected
from iqdebug.dap.availability import unheeded, why_not
from iqdebug.dap.breakpoints import send_breakpoints
from iqdebug.dap.client import DapClient, decode_body
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.exception_info import raised_at
from iqdebug.dap.target_client import TargetClient
from iqdebug.dap.target_state import is_alive

__all__ = ["Session"]

log = logging.getLogger(__name__)

_PAUSE = 2.0  # seconds after which an unheeded pause is explained
_PAUSE_SAID = 0.3  # seconds after which it is said that one was asked for
_STEP_SHOWN = 0.2  # seconds a step may take before it is shown as running
_MAX_EARLY = 2_000  # records
MAX_TASKS = 500
"""Events of the target that are being looked into."""
_SETTLED = 0.05  # seconds a stop must last before the locals of all stacks are read
_STOPPED_PHASES = (Phase.PAUSED, Phase.CRASHED)

_WORDS = {
    "step": "step",
    "pause": "pause",
    "breakpoint": "breakpoint",
    "function breakpoint": "function breakpoint",
    "exception": "exception",
    "goto": "jump",
    "entry": "entry",
}


class Session:
    """Implements :class:`iqdebug.core.session.DebugSession` over debugpy and the agent."""

    def __init__(
        self,
        info: ProcessInfo,
        outside: Callable[[], Awaitable[Snapshot | None]] | None = None,
        sources: MemorySources | None = None,
    ) -> None:
        self._info = info
        self._outside = outside
        self._listeners: list[Listener] = []
        self._early: list[LogRecord] = []  # what was written before anybody listened
        self._breakpoints: tuple[Breakpoint, ...] = ()
        self._armed = True
        supervisor = info.attach.supervisor
        self.supervision = Supervision(supervisor, info.pid) if supervisor is not None else None
        self._questions = TargetClient()
        self.finder = Finder(self._questions, sources if sources is not None else MemorySources())
        self._lease: Lease | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._run_to: Breakpoint | None = None
        self._pausing: asyncio.TimerHandle | None = None
        self._leaving = False
        self._focus: int | None = None
        self.restart_frame_offered = False
        self._snapshot = Snapshot(
            pid=info.pid,
            epoch=0,
            phase=Phase.CONNECTING,
            origin=Origin.LIVE,
            taken_at=time.time(),
            python=info.python,
            command=info.command,
            cwd=info.cwd,
        )

    # wiring, called by attach

    def connect(self, client: DapClient, agent: AgentClient, lease: Lease) -> None:
        self._questions.client, self._questions.agent, self._lease = client, agent, lease

    async def start(self, *, pause: bool, patience: float) -> None:
        """The handshake is done: the target runs and is ours.

        :param patience: seconds for each answer.
        """
        await self._questions.ask("settle", answer=patience)
        await self._questions.ask("tap", answer=patience, on=True)
        if self._snapshot.phase is Phase.CONNECTING:  # a breakpoint may have been hit meanwhile
            self._publish(phase=Phase.RUNNING, reason="attached")
            await self.refresh()
        if pause and self._snapshot.phase is Phase.RUNNING:
            await self.pause()

    # what a screen may ask

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return self._breakpoints

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        early, self._early = self._early, []
        if early:
            listener.logs_arrived(early, 0)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def why_not(self, capability: Capability) -> str:
        return why_not(capability, self._snapshot.phase, restart_frame=self.restart_frame_offered)

    async def pause(self) -> None:
        self._require(Capability.PAUSE)
        await self._dap("pause", {"threadId": "*"})
        with contextlib.suppress(RequestFailed, TimeoutError):
            await self._questions.ask("wake")
        self._forget_pause()
        epoch = self._snapshot.epoch
        loop = asyncio.get_running_loop()

        def explain() -> None:
            self._spawn(self._explain_pause(epoch))

        def say() -> None:
            if epoch == self._snapshot.epoch and self._snapshot.phase is Phase.RUNNING:
                self._publish(detail=self._snapshot.detail or "pausing")
                self._pausing = loop.call_later(_PAUSE - _PAUSE_SAID, explain)

        self._pausing = loop.call_later(_PAUSE_SAID, say)

    async def resume(self) -> None:
        self._require(Capability.CONTINUE)
        self._went_on("continued")
        self._spawn(self._kick())
        await self._dap("continue", {"threadId": "*"})

    async def step(self, kind: StepKind, thread_id: int) -> None:
        self._require(Capability.STEP)
        if any(t.id == thread_id and t.is_greenlet for t in self._snapshot.threads):
            raise NotAvailable(
                "Cannot step now: a greenlet that waits has nothing to step",
                fix="Step the thread that is paused; the greenlet goes on when its turn comes.",
            )
        epoch = self._snapshot.epoch + 1
        self._went_on(f"stepping ({kind.value})", publish=False)
        await self._dap(kind.value, {"threadId": thread_id})
        loop = asyncio.get_running_loop()
        loop.call_later(_STEP_SHOWN, self._show_running, epoch)

    async def run_to(self, path: str, line: int) -> None:
        self._require(Capability.RUN_TO)
        self._run_to = Breakpoint(path=path, line=line)
        await self._send_breakpoints({path})
        await self.resume()

    async def restart_frame(self, frame: Frame) -> None:
        self._require(Capability.RESTART_FRAME)
        await self._dap("restartFrame", {"frameId": frame.id})

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        if epoch != self._snapshot.epoch or frame.id is None or self._snapshot.phase not in _STOPPED_PHASES:
            return frame.locals or ()
        found = await self._questions.variables(frame.id)
        return found if epoch == self._snapshot.epoch else ()

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        if epoch != self._snapshot.epoch:
            return ()
        found = await self._questions.children(reference, start, count)
        return found if epoch == self._snapshot.epoch else ()

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        if epoch != self._snapshot.epoch:
            return ""
        frame_id = frame.id if frame is not None and self._snapshot.phase in _STOPPED_PHASES else None
        if isinstance(reference_or_expression, str) and frame_id is None:
            return (await self.evaluate(reference_or_expression, frame, epoch)).value
        return await self._questions.own_repr(reference_or_expression, frame_id)

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        if self._snapshot.phase in (Phase.DETACHED, Phase.ENDED, Phase.CONNECTING):
            raise NotAvailable(f"Cannot read now: {self.why_not(Capability.EVALUATE) or 'not attached yet'}")
        if epoch != self._snapshot.epoch:
            return _moved_on()
        if frame is not None and (frame.id is None or self._snapshot.phase not in _STOPPED_PHASES):
            return EvaluateResult("the process runs on: pause it to read in a frame", failed=True)
        found = await self._questions.read(expression, frame.id if frame is not None else None)
        return found if epoch == self._snapshot.epoch else _moved_on()

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        self._require(Capability.EVALUATE)
        if self._snapshot.phase not in _STOPPED_PHASES or frame is None or frame.id is None:
            return await self._questions.evaluate_running(expression)
        if epoch != self._snapshot.epoch:
            return _moved_on()
        return await self._questions.evaluate(expression, frame.id)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        if (
            frame is None
            or frame.id is None
            or epoch != self._snapshot.epoch
            or self.why_not(Capability.COMPLETE)
        ):
            return ()
        return await self._questions.complete(text, column, frame.id)

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        self._require(Capability.SET_VARIABLE)
        if epoch != self._snapshot.epoch or frame.id is None:
            return _moved_on()
        return await self._questions.set_variable(name, expression, frame.id)

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        self._require(Capability.BREAKPOINTS)
        await self.install_breakpoints(breakpoints)

    async def install_breakpoints(self, breakpoints: Sequence[Breakpoint], patience: float = 5.0) -> None:
        """Replace the whole list; ``patience`` is in seconds, for each file's answer."""
        paths = {b.path for b in (*self._breakpoints, *breakpoints)}
        self._breakpoints = tuple(breakpoints)
        await self._send_breakpoints(paths, patience)
        for listener in list(self._listeners):
            listener.breakpoints_changed(self._breakpoints)

    async def arm(self, on: bool) -> None:
        self._require(Capability.BREAKPOINTS)
        if on is not self._armed:
            self._armed = on
            await self._send_breakpoints({b.path for b in self._breakpoints})

    async def record(self) -> tuple[str, bytes]:
        """
        :raises RequestFailed: the target could not gather it, or went on meanwhile.
        """
        self._require(Capability.RECORD)
        epoch, error = self._snapshot.epoch, self._snapshot.exception
        why = "uncaught" if error is not None and error.uncaught else "caught"
        about = {"why": why, "how": "held by the debugger", **self._held_words()}
        message = error.message if error is not None else ""
        said = await self._questions.record(thread=self._snapshot.focus, said=message, **about)
        if epoch != self._snapshot.epoch:
            raise RequestFailed("The stop could not be recorded", "the program went on meanwhile")
        return said

    def _held_words(self) -> dict[str, Any]:
        """What else is known of an exception that is being held."""
        return {}

    async def refresh(self) -> None:
        """A live look at a running target. Quietly does nothing when it cannot answer in time."""
        if self._snapshot.phase is not Phase.RUNNING:
            return
        epoch = self._snapshot.epoch
        outside = asyncio.ensure_future(self._outside()) if self._outside is not None else None
        try:
            rows = await self._questions.ask("threads", locals=True)
        except TimeoutError:
            self._publish(detail="a thread holds the interpreter lock in a C call; waiting for it")
            return
        except (RequestFailed, ConnectionLost):
            return
        if epoch != self._snapshot.epoch or self._snapshot.phase is not Phase.RUNNING:
            return
        threads = self._threads(rows)
        focus = next((t.id for t in threads if t.is_main), None)
        seen = await outside if outside is not None else None
        if seen is not None:
            threads = with_outside_view(threads, seen)
            wanted = seen.focused
            focus = next((t.id for t in threads if wanted is not None and t.os_id == wanted.os_id), focus)
        await self.finder.read_stacks(threads, again=False)
        if epoch != self._snapshot.epoch:
            return
        detail = self._snapshot.detail
        self._publish(
            threads=threads,
            tasks=tuple(convert_rows.task(row) for row in rows_of(rows, "tasks")),
            origin=Origin.LIVE,
            focus=focus,
            detail="" if detail.startswith("a thread holds") else detail,
        )

    async def detach(self) -> None:
        if self._leaving:
            return
        self._leaving = True
        self._forget_pause()
        agent, client = self._questions.agent, self._questions.client
        try:
            if agent is not None and not agent.closed:
                with contextlib.suppress(IqdebugError, TimeoutError):
                    await agent.request("leave", timeout=5.0)
                    await agent.gone(1.0)
        finally:
            if self._lease is not None:
                self._lease.end()
            if client is not None:
                await client.close()
            if agent is not None:
                await agent.close()
            for task in list(self._tasks):
                task.cancel()
            if self._snapshot.phase not in (Phase.ENDED, Phase.DETACHED):
                self._publish(
                    epoch=self._snapshot.epoch + 1,
                    phase=Phase.DETACHED,
                    reason="detached",
                    focus=None,
                    detail="",
                )

    # what the two connections report

    def dap_event(self, event: protocol.Event) -> None:
        if len(self._tasks) > MAX_TASKS:
            raise ProtocolError("The target reports more events than can be looked into")
        if event.event == "stopped":
            self._stopped(decode_body(event.body, protocol.StoppedBody))
        elif event.event == "continued":
            if self._snapshot.phase in _STOPPED_PHASES and not self._leaving:
                self._went_on("continued")
        elif event.event == "output":
            self._output(decode_body(event.body, protocol.OutputBody))
        elif event.event not in ("initialized", "thread", "process", "module", "exited", "terminated"):
            log.info("debug event without a use here: %s", event.event)

    def agent_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "logs":
            records = [convert_rows.log_record(row) for row in rows_of(event, "records")]
            self._written(records, int(event["dropped"]))
        elif event.get("event") == "released" and not self._leaving:
            self._spawn(self._lost(CannotAttach(str(event.get("message", "")))))

    def dap_closed(self, failure: IqdebugError | None) -> None:
        if not self._leaving:
            self._spawn(self._lost(failure))

    def agent_closed(self) -> None:
        agent = self._questions.agent
        if not self._leaving and self._questions.client is not None:
            self._spawn(self._lost(agent.failure if agent is not None else None))

    # stops

    def _stopped(self, body: protocol.StoppedBody) -> None:
        self._forget_pause()
        if self.supervision is not None:
            self.supervision.stopped()
        reason = body.description or _WORDS.get(body.reason, body.reason)
        self._focus = body.threadId
        self._snapshot = replace(
            self._snapshot,
            epoch=self._snapshot.epoch + 1,
            revision=0,
            phase=Phase.PAUSED,
            origin=Origin.DAP,
            reason=_WORDS.get(body.reason, reason),
            detail="",
            taken_at=time.time(),
            focus=body.threadId,
            exception=None,
        )
        self._spawn(self._describe_stop(self._snapshot.epoch, body))

    async def _describe_stop(self, epoch: int, body: protocol.StoppedBody) -> None:
        try:
            rows = await self._questions.ask("threads", focus=body.threadId)
        except (TimeoutError, RequestFailed) as error:
            log.warning("stack not read: %s", error)
            self._publish(detail="the stack could not be read in time")
            return
        if epoch != self._snapshot.epoch:
            return
        threads = self._threads(rows)
        await self.finder.read_stacks(threads, again=True)
        if epoch != self._snapshot.epoch:
            return
        self._publish(threads=threads, tasks=tuple(convert_rows.task(row) for row in rows_of(rows, "tasks")))
        if self._run_to is not None:
            target, self._run_to = self._run_to, None
            await self._send_breakpoints({target.path})
        if body.reason == "exception" and body.threadId is not None:
            await self._describe_exception(epoch, body)
        await self._add_locals(epoch)

    async def _add_locals(self, epoch: int) -> None:
        """Locals of the user's frames, for whoever reads the snapshot alone (the evidence). Not
        for a stop that is over at once, as while stepping."""
        await asyncio.sleep(_SETTLED)
        if epoch != self._snapshot.epoch:
            return
        try:
            answer = await self._questions.ask(
                "details", frames=convert_rows.user_frame_ids(self._snapshot.threads)
            )
        except (TimeoutError, RequestFailed):
            return
        if epoch != self._snapshot.epoch:
            return
        self._publish(threads=convert_rows.with_locals(self._snapshot.threads, answer))

    async def _describe_exception(self, epoch: int, body: protocol.StoppedBody) -> None:
        info = await raised_at(self._questions, body)
        if epoch == self._snapshot.epoch:
            self._publish(
                phase=Phase.CRASHED if info.uncaught else Phase.PAUSED,
                reason=self._exception_words(info),
                exception=info,
            )

    def _exception_words(self, info: ExceptionInfo) -> str:
        return f"uncaught {info.type}" if info.uncaught else f"exception {info.type}"

    async def _explain_pause(self, epoch: int) -> None:
        if epoch != self._snapshot.epoch or self._snapshot.phase is not Phase.RUNNING:
            return
        await self.refresh()
        if epoch != self._snapshot.epoch or self._snapshot.phase is not Phase.RUNNING:
            return
        self._publish(detail=unheeded(self._snapshot.threads))

    def _threads(self, rows: dict[str, Any]) -> tuple[Thread, ...]:
        return tuple(convert_rows.thread(row, self._info.pid) for row in rows_of(rows, "threads"))

    def _went_on(self, reason: str, publish: bool = True) -> None:
        agent = self._questions.agent
        if self.supervision is not None:
            self.supervision.went_on()
        if agent is not None and not agent.closed:
            self._spawn(self._tell_resumed())
        state = replace(
            self._snapshot,
            epoch=self._snapshot.epoch + 1,
            revision=0,
            phase=Phase.RUNNING,
            reason=reason,
            detail="",
            exception=None,
            taken_at=time.time(),
        )
        self._snapshot = state
        if publish:
            self._tell()

    async def _tell_resumed(self) -> None:
        with contextlib.suppress(IqdebugError, TimeoutError):
            await self._questions.ask("resumed")

    async def _kick(self) -> None:
        with contextlib.suppress(IqdebugError, TimeoutError):
            await self._questions.ask("kick")

    def _show_running(self, epoch: int) -> None:
        if epoch == self._snapshot.epoch and self._snapshot.phase is Phase.RUNNING:
            self._publish()

    def _output(self, body: protocol.OutputBody) -> None:
        if body.category == "telemetry":
            return
        self._written([LogRecord(time.time(), "iqdebug", body.output.rstrip("\n")[: convert_rows.MAX_LINE])])

    def _written(self, records: list[LogRecord], dropped: int = 0) -> None:
        if not self._listeners:
            self._early = [*self._early, *records][-_MAX_EARLY:]
        for listener in list(self._listeners):
            listener.logs_arrived(records, dropped)

    # the end

    async def _lost(self, failure: IqdebugError | None) -> None:
        if self._leaving:
            return
        self._leaving = True
        for _ in range(20):  # a process that is exiting closes its sockets a moment before it is gone
            if not is_alive(self._info.pid):
                break
            await asyncio.sleep(0.02)
        if self._lease is not None:
            self._lease.end()
        for connection in (self._questions.client, self._questions.agent):
            if connection is not None:
                await connection.close()
        alive = is_alive(self._info.pid)
        reason = failure.what if failure else "the connection ended; the process runs on"
        if not alive:
            ended = self.supervision.why_it_ended() if self.supervision is not None else ""
            reason = ended or (failure.what if failure else "exited")
        self._publish(
            epoch=self._snapshot.epoch + 1,
            phase=Phase.DETACHED if alive else Phase.ENDED,
            reason=reason,
            detail="",
            focus=None,
        )

    # helpers

    def _publish(self, **changes: Any) -> None:
        epoch = changes.get("epoch", self._snapshot.epoch)
        revision = self._snapshot.revision + 1 if epoch == self._snapshot.epoch else 0
        self._snapshot = replace(self._snapshot, revision=revision, taken_at=time.time(), **changes)
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener.snapshot_changed(self._snapshot)

    def _require(self, capability: Capability) -> None:
        reason = self.why_not(capability)
        if reason:
            raise NotAvailable(f"Cannot {capability.value} now: {reason}")

    def _forget_pause(self) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except IqdebugError as error:
            log.info("background work ended: %s", error)
        except TimeoutError:
            log.info("background work ended: no answer in time")
        except MISUNDERSTOOD as error:
            log.warning("background work ended: %s", unexpected(error))

    async def _dap(self, command: str, arguments: object) -> None:
        try:
            await self._questions.tell(command, arguments)
        except TimeoutError:
            log.info("%s: not answered in time", command)

    async def _send_breakpoints(self, paths: set[str], patience: float = 5.0) -> None:
        self._breakpoints = await send_breakpoints(
            self._questions,
            self.finder,
            self._breakpoints,
            paths,
            self._run_to,
            patience,
            armed=self._armed,
        )


def _moved_on() -> EvaluateResult:
    return EvaluateResult("the process has moved on since", failed=True)
