"""The exceptions of a crash, and how much of the suspicion each bears."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from iqdebug.core.state import ExceptionInfo, Frame, Snapshot
from iqdebug.diagnosis.source.functions import Function
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Failure", "failures"]

MAX_MEMBERS = 8
"""Of an exception group."""

GROUP_SHARE = 0.3
BEFORE_HANDLER_SHARE = 0.55
REPORTING_SHARE = 0.62
RAISED_AGAIN_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception and its frames, innermost first. ``share`` says how much of the suspicion is
    its own, where others are chained to it."""

    error: ExceptionInfo
    frames: tuple[Frame, ...]
    share: float


def failures(snapshot: Snapshot, texts: Texts) -> list[Failure]:
    """The exceptions of a crash, the first cause first."""
    error = snapshot.exception
    if error is None:
        return []
    thread = snapshot.focused
    frames = error.frames or (_before_labels(thread.frames) if thread is not None else ())
    return _unfolded(error, frames, 1.0, texts)


def _before_labels(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    cut = next((i for i, f in enumerate(frames) if f.kind == "label"), len(frames))
    return tuple(frames[:cut])


def _unfolded(error: ExceptionInfo, frames: tuple[Frame, ...], share: float, texts: Texts) -> list[Failure]:
    unfolded: list[Failure] = []
    if error.members:
        # A group only says that its members failed.
        for member in error.members[:MAX_MEMBERS]:
            unfolded += _unfolded(member, member.frames, share, texts)
        return [*unfolded, Failure(error, frames, share * GROUP_SHARE)]
    own = share
    for before in error.chain[:1]:
        # `raise X from e`, or a raise in an except block, reports a failure that came first. An
        # error of another kind inside the handler is a failure of the handler's own.
        reported = before.link == "cause" or _raised_on_purpose(frames, texts)
        if not before.frames:
            continue
        frames_below = _continued(before.frames, frames)
        nested = ExceptionInfo(before.type, before.message, chain=error.chain[1:], members=before.members)
        nested_share = share if reported else share * BEFORE_HANDLER_SHARE
        unfolded += _unfolded(nested, frames_below, nested_share, texts)
        own = share * (REPORTING_SHARE if reported else 1.0)
        if (before.type, before.message) == (error.type, error.message):
            # One failure, raised again as it came: out of a worker's process, mostly.
            own = share * RAISED_AGAIN_SHARE
    return sorted([*unfolded, Failure(error, frames, own)], key=lambda f: -f.share)


def _continued(frames: tuple[Frame, ...], outer: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """A traceback that ends where its exception was caught, and the calls that led there: those of
    the exception raised in its place, from the same function on."""
    if not frames:
        return frames
    last = frames[-1]
    at = next((i for i, f in enumerate(outer) if (f.path, f.name) == (last.path, last.name)), None)
    return frames if at is None else (*frames, *outer[at + 1 :])


def _raised_on_purpose(frames: Sequence[Frame], texts: Texts) -> bool:
    frame = next((f for f in frames if f.kind not in ("stdlib", "label")), None)
    if frame is None:
        return False
    return isinstance(Function.of(frame, texts).statement, ast.Raise | ast.Assert)
