"""A list of rows that draws only what is visible: the one widget behind every list here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import render
from iqdebug.core.text import clean

__all__ = ["Row", "RowsView"]


@dataclass(frozen=True, slots=True)
class Row:
    """``key`` identifies the row across refreshes; ``data`` is what a choice of it means.
    Rows that are not ``selectable`` are headings: the cursor passes over them."""

    text: Text
    key: Hashable = None
    data: Any = None
    selectable: bool = True


class RowsView(ScrollView, can_focus=True):
    """Rows with a cursor. Drawing costs the visible rows, however many there are.

    Subclasses with very many rows override :meth:`row_count` and :meth:`row_at`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--cursor-idle"}
    DEFAULT_CSS = """
    RowsView > .rows--cursor { background: $primary-muted; }
    RowsView > .rows--cursor-idle { background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1)"),
        ("down", "move(1)"),
        ("pageup", "page(-1)"),
        ("pagedown", "page(1)"),
        ("home", "end(-1)"),
        ("end", "end(1)"),
        ("left", "sideways(-8)"),
        ("right", "sideways(8)"),
        ("enter", "choose"),
    ]

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, view: RowsView, row: Row) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> RowsView:
            return self.view

    class Chosen(Message):
        """Enter or a click on a row."""

        def __init__(self, view: RowsView, row: Row) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> RowsView:
            return self.view

    def __init__(self, *, empty: Words = "", show_cursor: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._empty: Words = empty
        self._show_cursor = show_cursor
        self._widest = 0

    # content

    def row_count(self) -> int:
        return len(self._rows)

    def row_at(self, index: int) -> Row:
        return self._rows[index]

    def key_at(self, index: int) -> Hashable:
        return self.row_at(index).key

    @property
    def current_key(self) -> Hashable:
        """The key of the row under the cursor; None when there is no row."""
        return self.key_at(self.cursor) if 0 <= self.cursor < self.row_count() else None

    @property
    def empty_text(self) -> Words:
        """What stands here when there are no rows."""
        return self._empty

    @empty_text.setter
    def empty_text(self, words: Words) -> None:
        self._empty = words
        self.refresh()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows; the cursor stays on the row of the same key where that is still there."""
        key = self.current_key
        self._rows = rows
        self._widest = max((row.text.cell_len for row in rows), default=0)
        self.keep_cursor(key)
        self.content_changed()

    def keep_cursor(self, key: Hashable) -> None:
        """After a change of the rows: the cursor on the row of that key, else where it was."""
        count = self.row_count()
        index = None
        if key is not None:
            index = next((i for i in range(count) if self.key_at(i) == key), None)
        self.cursor = index if index is not None else self._selectable_near(min(self.cursor, count - 1), 1)

    def content_changed(self) -> None:
        self.virtual_size = Size(self._widest, max(self.row_count(), 1))
        self.refresh()

    @property
    def current(self) -> Row | None:
        return self.row_at(self.cursor) if 0 <= self.cursor < self.row_count() else None

    def set_title(self, words: Words) -> None:
        """The words in the border, as they are: never read as markup."""
        self.border_title = Text(clean(render(words)) or " ")

    def find(self, words: str, direction: int = 1) -> bool:
        """Move the cursor to the next row with the text, around the end if need be."""
        count = self.row_count()
        wanted = words.casefold()
        for step in range(1, count + 1):
            index = (self.cursor + direction * step) % count
            row = self.row_at(index)
            if row.selectable and wanted in row.text.plain.casefold():
                self._go(index, direction)
                return True
        return False

    def move_to_key(self, key: Hashable) -> None:
        for index in range(self.row_count()):
            if self.key_at(index) == key:
                self.cursor = index
                self.show_cursor_row()
                return

    # drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + self.scroll_offset.y
        base = self.rich_style
        if index >= self.row_count():
            words = render(self._empty) if y == 0 and self.row_count() == 0 else ""
            return Strip([Segment(words[:width].ljust(width), base + Style(dim=bool(words)))], width)
        row = self.row_at(index)
        console = self.app.console
        segments = row.text.render(console)
        if not row.text.spans:  # then Rich leaves the text's own style out
            segments = Segment.apply_style(segments, console.get_style(row.text.style))
        strip = Strip(segments)
        strip = strip.crop(self.scroll_offset.x, self.scroll_offset.x + width).extend_cell_length(width)
        if index == self.cursor and row.selectable and self._show_cursor:
            strip = self._under_cursor(strip)
        return strip.apply_style(base)

    def _under_cursor(self, strip: Strip) -> Strip:
        """A background of the theme; reversed where sixteen colours or none would lose it."""
        if self.app.console.color_system in (None, "standard", "windows"):
            if not self.has_focus:
                return strip
            return Strip([Segment(strip.text, Style(reverse=True))], strip.cell_length)
        if not self.has_focus:  # a row's own background wins
            return strip.apply_style(self.get_component_rich_style("rows--cursor-idle", partial=True))
        style = self.get_component_rich_style("rows--cursor", partial=True)
        return Strip(Segment.apply_style(strip, post_style=style), strip.cell_length)

    # moving

    def _selectable_near(self, index: int, direction: int) -> int:
        count = self.row_count()
        if count == 0:
            return 0
        index = max(0, min(index, count - 1))
        for way in (direction, -direction):
            at = index
            while 0 <= at < count:
                if self.row_at(at).selectable:
                    return at
                at += way
        return index

    def _go(self, index: int, direction: int) -> None:
        before = self.cursor
        self.cursor = self._selectable_near(index, direction)
        if index <= 0:
            self.scroll_to(y=0, animate=False)
        self.show_cursor_row()
        row = self.current
        if self.cursor != before and row is not None:
            self.post_message(self.Moved(self, row))

    def show_cursor_row(self) -> None:
        self.scroll_to_region(
            Region(self.scroll_offset.x, self.cursor, 1, 1), animate=False, force=True, immediate=True
        )

    def watch_cursor(self) -> None:
        self.refresh()

    def action_move(self, by: int) -> None:
        self._by(by, 1 if by > 0 else -1)

    def action_page(self, by: int) -> None:
        self._by(by * max(self.size.height - 1, 1), by)

    def action_end(self, where: int) -> None:
        count = self.row_count()
        if self._show_cursor:
            self._go(count - 1 if where > 0 else 0, -where)
        else:
            self._by(count if where > 0 else -count, where)

    def _by(self, rows: int, direction: int) -> None:
        """The cursor by so many rows; where none is shown, what is seen."""
        if self._show_cursor:
            self._go(self.cursor + rows, direction)
        else:
            self.scroll_to(y=max(self.scroll_offset.y + rows, 0), animate=False, force=True, immediate=True)

    def action_sideways(self, by: int) -> None:
        self.scroll_to(x=max(self.scroll_offset.x + by, 0), animate=False)

    def action_choose(self) -> None:
        row = self.current
        if row is not None and row.selectable:
            self.post_message(self.Chosen(self, row))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < self.row_count() and self.row_at(index).selectable:
            already = index == self.cursor
            self._go(index, 1)
            if already or event.chain > 1:
                self.action_choose()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
