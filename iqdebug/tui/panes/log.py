"""What the target logs and prints: a bounded ring, filtered, searched, followed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from iqdebug.core.messages import message, render
from iqdebug.core.state import LogRecord
from iqdebug.core.text import clean
from iqdebug.tui.messages import LineWanted
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["LogPane"]

MAX_RECORDS = 20_000
_LEVELS = {
    0: message("tui.output.all"),
    20: message("tui.output.info"),
    30: message("tui.output.warnings"),
    40: message("tui.output.errors"),
}
PAINT_INTERVAL_S = 0.1
MAX_LINE_CHARACTERS = 4_000


def _style(record: LogRecord) -> Style:
    if record.level >= 40:
        return Style(color="red")
    if record.level >= 30:
        return Style(color="yellow")
    if record.stream == "stderr":
        return Style(color="magenta")
    if record.stream == "iqdebug":
        return Style(color="blue")
    return Style()


class LogPane(RowsView):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("f", "follow"),
        ("w", "level"),
        ("x", "clear"),
    ]

    def __init__(self, id: str | None = None, *, recorded: bool = False) -> None:
        """:param recorded: the lines come from a recording, and no more will."""
        nothing = message("tui.output.none_recorded") if recorded else message("tui.output.none_yet")
        super().__init__(empty=nothing, id=id)
        self._recorded = recorded
        self._records: deque[LogRecord] = deque(maxlen=MAX_RECORDS)
        self._shown: list[LogRecord] = []
        self._level = 0
        self._search = ""
        self._follow = True
        self._lost = 0
        self._fresh: list[LogRecord] = []
        self._painting = False
        self.paints = 0
        self._title()

    def add(self, records: Sequence[LogRecord], dropped: int) -> None:
        """Take records in; the screen follows at most ten times a second."""
        self._records.extend(records)
        self._fresh += records
        if len(self._fresh) > MAX_RECORDS:
            del self._fresh[:-MAX_RECORDS]
        self._lost += dropped
        if not self._painting:
            self._painting = True
            self.set_timer(PAINT_INTERVAL_S, self._paint)

    def _paint(self) -> None:
        self._painting = False
        self.paints += 1
        self._shown += [r for r in self._fresh if self._wanted(r)]
        self._fresh = []
        if len(self._shown) > MAX_RECORDS:
            cut = len(self._shown) - MAX_RECORDS
            del self._shown[:cut]
            self.cursor = max(self.cursor - cut, 0)
        self._widest = max((len(r.text[:MAX_LINE_CHARACTERS]) for r in self._shown[-200:]), default=0) + 40
        self._title()
        self.content_changed()
        if self._follow and self._shown:
            self.cursor = len(self._shown) - 1
            self.scroll_to(y=len(self._shown), animate=False, force=True, immediate=True)

    def _wanted(self, record: LogRecord) -> bool:
        if self._level and record.level < self._level and record.stream == "logging":
            return False
        if self._level and record.stream == "stdout":
            return False
        return not self._search or self._search in record.text.casefold()

    def _title(self) -> None:
        words = [message("tui.output.title")]
        lost = f"{self._lost:,}"
        if self._level:
            words.append(_LEVELS[self._level])
        if self._search:
            words.append(message("tui.output.with", words=repr(self._search)))
        if self._lost and self._recorded:
            words.append(message("tui.output.older_not_kept", count=lost))
        elif self._lost:
            words.append(message("tui.output.dropped", count=lost))
        if not self._recorded:
            not_following = message("tui.output.not_following")
            words.append(message("tui.output.following") if self._follow else not_following)
        self.set_title("  ".join(map(render, words)))

    def _refilter(self) -> None:
        self._fresh = []
        self._shown = [r for r in self._records if self._wanted(r)]
        self.cursor = max(len(self._shown) - 1, 0)
        self._title()
        self.content_changed()
        self.show_cursor_row()

    def row_count(self) -> int:
        return len(self._shown)

    def row_at(self, index: int) -> Row:
        record = self._shown[index]
        # When a recorded line was printed is not known.
        clock = time.strftime("%H:%M:%S", time.localtime(record.time)) if record.time else " " * 8
        text = Text().append(clock + " ", Style(dim=True))
        if record.logger:
            text.append(f"{clean(record.logger)} ", Style(color="cyan"))
        text.append(clean(record.text[:MAX_LINE_CHARACTERS]), _style(record))
        if len(record.text) > MAX_LINE_CHARACTERS:
            more = message("tui.output.more_characters", count=f"{len(record.text) - MAX_LINE_CHARACTERS:,}")
            text.append(render(more), Style(dim=True))
        return Row(text, None, record)

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        """To the line that logged it, where the record says so."""
        event.stop()
        record: LogRecord = event.row.data
        if record.path and record.line:
            self.post_message(LineWanted(record.path, record.line))

    def on_mouse_scroll_up(self) -> None:
        """Whoever scrolls back wants to read, not to be taken to the end again."""
        self._set_follow(False)

    def search(self, words: str) -> None:
        """Show only lines with the text; "" shows all."""
        self._search = words.casefold()
        self._refilter()

    def action_level(self) -> None:
        numbers = list(_LEVELS)
        self._level = numbers[(numbers.index(self._level) + 1) % len(numbers)]
        self._refilter()

    def action_follow(self) -> None:
        self._follow = not self._follow
        self._title()
        if self._follow:
            self._paint()

    def action_clear(self) -> None:
        self._records.clear()
        self._lost = 0
        self._refilter()

    def _go(self, index: int, direction: int) -> None:
        super()._go(index, direction)
        self._set_follow(self.cursor >= len(self._shown) - 1)

    def _set_follow(self, follow: bool) -> None:
        if follow != self._follow:
            self._follow = follow
            self._title()
