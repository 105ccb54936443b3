"""The messages in the window, and what a message leaves behind when it is folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iqdebug.llm.messages import Message, ToolCall
from iqdebug.llm.window.ledger import Fact, facts_of

__all__ = ["Item", "facts_of_item"]


@dataclass(slots=True)
class Item:
    """A message in the window. ``mark`` is its block's in the backend's log."""

    message: Message
    mark: int
    tokens: int
    stop: str = ""
    turn: int = 0
    calls: tuple[ToolCall, ...] = ()
    facts: tuple[Fact, ...] = ()  # of a ledger


def facts_of_item(item: Item) -> Sequence[Fact]:
    """Of a ledger, those it holds. A pinned note has none, because it is kept whole."""
    if item.message.source == "ledger":
        return item.facts
    return facts_of(item.message, _origin(item), item.calls)


def _origin(item: Item) -> str:
    if item.message.source == "evidence":
        return item.stop or "stop"
    return f"turn {item.turn}" if item.turn else "start"
