"""What every recording has in common: it can be looked at, and whatever would run or change something is
refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import Capability, StepKind, capability_message
from iqdebug.core.state import Breakpoint, EvaluateResult, Frame

__all__ = ["ReadOnlySession"]


class ReadOnlySession:
    """The part of :class:`~iqdebug.core.session.DebugSession` that only a living process can do. A
    recording derives from it and adds what it can answer.

    :param possible: what the recording can do.
    :param reason: why everything else is refused.
    :param reasons: for those refused for another reason.
    """

    def __init__(
        self, possible: Sequence[Capability], reason: Text, reasons: Mapping[Capability, Text] | None = None
    ) -> None:
        self._possible = frozenset(possible)
        self._reason = reason
        self._reasons = dict(reasons or {})

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return ()

    @property
    def finder(self) -> None:
        """Nothing is loaded in a recording."""

    @property
    def supervision(self) -> None:
        """Nobody ends a recording."""

    def why_not(self, capability: Capability) -> str:
        return "" if capability in self._possible else self._reason_of(capability)

    def _refusal(self, capability: Capability) -> NotAvailable:
        what = message("recorded.cannot", action=capability_message(capability))
        return NotAvailable(what, self._reasons.get(capability, self._reason))

    def _reason_of(self, capability: Capability) -> str:
        return render(self._reasons.get(capability, self._reason))

    async def pause(self) -> None:
        raise self._refusal(Capability.PAUSE)

    async def resume(self) -> None:
        raise self._refusal(Capability.CONTINUE)

    async def step(self, kind: StepKind, thread_id: int) -> None:
        raise self._refusal(Capability.STEP)

    async def run_to(self, path: str, line: int) -> None:
        raise self._refusal(Capability.RUN_TO)

    async def restart_frame(self, frame: Frame) -> None:
        raise self._refusal(Capability.RESTART_FRAME)

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        raise self._refusal(Capability.SET_VARIABLE)

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        raise self._refusal(Capability.BREAKPOINTS)

    async def arm(self, on: bool) -> None:
        raise self._refusal(Capability.BREAKPOINTS)

    async def record(self) -> tuple[str, bytes]:
        raise self._refusal(Capability.RECORD)

    async def refresh(self) -> None:
        raise NotAvailable(message("recorded.cannot_look_again"), self._reason)

    async def detach(self) -> None:
        """Nothing is held."""
