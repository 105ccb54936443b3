"""Names and keys that are nearly the same, and in what they differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from iqdebug.core.messages import Message, message
from iqdebug.diagnosis.rules.literals import MISSING, quoted

__all__ = ["Near", "near_key", "near_name"]

MAX_NAMES = 600
MAX_NAME_LENGTH = 80
_WORD_BORDERS = re.compile(r"[\s_\-.]+")
_ENUM = re.compile(r"<(\w+)\.(\w+): (.+)>$")


@dataclass(frozen=True, slots=True)
class Near:
    """``difference`` is in what it differs from what was wanted; ``sure``: only the way of writing
    differs, so that no other reading is likely."""

    name: str
    difference: Message
    sure: bool


def near_name(wanted: str, names: Iterable[str]) -> Near | None:
    """The identifier that was probably meant: another case or other underscores, or a typo of one
    or two letters. Short names have so many neighbours that only their case is looked at."""
    known = list(dict.fromkeys(n for n in names if n != wanted and n.isidentifier()))[:MAX_NAMES]
    folded = _folded(wanted)
    if not folded:
        return None
    for name in known:
        if _folded(name) == folded:
            return Near(name, _difference(wanted, name), True)
    if len(wanted) < 3:
        return None
    close = difflib.get_close_matches(wanted, known, 3, 0.72)
    best = min(close, key=lambda n: (_distance(wanted, n), n), default=None)
    if best is None:
        return None
    far = _distance(wanted, best)
    if _plural(wanted, best):
        return Near(best, message("near.plural"), True)
    if far == 1 and len(wanted) >= 4:
        return Near(best, message("near.one_letter"), True)
    if far <= 2 and len(wanted) >= 5:
        return Near(best, message("near.two_letters"), False)
    return None


def near_key(wanted: str, keys: Iterable[str]) -> Near | None:
    """The key that was probably meant, all as they are written in source. A key of another type
    with the same text is the surest: data from JSON, CSV or a socket often brings it."""
    known = list(dict.fromkeys(keys))[:MAX_NAMES]
    value = quoted(wanted)
    enum = _ENUM.match(wanted)
    texts: dict[str, str] = {}
    for key in known:
        other = quoted(key)
        difference = _other_type(value, other, enum, key)
        if difference is not None and key != wanted:
            return Near(key, difference, True)
        if type(other) is type(value) and isinstance(other, str | bytes):
            texts[_text(other)] = key
    if not isinstance(value, str | bytes):
        return None
    text = _text(value)
    for other_text, key in texts.items():
        if other_text != text and _folded(other_text) == _folded(text) and _folded(text):
            return Near(key, _difference(text, other_text), True)
    for other_text, key in texts.items():
        if _plural(_folded(text), _folded(other_text)):
            return Near(key, message("near.plural"), True)
    if len(text) < 4:
        return None
    close = difflib.get_close_matches(text.casefold(), [t.casefold() for t in texts], 2, 0.75)
    back = {t.casefold(): key for t, key in texts.items()}
    near = [(t, back[t]) for t in close if _distance(text.casefold(), t) <= 2]
    # Where only digits differ the keys are of a series, of which this one is missing.
    near = [(t, key) for t, key in near if re.sub(r"\d+", "", t) != re.sub(r"\d+", "", text.casefold())]
    return Near(near[0][1], message("near.typing_error"), False) if near else None


def _other_type(value: object, other: object, enum: re.Match[str] | None, key: str) -> Message | None:
    if enum is not None and other is not MISSING:
        same = str(other) in (enum[2], enum[3].strip("'\""))
        return message("near.value_of_member") if same else None
    member = _ENUM.match(key)
    if member is not None and value is not MISSING:
        same = str(value) in (member[2], member[3].strip("'\""))
        return message("near.member_of_enum") if same else None
    if value is MISSING or other is MISSING or type(value) is type(other):
        return None
    if _is_tuple_of(other, value) or _is_tuple_of(value, other):
        return message("near.tuple_of_one")
    plain = (str, bytes, int, float)
    if not isinstance(value, plain) or not isinstance(other, plain) or isinstance(value, bool):
        return None
    if _text(value) != _text(other) or not _text(value):
        return None
    return message("near.types", wanted=type(value).__name__, known=type(other).__name__)


def _is_tuple_of(value: object, element: object) -> bool:
    """Whether a value is a tuple of this one element."""
    if not isinstance(value, tuple) or len(value) != 1:
        return False
    return type(value[0]) is type(element) and bool(value[0] == element)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _folded(text: str) -> str:
    return _WORD_BORDERS.sub("", text[:MAX_NAME_LENGTH]).casefold()


def _difference(wanted: str, known: str) -> Message:
    """Between two texts that are equal but for case, white space and word borders."""
    if wanted.strip() == known.strip():
        return message("near.white_space")
    if wanted.casefold() == known.casefold():
        return message("near.case")
    if _WORD_BORDERS.findall(wanted) != _WORD_BORDERS.findall(known):
        return message("near.joined")
    return message("near.written")


def _plural(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and (long == short + "s" or long == short + "es")


def _distance(one: str, other: str) -> int:
    """Letters to add, drop, change, or swap with the next; at most the length of both."""
    one, other = one[:MAX_NAME_LENGTH], other[:MAX_NAME_LENGTH]
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
