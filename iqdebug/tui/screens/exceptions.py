"""The exception with its causes, notes and group members, as a tree to walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import ExceptionInfo
from iqdebug.core.text import clean
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["ExceptionsScreen", "place_words", "walked"]

MAX_MESSAGE_LINES = 6
MAX_NOTE_LINES = 4
_LINKS: dict[str, Words] = {
    "": "",
    "cause": message("tui.exceptions.caused_by"),
    "context": message("tui.exceptions.while_handling"),
    "member": message("tui.exceptions.member"),
}


def walked(root: ExceptionInfo, depth: int = 0) -> Iterator[tuple[int, ExceptionInfo]]:
    """Every exception with its depth: members below their group, then the causes, each one deeper
    than what it caused."""
    yield depth, root
    for member in root.members:
        yield from walked(member, depth + 1)
    for step, below in enumerate(root.chain, 1):
        yield depth + step, below
        for member in below.members:
            yield from walked(member, depth + step + 1)


def place_words(error: ExceptionInfo) -> str:
    """Where it was raised, in the person's own code if it passed through any: function, file and
    line; "" when its traceback is not known."""
    frames = error.frames
    frame = next((f for f in frames if f.kind == "user"), frames[0] if frames else None)
    if frame is None:
        return ""
    return f"{clean(frame.name)}  {clean(frame.path).replace(chr(92), '/').rpartition('/')[2]}:{frame.line}"


class ExceptionsScreen(ModalScreen[ExceptionInfo | None]):
    """Enter chooses one.

    :param shown: the one whose traceback is shown now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,e", "dismiss_none")]

    def __init__(self, root: ExceptionInfo, shown: ExceptionInfo) -> None:
        super().__init__()
        self._root = root
        self._shown = shown

    def compose(self) -> ComposeResult:
        view = RowsView(empty=message("tui.exceptions.none"), id="exceptions")
        count = sum(1 for _ in walked(self._root))
        view.set_title(
            message("tui.exceptions.one") if count == 1 else message("tui.exceptions.several", count=count)
        )
        view.border_subtitle = Text(render(message("tui.exceptions.keys")))
        yield view

    def on_mount(self) -> None:
        rows: list[Row] = []
        for number, (depth, error) in enumerate(walked(self._root)):
            rows += _rows(number, depth, error, error is self._shown)
        view = self.query_one(RowsView)
        view.set_rows(rows)
        view.styles.height = min(len(rows) + 2, max(self.app.size.height * 9 // 10, 3))
        view.cursor = next((i for i, row in enumerate(rows) if row.data is self._shown), 0)
        view.focus()

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        self.dismiss(event.row.data)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)


def _rows(number: int, depth: int, error: ExceptionInfo, shown: bool) -> Iterator[Row]:
    indent = "   " * min(depth, 12)
    mark = "▶ " if shown else "  "
    first, *more = clean_lines(error.message) or [""]
    head = Text(indent).append(mark, Style(color="yellow", bold=True))
    link = render(_LINKS[error.link])
    head.append("└ " + (f"{link} " if link else "") if depth else "", Style(dim=True))
    head.append(clean(error.type), Style(color="red", bold=True))
    head.append(f": {first}" if first else "", Style())
    place = place_words(error)
    head.append(f"   {place or render(message('tui.exceptions.no_traceback'))}", Style(dim=True))
    yield Row(head, number, error)
    below = indent + "     "
    for line in more[:MAX_MESSAGE_LINES]:
        yield Row(Text(below + line), selectable=False)
    if len(more) > MAX_MESSAGE_LINES:
        left = message("tui.exceptions.more_lines", lines=f"{len(more) - MAX_MESSAGE_LINES:,}")
        yield Row(Text(below + render(left), Style(dim=True)), selectable=False)
    label = render(message("tui.exceptions.note"))
    for note in error.notes:
        lines = clean_lines(note)
        for index, line in enumerate(lines[:MAX_NOTE_LINES]):
            text = Text(below).append(f"{label} " if not index else " " * (len(label) + 1), Style(dim=True))
            yield Row(text.append(line, Style(italic=True)), selectable=False)


def clean_lines(words: str) -> list[str]:
    return [clean(line) for line in words.splitlines()]
