"""A model wants to do more than read: what exactly, and the person's answer."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from iqdebug.text import clean
from iqdebug.tui.chat_pane import clean_lines

__all__ = ["Consent", "ConsentScreen"]

Consent = Literal["no", "once", "session"]

_DETAIL = 3_000
_TITLES = {
    "probe": "The model asks to run code of the program's",
    "control": "The model asks to take the controls",
    "mutate": "The model asks to change or start something",
    "yours": "Do this?",
}


class ConsentScreen(ModalScreen[Consent]):
    """Shows the exact text that would be run, set or changed. Escape refuses.

    :param may_hold: whether the answer may hold for the session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('once')", "Yes, once"),
        Binding("s", "answer('session')", "Yes, for this session"),
        Binding("n,escape", "answer('no')", "No"),
    ]

    def __init__(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> None:
        super().__init__()
        self._action = action
        self._right = right
        self._detail = detail
        self._why = why
        self._may_hold = may_hold

    def compose(self) -> ComposeResult:
        text = Text()
        text.append(f"{clean(self._action)}\n", Style(bold=True))
        if self._detail:
            cut = "\n…" if len(self._detail) > _DETAIL else ""
            text.append(f"\n{clean_lines(self._detail[:_DETAIL])}{cut}\n", Style(color="yellow"))
        text.append(f"\n{clean_lines(self._why)}" if self._why else "", Style(dim=True))
        with Vertical(id="consent-box") as box:
            box.border_title = Text(_TITLES.get(self._right, f"The model asks: {self._right}"))
            hold = "   s: yes, for this session" if self._may_hold else ""
            box.border_subtitle = Text(f"y: yes, once{hold}   n Esc: no")
            yield Static(text)

    def action_answer(self, answer: Consent) -> None:
        if answer == "session" and not self._may_hold:
            return
        self.dismiss(answer)
