"""What the agent reports without being asked, as a closed union of types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from iqdebug.dap.agent_rows import LogRow, Said, decode

__all__ = [
    "AgentEvent",
    "FailedEvent",
    "HeldEvent",
    "HelloEvent",
    "LogsEvent",
    "PassedEvent",
    "RefusedEvent",
    "ReleasedEvent",
    "decode_event",
]


class HelloEvent(msgspec.Struct, frozen=True, tag="hello", tag_field="event"):
    """The agent is ready."""


class RefusedEvent(msgspec.Struct, frozen=True, tag="refused", tag_field="event"):
    """The agent does not start here, for another debugger is at work."""

    message: Said | str = ""


class FailedEvent(msgspec.Struct, frozen=True, tag="failed", tag_field="event"):
    """The agent ends for an error of its own."""

    message: str = ""


class ReleasedEvent(msgspec.Struct, frozen=True, tag="released", tag_field="event"):
    """The agent lets the program go, which has replaced what threads are made of."""

    message: Said


class LogsEvent(msgspec.Struct, frozen=True, tag="logs", tag_field="event"):
    records: tuple[LogRow, ...]
    dropped: int


class HeldEvent(msgspec.Struct, frozen=True, tag="held", tag_field="event", rename={"number": "hold"}):
    """A thread stands still at an exception that nobody catches. ``thread`` is Python's identifier;
    ``late``: the interpreter is ending."""

    number: int
    kind: str
    how: Said | str
    thread: int
    late: bool


class PassedEvent(msgspec.Struct, frozen=True, tag="passed", tag_field="event", rename={"number": "hold"}):
    """A held thread has gone on."""

    number: int


AgentEvent = HelloEvent | RefusedEvent | FailedEvent | ReleasedEvent | LogsEvent | HeldEvent | PassedEvent

_EVENTS: dict[str, type[AgentEvent]] = {
    "hello": HelloEvent,
    "refused": RefusedEvent,
    "failed": FailedEvent,
    "released": ReleasedEvent,
    "logs": LogsEvent,
    "held": HeldEvent,
    "passed": PassedEvent,
}


def decode_event(message: Mapping[str, Any]) -> AgentEvent | None:
    """None for an event that this version of iqdebug does not know.

    :raises ProtocolError: a known event has another shape.
    """
    kind = message.get("event")
    shape = _EVENTS.get(kind) if isinstance(kind, str) else None
    return None if shape is None else decode(message, shape)
