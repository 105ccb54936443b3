"""What shall become of a program of ours when the person leaves."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from iqdebug.core.text import clean

__all__ = ["LeaveScreen", "Parting"]

Parting = Literal["keep", "end", "run"]


class LeaveScreen(ModalScreen[Parting | None]):
    """ "keep" the crash and end it, "end" it, let it "run", or None to stay.

    :param log: where the program's output goes when it runs on; "" when that is this terminal.
    :param keeps: whether what it is held at can be kept.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "choose('keep')", "Keep the crash, then end it"),
        Binding("e", "choose('end')", "End it"),
        Binding("r", "choose('run')", "Let it run on"),
        Binding("escape,q", "stay", "Stay"),
    ]

    def __init__(self, title: str, log: str, keeps: bool) -> None:
        super().__init__()
        self._heading, self._log, self._keeps = title, log, keeps

    def compose(self) -> ComposeResult:
        with Vertical(id="line-box") as box:
            box.border_title = Text(self._heading)
            box.border_subtitle = Text("Esc: stay")
            text = Text()
            choices = [("e", "end the program"), ("r", "let it run on without iqdebug")]
            if self._keeps:
                choices.insert(0, ("k", "keep the crash as a file, then end the program"))
            for key, words in choices:
                text.append(f" {key} ", "bold").append(f" {words}\n")
            if self._log:
                text.append(f"     what it writes then goes to {clean(self._log)}\n", "dim")
            text.rstrip()
            yield Static(text)

    def action_choose(self, parting: Parting) -> None:
        if parting != "keep" or self._keeps:
            self.dismiss(parting)

    def action_stay(self) -> None:
        self.dismiss(None)
