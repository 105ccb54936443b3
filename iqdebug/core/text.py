"""Text for people: made harmless, shortened, folded.

What comes from a target is cleaned of control characters, so that no value can steer the terminal.
"""

from __future__ import annotations

import textwrap
import unicodedata

from iqdebug.core.messages import message, render

__all__ = ["age", "clean", "file_line", "fitted", "folded", "is_invisible", "shortened", "size"]

_INVISIBLE = ("Cc", "Cs", "Cf", "Zl", "Zp")  # categories of Unicode


def is_invisible(character: str) -> bool:
    """Whether it could steer a terminal, turn the direction of writing, or is not seen."""
    return unicodedata.category(character) in _INVISIBLE


def clean(value: str) -> str:
    """The text on one line, with control characters and lone surrogates made visible."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(_shown(c) for c in value)


def _shown(character: str) -> str:
    if character in "\n\t":
        return "\\n" if character == "\n" else "\\t"
    if not is_invisible(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and its end where it is longer."""
    if len(text) <= most:
        return text
    kept = max(most // 2, 1)
    count = f"{len(text):,}"
    return render(message("core.text.shortened", beginning=text[:kept], count=count, end=text[-kept:]))


def age(seconds: float) -> str:
    """ "42s", "12m", "3h12", "5d"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}"
    return f"{whole // 86400}d"


def size(count: int) -> str:
    """Bytes as "512K", "38M", "1.2G"."""
    if count < 1 << 20:
        return f"{count >> 10}K"
    if count < 1 << 30:
        return f"{count >> 20}M"
    return f"{count / (1 << 30):.1f}G"


def fitted(line: str, width: int) -> str:
    """The line, or its beginning and "…" where it is longer."""
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most ``width`` columns, cut between words."""
    room = max(width, len(indent) + 20)
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def file_line(path: str, line: int) -> str:
    """``store.py:31``; "" where it is no place in a file."""
    name = clean(path).replace("\\", "/").rpartition("/")[2]
    return f"{name}:{line}" if name else ""
