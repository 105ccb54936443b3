"""Small modal screens: a text to read, a line to type, a breakpoint to edit."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from iqdebug.state import Breakpoint

__all__ = ["BreakpointScreen", "LineScreen", "TextScreen"]


class TextScreen(ModalScreen[None]):
    """A text to read and scroll. ``y`` copies it."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape,q,enter,question_mark", "close", "Close"),
        Binding("y", "copy", "Copy"),
    ]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._heading = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="text-box") as box:
            box.border_title = self._heading
            box.border_subtitle = "Esc: close   y: copy"
            yield Static(self._text)

    def on_mount(self) -> None:
        self.query_one("#text-box").focus()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._text.plain)
        self.notify("copied")


class LineScreen(ModalScreen[str | None]):
    """One line of input; Escape gives None."""

    BINDINGS = [Binding("escape", "cancel", "Cancel")]  # noqa: RUF012

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(id="line-box") as box:
            box.border_title = self._question
            box.border_subtitle = "Enter: do it   Esc: cancel"
            yield Input(self._value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        self.dismiss(None)


class BreakpointScreen(ModalScreen[Breakpoint | None]):
    """Condition, hit count and log message of a breakpoint."""

    BINDINGS = [Binding("escape", "cancel", "Cancel")]  # noqa: RUF012

    def __init__(self, breakpoint_: Breakpoint) -> None:
        super().__init__()
        self._breakpoint = breakpoint_

    def compose(self) -> ComposeResult:
        found = self._breakpoint
        with Vertical(id="breakpoint-box") as box:
            box.border_title = f"Breakpoint {found.path.rpartition('/')[2]}:{found.line}"
            box.border_subtitle = "Enter: set   Tab: next field   Esc: cancel"
            yield Label("Stop only if this expression is true")
            yield Input(found.condition, placeholder="order.total > 100", id="condition")
            yield Label("Hit count: 5, >= 5, % 10")
            yield Input(found.hit_condition, id="hits")
            yield Label("Log this instead of stopping; {expression} is filled in")
            yield Input(found.log_message, placeholder="total is {order.total}", id="message")

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
