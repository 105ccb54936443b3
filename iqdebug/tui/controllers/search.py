"""Search in the focused pane."""

from __future__ import annotations

from iqdebug.core.messages import message
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.dialogs import LineScreen
from iqdebug.tui.widgets.rows import RowsView

__all__ = ["SearchController"]

_QUESTIONS = {
    "breakpoints": message("tui.search.breakpoints"),
    "console-lines": message("tui.search.console"),
    "output": message("tui.search.output"),
    "side-variables": message("tui.search.side_variables"),
    "stack": message("tui.search.stack"),
    "suspects": message("tui.search.suspects"),
    "variables": message("tui.search.variables"),
}
"""By the id of the pane."""


class SearchController:
    """Remembers the last words, for the next match. The output is filtered rather than walked through."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._words = ""

    def ask(self) -> None:
        pane = self._pane()
        is_log = isinstance(pane, LogPane)

        def answered(words: str | None) -> None:
            if words is None:
                return
            if isinstance(pane, LogPane):
                pane.search(words)
            elif words:
                self._words = words
                self._find(pane, 1)

        question = _QUESTIONS.get(pane.id or "", message("tui.search.source"))
        self._window.push_screen(LineScreen(question, "" if is_log else self._words), answered)

    def next(self, direction: int) -> None:
        if self._words:
            self._find(self._pane(), direction)
        else:
            self.ask()

    def _pane(self) -> RowsView:
        return self._window.focused_pane(RowsView) or self._window.pane(SourcePane)

    def _find(self, pane: RowsView, direction: int) -> None:
        if not pane.find(self._words, direction):
            self._window.notify(message("tui.search.not_found", words=repr(self._words)))
