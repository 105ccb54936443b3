"""The walk through an exception's causes and group members."""

from __future__ import annotations

from iqdebug.core.messages import Text, message
from iqdebug.core.state import ExceptionInfo
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.stack import first_user_frame
from iqdebug.tui.screens.exceptions import ExceptionsScreen

__all__ = ["ExceptionsController"]


class ExceptionsController:
    def __init__(self, window: Window, state: DebugState, selection: SelectionController) -> None:
        self._window = window
        self._state = state
        self._selection = selection

    def why_not(self) -> Text:
        return "" if self._state.exception is not None else message("tui.why_not.no_exception")

    def open(self) -> None:
        root = self._state.exception
        if root is None:
            self._window.notify(self.why_not(), severity="warning")
            return
        shown = self._selection.traceback or root
        self._window.push_screen(ExceptionsScreen(root, shown), self._show_traceback)

    def _show_traceback(self, error: ExceptionInfo | None) -> None:
        """Stack, source and variables of the exception's traceback; for the root the stack of the
        thread that stopped."""
        if error is None or self._state.snapshot is None:
            return
        is_root = error is self._state.exception
        if not error.frames and not is_root:
            self._window.notify(message("tui.notice.no_traceback", type=error.type), severity="warning")
            return
        self._selection.traceback = None if is_root else error
        shown = self._selection.shown
        if shown is not None and shown.focused is not None:
            self._selection.select(shown.focused.id, first_user_frame(shown.focused))
