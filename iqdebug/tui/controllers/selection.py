"""Which thread and frame is selected. Source, stack and variables always show the same frame."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.messages import Message, Text, message, render
from iqdebug.core.state import ExceptionInfo, Frame, Phase, Snapshot, Thread
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.variables import VariablesController
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.stack import StackPane, first_user_frame

__all__ = ["SelectionController"]


class SelectionController:
    """``thread_id`` is the selected thread's; ``traceback`` is the exception whose frames are shown in
    place of the stack of the thread that stopped, None for the stack itself."""

    def __init__(self, window: Window, state: DebugState, variables: VariablesController) -> None:
        self._window = window
        self._state = state
        self._variables = variables
        self.thread_id: int | None = None
        self.traceback: ExceptionInfo | None = None
        self._frame_index = 0
        self._is_pinned = False  # the person picked this thread; live looks keep it
        self._moves_source = False  # the person has just picked this frame, so the source goes there
        self._shown_place: tuple[int, str, int] | None = None  # epoch, path, line

    @property
    def shown(self) -> Snapshot | None:
        """The snapshot, with the traceback that the person chose in place of the stack."""
        snapshot, raised = self._state.snapshot, self.traceback
        if snapshot is None or raised is None:
            return snapshot
        thread = snapshot.focused or Thread(1, render(message("tui.stack.exception")))
        words = message("tui.stack.traceback", type=raised.type.rpartition(".")[2])
        thread = replace(thread, frames=raised.frames, frames_total=None, wait_message=words)
        threads = tuple(thread if t.id == thread.id else t for t in snapshot.threads) or (thread,)
        return replace(snapshot, threads=threads, focus=thread.id)

    @property
    def thread(self) -> Thread | None:
        return self.shown.thread(self.thread_id) if self.shown is not None else None

    @property
    def frame(self) -> Frame | None:
        thread = self.thread
        if thread is None or not 0 <= self._frame_index < len(thread.frames):
            return None
        return thread.frames[self._frame_index]

    def follow(self, snapshot: Snapshot, *, is_new_stop: bool) -> None:
        """Before the snapshot is shown: to the thread that stopped, unless the person's choice still
        holds in it."""
        if is_new_stop:
            self.traceback = None
        is_stopped = snapshot.phase.is_stopped
        keeps = self._is_pinned or is_stopped  # a live look keeps the selection while a stop is shown
        if (is_new_stop and is_stopped) or snapshot.thread(self.thread_id) is None or not keeps:
            thread = snapshot.focused
            self.thread_id = thread.id if thread is not None else None
            self._frame_index = first_user_frame(thread) if thread is not None else 0
            self._is_pinned = False

    def select(self, thread_id: int | None, index: int) -> None:
        """As the person wants it: the source goes there, and later looks keep the choice."""
        self.thread_id, self._frame_index, self._is_pinned = thread_id, index, True
        self._shown_place, self._moves_source = None, True
        self.show()

    def show(self) -> None:
        """Source, stack and variables of the selected frame."""
        snapshot, frame = self.shown, self.frame
        if snapshot is None:
            return
        self._window.pane(StackPane).show(
            snapshot, self.thread_id, self._frame_index, traceback=self.traceback is not None
        )
        source = self._window.pane(SourcePane)
        if frame is not None and frame.path:
            if snapshot.phase is Phase.RUNNING and source.wandered and not self._moves_source:
                source.mark_current(frame.path, frame.line)
            elif self._shown_place != (snapshot.epoch, frame.path, frame.line):
                source.show(frame.path, frame.line)  # else the person's cursor stays where it is
            self._moves_source = False
        else:
            source.clear(_why_no_frame(snapshot))
        self._shown_place = (snapshot.epoch, frame.path, frame.line) if frame is not None else None
        self._variables.show_frame(snapshot, frame)

    def show_line(self, path: str, line: int, note: Text = "") -> None:
        """A place in a file without changing the selected frame; ``note`` says why it is shown."""
        self._window.pane(SourcePane).show(path, line, current=False, note=note)

    # keys

    def move_frame(self, by: int) -> None:
        """Outwards for a positive number; labels between frames are passed over."""
        thread = self.thread
        if thread is None or not thread.frames:
            return
        index = self._frame_index + by
        while 0 <= index < len(thread.frames) and thread.frames[index].kind == "label":
            index += by
        if 0 <= index < len(thread.frames):
            self.select(thread.id, index)
        else:
            outermost, innermost = (
                message("tui.notice.outermost_frame"),
                message("tui.notice.innermost_frame"),
            )
            self._window.notify(outermost if by > 0 else innermost)

    def next_thread(self) -> None:
        if self.shown is None or not self.shown.threads:
            return
        ids = [t.id for t in self.shown.threads]
        at = ids.index(self.thread_id) if self.thread_id in ids else -1
        thread = self.shown.threads[(at + 1) % len(ids)]
        self.select(thread.id, first_user_frame(thread))


def _why_no_frame(snapshot: Snapshot) -> Message:
    if snapshot.phase is Phase.ENDED:
        return message("tui.source.process_ended")
    return message("tui.source.no_python") if snapshot.threads else message("tui.source.reading_stack")
