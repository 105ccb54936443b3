"""The source of the selected frame: current line, breakpoint gutter, cursor, search."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.worker import get_current_worker

from iqdebug.core.messages import Message, message, render
from iqdebug.core.messages import Text as Words
from iqdebug.core.state import Breakpoint
from iqdebug.core.text import clean
from iqdebug.tui.widgets.highlight import coloured
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["SourcePane", "Versions"]

_TAB = "    "
_CURRENT = Style(bold=True, bgcolor="#40361a")
_DEFINITION = re.compile(r"\s*(async\s+def|def|class)\s+\w+")


class Versions(Protocol):
    """A recording's text beside today's."""

    def lines(self, path: str, today: bool) -> Sequence[str]: ...

    def words(self, path: str, line: int, today: bool) -> Words:
        """What has to be said about the text shown; "" for nothing."""


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    line: int


class SourcePane(RowsView):
    """:param read_source: path → lines; () when there is no source.
    :param versions: of a recording: its text beside today's.
    :param in_memory: whether a path's text is the target's, in no file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("d", "definition"),
        ("g", "current"),
    ]

    def __init__(
        self,
        read_source: Callable[[str], Sequence[str]],
        id: str | None = None,
        versions: Versions | None = None,
        in_memory: Callable[[str], bool] = lambda path: False,
    ) -> None:
        super().__init__(empty=message("tui.source.no_frame"), id=id)
        self._read = read_source
        self._versions = versions
        self._in_memory = in_memory
        self.today = False  # of a recording: show what is on disk now
        self.path = ""
        self._lines: list[str] = []
        self._loaded: tuple[str, ...] = ()  # as it was read
        self._coloured: list[Text] = []
        self._current: _Place | None = None
        self._breakpoints: dict[int, Breakpoint] = {}
        self._all_breakpoints: Sequence[Breakpoint] = ()
        self.wandered = False  # the person is reading somewhere else than at the current line
        self.set_title(message("tui.source.title"))

    def show(self, path: str, line: int, *, current: bool = True, note: Words = "") -> None:
        """Show a file with the cursor on ``line`` (from 1). ``current`` marks it as the line
        that the selected frame is at; ``note`` says why another one is shown."""
        self._note = note
        self.wandered = not current
        if current:
            self._current = _Place(path, line) if path else None
        if path != self.path or self._has_come(path):
            self._load(path)
        self._say_which_text()
        self.cursor = max(min(line, len(self._lines)) - 1, 0)
        self._centre()
        self.refresh()

    def _has_come(self, path: str) -> bool:
        """Whether there is a text now where there was none, or memory holds another one."""
        if self._lines and not self._in_memory(path):
            return False
        return tuple(self._text(path)) != self._loaded

    def mark_current(self, path: str, line: int) -> None:
        """Move the mark of the current line, not what the person is looking at."""
        self._current = _Place(path, line)
        self.refresh()

    def _go(self, index: int, direction: int) -> None:
        super()._go(index, direction)
        self.wandered = True

    def clear(self, words: Words) -> None:
        self._current, self._note = None, ""
        self._load("")
        self._say_which_text()
        self.empty_text = words

    def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        self._all_breakpoints = breakpoints
        self._breakpoints = {b.line: b for b in breakpoints if b.path == self.path}
        self.refresh()

    @property
    def cursor_line(self) -> int:
        """The line under the cursor, from 1; 0 when there is no source."""
        return self.cursor + 1 if self._lines else 0

    def _text(self, path: str) -> Sequence[str]:
        if not path:
            return ()
        return self._read(path) if self._versions is None else self._versions.lines(path, self.today)

    def _load(self, path: str) -> None:
        self.path = path
        lines = self._loaded = tuple(self._text(path))
        self._lines = [clean(line.replace("\t", _TAB)) for line in lines]
        self._coloured = []
        self._widest = max((len(line) for line in self._lines), default=0) + 8
        self._title()
        self.empty_text = self._why_empty(path)
        self.set_breakpoints(self._all_breakpoints)
        self.scroll_to(x=0, animate=False)
        self.content_changed()
        if self._lines:
            self.run_worker(self._colour, thread=True, exclusive=True, group="highlight")

    def toggle_today(self) -> None:
        """Of a recording: the other of the two texts, at the same line number."""
        self.today = not self.today
        line = self.cursor_line
        self._load(self.path)
        self.cursor = max(min(line, len(self._lines)) - 1, 0)
        self._say_which_text()
        self._centre()

    _note: Words = ""

    def _say_which_text(self) -> None:
        """Below the text: why it is shown, and of a recording which text it is."""
        if self._versions is None or not self.path:
            memory = self._lines and self._in_memory(self.path)
            remarks = (self._note, message("tui.source.in_memory") if memory else "")
        else:
            here = self._current is not None and self._current.path == self.path
            line = self._current.line if here and self._current is not None else self.cursor_line
            remarks = (self._note, self._versions.words(self.path, line, self.today))
        self.border_subtitle = Text(clean(" · ".join(render(words) for words in remarks if words)))

    def _why_empty(self, path: str) -> Message:
        if not path:
            return message("tui.source.no_frame")
        if self._versions is not None:
            return message("tui.source.not_recorded")
        if path.startswith("<"):
            return message("tui.source.no_file", name=clean(path))
        if not os.path.exists(path):
            return message("tui.source.not_here")
        return message("tui.source.no_text")

    def _colour(self) -> None:
        path, lines = self.path, self._lines
        texts = coloured(lines)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._set_coloured, path, texts)

    def _set_coloured(self, path: str, texts: list[Text]) -> None:
        if path == self.path:
            self._coloured = texts
            self.refresh()

    def row_count(self) -> int:
        return len(self._lines)

    def row_at(self, index: int) -> Row:
        number = index + 1
        mark, style = self._mark(number)
        is_current = self._current == _Place(self.path, number)
        text = Text().append(mark, style)
        width = len(str(len(self._lines)))
        text.append(f"{number:>{width}} ", Style(dim=True))
        text.append("▶ " if is_current else "  ", Style(color="yellow", bold=True))
        body = self._coloured[index] if index < len(self._coloured) else Text(self._lines[index])
        text.append_text(body)
        if is_current:
            text.stylize(_CURRENT)
        return Row(text, key=number)

    def _mark(self, number: int) -> tuple[str, Style]:
        breakpoint_ = self._breakpoints.get(number)
        if breakpoint_ is None:
            return " ", Style()
        if not breakpoint_.enabled:
            return "○", Style(dim=True)
        if breakpoint_.log_message:
            return "◆", Style(color="blue", bold=True)
        if breakpoint_.condition or breakpoint_.hit_condition:
            return "◐", Style(color="red", bold=True)
        return ("●", Style(color="red", bold=True)) if breakpoint_.verified else ("◌", Style(color="yellow"))

    def _centre(self) -> None:
        top = max(self.cursor - max(self.size.height, 2) // 2, 0)
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        self._title()
        if self.wandered:
            self.show_cursor_row()
        else:
            self._centre()

    def _title(self) -> None:
        """The end of a path tells more than its beginning."""
        room = max(self.size.width - 12, 20) if self.size.width else 60
        title = message("tui.source.title")
        named = message("tui.source.title_of", path=_shortened(clean(self.path), room))
        self.set_title(named if self.path else title)

    def action_definition(self) -> None:
        """To the `def` or `class` line that the cursor stands in."""
        start = self.cursor
        if not self._lines:
            return
        indent = _indent(self._lines[start]) if self._lines[start].strip() else 1 << 30
        for index in range(start - 1, -1, -1):
            line = self._lines[index]
            if line.strip() and _DEFINITION.match(line) and _indent(line) < indent:
                self.cursor = index
                self.wandered = True
                self._centre()
                return
        self.notify(render(message("tui.source.no_definition")))

    def action_current(self) -> None:
        if self._current is not None:
            self.show(self._current.path, self._current.line)

    def find(self, words: str, direction: int = 1) -> bool:
        """Move the cursor to the next line with the text, around the end if need be."""
        count = len(self._lines)
        wanted = words.casefold()
        for step in range(1, count + 1):
            index = (self.cursor + direction * step) % count
            if wanted in self._lines[index].casefold():
                self.cursor = index
                self.wandered = True
                self._centre()
                return True
        return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _shortened(path: str, most: int) -> str:
    return path if len(path) <= most else "…" + path[-(most - 1) :]
