"""A model wants to do more than read: what exactly, and the person's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.strip import Strip

from iqdebug.assistant.ui_context import Consent
from iqdebug.core.exact_text import exact_lines
from iqdebug.core.messages import message, render
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["MAX_SHOWN", "ConsentScreen"]

MAX_SHOWN = 100_000
"""Characters of a text that can be agreed to: nobody reads more."""

_WIDTH, _FRAME = 80, 5  # columns of the box; those of border, padding and scroll bar
_TITLES = {
    "probe": message("tui.consent.probe"),
    "control": message("tui.consent.control"),
    "mutate": message("tui.consent.mutate"),
    "yours": message("tui.consent.yours"),
}


class _Read(RowsView):
    """Rows, and how many of them were on the screen without a gap, from the first on."""

    seen = 0

    def begin_again(self, rows: list[Row]) -> None:
        self.seen = 0
        self.set_rows(rows)
        self.scroll_to(y=0, animate=False, force=True, immediate=True)

    @property
    def whole(self) -> bool:
        return self.seen >= self.row_count()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Called when rows are drawn: then they count."""
        strips = super().render_lines(crop)
        first, before = self.scroll_offset.y, self.seen
        if first <= self.seen:
            self.seen = max(self.seen, min(first + self.size.height, self.row_count()))
        if self.seen != before and isinstance(self.screen, ConsentScreen):
            self.call_later(self.screen.say_keys)
        return strips

    def _by(self, rows: int, direction: int) -> None:
        """No key leads past a row that was not drawn yet."""
        y = max(min(self.scroll_offset.y + rows, self.seen), 0)
        self.scroll_to(y=y, animate=False, force=True, immediate=True)


class ConsentScreen(ModalScreen[Consent]):
    """Shows the exact text that would be run, set or changed, every character of it. A yes is taken once
    all of it has been on the screen. Escape refuses.

    :param may_hold: whether the answer may hold for the session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "answer('once')"),
        ("s", "answer('session')"),
        ("n,escape", "answer('no')"),
    ]

    def __init__(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> None:
        super().__init__()
        self._right = right
        self._may_hold = may_hold
        self._parts = [(action, Style(bold=True)), (detail, Style(color="yellow")), (why, Style(dim=True))]
        self._too_long = sum(len(text) for text, _ in self._parts) > MAX_SHOWN

    def compose(self) -> ComposeResult:
        view = _Read(show_cursor=False, id="consent-box")
        view.set_title(_TITLES.get(self._right, message("tui.consent.asks", right=self._right)))
        yield view

    @property
    def _view(self) -> _Read:
        return self.query_one("#consent-box", _Read)

    def on_mount(self) -> None:
        self._view.focus()
        self._wrap()

    def on_resize(self, event: events.Resize) -> None:
        self._wrap()

    def _wrap(self) -> None:
        width = max(min(self.app.size.width * 95 // 100, _WIDTH) - _FRAME, 1)
        rows: list[Row] = []
        for number, (text, style) in enumerate(self._parts):
            if text:
                rows += [Row(Text())] if rows else []
                shown = wrapped(text[:MAX_SHOWN], width, style, number != 1, number == 0)
                rows += map(Row, shown)
        view = self._view
        view.styles.height = min(len(rows) + 2, max(self.app.size.height * 9 // 10, 3))
        view.begin_again(rows)
        self.say_keys()

    def say_keys(self) -> None:
        """The keys that work now, in the border."""
        if not self.is_mounted:
            return
        view = self._view
        if self._too_long:
            words = message("tui.consent.too_long")
        elif not view.whole:
            words = message("tui.consent.unread", seen=view.seen, lines=view.row_count())
        elif self._may_hold:
            words = message("tui.consent.keys_session")
        else:
            words = message("tui.consent.keys")
        view.border_subtitle = Text(render(words))

    def action_answer(self, answer: Consent) -> None:
        if answer != "no" and (self._too_long or not self._view.whole):
            return
        if answer == "session" and not self._may_hold:
            return
        self.dismiss(answer)


def wrapped(
    text: str, width: int, style: Style, prose: bool = False, one_line: bool = False
) -> Iterator[Text]:
    """The lines of a text, cut at that many columns wherever that is, of ``prose`` behind a blank where
    one is near; blanks at their ends are kept. Escapes are reversed."""
    escape = style + Style(reverse=True)
    for pieces in exact_lines(text, one_line):
        line = Text()
        for piece, is_escape in pieces:
            while piece:
                size = _fitting(piece, width - line.cell_len, not line)
                line.append(piece[:size], escape if is_escape else style)
                piece = piece[size:]
                if piece:
                    blank = line.plain.rfind(" ") + 1 if prose else 0
                    whole, *rest = line.divide([blank]) if blank > len(line) // 2 else [line]
                    yield whole
                    line = rest[0] if rest else Text()
        yield line


def _fitting(piece: str, columns: int, at_least_one: bool) -> int:
    """How many of its characters fit."""
    if piece.isascii():
        return max(columns, int(at_least_one))
    size = used = 0
    for character in piece:
        used += cell_len(character)
        if used > columns and (size or not at_least_one):
            break
        size += 1
    return size
