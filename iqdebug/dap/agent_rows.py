"""What the agent's rows are made of. The agent runs in the target, which may be hostile and answer in
its place: a row of another shape is refused here, at the edge, in words."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from iqdebug.core.errors import IqdebugError, ProtocolError

__all__ = [
    "MISUNDERSTOOD",
    "ExceptionRow",
    "FrameRow",
    "LogRow",
    "TaskRow",
    "ThreadRow",
    "VariableRow",
    "rows_of",
    "sound",
    "understood",
    "unexpected",
]

MISUNDERSTOOD = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError,
)  # fmt: skip
"""What code raises that reads an answer of another shape."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Rows = list[Any]


class VariableRow(msgspec.Struct):
    n: str
    v: str
    t: str = ""
    r: int = 0
    s: int | None = None
    st: Literal["ok", "cut", "slow", "raised", "lazy"] = "ok"
    k: Literal["local", "argument", "global", "item", "attribute", "property", "group"] = "local"
    e: str | None = None


class FrameRow(msgspec.Struct):
    name: str
    path: str
    line: int
    id: int | None
    label: bool = False
    mod: str = ""
    locals: _Rows | None = None
    span: tuple[int, int, int, int] | msgspec.UnsetType = msgspec.UNSET
    first: int = 0
    calls: list[tuple[str, str, int, str]] = []


class ThreadRow(msgspec.Struct):
    id: int
    name: str
    frames: _Rows
    total: int
    main: bool
    os: int | None = None
    ident: int | None = None
    stopped: bool = False


class ExceptionRow(msgspec.Struct):
    type: str
    message: str
    link: Literal["", "cause", "context", "member"]
    notes: list[str]
    chain: _Rows
    members: _Rows
    frames: _Rows


class TaskRow(msgspec.Struct):
    name: str
    coro: str
    running: bool
    awaiting: str
    frames: _Rows


class LogRow(msgspec.Struct):
    t: float
    s: Literal["stdout", "stderr", "logging", "iqdebug"]
    x: str
    l: int = 0  # noqa: E741 - the wire's own name
    g: str = ""
    p: str = ""
    n: int = 0


def unexpected(error: Exception) -> ProtocolError:
    return ProtocolError(
        "The agent in the target answered in an unexpected shape",
        f"{type(error).__name__}: {error}"[:200],
        "If the program is not hostile and it happens again, please report it.",
    )


def sound(row: Any, shape: type[Any]) -> dict[str, Any]:
    """The row, when its fields have the types of the shape; others are as they may be.

    :raises ProtocolError: they have not.
    """
    try:
        msgspec.convert(row, shape)
    except (msgspec.ValidationError, *MISUNDERSTOOD) as error:
        raise unexpected(error) from None
    assert isinstance(row, dict)
    return row


def rows_of(answer: Any, name: str) -> list[Any]:
    """:raises ProtocolError: there is no list of that name in the answer."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise unexpected(KeyError(name))
    return found


def understood(ask: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """For a method that asks the agent and reads the answer: a shape that it does not expect ends in
    ProtocolError."""

    @functools.wraps(ask)
    async def asked(*arguments: _P.args, **named: _P.kwargs) -> _R:
        try:
            return await ask(*arguments, **named)
        except IqdebugError:
            raise
        except MISUNDERSTOOD as error:
            raise unexpected(error) from None

    return asked
