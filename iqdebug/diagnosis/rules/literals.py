"""Values back from their texts, as far as the texts go. Nothing is run: only literals are read."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from iqdebug.core.state import Variable

__all__ = ["MISSING", "Text", "is_none", "literal", "number_of", "quoted", "size_of", "text_of"]

MAX_LITERAL_LENGTH = 4_000


class _Missing:
    """Stands for a value that its text does not give, since None is a value."""


MISSING = _Missing()
_LITERALS = frozenset(
    ("", "str", "bytes", "int", "float", "bool", "NoneType", "list", "tuple", "dict", "set", "frozenset")
)
_CUT = re.compile(r"… \(([\d,]+) long\)$")


def quoted(text: str) -> object:
    """The value that a literal's text stands for; MISSING for any other text."""
    if not text or len(text) > MAX_LITERAL_LENGTH:
        return MISSING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return MISSING


def literal(variable: Variable | None) -> object:
    """The value of a builtin type; MISSING where it was cut, or is of a type of its own."""
    if variable is None or variable.state != "ok" or variable.type not in _LITERALS:
        return MISSING
    return quoted(variable.value)


@dataclass(frozen=True, slots=True)
class Text:
    """A string's characters (or bytes, as latin-1) from its start; ``size`` is how long it is."""

    start: str
    size: int
    kind: type[str] | type[bytes]

    @property
    def whole(self) -> bool:
        return len(self.start) >= self.size


def text_of(variable: Variable | None) -> Text | None:
    """A string or bytes value as far as its text goes; None for anything else."""
    if variable is None or variable.state not in ("ok", "cut") or variable.type not in ("str", "bytes"):
        return None
    shown = variable.value
    text = quoted(shown)
    size: int | None = None
    if text is MISSING:
        cut = _CUT.search(shown)
        if cut is None:
            return None
        size = int(cut[1].replace(",", ""))
        body = shown[: cut.start()]
        quote = body[1:2] if body[:1] == "b" else body[:1]
        # The cut may have gone through an escape.
        for shorter in range(12):
            text = quoted(body[: len(body) - shorter] + quote)
            if text is not MISSING:
                break
    if isinstance(text, str):
        return Text(text, size if size is not None else len(text), str)
    if isinstance(text, bytes):
        return Text(text.decode("latin-1"), size if size is not None else len(text), bytes)
    return None


def size_of(variable: Variable | None) -> int | None:
    """The number of elements, where it is known."""
    if variable is None:
        return None
    if variable.size is not None:
        return variable.size
    whole = literal(variable)
    return len(whole) if isinstance(whole, str | bytes | list | tuple | dict | set | frozenset) else None


def number_of(variable: Variable | None) -> int | None:
    """A whole number's value; bool is none."""
    number = literal(variable)
    return number if type(number) is int else None


def is_none(variable: Variable | None) -> bool:
    return variable is not None and variable.value == "None" and variable.type in ("NoneType", "")
