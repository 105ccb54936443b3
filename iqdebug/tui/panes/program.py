"""The terminal of a program that iqdebug started: its output, and keys for its input."""

from __future__ import annotations

from typing import Protocol

from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.text import clean
from iqdebug.tui.widgets.terminal import Terminal

__all__ = ["LEAVE_KEY", "KeyboardMoved", "Left", "ProgramPane", "ProgramTerminal"]

LEAVE_KEY = "ctrl+right_square_bracket"
PAINT_INTERVAL_S = 0.04
PAINT_BUDGET_S = 0.02  # what comes faster for long is not shown, and does not wait for us
RESERVED_KEYS = {
    "f5",
    "f6",
    "f9",
    "f10",
    "f11",
    "shift+f5",
    "shift+f11",
    "f17",
    "f23",
    "ctrl+shift+f5",
    "f29",
}
"""Keys of iqdebug's that a program does not get: the debugger's function keys."""

_SCROLL = {"shift+pageup": -1, "shift+pagedown": 1}


class ProgramTerminal(Protocol):
    """The other end of the program's terminal."""

    @property
    def running(self) -> bool: ...

    def write(self, data: bytes) -> None: ...

    def resize(self, columns: int, lines: int) -> None: ...


class ProgramPane(ScrollView, can_focus=True):
    """While the program runs every key goes to it, but for the debugger's function keys and
    Ctrl-], which gives the keyboard back. Afterwards the keys are iqdebug's."""

    DEFAULT_CSS = """
    ProgramPane { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    """

    def __init__(self, program: ProgramTerminal, id: str | None = None) -> None:
        super().__init__(id=id)
        self._program = program
        self._terminal = Terminal()
        self._terminal.reply_to(program.write)
        self._painting = False
        self._follow = True
        self._state: Words = ""
        self._title()

    def show_state(self, words: Words) -> None:
        """What has become of the program, in words; "" while it runs."""
        self._state = words
        self._title()
        self.refresh()

    def hear(self, data: bytes) -> None:
        """The program wrote; the screen follows 25 times a second."""
        self._terminal.write(data)
        if not self._painting:
            self._painting = True
            self.set_timer(PAINT_INTERVAL_S, self._paint)

    def begin_again(self) -> None:
        """What was written before stays above a line that says so."""
        again = render(message("tui.program.started_again"))
        self.hear(f"\x1b[0m\x1b[?25h\r\n\x1b[2m-- {again} --\x1b[0m\r\n".encode())
        self._follow = True
        self.show_state(message("tui.program.starting"))

    @property
    def content(self) -> str:
        """Everything that is kept, without colours."""
        self._terminal.settle()
        return self._terminal.text()

    # drawing

    def _paint(self) -> None:
        self._painting = not self._terminal.settle(PAINT_BUDGET_S)
        if self._painting:
            self.set_timer(PAINT_INTERVAL_S, self._paint)
        self._measure()
        lost = self._terminal.lost
        if lost != self._lost_shown:
            self._lost_shown = lost
            self._title()

    _lost_shown = 0

    def _measure(self) -> None:
        count = self._terminal.line_count()
        self.virtual_size = Size(self.size.width, count)
        if self._follow:
            self.scroll_to(y=max(count - self.size.height, 0), animate=False, force=True, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        row = y + self.scroll_offset.y
        if row >= self._terminal.line_count():
            return Strip.blank(width, self.rich_style)
        x, at = self._terminal.cursor
        shows = self.has_focus and self._program.running and not self._terminal.cursor_hidden
        segments = self._terminal.segments(row, width, x if shows and row == at else None)
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)

    def _title(self) -> None:
        words: list[Words] = [message("tui.program.title")]
        if self._state:
            words.append(self._state)
        if self._terminal.lost:
            words.append(message("tui.program.lost", count=f"{self._terminal.lost:,}"))
        if not self._follow:
            words.append(message("tui.program.scrolled_back"))
        self.border_title = Text(clean("  ".join(map(render, words))))
        self.border_subtitle = Text(render(message("tui.program.keys"))) if self.takes_keys else ""

    def on_resize(self, event: events.Resize) -> None:
        """The program's terminal is as large as the pane, but does not become lower while the person
        looks elsewhere: a pane that gives room to others for a while shows its last lines."""
        columns, lines = self._terminal.size
        width, height = self.size.width, self.size.height
        if width < 10 or height < 2:
            return
        aside = width == columns and self._sized and not self.has_focus
        wanted = (width, max(height, lines) if aside else height)
        self._sized = True
        if wanted != (columns, lines):
            self._terminal.resize(*wanted)
        self._program.resize(*wanted)
        self._measure()

    _sized = False

    @property
    def takes_keys(self) -> bool:
        """Whether what is typed goes to the program."""
        return self.has_focus and self._program.running and not self._state

    def on_focus(self) -> None:
        self._keyboard_moved()

    def on_blur(self) -> None:
        self._keyboard_moved()

    def _keyboard_moved(self) -> None:
        self._title()
        self.refresh()
        self.post_message(KeyboardMoved())

    # keys

    async def _on_key(self, event: events.Key) -> None:
        if event.key in _SCROLL or (not self._program.running and event.key in ("pageup", "pagedown")):
            down = event.key.endswith("down")
            self._taken(event)
            self._set_follow(False)
            (self.action_page_down if down else self.action_page_up)()
            self.call_after_refresh(self._at_end)
        elif event.key == LEAVE_KEY:
            self._taken(event)
            self.post_message(Left())
            self.screen.query_one("#source").focus()
        elif self._program.running and event.key not in RESERVED_KEYS:
            self._taken(event)
            self._set_follow(True)
            data = self._terminal.key(event.key, event.character)
            if data:
                self._program.write(data)

    @staticmethod
    def _taken(event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self._program.running and key not in RESERVED_KEYS

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if self._program.running:
            self._program.write(event.text.replace("\r\n", "\n").replace("\n", "\r").encode())

    def on_mouse_scroll_up(self) -> None:
        self._set_follow(False)

    def on_mouse_scroll_down(self) -> None:
        self.call_after_refresh(self._at_end)

    def _at_end(self) -> None:
        if self.scroll_offset.y >= self.max_scroll_y:
            self._set_follow(True)

    def _set_follow(self, on: bool) -> None:
        if on != self._follow:
            self._follow = on
            self._title()
            if on:
                self._measure()


class Left(Message):
    """The person has taken the keyboard back from the program."""


class KeyboardMoved(Message):
    """The pane has been given the keyboard, or has lost it."""
