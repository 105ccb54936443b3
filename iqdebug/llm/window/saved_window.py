"""What the window knows beyond the backend's log, as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.messages import Message, ToolCall
from iqdebug.llm.window.items import Item
from iqdebug.llm.window.ledger import Fact, Worth

__all__ = ["SavedWindow", "read_window", "write_window"]


class _Row(msgspec.Struct):
    message: Message
    stop: str
    turn: int
    calls: list[ToolCall]
    facts: list[tuple[Worth, str, str]]


class SavedWindow(msgspec.Struct):
    rows: list[_Row]
    pinned: list[str]
    turn: int
    stop: str

    def items(self) -> list[Item]:
        """Without marks and token counts: those are of the log that the items go into."""
        return [
            Item(r.message, 0, 0, r.stop, r.turn, tuple(r.calls), tuple(Fact(*f) for f in r.facts))
            for r in self.rows
        ]


def write_window(path: Path, items: Sequence[Item], pinned: list[str], turn: int, stop: str) -> None:
    """Mode 0600.

    :raises OSError: it cannot be written.
    """
    rows = [
        _Row(i.message, i.stop, i.turn, list(i.calls), [(f.worth, f.text, f.origin) for f in i.facts])
        for i in items
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(SavedWindow(rows, pinned, turn, stop)))


def read_window(path: Path) -> SavedWindow:
    """:raises ModelError: the file is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SavedWindow)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(message("llm.saved.unreadable"), str(error)[:200]) from None
