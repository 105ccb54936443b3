"""A debug session without a process: says what it was told to say, remembers what was asked of it.

By hand: ``python -m tests.tui.fake_session`` opens the screen on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from iqdebug.core.errors import IqdebugError, NotAvailable
from iqdebug.core.session import Capability, CodeFinder, Listener, StepKind
from iqdebug.core.state import (
    Breakpoint,
    Completion,
    EvaluateResult,
    Frame,
    LogRecord,
    Phase,
    Snapshot,
    Variable,
)
from iqdebug.core.supervision import Supervision
from iqdebug.tui.app import DebugApp
from iqdebug.tui.controllers.chat import Companion
from tests.tui import scenario

Intent = tuple[object, ...]


@dataclass
class FakeSession:
    """``refusals`` answers :meth:`why_not`; ``failures`` maps an intent's name to what it raises;
    ``gate`` closed holds back the answers to variables."""

    snapshot: Snapshot = field(default_factory=scenario.paused)
    breakpoints: tuple[Breakpoint, ...] = ()
    refusals: dict[Capability, str] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    detached: int = 0
    finder: CodeFinder | None = None
    supervision: Supervision | None = None
    recorded: bytes = b"a crash file"
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    leave_gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.leave_gate.set()

    # the other side: what the target does

    def push(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        for listener in list(self.listeners):
            listener.snapshot_changed(snapshot)

    def write(self, records: Sequence[LogRecord], dropped: int = 0) -> None:
        for listener in list(self.listeners):
            listener.logs_arrived(records, dropped)

    def asked(self, name: str) -> list[Intent]:
        return [intent for intent in self.intents if intent[0] == name]

    def _note(self, name: str, *details: object) -> None:
        self.intents.append((name, *details))
        if name in self.failures:
            raise self.failures[name]

    # iqdebug.core.session.DebugSession

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def why_not(self, capability: Capability) -> str:
        if capability in self.refusals:
            return self.refusals[capability]
        stopped = self.snapshot.phase in (Phase.PAUSED, Phase.CRASHED)
        if capability is Capability.REATTACH:
            return "" if self.snapshot.phase is Phase.DETACHED else "already attached"
        if self.snapshot.phase in (Phase.DETACHED, Phase.ENDED):
            return "the process has ended" if self.snapshot.phase is Phase.ENDED else "detached"
        if capability is Capability.PAUSE:
            return "already paused" if stopped else ""
        if capability in (Capability.BREAKPOINTS, Capability.EVALUATE, Capability.DETACH):
            return ""
        return "" if stopped else "the process is running: pause it first"

    def _require(self, capability: Capability) -> None:
        if reason := self.why_not(capability):
            raise NotAvailable(f"cannot {capability.value}", reason)

    async def pause(self) -> None:
        self._require(Capability.PAUSE)
        self._note("pause")
        self.push(scenario.paused(self.snapshot.epoch + 1))

    async def resume(self) -> None:
        self._require(Capability.CONTINUE)
        self._note("resume")
        self.push(scenario.running(self.snapshot.epoch + 1))

    async def step(self, kind: StepKind, thread_id: int) -> None:
        self._require(Capability.STEP)
        self._note("step", kind, thread_id)
        self.push(replace(self.snapshot, epoch=self.snapshot.epoch + 1, reason="step"))

    async def run_to(self, path: str, line: int) -> None:
        self._require(Capability.RUN_TO)
        self._note("run_to", path, line)

    async def restart_frame(self, frame: Frame) -> None:
        self._require(Capability.RESTART_FRAME)
        self._note("restart_frame", frame.name)

    async def record(self) -> tuple[str, bytes]:
        self._require(Capability.RECORD)
        self._note("record")
        return "20261123-000000.000000-1-1-Fake-01234567.iqcrash", self.recorded

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        self._note("variables", frame.name, epoch)
        await self.gate.wait()
        return tuple(
            replace(v, value=self.values[v.name]) if v.name in self.values else v
            for v in scenario.locals_of(frame)
        )

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        self._note("children", reference, start, count)
        await self.gate.wait()
        return scenario.children_of(reference, start, count)

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        self._note("full_value", reference_or_expression)
        return "its own repr\n" + scenario.HOSTILE

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        self._note("read_expression", expression, frame.name if frame is not None else None)
        return EvaluateResult("{'id': 12,\n 'count': 3}", "dict", reference=12)

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        self._note("evaluate", expression, frame.name if frame is not None else None)
        if expression == "boom":
            return EvaluateResult(
                "Traceback (most recent call last):\nNameError: name 'boom' is not defined", failed=True
            )
        return EvaluateResult("{'id': 12,\n 'count': 3}", "dict", reference=12)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        self._note("complete", text, column)
        known = ("order", "ordered", "other")
        return tuple(Completion(word) for word in known if word.startswith(text[:column]))

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        self._note("set_variable", name, expression)
        self.values[name] = expression
        return EvaluateResult(expression)

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        self._note("set_breakpoints", tuple(breakpoints))
        self.breakpoints = tuple(replace(b, verified=b.enabled) for b in breakpoints)
        for listener in list(self.listeners):
            listener.breakpoints_changed(self.breakpoints)

    async def arm(self, on: bool) -> None:
        self._note("arm", on)

    async def refresh(self) -> None:
        self._note("refresh")

    async def detach(self) -> None:
        self.detached += 1
        await self.leave_gate.wait()


@dataclass
class FakeMemory:
    """What survives a restart, in memory."""

    breakpoints: tuple[Breakpoint, ...] = ()
    history: list[str] = field(default_factory=list)

    def load(self) -> tuple[Breakpoint, ...]:
        return self.breakpoints

    def save(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.breakpoints = tuple(breakpoints)

    def load_history(self) -> list[str]:
        return list(self.history)

    def save_history(self, history: Sequence[str]) -> None:
        self.history = list(history)


def app_on(
    session: FakeSession | IqdebugError | None = None,
    *,
    memory: FakeMemory | None = None,
    diagnose: Callable[[Snapshot, Snapshot | None], object] = scenario.diagnosis,
    connecting: asyncio.Event | None = None,
    companion: Companion | None = None,
    no_hold: bool = False,
) -> DebugApp:
    """The app on a fake session, or on one that cannot be had. ``connecting`` holds attaching
    back until it is set."""
    found = session if session is not None else FakeSession()

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> FakeSession:
        on_progress("injecting (main thread is asleep in C)")
        if connecting is not None:
            await connecting.wait()
        if isinstance(found, IqdebugError):
            raise found
        return found

    async def refresh_peek() -> Snapshot:
        return scenario.peek()

    return DebugApp(
        connect,
        title="4711 python orders_service.py",
        first=scenario.peek(),
        diagnose=diagnose,  # type: ignore[arg-type]
        read_source=scenario.read_source,
        refresh_peek=refresh_peek,
        breakpoint_store=memory,
        companion=companion,
        no_hold=no_hold,
        clock=lambda: scenario.NOON + 12.0,
    )


def main() -> None:
    session = FakeSession(breakpoints=scenario.breakpoints())
    app = app_on(session, memory=FakeMemory())
    app.call_later(lambda: session.write(scenario.records()))
    app.run()


if __name__ == "__main__":
    main()
