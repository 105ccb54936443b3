"""Small modal screens: a text to read, a line to type, a breakpoint to edit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import Breakpoint
from iqdebug.core.text import clean
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["BreakpointScreen", "LineScreen", "TextScreen"]


_HEAD = re.compile(r" *\S.{0,7}?  (?=\S)|  +")
"""What a row's words stand behind: a key or a name, and two blanks; or blanks."""


class TextScreen(ModalScreen[None]):
    """A text to read and scroll, wrapped at the width of the box; drawing costs the visible lines
    however long it is. ``y`` copies it.

    :param prose: it is cut between words, and the further lines of a row begin below its first word.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,question_mark", "close"),
        ("y", "copy"),
    ]

    def __init__(self, title: Words, text: Text, prose: bool = False) -> None:
        super().__init__()
        self._heading = title
        self._text = text
        self._prose = prose

    def compose(self) -> ComposeResult:
        view = RowsView(show_cursor=False, id="text-box")
        view.set_title(self._heading)
        view.border_subtitle = Text(render(message("tui.dialog.text_keys")))
        yield view

    def on_mount(self) -> None:
        self.query_one("#text-box").focus()
        self._wrap()

    def on_resize(self) -> None:
        self._wrap()

    def _wrap(self) -> None:
        width = max(self.app.size.width * 9 // 10 - 5, 10)  # the last column is the scroll bar's
        rows: list[Row] = []
        for line in self._text.split("\n", allow_blank=True):
            rows += map(Row, self._in_words(line, width) if self._prose else _cut(line, width))
        view = self.query_one("#text-box", RowsView)
        view.styles.height = min(len(rows) + 2, max(self.app.size.height * 9 // 10, 3))
        view.set_rows(rows)

    def _in_words(self, line: Text, width: int) -> list[Text]:
        head = _HEAD.match(line.plain)
        indent = min(head.end() if head else 0, width // 2)
        if len(line) <= width:
            return [line]
        beginning, words = line.divide([indent]) if indent else (Text(), line)
        wrapped = words.wrap(self.app.console, width - indent)
        for each in wrapped:
            each.rstrip()
        return [(Text(" " * indent) if n else beginning) + each for n, each in enumerate(wrapped)]

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._text.plain)
        self.notify(render(message("tui.dialog.copied")))


def _cut(line: Text, width: int) -> list[Text]:
    cuts = range(width, max(len(line), 1), width)
    return list(line.divide(cuts)) if cuts else [line]


class LineScreen(ModalScreen[str | None]):
    """One line of input; Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel")]

    def __init__(self, question: Words, value: str = "") -> None:
        super().__init__()
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(id="line-box") as box:
            box.border_title = Text(clean(render(self._question)))
            box.border_subtitle = Text(render(message("tui.dialog.line_keys")))
            yield Input(self._value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        self.dismiss(None)


class BreakpointScreen(ModalScreen[Breakpoint | None]):
    """Condition, hit count and log message of a breakpoint."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel")]

    def __init__(self, breakpoint_: Breakpoint) -> None:
        super().__init__()
        self._breakpoint = breakpoint_

    def compose(self) -> ComposeResult:
        breakpoint_ = self._breakpoint
        with Vertical(id="breakpoint-box") as box:
            where = f"{clean(breakpoint_.path).rpartition('/')[2]}:{breakpoint_.line}"
            box.border_title = Text(render(message("tui.dialog.breakpoint", where=where)))
            box.border_subtitle = Text(render(message("tui.dialog.breakpoint_keys")))
            yield Label(render(message("tui.dialog.condition")))
            yield Input(breakpoint_.condition, placeholder="order.total > 100", id="condition")
            yield Label(render(message("tui.dialog.hit_count")))
            yield Input(breakpoint_.hit_condition, id="hits")
            yield Label(render(message("tui.dialog.log_message")))
            example = render(message("tui.dialog.log_example"))
            yield Input(breakpoint_.log_message, placeholder=example, id="message")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(
            replace(
                self._breakpoint,
                condition=self.query_one("#condition", Input).value.strip(),
                hit_condition=self.query_one("#hits", Input).value.strip(),
                log_message=self.query_one("#message", Input).value.strip(),
            )
        )

    def action_cancel(self) -> None:
        self.dismiss(None)
