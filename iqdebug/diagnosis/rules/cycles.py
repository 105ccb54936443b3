"""A recursion without end: how it goes round, what changes on the way and what does not."""

from __future__ import annotations

from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Frame, Variable
from iqdebug.diagnosis.rules.context import CrashContext

__all__ = ["endless_recursion"]

MAX_CYCLE_LENGTH = 12
MAX_ROUNDS_COMPARED = 12
MIN_ROUNDS = 8
_ADDRESS_FREE = ("self", "cls")


def endless_recursion(context: CrashContext) -> Iterator[Anomaly]:
    """The frames of a RecursionError repeat with a period: a few functions that call each other.
    An argument that is the same on every round cannot bring it to its end; one that moves away
    from its start without end says that the end is never reached."""
    if context.kind != "RecursionError":
        return
    frames = [context.frames[i] for i in context.code]
    start, period = _period(frames)
    if not period:
        return
    rounds = _rounds(frames, start, period)
    at = context.code[start]
    names = list(dict.fromkeys(frames[start + n].name.rsplit(".", 1)[-1] for n in reversed(range(period))))
    way = " → ".join([*names, names[0]])
    frame, same, moving = _compared(frames, start, period)
    where = start + frames[start : start + period].index(frame)
    parts = [message("anomaly.recursion.round", way=way, count=rounds)]
    if same:
        quoted = [message("quoted", text=v.name) for v in same[:4]]
        parts.append(message("anomaly.recursion.same", names=quoted, count=len(same)))
    for name, texts in moving[:3]:
        values = [text[:40] for text in reversed(texts[:3])]
        parts.append(message("anomaly.recursion.changes", name=name, values=values))
    whole = bool(same) and not moving
    yield context.anomaly(
        AnomalyKind.RECURSION,
        message("anomaly.recursion", parts=parts),
        context.code[where] if where < len(context.code) else at,
        0.9 if whole else 0.6,
        same[0] if same else None,
    )


def _period(frames: list[Frame]) -> tuple[int, int]:
    """Where from the innermost end, and with what period, the functions repeat. The innermost frames
    may be of a check or a look-up that happened to be the last straw."""
    keys = [(f.path, f.name) for f in frames[: MAX_CYCLE_LENGTH * (MIN_ROUNDS + 2)]]
    for start in range(min(MAX_CYCLE_LENGTH, len(keys))):
        for period in range(1, MAX_CYCLE_LENGTH + 1):
            end = start + period * MIN_ROUNDS
            if end <= len(keys) and all(keys[n] == keys[n + period] for n in range(start, end - period)):
                return start, period
    return 0, 0


def _rounds(frames: list[Frame], start: int, period: int) -> int:
    at = start
    while at + period < len(frames) and (frames[at].path, frames[at].name) == (
        frames[at + period].path,
        frames[at + period].name,
    ):
        at += 1
    return (at - start) // period + 1


def _compared(
    frames: list[Frame], start: int, period: int
) -> tuple[Frame, list[Variable], list[tuple[str, list[str]]]]:
    """The frame of a round with the most arguments, those that stay, and those that change with
    their texts, innermost first."""
    best: tuple[Frame, list[Variable], list[tuple[str, list[str]]]] = (frames[start], [], [])
    for offset in range(period):
        rounds = frames[start + offset :: period][:MAX_ROUNDS_COMPARED]
        values = [
            {v.name: v for v in f.locals or () if v.kind == "argument"}
            for f in rounds
            if f.locals is not None
        ]
        if len(values) < 4:
            continue
        same, moving = [], []
        for name, first in values[0].items():
            texts = [v[name].value for v in values if name in v]
            if name in _ADDRESS_FREE:
                continue
            if len(set(texts)) == 1 and not _is_opaque(first):
                same.append(first)
            elif len(set(texts)) > 1:
                moving.append((name, texts))
        if len(same) + len(moving) > len(best[1]) + len(best[2]):
            best = (rounds[0], same, moving)
    return best


def _is_opaque(value: Variable) -> bool:
    """Whether different objects would have this text: it names a type alone, or was cut."""
    return value.state != "ok" or "…" in value.value or (value.value[:1] == "<" and "=" not in value.value)
