"""What shall become of a program of ours when the person leaves."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.text import clean

__all__ = ["LeaveScreen", "Parting"]

Parting = Literal["keep", "end", "run"]


class LeaveScreen(ModalScreen[Parting | None]):
    """ "keep" the crash and end it, "end" it, let it "run", or None to stay.

    :param log: where the program's output goes when it runs on; "" when that is this terminal.
    :param keeps: whether what it is held at can be kept.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("k", "choose('keep')"),
        ("e", "choose('end')"),
        ("r", "choose('run')"),
        ("escape,q", "stay"),
    ]

    def __init__(self, title: Words, log: str, keeps: bool) -> None:
        super().__init__()
        self._heading, self._log, self._keeps = title, log, keeps

    def compose(self) -> ComposeResult:
        with Vertical(id="line-box") as box:
            box.border_title = Text(render(self._heading))
            box.border_subtitle = Text(render(message("tui.leave.keys")))
            text = Text()
            choices = [("e", message("tui.leave.end")), ("r", message("tui.leave.run_on"))]
            if self._keeps:
                choices.insert(0, ("k", message("tui.leave.keep")))
            for key, words in choices:
                text.append(f" {key} ", "bold").append(f" {render(words)}\n")
            if self._log:
                where = message("tui.leave.output_goes_to", log=self._log)
                text.append(f"     {clean(render(where))}\n", "dim")
            text.rstrip()
            yield Static(text)

    def action_choose(self, parting: Parting) -> None:
        if parting != "keep" or self._keeps:
            self.dismiss(parting)

    def action_stay(self) -> None:
        self.dismiss(None)
