"""Which thread and frame is selected, and moving about: frames, suspects, search."""

from __future__ import annotations

from iqdebug.core.state import Frame, Phase, Snapshot
from iqdebug.tui import messages
from iqdebug.tui.controllers.variables import Values
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.stack import StackPane, first_user_frame
from iqdebug.tui.screens.dialogs import LineScreen
from iqdebug.tui.widgets.rows import RowsView

__all__ = ["Selection"]


class Selection(Values):
    """Source, stack and variables always show the same frame."""

    def on_frame_wanted(self, message: messages.FrameWanted) -> None:
        self._select(message.thread_id, message.index)

    def on_line_wanted(self, message: messages.LineWanted) -> None:
        self.query_one(SourcePane).show(message.path, message.line, current=False)

    def _select(self, thread_id: int | None, index: int) -> None:
        self._selected, self._frame_index, self._chosen = thread_id, index, True
        self._shown_place, self._picked = None, True
        self._show_selection()

    def _show_selection(self) -> None:
        snapshot, frame = self.shown, self.frame
        if snapshot is None:
            return
        traceback = self._raised is not None
        self.query_one(StackPane).show(snapshot, self._selected, self._frame_index, traceback=traceback)
        source = self.query_one(SourcePane)
        if frame is not None and frame.path:
            if snapshot.phase is Phase.RUNNING and source.wandered and not self._picked:
                source.mark_current(frame.path, frame.line)
            elif not self._same_place(frame):
                source.show(frame.path, frame.line)
            self._picked = False
        else:
            source.clear(self._nothing_words(snapshot))
        self._shown_place = (snapshot.epoch, frame.path, frame.line) if frame is not None else None
        self._begin_variables(snapshot, frame)

    _shown_place: tuple[int, str, int] | None = None
    _picked = False  # the person has just chosen this frame, so the source goes there

    def _same_place(self, frame: Frame) -> bool:
        """A live look that finds the frame where it was must not move the person's cursor."""
        snapshot = self.snapshot
        return snapshot is not None and self._shown_place == (snapshot.epoch, frame.path, frame.line)

    @staticmethod
    def _nothing_words(snapshot: Snapshot) -> str:
        if snapshot.phase is Phase.ENDED:
            return "the process has ended"
        return "reading the stack…" if not snapshot.threads else "this thread runs no Python code"

    # moving about

    def action_frame(self, by: int) -> None:
        thread = self.thread
        if thread is None or not thread.frames:
            return
        index = self._frame_index + by
        while 0 <= index < len(thread.frames) and thread.frames[index].kind == "label":
            index += by
        if 0 <= index < len(thread.frames):
            self._select(thread.id, index)
        else:
            self.notify("this is the outermost frame" if by > 0 else "this is the innermost frame")

    def action_thread(self) -> None:
        if self.shown is None or not self.shown.threads:
            return
        ids = [t.id for t in self.shown.threads]
        at = ids.index(self._selected) if self._selected in ids else -1
        thread = self.shown.threads[(at + 1) % len(ids)]
        self._select(thread.id, first_user_frame(thread))

    def action_search(self) -> None:
        """In the focused pane; the output is filtered rather than walked through."""
        pane = self._searchable()

        def answered(words: str | None) -> None:
            if words is None:
                return
            if isinstance(pane, LogPane):
                pane.search(words)
            elif words:
                self._search = words
                self._find(pane, 1)

        in_log = isinstance(pane, LogPane)
        question = "Show only lines with (empty: all)" if in_log else f"Search in the {pane.id}"
        self.push_screen(LineScreen(question, "" if in_log else self._search), answered)

    def action_search_next(self, direction: int) -> None:
        if self._search:
            self._find(self._searchable(), direction)
        else:
            self.action_search()

    def _searchable(self) -> RowsView:
        focused = self.screen_stack[0].focused
        return focused if isinstance(focused, RowsView) else self.query_one(SourcePane)

    def _find(self, pane: RowsView, direction: int) -> None:
        if not pane.find(self._search, direction):
            self.notify(f"{self._search!r} is not in this pane")
