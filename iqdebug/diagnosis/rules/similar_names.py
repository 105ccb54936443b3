"""Names and keys that are nearly the same, and in what they differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from iqdebug.diagnosis.rules.literals import MISSING, quoted

__all__ = ["Near", "near_key", "near_name"]

_MOST = 600
_LONGEST = 80
_WORD_BORDERS = re.compile(r"[\s_\-.]+")
_ENUM = re.compile(r"<(\w+)\.(\w+): (.+)>$")


@dataclass(frozen=True, slots=True)
class Near:
    """``sure``: only the way of writing differs, so that no other reading is likely."""

    name: str
    how: str
    sure: bool


def near_name(wanted: str, names: Iterable[str]) -> Near | None:
    """The identifier that was probably meant: another case or other underscores, or a typo of one
    or two letters. Short names have so many neighbours that only their case is looked at."""
    known = list(dict.fromkeys(n for n in names if n != wanted and n.isidentifier()))[:_MOST]
    folded = _folded(wanted)
    if not folded:
        return None
    for name in known:
        if _folded(name) == folded:
            return Near(name, _how(wanted, name), True)
    if len(wanted) < 3:
        return None
    close = difflib.get_close_matches(wanted, known, 3, 0.72)
    best = min(close, key=lambda n: (_distance(wanted, n), n), default=None)
    if best is None:
        return None
    far = _distance(wanted, best)
    if _plural(wanted, best):
        return Near(best, "singular and plural", True)
    if far == 1 and len(wanted) >= 4:
        return Near(best, "one letter differs", True)
    if far <= 2 and len(wanted) >= 5:
        return Near(best, "two letters differ", False)
    return None


def near_key(wanted: str, keys: Iterable[str]) -> Near | None:
    """The key that was probably meant, all as they are written in source. A key of another type
    with the same text is the surest: data from JSON, CSV or a socket often brings it."""
    known = list(dict.fromkeys(keys))[:_MOST]
    value = quoted(wanted)
    enum = _ENUM.match(wanted)
    texts: dict[str, str] = {}
    for key in known:
        other = quoted(key)
        how = _other_type(value, other, enum, key)
        if how and key != wanted:
            return Near(key, how, True)
        if type(other) is type(value) and isinstance(other, str | bytes):
            texts[_text(other)] = key
    if not isinstance(value, str | bytes):
        return None
    text = _text(value)
    for other_text, key in texts.items():
        if other_text != text and _folded(other_text) == _folded(text) and _folded(text):
            return Near(key, _how(text, other_text), True)
    for other_text, key in texts.items():
        if _plural(_folded(text), _folded(other_text)):
            return Near(key, "singular and plural", True)
    if len(text) < 4:
        return None
    close = difflib.get_close_matches(text.casefold(), [t.casefold() for t in texts], 2, 0.75)
    back = {t.casefold(): key for t, key in texts.items()}
    near = [(t, back[t]) for t in close if _distance(text.casefold(), t) <= 2]
    # Where only digits differ the keys are of a series, of which this one is missing.
    near = [(t, key) for t, key in near if re.sub(r"\d+", "", t) != re.sub(r"\d+", "", text.casefold())]
    return Near(near[0][1], "a typing error", False) if near else None


def _other_type(value: object, other: object, enum: re.Match[str] | None, key: str) -> str:
    if enum is not None and other is not MISSING:
        return "the member's own value or name" if str(other) in (enum[2], enum[3].strip("'\"")) else ""
    member = _ENUM.match(key)
    if member is not None and value is not MISSING:
        return "a member of an enum" if str(value) in (member[2], member[3].strip("'\"")) else ""
    if value is MISSING or other is MISSING or type(value) is type(other):
        return ""
    types = f"{type(value).__name__} and {type(other).__name__}"
    if isinstance(other, tuple) and len(other) == 1 and type(other[0]) is type(value) and other[0] == value:
        return "a tuple of one"
    if isinstance(value, tuple) and len(value) == 1 and type(value[0]) is type(other) and value[0] == other:
        return "a tuple of one"
    plain = (str, bytes, int, float)
    if isinstance(value, plain) and isinstance(other, plain) and not isinstance(value, bool):
        return types if _text(value) == _text(other) and _text(value) else ""
    return ""


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _folded(text: str) -> str:
    return _WORD_BORDERS.sub("", text[:_LONGEST]).casefold()


def _how(wanted: str, found: str) -> str:
    if wanted.strip() == found.strip():
        return "white space at its ends"
    if wanted.casefold() == found.casefold():
        return "upper and lower case"
    borders = [_WORD_BORDERS.findall(wanted), _WORD_BORDERS.findall(found)]
    return "how its words are joined" if borders[0] != borders[1] else "how it is written"


def _plural(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and (long == short + "s" or long == short + "es")


def _distance(one: str, other: str) -> int:
    """Letters to add, drop, change, or swap with the next; at most the length of both."""
    one, other = one[:_LONGEST], other[:_LONGEST]
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
