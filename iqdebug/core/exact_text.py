"""Text that a person decides on, so that what is seen is what is there, character for character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

__all__ = ["as_seen", "exact_lines", "shown_as_is"]

_UNMISTAKABLE = ("CJK UNIFIED IDEOGRAPH", "HIRAGANA LETTER", "KATAKANA LETTER", "HANGUL SYLLABLE")


@lru_cache(maxsize=4096)
def shown_as_is(character: str) -> bool:
    """Whether a character looks like itself and nothing else: printable ASCII, a Latin letter with
    accents, East Asian writing, and what the debugger's own words use. Everything else could be unseen
    (control, bidirectional and zero-width characters, blanks of other widths, fillers), stand on top of
    its neighbour, or be taken for an ASCII character (Cyrillic and Greek letters, mathematical ones)."""
    if character.isascii():
        return character.isprintable()
    if character in "…→–—’‘“”§°":
        return True
    if unicodedata.name(character, "").startswith(_UNMISTAKABLE):
        return True
    parts = unicodedata.normalize("NFD", character)
    return len(parts) > 1 and parts[0].isascii() and parts[0].isalpha()


def as_seen(character: str) -> str:
    """The character, or its escape as Python writes it."""
    if shown_as_is(character):
        return character
    code = ord(character)
    if character in "\t\n":
        return "\\t" if character == "\t" else "\\n"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def exact_lines(text: str, one_line: bool = False) -> Iterator[list[tuple[str, bool]]]:
    """Line by line (``\\n`` alone ends one): pieces, and whether a piece is an escape that stands for a
    character, to be told from the same letters in the text.

    :param one_line: line ends are escaped too.
    """
    for line in [text] if one_line else text.split("\n"):
        yield [
            ("".join(map(as_seen, characters)), not as_is) for as_is, characters in groupby(line, shown_as_is)
        ]
