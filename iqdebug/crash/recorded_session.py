"""A crash file as a debug session: everything can be looked at, nothing can be run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from iqdebug.core.errors import NotAvailable
from iqdebug.core.session import Capability, Listener, StepKind
from iqdebug.core.state import Breakpoint, Completion, EvaluateResult, Frame, Snapshot, Variable
from iqdebug.crash.lookup import CANNOT_RUN, NotRecorded, completions, look_up
from iqdebug.crash.model import Crash
from iqdebug.crash.to_snapshot import attributes_of
from iqdebug.crash.variables import (
    children_of,
    full_text,
    globals_reference,
    local_variables,
    opened,
    variable_of,
)

__all__ = ["NOTHING_RUNS", "RecordedSession"]

NOTHING_RUNS = "recorded: nothing runs here"
RECORDED = "this is a crash file already"
_POSSIBLE = (Capability.EVALUATE, Capability.COMPLETE, Capability.REPR)
_MAX_PATHS = 100_000


class RecordedSession:
    """Implements :class:`~iqdebug.core.session.DebugSession`. Every answer comes from the file; there
    is one epoch, which never passes.
    """

    def __init__(self, crash: Crash) -> None:
        self.crash = crash
        self._paths: dict[int, str] = {}  # reference → an expression, for the frame that is shown

    @property
    def snapshot(self) -> Snapshot:
        return self.crash.snapshot

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return ()

    @property
    def finder(self) -> None:
        """Nothing is loaded here."""

    @property
    def supervision(self) -> None:
        """Nobody waits for it."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """The recorded output is told at once; nothing else ever comes."""
        if self.crash.logs or self.crash.logs_dropped:
            listener.logs_arrived(self.crash.logs, self.crash.logs_dropped)
        return lambda: None

    def why_not(self, capability: Capability) -> str:
        if capability is Capability.RECORD:
            return RECORDED
        return "" if capability in _POSSIBLE else NOTHING_RUNS

    # what a recording has

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        found = self.crash.frames.get(frame.id) if frame.id is not None else None
        if found is None or epoch != self.snapshot.epoch:
            return ()
        rows = list(local_variables(self.crash, found) or ())
        if found.locals is None:
            rows.append(Variable("the file does not have the variables of this frame", "", kind="group"))
        if found.locals_left_out:
            count = found.locals_left_out
            words = f"… {count:,} more {'was' if count == 1 else 'were'} not recorded"
            rows.append(Variable(words, "", kind="group"))
        rows += [Variable(w, "", reference=r, kind="group") for w, r in attributes_of(self.crash, found)]
        if found.globals:
            rows.append(Variable("Globals", "", reference=globals_reference(found.id), kind="group"))
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
        return full_text(value) if value is not None else "this value is not in the file"

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """Names and paths of attributes and items, as they were recorded."""
        try:
            number = self._look_up(expression, frame)
        except NotRecorded as error:
            return EvaluateResult(str(error), failed=True)
        found = variable_of(self.crash, expression, "local", number, expression.strip())
        if found.reference and found.evaluate_name:
            self._paths.setdefault(found.reference, found.evaluate_name)
        value = self.crash.values[number]
        words = full_text(value) if value.long and not found.reference else found.value
        return EvaluateResult(words, found.type, found.reference)

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """What :meth:`evaluate` answers, and computations on what was recorded whole: ``len(rows)``,
        ``[r["id"] for r in rows if r["price"] < 0]``."""
        if epoch != self.snapshot.epoch:
            return EvaluateResult("this recording has one moment only", failed=True)
        found = await self.evaluate(expression, frame, epoch)
        if not found.failed or found.value != CANNOT_RUN:
            return found
        from iqdebug.crash.evaluate import computed  # opening a file does not need it

        recorded = self.crash.frames.get(frame.id) if frame is not None and frame.id is not None else None
        return computed(self.crash, recorded, expression)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        found = self.crash.frames.get(frame.id) if frame is not None and frame.id is not None else None
        return completions(self.crash, found, text, column)

    def _look_up(self, expression: str, frame: Frame | None) -> int:
        found = self.crash.frames.get(frame.id) if frame is not None and frame.id is not None else None
        return look_up(self.crash, found, expression)

    # what only a process can do

    def _refuse(self, capability: Capability) -> NotAvailable:
        return NotAvailable(f"cannot {capability.value}", NOTHING_RUNS)

    async def record(self) -> tuple[str, bytes]:
        raise NotAvailable(f"cannot {Capability.RECORD.value}", RECORDED)

    async def pause(self) -> None:
        raise self._refuse(Capability.PAUSE)

    async def resume(self) -> None:
        raise self._refuse(Capability.CONTINUE)

    async def step(self, kind: StepKind, thread_id: int) -> None:
        raise self._refuse(Capability.STEP)

    async def run_to(self, path: str, line: int) -> None:
        raise self._refuse(Capability.RUN_TO)

    async def restart_frame(self, frame: Frame) -> None:
        raise self._refuse(Capability.RESTART_FRAME)

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult:
        raise self._refuse(Capability.SET_VARIABLE)

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        raise self._refuse(Capability.BREAKPOINTS)

    async def arm(self, on: bool) -> None:
        raise self._refuse(Capability.BREAKPOINTS)

    async def refresh(self) -> None:
        raise NotAvailable("cannot look again", NOTHING_RUNS)

    async def detach(self) -> None:
        """Nothing is held."""
