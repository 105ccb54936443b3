"""What exceptions mean and what to look at, for Python's own and those of common libraries.

The tables beside this file hold blocks of three lines: types as :attr:`ExceptionInfo.type` has them,
with ``~`` and a regular expression where the message must match; what it means; what to look at.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from iqdebug.core.state import ExceptionInfo
from iqdebug.diagnosis.knowledge import data, databases, errors, failures, standard, web
from iqdebug.diagnosis.knowledge.bases import BASES, LAST_NAMES

__all__ = ["Meaning", "meaning_of"]

_MESSAGE = 2_000
_DEEPEST = 12
_TABLES = (errors, failures, standard, web, databases, data)


class Meaning(NamedTuple):
    """``pattern`` is a regular expression that the message must match, "" for any; ``means`` and
    ``look`` are a sentence each."""

    pattern: str
    means: str
    look: str


def meaning_of(error: ExceptionInfo) -> str:
    """What an exception of this type means and what to look at, in two sentences; "" where nothing
    is known. The type is looked up by its qualified name, then by the known base classes and
    names; of several entries the first whose pattern fits the message is taken. Never raises."""
    known = _table()
    name = error.type.split(" ")[0]
    message = error.message[:_MESSAGE]
    for _ in range(_DEEPEST):
        for meaning in known.get(name, ()):
            if not meaning.pattern or re.search(meaning.pattern, message):
                return f"{meaning.means} {meaning.look}"
        base = BASES.get(name, "") or LAST_NAMES.get(name.rpartition(".")[2], "")
        if base in ("", name):
            return ""
        name = base
    return ""


@cache
def _table() -> dict[str, tuple[Meaning, ...]]:
    """Qualified type → its entries, those with a pattern first."""
    found: dict[str, list[Meaning]] = {}
    for block in "\n".join(table.ENTRIES for table in _TABLES).strip().split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines()]
        if len(lines) < 3:
            continue
        names, _, pattern = lines[0].partition(" ~ ")
        meaning = Meaning(pattern.strip(), lines[1], lines[2])
        for name in names.split():
            found.setdefault(name, []).append(meaning)
    return {name: tuple(sorted(listed, key=lambda m: not m.pattern)) for name, listed in found.items()}
