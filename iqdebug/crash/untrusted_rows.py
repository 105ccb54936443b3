"""Reads JSON of unknown origin: a member of an unexpected type counts as absent. Nothing here raises
because of what the data contains.
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
        value = msgspec.json.decode(data)
    except (ValueError, RecursionError, MemoryError):
        try:
            value = json.loads(data, parse_constant=lambda _: None)
        except (ValueError, RecursionError, MemoryError):
            return None
    return value if type(value) is dict else None


def lazily_decoded(data: bytes) -> dict[str, msgspec.Raw | Any] | None:
    """The members of the chunk's ``values``, each still to be decoded; None when it has none."""
    if _elements(data) > _MAX_LAZY_ELEMENTS:
        return None
    for attempt in (data, None):
        try:
            return dict(_values.decode(_without_surrogates(data) if attempt is None else attempt).values)
        except (ValueError, RecursionError, MemoryError):
            continue
    value = (decoded(data) or {}).get("values")
    return value if type(value) is dict else None


def _elements(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _without_surrogates(data: bytes) -> bytes:
    """Lone surrogates as the text of their escapes."""

    def shown(match: re.Match[bytes]) -> bytes:
        escape = match[0]
        return b"\\" + escape if len(escape) == 6 and escape[2:3] in b"dD" else escape

    return _ESCAPE.sub(shown, data)


def text(row: Row, key: str) -> str:
    value = row.get(key)
    return value if type(value) is str else ""


def whole(value: Any) -> int | None:
    """A number that can be an id, a line or a count."""
    return value if type(value) is int and 0 <= value <= MAX_ID else None


def number(row: Row, key: str, default: int = 0) -> int:
    value = whole(row.get(key))
    return default if value is None else value


def real(row: Row, key: str) -> float:
    """A time or a measurement; 0.0 if it is not a finite number."""
    value = row.get(key)
    if type(value) is int and abs(value) <= MAX_ID:
        return float(value)
    return value if type(value) is float and math.isfinite(value) else 0.0


def flag(row: Row, key: str) -> bool:
    return row.get(key) is True


def rows(row: Row, key: str) -> Iterator[Row]:
    value = row.get(key)
    return (r for r in value if type(r) is dict) if type(value) is list else iter(())


def texts(row: Row, key: str) -> tuple[str, ...]:
    value = row.get(key)
    return tuple(t for t in value if type(t) is str) if type(value) is list else ()


def wholes(row: Row, key: str) -> tuple[int, ...]:
    value = row.get(key)
    return tuple(n for n in value if whole(n) is not None) if type(value) is list else ()


def pairs(row: Row, key: str, length: int) -> Iterator[list[Any]]:
    """The members of a list that are lists of that length."""
    value = row.get(key)
    if type(value) is not list:
        return iter(())
    return (p for p in value if type(p) is list and len(p) == length)
