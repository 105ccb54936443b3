"""What may be asked of values and frames, of the epoch that a screen shows."""

from __future__ import annotations

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import message, render
from iqdebug.core.session import Capability
from iqdebug.core.state import Completion, EvaluateResult, Frame, Phase, Variable
from iqdebug.dap.availability import Availability
from iqdebug.dap.snapshot_store import SnapshotStore
from iqdebug.dap.target_client import TargetClient

__all__ = ["ValueReader"]


class ValueReader:
    """Implements what :class:`iqdebug.core.session.DebugSession` says of values. What is asked of an epoch
    that has passed, or is answered once it has, comes back empty rather than wrong."""

    def __init__(self, store: SnapshotStore, client: TargetClient, availability: Availability) -> None:
        self._store = store
        self._client = client
        self._availability = availability

    def _stopped_frame(self, frame: Frame | None) -> int | None:
        """The id of a frame that stands still; None where there is none."""
        return frame.id if frame is not None and self._store.phase.is_stopped else None

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        frame_id = self._stopped_frame(frame)
        if not self._store.is_current(epoch) or frame_id is None:
            return frame.locals or ()
        variables = await self._client.variables(frame_id)
        return variables if self._store.is_current(epoch) else ()

    async def children(self, reference: int, epoch: int, start: int, count: int) -> tuple[Variable, ...]:
        if not self._store.is_current(epoch):
            return ()
        children = await self._client.children(reference, start, count)
        return children if self._store.is_current(epoch) else ()

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        if not self._store.is_current(epoch):
            return ""
        frame_id = self._stopped_frame(frame)
        if isinstance(reference_or_expression, str) and frame_id is None:
            return (await self.evaluate(reference_or_expression, frame, epoch)).value
        return await self._client.own_repr(reference_or_expression, frame_id)

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        if self._store.phase in (Phase.DETACHED, Phase.ENDED, Phase.CONNECTING):
            reason = self._availability.reason_against(Capability.EVALUATE)
            reason = reason or message("dap.value.not_attached_yet")
            raise NotAvailable(message("dap.value.cannot_read", reason=reason))
        if not self._store.is_current(epoch):
            return _moved_on()
        frame_id = self._stopped_frame(frame)
        if frame is not None and frame_id is None:
            return EvaluateResult(render(message("dap.value.runs")), failed=True)
        result = await self._client.read(expression, frame_id)
        return result if self._store.is_current(epoch) else _moved_on()

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        self._availability.require(Capability.EVALUATE)
        frame_id = self._stopped_frame(frame)
        if frame_id is None:
            return await self._client.evaluate_in_agent(expression, None)
        if not self._store.is_current(epoch):
            return _moved_on()
        return await self._client.evaluate(expression, frame_id)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        if frame is None or frame.id is None or not self._store.is_current(epoch):
            return ()
        if self._availability.why_not(Capability.COMPLETE):
            return ()
        return await self._client.complete(text, column, frame.id)

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        self._availability.require(Capability.SET_VARIABLE)
        if not self._store.is_current(epoch) or frame.id is None:
            return _moved_on()
        return await self._client.set_variable(name, expression, frame.id)


def _moved_on() -> EvaluateResult:
    return EvaluateResult(render(message("dap.value.moved_on")), failed=True)
