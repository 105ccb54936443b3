"""A crash file as a debug session: everything can be looked at, nothing can be run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from iqdebug.core.messages import message, render
from iqdebug.core.read_only_session import ReadOnlySession
from iqdebug.core.session import Capability, Listener
from iqdebug.core.state import Completion, EvaluateResult, Frame, Snapshot, Variable
from iqdebug.crash.crash import Crash
from iqdebug.crash.lookup import NeedsCode, NotRecorded, completions, look_up
from iqdebug.crash.model import RecordedFrame
from iqdebug.crash.to_snapshot import attributes_of
from iqdebug.crash.variables import (
    children_of,
    full_text,
    globals_reference,
    left_out_row,
    local_variables,
    opened,
    variable_of,
)

__all__ = ["NOTHING_RUNS", "RecordedSession"]

NOTHING_RUNS = message("recorded.nothing_runs")
ALREADY_RECORDED = message("recorded.already")
_POSSIBLE = (Capability.EVALUATE, Capability.COMPLETE, Capability.REPR)
_MAX_PATHS = 100_000


class RecordedSession(ReadOnlySession):
    """Implements :class:`~iqdebug.core.session.DebugSession`. Every answer comes from the file; the
    epoch never changes.
    """

    def __init__(self, crash: Crash) -> None:
        super().__init__(_POSSIBLE, NOTHING_RUNS, {Capability.RECORD: ALREADY_RECORDED})
        self.crash = crash
        self._paths: dict[int, str] = {}  # reference → an expression, for the frame that is shown

    @property
    def snapshot(self) -> Snapshot:
        return self.crash.snapshot

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls the listener with the recorded output; it is never called again."""
        if self.crash.logs or self.crash.logs_dropped:
            listener.logs_arrived(self.crash.logs, self.crash.logs_dropped)
        return lambda: None

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        recorded = self.crash.frames.get(frame.id) if frame.id is not None else None
        if recorded is None or epoch != self.snapshot.epoch:
            return ()
        rows = list(local_variables(self.crash, recorded) or ())
        if recorded.locals is None:
            words = render(message("crash.variable.no_locals"))
            rows.append(Variable(words, "", kind="group"))
        if recorded.locals_left_out:
            rows.append(left_out_row(recorded.locals_left_out))
        rows += [Variable(w, "", reference=r, kind="group") for w, r in attributes_of(self.crash, recorded)]
        if recorded.globals:
            words = render(message("crash.variable.globals"))
            rows.append(Variable(words, "", reference=globals_reference(recorded.id), kind="group"))
        self._paths = {r.reference: r.evaluate_name for r in rows if r.reference and r.evaluate_name}
        return tuple(rows)

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        if epoch != self.snapshot.epoch:
            return ()
        listed = children_of(self.crash, reference, self._paths.get(reference))
        rows = tuple(islice(listed, max(start, 0), max(start, 0) + max(count, 0)))
        if len(self._paths) < _MAX_PATHS:
            for row in rows:
                if row.reference and row.evaluate_name:
                    self._paths.setdefault(row.reference, row.evaluate_name)
        return rows

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        """The whole text as far as it was kept."""
        if isinstance(reference_or_expression, str):
            try:
                number = self._look_up(reference_or_expression, frame)
            except NotRecorded as error:
                return str(error)
        else:
            what, number = opened(reference_or_expression)
            if what != "value":
                rows = list(islice(children_of(self.crash, reference_or_expression), 1_000))
                return "\n".join(f"{row.name} = {row.value}" for row in rows)
        value = self.crash.values.get(number)
        return full_text(value) if value is not None else render(message("crash.variable.absent"))

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """Names and paths of attributes and items, as they were recorded."""
        try:
            number = self._look_up(expression, frame)
        except NotRecorded as error:
            return EvaluateResult(str(error), failed=True)
        variable = variable_of(self.crash, expression, "local", number, expression.strip())
        if variable.reference and variable.evaluate_name:
            self._paths.setdefault(variable.reference, variable.evaluate_name)
        value = self.crash.values[number]
        words = full_text(value) if value.long and not variable.reference else variable.value
        return EvaluateResult(words, variable.type, variable.reference)

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """What :meth:`evaluate` answers, and computations on what was recorded whole: ``len(rows)``,
        ``[r["id"] for r in rows if r["price"] < 0]``."""
        if epoch != self.snapshot.epoch:
            return EvaluateResult(render(message("crash.evaluate.one_moment")), failed=True)
        try:
            self._look_up(expression, frame)
        except NeedsCode:
            # The evaluator costs a tenth of the import time of `iqdebug diagnose`, which never evaluates.
            from iqdebug.crash.evaluate import computed

            return computed(self.crash, self._recorded(frame), expression)
        except NotRecorded as error:
            return EvaluateResult(str(error), failed=True)
        return await self.evaluate(expression, frame, epoch)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        return completions(self.crash, self._recorded(frame), text, column)

    def _look_up(self, expression: str, frame: Frame | None) -> int:
        return look_up(self.crash, self._recorded(frame), expression)

    def _recorded(self, frame: Frame | None) -> RecordedFrame | None:
        return self.crash.frames.get(frame.id) if frame is not None and frame.id is not None else None
