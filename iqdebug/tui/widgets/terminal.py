"""A terminal in memory: what a program writes becomes lines of coloured text."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pyte
from pyte.screens import Char, Margins
from rich.segment import Segment
from rich.style import Style

__all__ = ["Terminal", "key_bytes"]

MAX_HISTORY_LINES = 5_000
"""Lines kept of what has scrolled away."""

MAX_BACKLOG_BYTES = 1 << 18  # bytes not yet shown beyond which the older ones are given up
KEPT_BACKLOG_BYTES = 1 << 15
CHUNK_BYTES = 1 << 11
_CURSOR_KEYS = 1 << 5

_KEYS = {
    "up": "A",
    "down": "B",
    "right": "C",
    "left": "D",
    "home": "H",
    "end": "F",
}
_SEQUENCES = {
    "enter": b"\r",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "backspace": b"\x7f",
    "escape": b"\x1b",
    "delete": b"\x1b[3~",
    "insert": b"\x1b[2~",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
}
_COLOURS = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}


class _Screen(pyte.Screen):
    """Keeps what scrolls off its top."""

    def __init__(self, columns: int, lines: int) -> None:
        self.history: deque[Mapping[int, Char]] = deque(maxlen=MAX_HISTORY_LINES)
        self.answer: Callable[[bytes], None] = lambda data: None
        super().__init__(columns, lines)

    def index(self) -> None:
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == bottom and top == 0:
            self.history.append(self.buffer[0])
        super().index()

    def write_process_input(self, data: str) -> None:
        self.answer(data.encode())

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Lines that no longer fit go to the history, not away."""
        if lines is not None and lines < self.lines:
            over = self.cursor.y - lines + 1
            for _ in range(over):
                self.history.append(self.buffer[0])
                for y in range(self.lines - 1):
                    self.buffer[y] = self.buffer[y + 1]
                self.buffer.pop(self.lines - 1, None)
            self.cursor.y = min(self.cursor.y, lines - 1)
            for y in range(lines, self.lines):
                self.buffer.pop(y, None)
            self.lines = lines
            self.set_margins()
        super().resize(lines, columns)


class Terminal:
    """:param answer: is given what the terminal itself replies to the program."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._waiting = bytearray()
        self.lost = 0
        """Lines that came too fast to be shown."""

    def reply_to(self, answer: Callable[[bytes], None]) -> None:
        self._screen.answer = answer

    @property
    def size(self) -> tuple[int, int]:
        return self._screen.columns, self._screen.lines

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)

    def write(self, data: bytes) -> None:
        """Take in what the program wrote; costs nothing until :meth:`settle`."""
        self._waiting += data
        if len(self._waiting) > MAX_BACKLOG_BYTES:
            kept_from = len(self._waiting) - KEPT_BACKLOG_BYTES
            cut = self._waiting.find(b"\n", kept_from) + 1 or kept_from
            self.lost += self._waiting.count(b"\n", 0, cut)
            del self._waiting[:cut]

    def settle(self, seconds: float = math.inf) -> bool:
        """Carry out what was written, for about so long; False when some of it is left."""
        deadline = time.monotonic() + seconds
        while self._waiting:
            data = bytes(self._waiting[:CHUNK_BYTES])
            del self._waiting[:CHUNK_BYTES]
            try:
                self._stream.feed(data)
            except Exception:  # a sequence that the emulation cannot digest costs its text, no more
                self._stream = pyte.ByteStream(self._screen)
            if time.monotonic() > deadline:
                break
        return not self._waiting

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, counted from the first kept line."""
        return min(self._screen.cursor.x, self._screen.columns - 1), len(
            self._screen.history
        ) + self._screen.cursor.y

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def line_count(self) -> int:
        """Kept lines and those of the screen down to the last that is in use."""
        screen = self._screen
        used = max((y for y, line in screen.buffer.items() if line and y < screen.lines), default=0)
        return len(screen.history) + max(used, screen.cursor.y) + 1

    def segments(self, row: int, width: int, cursor: int | None) -> list[Segment]:
        """A row as wide as ``width``; ``cursor`` is the column drawn reversed."""
        screen = self._screen
        kept = len(screen.history)
        line = screen.history[row] if row < kept else screen.buffer[row - kept]
        segments: list[Segment] = []
        text, style = "", Style()
        for x in range(width):
            char = line.get(x, screen.default_char)
            if char.data == "":  # the second half of a wide character
                continue
            this = _style(char, reverse=x == cursor)
            if this != style and text:
                segments.append(Segment(text, style))
                text = ""
            style = this
            text += char.data if char.data.isprintable() else "·"
        segments.append(Segment(text, style))
        return segments

    def text(self) -> str:
        """Everything kept, without colours."""
        rows = (self.segments(n, self._screen.columns, None) for n in range(self.line_count()))
        return "\n".join("".join(s.text for s in row).rstrip() for row in rows)

    def key(self, key: str, character: str | None) -> bytes:
        """What a terminal sends for the key, in the mode that the program has set."""
        return key_bytes(key, character, application=_CURSOR_KEYS in self._screen.mode)


def key_bytes(key: str, character: str | None, *, application: bool = False) -> bytes:
    """b"" for a key that a terminal has no bytes for. ``key`` is Textual's name of it."""
    if key in _SEQUENCES:
        return _SEQUENCES[key]
    if key in _KEYS:
        return f"\x1b{'O' if application else '['}{_KEYS[key]}".encode()
    letter = key.removeprefix("ctrl+")
    if not character and key.startswith("ctrl+") and len(letter) == 1 and letter.isalpha():
        return bytes([ord(letter) & 0x1F])
    return character.encode() if character else b""


_styles: dict[Any, Style] = {}


def _style(char: Char, *, reverse: bool) -> Style:
    key = (*char[1:], reverse)
    style = _styles.get(key)
    if style is None:
        style = _styles[key] = Style(
            color=_colour(char.fg),
            bgcolor=_colour(char.bg),
            bold=char.bold or None,
            italic=char.italics or None,
            underline=char.underscore or None,
            strike=char.strikethrough or None,
            reverse=(char.reverse != reverse) or None,
        )
    return style


def _colour(name: str) -> str | None:
    if name in _COLOURS:
        return _COLOURS[name]
    if len(name) == 6 and all(c in "0123456789abcdefABCDEF" for c in name):
        return f"#{name}"
    return name.replace("bright", "bright_") if name.startswith("bright") else name
