"""The one way to standard output and standard error. Whatever a text holds, it cannot steer the terminal.

Texts come from programs, crash files, models, servers and the command line. Line ends and tabs stay;
every other control character, bidirectional mark, invisible character and lone surrogate is shown as its
escape. All commands print through this module; nothing else in iqdebug prints.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TextIO

from iqdebug.core.text import clean

__all__ = ["say", "say_error", "visible", "wipe", "write_over"]

_MAX_WIDTH = 100  # characters of a line that is written over


def visible(text: str) -> str:
    """The text with its line ends and tabs, and all else that is not printable made visible."""
    if text.isascii() and text.isprintable():
        return text
    return "\n".join("\t".join(clean(cell) for cell in line.split("\t")) for line in text.split("\n"))


def say(*lines: str, flush: bool = False) -> None:
    """Each text on a line of its own, to standard output.

    :raises BrokenPipeError: nobody reads it any more.
    """
    _write(sys.stdout, "".join(f"{visible(line)}\n" for line in lines), flush)


def say_error(*lines: str) -> None:
    """The same, to standard error. What cannot be written there is lost: nobody is left to be told."""
    with contextlib.suppress(OSError, ValueError):
        _write(sys.stderr, "".join(f"{visible(line)}\n" for line in lines), True)


def write_over(words: str) -> None:
    """Words in place of those that :func:`write_over` wrote before, on standard error, a terminal."""
    _write(sys.stderr, f"\r\x1b[K{clean(words)[:_MAX_WIDTH]}", True)


def wipe() -> None:
    """Take them away."""
    _write(sys.stderr, "\r\x1b[K", True)


def _write(stream: TextIO | None, text: str, flush: bool) -> None:
    if stream is None:  # closed before Python began
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:  # of a stream that somebody put into this place
        stream.write(text.encode("ascii", "backslashreplace").decode())
    if flush:
        stream.flush()
