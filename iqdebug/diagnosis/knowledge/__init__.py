"""What exceptions mean and what to look at, for Python's own and those of common libraries.

The tables beside this file hold two lines an entry: the end of its message's id, ``meaning.…``; below
it the types as :attr:`ExceptionInfo.type` has them, with ``~`` and a regular expression where the
exception's message must match. The sentences are in the catalogue, in ``iqdebug/core/messages/en/meanings``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from iqdebug.core.messages import Message
from iqdebug.core.state import ExceptionInfo
from iqdebug.diagnosis.knowledge import data, databases, errors, failures, standard, web
from iqdebug.diagnosis.knowledge.bases import BASES, LAST_NAMES

__all__ = ["Meaning", "meaning_of", "meanings"]

MAX_MESSAGE_LENGTH = 2_000
MAX_BASES = 12
_TABLES = (errors, failures, standard, web, databases, data)


class Meaning(NamedTuple):
    """``pattern`` is a regular expression that the exception's message must match, "" for any;
    ``message`` is what it means and what to look at, a sentence each."""

    pattern: str
    message: Message


def meaning_of(error: ExceptionInfo) -> Message | None:
    """What an exception of this type means and what to look at; None where nothing is known. The type
    is looked up by its qualified name, then by the known base classes and names; of several entries the
    first whose pattern fits the message is taken. Never raises."""
    known = meanings()
    name = error.type.split(" ")[0]
    text = error.message[:MAX_MESSAGE_LENGTH]
    for _ in range(MAX_BASES):
        for meaning in known.get(name, ()):
            if not meaning.pattern or re.search(meaning.pattern, text):
                return meaning.message
        base = BASES.get(name, "") or LAST_NAMES.get(name.rpartition(".")[2], "")
        if base in ("", name):
            return None
        name = base
    return None


@cache
def meanings() -> dict[str, tuple[Meaning, ...]]:
    """Qualified type → its entries, those with a pattern first."""
    entries: dict[str, list[Meaning]] = {}
    rows = [row for table in _TABLES for row in table.ENTRIES.strip().splitlines()]
    for message_id, types in zip(rows[::2], rows[1::2], strict=True):
        names, _, pattern = types.strip().partition(" ~ ")
        meaning = Meaning(pattern.strip(), Message(f"meaning.{message_id}"))
        for name in names.split():
            entries.setdefault(name, []).append(meaning)
    return {name: tuple(sorted(listed, key=lambda m: not m.pattern)) for name, listed in entries.items()}
