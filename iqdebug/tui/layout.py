"""Which panes are visible: by the terminal's size and by what the person turned to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from iqdebug.core.messages import render
from iqdebug.tui.pane_table import PaneSpec, Place

__all__ = ["PaneLayout", "TabsBar"]

LABEL_MARGIN = 2
"""Cells beside the names."""

MIN_WIDE_COLUMNS = 120
MIN_COLUMNS, MIN_LINES = 80, 20
"""With fewer there is room for one pane at a time."""

TINY_COLUMNS, TINY_LINES = 50, 12

_FIRST_TAB, _FIRST_TAB_WIDE = "variables", "output"


class TabsBar(Static):
    """The names of the panes that share a place, to be clicked on."""

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._labels: list[tuple[str, str]] = []  # of each pane its id and the words

    def show(self, panes: Sequence[PaneSpec], chosen: str, width: int) -> None:
        """``width``: the terminal's; the names are as long as it has room for."""
        for length in range(3):
            self._labels = [(p.id, f" {p.keys[0]} {render(p.titles[length])} ") for p in panes]
            if sum(len(label) for _, label in self._labels) + LABEL_MARGIN <= width:
                break
        text = Text(no_wrap=True, overflow="ellipsis")
        for name, label in self._labels:
            text.append(label, "reverse" if name == chosen else "dim")
        self.update(text)

    def on_click(self, event: Click) -> None:
        x = event.x - self.styles.padding.left
        for name, label in self._labels:
            x -= len(label)
            if x < 0:
                self.post_message(self.Chosen(name))
                return


class PaneLayout:
    """Sets what is displayed directly rather than by style classes: a pane can then take the
    focus, and the keys typed after it, at once.

    Wide (120 columns and more): variables have a pane of their own beside the tabs. Narrow
    (under 80x20): one pane at a time. Tiny (under 50x12): a sentence. Until :meth:`begin` nothing
    is displayed or hidden.
    """

    def __init__(self) -> None:
        self.panes: Sequence[PaneSpec] = ()
        self.wide = False
        self.narrow = False
        self._screen: Screen[Any] | None = None
        self._is_grown = False
        self._width = MIN_COLUMNS
        self._tab = _FIRST_TAB
        self._place = Place.MAIN
        """Where the chosen pane is."""

    def begin(self, screen: Screen[Any], panes: Sequence[PaneSpec]) -> None:
        """``panes``: those that the screen has."""
        upper = [pane for pane in panes if pane.place is not Place.BOTTOM]
        self.panes = (*upper, *(pane for pane in panes if pane.place is Place.BOTTOM))
        self._screen = screen

    def find(self, name: str) -> PaneSpec | None:
        return next((pane for pane in self.panes if pane.id == name), None)

    def fit(self, width: int, height: int) -> None:
        if self._screen is None:
            return
        self._width = width
        was_wide, self.wide = self.wide, width >= MIN_WIDE_COLUMNS
        self.narrow = width < MIN_COLUMNS or height < MIN_LINES
        if self.wide and not was_wide and self._tab == _FIRST_TAB:
            self._tab = _FIRST_TAB_WIDE
        self._screen.set_class(self.wide, "wide")
        self._screen.set_class(self.narrow, "narrow")
        self._screen.set_class(width < TINY_COLUMNS or height < TINY_LINES, "tiny")
        self._arrange()

    def grow(self, on: bool) -> None:
        """Whether the program's terminal, while it is the chosen pane, takes the others' room."""
        if on != self._is_grown:
            self._is_grown = on
            self._arrange()

    def show(self, name: str) -> str:
        """Make a pane visible; returns the selector of what should have the focus."""
        pane = self.find(name)
        if pane is None:
            return ""
        if pane.build_beside is not None and self.wide:
            self._place = Place.SIDE
            self._arrange()
            return f"#side-{name}"
        self._place = pane.place
        if pane.place is Place.BOTTOM:
            self._tab = name
        self._arrange()
        return pane.focus or f"#{name}"

    def focus(self, name: str) -> bool:
        """Make a pane visible and give it the focus; False where there is none of that name."""
        if self._screen is None or self.find(name) is None:
            return False
        self._screen.set_focus(self._screen.query_one(self.show(name)))
        return True

    def neighbour(self, by: int) -> str:
        """The pane so many after the one with the focus, hidden or not, around the end."""
        focused = self._screen.focused if self._screen is not None else None
        inside = {node.id for node in focused.ancestors_with_self} if focused is not None else set()
        names = [pane.id for pane in self.panes] or ["source"]
        here = next((n for n, name in enumerate(names) if {name, f"side-{name}"} & inside), 0)
        return names[(here + by) % len(names)]

    def _arrange(self) -> None:
        screen = self._screen
        if screen is None:
            return
        is_bottom = self._place is Place.BOTTOM
        tab = self.find(self._tab)
        is_full = self._is_grown and is_bottom and tab is not None and tab.fills
        shows_all = not self.narrow and not is_full
        screen.set_class(is_full, "grown")
        for pane in self.panes:
            if pane.screen_class:
                screen.set_class(is_bottom and pane is tab, pane.screen_class)
            if pane.place is Place.BOTTOM:
                screen.query_one(f"#{pane.id}").display = pane is tab
            if pane.build_beside is not None:
                screen.query_one(f"#side-{pane.id}").display = self.wide
        screen.query_one("#main").display = shows_all or not is_bottom
        screen.query_one("#source").display = shows_all or self._place is Place.MAIN
        screen.query_one("#side").display = shows_all or self._place is Place.SIDE
        screen.query_one("#bottom").display = shows_all or is_bottom
        self._show_tabs(screen.query_one("#tabs", TabsBar))

    def _show_tabs(self, tabs: TabsBar) -> None:
        if self.narrow:
            upper = next((p.id for p in self.panes if p.place is self._place), "")
            tabs.show(self.panes, self._tab if self._place is Place.BOTTOM else upper, self._width)
        else:
            shown = [
                pane
                for pane in self.panes
                if pane.place is Place.BOTTOM and not (self.wide and pane.build_beside is not None)
            ]
            tabs.show(shown, self._tab, self._width)
