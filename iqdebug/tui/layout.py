"""Which panes are visible: by the terminal's size and by what the person turned to."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

__all__ = ["CHAT", "PANES", "PROGRAM", "PaneLayout", "TabsBar"]

TABS = ("variables", "output", "console", "breakpoints", "suspects")
PANES = ("source", "stack", *TABS)
PROGRAM, CHAT = "program", "chat"
_SHORT = ("Source", "Stack", "Vars", "Output", "Console", "Breaks", "Suspects", "Chat")
_SHORTEST = ("Src", "Stk", "Var", "Out", "Con", "Brk", "Why", "Ask")
_MARGIN = 2  # cells beside the names
_WIDE = 120
_NARROW = (80, 20)
_TINY = (50, 12)


class TabsBar(Static):
    """The names of the panes that share a place, to be clicked on."""

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._names: list[str] = []
        self._short: tuple[str, ...] = ()

    def show(self, names: list[str], chosen: str, width: int) -> None:
        """``width``: the terminal's; the names are as long as it has room for."""
        self._names = names
        for self._short in ((), _SHORT, _SHORTEST):
            if sum(len(self._label(name)) for name in names) + _MARGIN <= width:
                break
        text = Text(no_wrap=True, overflow="ellipsis")
        for name in names:
            text.append(self._label(name), "reverse" if name == chosen else "dim")
        self.update(text)

    def _label(self, name: str) -> str:
        if name == PROGRAM:
            return " 0 Prog " if self._short is _SHORTEST else " 0 Program "
        number = len(PANES) if name == CHAT else PANES.index(name)
        return f" {number + 1} {self._short[number] if self._short else name.capitalize()} "

    def on_click(self, event: Click) -> None:
        x = event.x - self.styles.padding.left
        for name in self._names:
            x -= len(self._label(name))
            if x < 0:
                self.post_message(self.Chosen(name))
                return


class PaneLayout:
    """Sets what is displayed directly rather than by style classes: a pane can then take the
    focus, and the keys typed after it, at once.

    Wide (120 columns and more): variables have a pane of their own beside the tabs. Narrow
    (under 80x20): one pane at a time. Tiny (under 50x12): a sentence.

    :param program: whether there is a pane of the program's terminal; it may grow over the others.
    :param chat: whether there is one of the conversation; it takes more room while it is chosen.
    """

    def __init__(self, screen: Screen[Any], program: bool = False, chat: bool = False) -> None:
        self._screen = screen
        self._tabs = (*((PROGRAM,) if program else ()), *TABS, *((CHAT,) if chat else ()))
        self.panes = ("source", "stack", *self._tabs)
        self._grown = False
        self._width = 80
        self.wide = False
        self.narrow = False
        self._tab = "variables"
        self._part = "source"

    def fit(self, width: int, height: int) -> None:
        self._width = width
        was_wide, self.wide = self.wide, width >= _WIDE
        self.narrow = width < _NARROW[0] or height < _NARROW[1]
        tiny = width < _TINY[0] or height < _TINY[1]
        if self.wide and not was_wide and self._tab == "variables":
            self._tab = "output"
        self._screen.set_class(self.wide, "wide")
        self._screen.set_class(self.narrow, "narrow")
        self._screen.set_class(tiny, "tiny")
        self._arrange()

    def grow(self, on: bool) -> None:
        """Whether the program's terminal, while it is the chosen pane, takes the others' room."""
        if on != self._grown:
            self._grown = on
            self._arrange()

    def show(self, name: str) -> str:
        """Make a pane visible; returns the selector of what should have the focus."""
        if name in ("source", "stack"):
            self._part = name
        elif name == "variables" and self.wide:
            self._part = "stack"
            self._arrange()
            return "#side-variables"
        else:
            self._part, self._tab = "bottom", name
        self._arrange()
        return {"console": "#prompt", CHAT: "#question"}.get(name, f"#{name}")

    def _arrange(self) -> None:
        query = self._screen.query_one
        grown = self._grown and self._part == "bottom" and self._tab == PROGRAM
        every = not self.narrow and not grown
        self._screen.set_class(grown, "grown")
        self._screen.set_class(self._part == "bottom" and self._tab == CHAT, "chatting")
        query("#main").display = every or self._part in ("source", "stack")
        query("#source").display = every or self._part == "source"
        query("#side").display = every or self._part == "stack"
        query("#side-variables").display = self.wide
        query("#bottom").display = every or grown or self._part == "bottom"
        for tab in self._tabs:
            query(f"#{tab}").display = tab == self._tab
        if self.narrow:
            shown = self._tab if self._part == "bottom" else self._part
            query("#tabs", TabsBar).show(list(self.panes), shown, self._width)
        else:
            tabs = [tab for tab in self._tabs if not (self.wide and tab == "variables")]
            query("#tabs", TabsBar).show(tabs, self._tab, self._width)
