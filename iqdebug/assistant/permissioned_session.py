"""The session as a tool sees it: reading is free, all else needs the right of this very call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from iqdebug.assistant.permissions import Decision, Gate, Refused, Request, Right
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import Capability, DebugSession, StepKind
from iqdebug.core.state import Breakpoint, EvaluateResult, Frame, Snapshot, Variable

__all__ = ["NotGranted", "PermissionedSession", "code_of"]


class NotGranted(RuntimeError):
    """A mistake in a tool: it did what it had not asked for."""


class PermissionedSession:
    """A session for one call of one tool, which begins with READ alone.

    What changes, stops or runs the target raises :class:`NotGranted` unless :meth:`obtain` was given
    the right in this call; :meth:`evaluate` and :meth:`set_variable` besides do exactly the text that
    was shown to the person, and nothing at a moment other than the one it was asked for.
    """

    __slots__ = ("__gate", "__granted", "__on_read", "__session", "__tool")

    def __init__(
        self,
        session: DebugSession,
        gate: Gate,
        tool: str,
        on_read: Callable[[Iterable[Variable]], None] = lambda variables: None,
    ) -> None:
        """:param on_read: called with all that is read, before the tool gets it: secrets are learnt there."""
        self.__session = session
        self.__on_read = on_read
        self.__gate = gate
        self.__tool = tool
        self.__granted: dict[tuple[Right, str], Decision] = {}

    async def obtain(self, right: Right, action: Text, detail: str = "", why: Text = "") -> Decision:
        """Ask for a right, for ``detail`` exactly.

        :raises Refused: it was not given.
        """
        request = Request(self.__tool, right, action, detail, why, may_hold=right is not Right.MUTATE)
        decision = await self.__gate.decide(request)
        if not decision.allowed:
            raise Refused(decision, action)
        self.__granted[right, detail] = decision
        return decision

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was allowed in this call."""
        return tuple(self.__granted.values())

    def __require(self, right: Right, detail: str | None = None) -> None:
        if not any(r is right and detail in (None, d) for r, d in self.__granted):
            raise NotGranted(f"{self.__tool} has no right to {right.value}")

    # reading

    @property
    def snapshot(self) -> Snapshot:
        return self.__session.snapshot

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return self.__session.breakpoints

    def why_not(self, capability: Capability) -> str:
        return self.__session.why_not(capability)

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        variables = await self.__session.variables(frame, epoch)
        self.__on_read(variables)
        return variables

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        """Of values that were read: what an evaluation gave (a negative reference) is debugpy's, which
        runs code to show it."""
        if reference < 0:
            self.__require(Right.PROBE)
        children = await self.__session.children(reference, epoch, start, count)
        self.__on_read(children)
        return children

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        result = await self.__session.read_expression(expression, frame, epoch)
        self.__on_read((Variable(expression, result.value, result.type),))
        return result

    async def refresh(self) -> None:
        await self.__session.refresh()

    # what may run code

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        self.__require(Right.PROBE, expression)
        if epoch != self.__session.snapshot.epoch:
            return EvaluateResult(render(message("assistant.refusal.moved_on.not_run")), failed=True)
        result = await self.__session.evaluate(expression, frame, epoch)
        self.__on_read((Variable(expression, result.value, result.type),))
        return result

    # what lets it run and stop

    async def pause(self) -> None:
        self.__require(Right.CONTROL)
        await self.__session.pause()

    async def resume(self) -> None:
        self.__require(Right.CONTROL)
        await self.__session.resume()

    async def step(self, kind: StepKind, thread_id: int) -> None:
        self.__require(Right.CONTROL)
        await self.__session.step(kind, thread_id)

    async def run_to(self, path: str, line: int) -> None:
        self.__require(Right.CONTROL)
        await self.__session.run_to(path, line)

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        """A condition, or an expression in a message, is code that runs at the line: each that was not
        there before needs PROBE for its text besides."""
        self.__require(Right.CONTROL)
        known = {_texts(b) for b in self.__session.breakpoints}
        for breakpoint_ in breakpoints:
            if _texts(breakpoint_) not in known:
                for text in code_of(breakpoint_):
                    self.__require(Right.PROBE, text)
        await self.__session.set_breakpoints(breakpoints)

    def breakpoints_back(self, breakpoints: Sequence[Breakpoint]) -> Callable[[], Awaitable[str]]:
        """What a person may do later to undo a change of the list that this call was allowed."""
        self.__require(Right.CONTROL)
        session = self.__session

        async def undo() -> str:
            await session.set_breakpoints(breakpoints)
            return render(message("assistant.undone.breakpoints", count=len(breakpoints)))

        return undo

    # what changes it

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        self.__require(Right.MUTATE, f"{name} = {expression}")
        if epoch != self.__session.snapshot.epoch:
            return _not_set()
        return await self.__session.set_variable(name, expression, frame, epoch)

    def setting_back(
        self, name: str, expression: str, frame: Frame, epoch: int
    ) -> Callable[[], Awaitable[EvaluateResult]]:
        """What a person may do later to undo an assignment that this call was allowed."""
        self.__require(Right.MUTATE)
        session = self.__session

        async def undo() -> EvaluateResult:
            if epoch != session.snapshot.epoch:
                return _not_set()
            return await session.set_variable(name, expression, frame, epoch)

        return undo


def _not_set() -> EvaluateResult:
    return EvaluateResult(render(message("assistant.refusal.moved_on.not_set")), failed=True)


def code_of(breakpoint_: Breakpoint) -> tuple[str, ...]:
    """The texts of a breakpoint that the target evaluates at the line: its condition, a hit condition that
    is more than a number, a message with an expression."""
    texts = []
    if breakpoint_.condition.strip():
        texts.append(breakpoint_.condition)
    if breakpoint_.hit_condition.strip() and not breakpoint_.hit_condition.lstrip("=<>% ").strip().isdigit():
        texts.append(breakpoint_.hit_condition)
    if "{" in breakpoint_.log_message:
        texts.append(breakpoint_.log_message)
    return tuple(texts)


def _texts(breakpoint_: Breakpoint) -> tuple[str, int, str, str, str]:
    b = breakpoint_
    return (b.path, b.line, b.condition, b.hit_condition, b.log_message)
