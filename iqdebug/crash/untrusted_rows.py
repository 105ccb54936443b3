"""JSON of unknown origin, taken for what it should be or for nothing. Nothing here raises for
what the data contains.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = [
    "MAX_ID",
    "decoded",
    "flag",
    "lazily_decoded",
    "number",
    "pairs",
    "real",
    "rows",
    "text",
    "texts",
    "whole",
    "wholes",
]

Row = dict[str, Any]

MAX_ID = 1 << 60
_MAX_DECODED_ELEMENTS = 2_000_000
_MAX_LAZY_ELEMENTS = 6_000_000
"""Elements of one chunk: each costs memory many times its length in the file."""


class _Values(msgspec.Struct):
    values: dict[str, msgspec.Raw] = {}


_values = msgspec.json.Decoder(_Values)
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)"
)


def decoded(data: bytes) -> Row | None:
    """The object that a chunk holds, or None. Lone surrogates stay what they are; NaN and the
    infinities, which JSON does not have, become None."""
    if _elements(data) > _MAX_DECODED_ELEMENTS:
        return None
    try:
        found = msgspec.json.decode(data)
    except (ValueError, RecursionError, MemoryError):
        try:
            found = json.loads(data, parse_constant=lambda _: None)
        except (ValueError, RecursionError, MemoryError):
            return None
    return found if type(found) is dict else None


def lazily_decoded(data: bytes) -> dict[str, msgspec.Raw | Any] | None:
    """The members of the chunk's ``values``, each still to be decoded; None when it has none."""
    if _elements(data) > _MAX_LAZY_ELEMENTS:
        return None
    for attempt in (data, None):
        try:
            return dict(_values.decode(_without_surrogates(data) if attempt is None else attempt).values)
        except (ValueError, RecursionError, MemoryError):
            continue
    found = (decoded(data) or {}).get("values")
    return found if type(found) is dict else None


def _elements(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _without_surrogates(data: bytes) -> bytes:
    """Lone surrogates as the text of their escapes."""

    def shown(match: re.Match[bytes]) -> bytes:
        escape = match[0]
        return b"\\" + escape if len(escape) == 6 and escape[2:3] in b"dD" else escape

    return _ESCAPE.sub(shown, data)


def text(row: Row, key: str) -> str:
    found = row.get(key)
    return found if type(found) is str else ""


def whole(found: Any) -> int | None:
    """A number that can be an id, a line or a count."""
    return found if type(found) is int and 0 <= found <= MAX_ID else None


def number(row: Row, key: str, default: int = 0) -> int:
    found = whole(row.get(key))
    return default if found is None else found


def real(row: Row, key: str) -> float:
    """A moment or a measure; 0.0 for what is none."""
    found = row.get(key)
    if type(found) is int and abs(found) <= MAX_ID:
        return float(found)
    return found if type(found) is float and math.isfinite(found) else 0.0


def flag(row: Row, key: str) -> bool:
    return row.get(key) is True


def rows(row: Row, key: str) -> Iterator[Row]:
    found = row.get(key)
    return (r for r in found if type(r) is dict) if type(found) is list else iter(())


def texts(row: Row, key: str) -> tuple[str, ...]:
    found = row.get(key)
    return tuple(t for t in found if type(t) is str) if type(found) is list else ()


def wholes(row: Row, key: str) -> tuple[int, ...]:
    found = row.get(key)
    return tuple(n for n in found if whole(n) is not None) if type(found) is list else ()


def pairs(row: Row, key: str, length: int) -> Iterator[list[Any]]:
    """The members of a list that are lists of that length."""
    found = row.get(key)
    if type(found) is not list:
        return iter(())
    return (p for p in found if type(p) is list and len(p) == length)
