"""The last stop of a process that was spoken of, kept with the conversation: once the process has
ended, what was seen of it can still be looked at and asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from iqdebug.assistant.redaction import Redactor
from iqdebug.core.errors import ModelError
from iqdebug.core.json_text import json_bytes
from iqdebug.core.messages import message, render
from iqdebug.core.read_only_session import ReadOnlySession
from iqdebug.core.session import Capability, Listener
from iqdebug.core.state import (
    Completion,
    Diagnosis,
    EvaluateResult,
    Frame,
    Origin,
    Snapshot,
    Variable,
)
from iqdebug.system.source_files import read_lines

__all__ = ["GONE", "LastStop", "LastStopSession", "TodaysSources", "remembered", "remembering"]

GONE = message("last_stop.gone")
MAX_STOP_BYTES = 16 << 20


class LastStop(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    diagnosis: Diagnosis


def remembering(snapshot: Snapshot, diagnosis: Diagnosis) -> bytes:
    """The stop as JSON, its secrets masked; b"" where it would be larger than 16 MiB."""
    data = json_bytes(_masked(msgspec.to_builtins(LastStop(snapshot, diagnosis)), Redactor()))
    return data if len(data) <= MAX_STOP_BYTES else b""


def remembered(data: bytes) -> LastStop:
    """What :func:`remembering` wrote, as a recording: nothing in it can be opened further or run.

    :raises ModelError: it is damaged.
    """
    try:
        stop = msgspec.json.decode(data, type=LastStop)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ModelError(message("assistant.stop_damaged"), str(error)[:200]) from None
    snapshot = replace(stop.snapshot, origin=Origin.RECORDED, detail=message("assistant.note.ended"))
    return LastStop(snapshot, stop.diagnosis)


def _masked(tree: Any, redactor: Redactor) -> Any:
    """Every text without secrets; what has children keeps none, as nobody can be asked for them."""
    if isinstance(tree, str):
        return redactor.scrub(tree)
    if isinstance(tree, (list, tuple)):
        return [_masked(each, redactor) for each in tree]
    if not isinstance(tree, dict):
        return tree
    rows = {key: _masked(value, redactor) for key, value in tree.items()}
    if isinstance(tree.get("name"), str) and isinstance(tree.get("value"), str):
        rows["value"] = redactor.scrub(redactor.named(tree["name"], tree["value"]))
        rows["reference"] = 0
    return rows


class TodaysSources:
    """Of a stop that was kept without its source: what the files hold now."""

    def lines(self, path: str, today: bool) -> Sequence[str]:
        return read_lines(path)

    def words(self, path: str, line: int, today: bool) -> str:
        return render(message("assistant.source.none_kept"))

    def why_no_toggle(self, path: str) -> str:
        return render(message("assistant.source.only_todays"))


class LastStopSession(ReadOnlySession):
    """Implements :class:`~iqdebug.core.session.DebugSession`. What was read of the stop is there; nothing
    else ever comes."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__((Capability.EVALUATE, Capability.COMPLETE), GONE)
        self.snapshot = snapshot

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return lambda: None

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        if frame.locals is None:
            return (Variable(render(message("assistant.note.variables_not_read")), "", kind="group"),)
        return frame.locals

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        return ()

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        result = await self.read_expression(str(reference_or_expression), frame, epoch)
        return result.value

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """A variable by its name, as it was read."""
        for variable in (frame.locals or ()) if frame is not None else ():
            if expression.strip() in (variable.name, variable.evaluate_name):
                return EvaluateResult(variable.value, variable.type)
        refusal = message("last_stop.not_read", expression=expression.strip()[:80], reason=GONE)
        return EvaluateResult(render(refusal), failed=True)

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        return await self.read_expression(expression, frame, epoch)

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]:
        names = [v.name for v in (frame.locals or ())] if frame is not None else []
        word = text[:column]
        return tuple(Completion(n, start=0, length=column) for n in names if n.startswith(word))
