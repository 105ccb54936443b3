"""What every rule about a moment of a program looks at, and what every rule says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import Frame, Origin, Phase, Snapshot, StopCause, Suspect, Thread, Variable
from iqdebug.diagnosis.source.functions import Function, unparsed
from iqdebug.diagnosis.source.outline import Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = [
    "NOT_MOVED",
    "Finding",
    "LiveContext",
    "Strength",
    "address",
    "as_number",
    "exception_message",
    "file_name",
    "local",
    "short",
    "shown",
    "suspect",
    "where",
    "who",
]

Strength = Literal["likely", "possible", "note"]
"""``likely``: the values and the source together prove it, short of running it again;
``possible``: it fits, and other readings fit too; ``note``: worth saying, accuses nobody."""

_KIND_FACTOR = {"user": 1.0, "library": 0.85, "stdlib": 0.7, "label": 0.5}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says: a sentence, and the places it accuses."""

    strength: Strength
    headline: Text
    suspects: tuple[Suspect, ...] = ()

    @property
    def accuses(self) -> bool:
        return self.strength != "note" and bool(self.suspects)

    @property
    def score(self) -> float:
        return max((s.score for s in self.suspects), default=0.0)


class LiveContext:
    """A snapshot, an earlier one of the same process where there is one, and the sources."""

    def __init__(
        self,
        snapshot: Snapshot,
        read_source: Callable[[str], Sequence[str]],
        earlier: Snapshot | None,
    ) -> None:
        self.snapshot = snapshot
        self.earlier = earlier if earlier is not None and earlier.pid == snapshot.pid else None
        self.texts = Texts(read_source)
        self._functions: dict[tuple[str, int, str], Function] = {}

    def source(self, frame: Frame) -> Outline:
        return self.texts[frame.path]

    def function(self, frame: Frame) -> Function:
        """The function that the frame runs. Its locals are those of the first frame seen at the line."""
        key = (frame.path, frame.line, frame.name)
        if key not in self._functions:
            self._functions[key] = Function.of(frame, self.texts)
        return self._functions[key]

    @cached_property
    def stopped_by_choice(self) -> bool:
        """Paused at a breakpoint or after a step: where the thread stands proves nothing."""
        now = self.snapshot
        return now.phase is Phase.PAUSED and now.exception is None and now.cause is not StopCause.PAUSE

    @cached_property
    def stopped(self) -> bool:
        return self.snapshot.origin in (Origin.DAP, Origin.RECORDED) and self.snapshot.phase.is_stopped

    def user_frame(self, thread: Thread) -> tuple[int, Frame] | None:
        """The innermost frame of the person's own code, before any chained exception."""
        for index, frame in enumerate(thread.frames):
            if frame.kind == "label":
                return None
            if frame.kind == "user":
                return index, frame
        return None

    def unmoved(self, thread: Thread) -> bool | None:
        """Whether every frame is where it was in the earlier snapshot; None if that is not
        known."""
        before = self._before(thread)
        if before is None:
            return None
        return [(f.path, f.name, f.line) for f in before.frames] == [
            (f.path, f.name, f.line) for f in thread.frames
        ]

    def same_function(self, thread: Thread) -> bool:
        """Whether the innermost user frame runs the call it ran in the earlier snapshot: the
        same function, called from the same lines."""
        before, now = self._before(thread), self.user_frame(thread)
        then = self.user_frame(before) if before is not None else None
        if before is None or now is None or then is None:
            return False
        (index, frame), (index_before, frame_before) = now, then
        callers = [(f.path, f.name, f.line) for f in thread.frames[index + 1 :]]
        callers_before = [(f.path, f.name, f.line) for f in before.frames[index_before + 1 :]]
        return (frame.path, frame.name) == (frame_before.path, frame_before.name) and (
            callers == callers_before
        )

    def _before(self, thread: Thread) -> Thread | None:
        if self.earlier is None:
            return None
        if thread.os_id is not None:
            by_os_id = next((t for t in self.earlier.threads if t.os_id == thread.os_id), None)
            if by_os_id is not None:
                return by_os_id
        return self.earlier.thread(thread.id) if self.earlier.origin is self.snapshot.origin else None


def suspect(
    frame: Frame,
    score: float,
    reasons: Sequence[Text],
    *,
    thread: Thread | None = None,
    index: int | None = None,
    proof: Sequence[Variable] = (),
) -> Suspect:
    """A suspect at the frame; code that is not the person's own weighs less."""
    return Suspect(
        path=frame.path,
        line=frame.line,
        function=frame.name,
        score=round(score * _KIND_FACTOR[frame.kind], 3),
        reason_messages=tuple(reasons),
        proof=tuple(proof),
        thread_id=thread.id if thread is not None else None,
        frame_index=index,
    )


def local(frame: Frame, name: str) -> Variable | None:
    """The local of that name, where locals were read."""
    return next((v for v in frame.locals or () if v.name == name), None)


MAX_SHOWN = 80
"""Characters of an expression."""

_ADDRESS = re.compile(r"\bat (0x[0-9a-fA-F]+)")
_NUMBER = re.compile(r"[-+]?(\d[\d_]*(\.\d*)?([eE][-+]?\d+)?|inf|nan)$")


def address(variable: Variable) -> str | None:
    """The address in a default repr: two names of one object share it."""
    match = _ADDRESS.search(variable.value[:300])
    return match[1].lower() if match else None


def as_number(variable: Variable | None) -> float | None:
    """The value as a float, where it is a plain number."""
    if variable is None or variable.state != "ok" or not _NUMBER.match(variable.value[:40]):
        return None
    try:
        return float(variable.value)
    except ValueError:
        return None


def short(text: str, limit: int = 60) -> str:
    """The text on one line, cut to the limit."""
    flat = " ".join(text[: 4 * limit].split())
    return flat if len(flat) <= limit else flat[: limit - 3] + "..."


def shown(node: ast.AST) -> str:
    """An expression on one line, cut where it is long."""
    return short(unparsed(node, 4 * MAX_SHOWN), MAX_SHOWN)


def file_name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def where(frame: Frame) -> Message:
    """``orders.py:12 in settle``"""
    return message("live.place", file=file_name(frame.path), line=frame.line, function=frame.name)


def who(thread: Thread) -> Message:
    if thread.is_main:
        return message("who.the_main_thread")
    return message("who.thread", name=thread.name or str(thread.id))


def exception_message(type_name: str, text: str) -> Text:
    """``ValueError: no such user``; without the colon where one of both is missing."""
    if not type_name or not text:
        return type_name or text
    return message("exception", type=type_name, text=text)


NOT_MOVED = message("live.not_moved")
"""That a thread stands where it stood in the earlier snapshot."""
