"""The agent's rows and answers as types. The agent runs in the target, which may be hostile and answer in its
place: a message of another shape is refused here, at the edge, in words.

The names on the wire are short, because a look at a large program sends many rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from iqdebug.core.errors import ProtocolError
from iqdebug.core.messages import Message, message

__all__ = [
    "UNEXPECTED_SHAPE",
    "ExceptionRow",
    "FrameRow",
    "LogRow",
    "OpenedRow",
    "OutcomeRow",
    "PlaceRow",
    "ReadRow",
    "RecordRow",
    "Said",
    "SourceRow",
    "TaskRow",
    "ThreadRow",
    "ThreadsAnswer",
    "VariableRow",
    "decode",
    "unexpected_shape",
]

UNEXPECTED_SHAPE = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError,
)  # fmt: skip
"""What code raises that meets a message of another shape."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said(Message):
    """A sentence of the agent's, which sends its id and the values. They are flat, however deep a hostile
    target's are: a message inside a message is refused."""

    values: tuple[tuple[str, str | int], ...] = ()


# rows


class VariableRow(
    msgspec.Struct,
    frozen=True,
    rename={
        "name": "n",
        "value": "v",
        "type": "t",
        "reference": "r",
        "size": "s",
        "state": "st",
        "kind": "k",
        "evaluate_name": "e",
    },
):
    name: str
    value: Said | str
    type: str = ""
    reference: int = 0
    size: int | None = None
    state: Literal["ok", "cut", "slow", "raised", "lazy"] = "ok"
    kind: Literal["local", "argument", "global", "item", "attribute", "property", "group"] = "local"
    evaluate_name: str | None = None


class FrameRow(
    msgspec.Struct, frozen=True, rename={"module": "mod", "first_line": "first", "is_label": "label"}
):
    name: str
    path: str
    line: int
    id: int | None
    is_label: bool = False
    module: str = ""
    locals: tuple[VariableRow, ...] | None = None
    span: tuple[int, int, int, int] | None = None
    first_line: int = 0
    calls: tuple[tuple[str, str, int, str], ...] = ()


class ThreadRow(
    msgspec.Struct,
    frozen=True,
    rename={"frames_total": "total", "is_main": "main", "os_id": "os", "is_greenlet": "waiting"},
):
    id: int
    name: Said | str
    frames: tuple[FrameRow, ...]
    frames_total: int
    is_main: bool
    os_id: int | None = None
    ident: int | None = None
    stopped: bool = False
    wait: Said | str = ""
    is_greenlet: bool = False


class TaskRow(msgspec.Struct, frozen=True, rename={"coroutine": "coro"}):
    name: str
    coroutine: str
    running: bool
    awaiting: str
    frames: tuple[FrameRow, ...]


class ExceptionRow(msgspec.Struct, frozen=True, rename={"own_str": "own"}):
    """``own_str``: its class says in a way of its own what its text is, which the agent does not call."""

    type: str
    message: str
    link: Literal["", "cause", "context", "member"]
    notes: tuple[str, ...]
    chain: tuple[ExceptionRow, ...]
    members: tuple[ExceptionRow, ...]
    frames: tuple[FrameRow, ...]
    own_str: bool = False


class LogRow(
    msgspec.Struct,
    frozen=True,
    rename={
        "time": "t",
        "stream": "s",
        "text": "x",
        "level": "l",
        "logger": "g",
        "path": "p",
        "line": "n",
    },
):
    time: float
    stream: Literal["stdout", "stderr", "logging", "iqdebug"]
    text: Said | str
    level: int = 0
    logger: str = ""
    path: str = ""
    line: int = 0


class PlaceRow(msgspec.Struct, frozen=True, rename={"code_name": "memory"}):
    """``code_name``: the name in the code, of a text that is in no file."""

    name: str
    path: str
    line: int
    code_name: str | None = None


# answers


class ThreadsAnswer(msgspec.Struct, frozen=True):
    threads: tuple[ThreadRow, ...]
    tasks: tuple[TaskRow, ...]


class OutcomeRow(msgspec.Struct, frozen=True):
    """What code of the target's gave: its text, what it raised, or that it has not come back yet."""

    text: str | None = None
    type: str = ""
    raised: str | None = None
    slow: Said | None = None


class ReadRow(
    msgspec.Struct,
    frozen=True,
    rename={"value": "v", "type": "t", "reference": "r", "would_run": "runs", "limit": "bound"},
):
    """A value that was read, or why it was not: reading it would run code, passed a limit, or failed."""

    value: str | None = None
    type: str = ""
    reference: int = 0
    would_run: Said | None = None
    limit: Said | str | None = None
    failed: str | None = None


class RecordRow(msgspec.Struct, frozen=True):
    """A crash file in base64 with a name for it, or why there is none."""

    name: str = ""
    data: str | None = None
    raised: str | None = None
    slow: Said | None = None


class OpenedRow(msgspec.Struct, frozen=True):
    """Why the debugger was not started in the target."""

    refused: Said


class SourceRow(msgspec.Struct, frozen=True):
    lines: tuple[str, ...]
    name: str


def unexpected_shape(error: Exception) -> ProtocolError:
    return ProtocolError(
        message("dap.agent.shape"),
        f"{type(error).__name__}: {error}"[:200],
        message("dap.agent.shape.fix"),
    )


def decode(message: object, shape: type[T]) -> T:
    """The message as a value of that type.

    :raises ProtocolError: it has another shape.
    """
    try:
        return msgspec.convert(message, shape)
    except (msgspec.ValidationError, *UNEXPECTED_SHAPE) as error:
        raise unexpected_shape(error) from None
