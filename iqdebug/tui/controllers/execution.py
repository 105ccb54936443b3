"""What a person asks of the target: go on, stop, step, keep this stop."""

from __future__ import annotations

import asyncio

from iqdebug.core.messages import message
from iqdebug.core.paths import home_short
from iqdebug.core.session import Capability, DebugSession, StepKind
from iqdebug.core.text import clean
from iqdebug.crash.folder import put
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.source import SourcePane

__all__ = ["ExecutionController"]

KEPT_NOTICE_S = 10


class ExecutionController:
    """Turns keys into requests to the session, or into the reason why not."""

    def __init__(
        self, window: Window, state: DebugState, tasks: TaskRunner, selection: SelectionController
    ) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self._selection = selection

    def resume(self) -> None:
        self._tasks.request(Capability.CONTINUE, lambda s: s.resume())

    def pause(self) -> None:
        self._tasks.request(Capability.PAUSE, lambda s: s.pause())

    def step(self, kind: StepKind) -> None:
        thread_id = self._selection.thread_id or 1
        self._tasks.request(Capability.STEP, lambda s: s.step(kind, thread_id))

    def run_to_cursor(self) -> None:
        source = self._window.pane(SourcePane)
        path, line = source.path, source.cursor_line
        if line:
            self._tasks.request(Capability.RUN_TO, lambda s: s.run_to(path, line))
        else:
            self._window.notify(message("tui.notice.no_line_to_run_to"), severity="warning")

    def restart_frame(self) -> None:
        frame = self._selection.frame
        if frame is not None:
            self._tasks.request(Capability.RESTART_FRAME, lambda s: s.restart_frame(frame))

    def keep(self) -> None:
        words = message("tui.progress.keeping")
        self._tasks.request(Capability.RECORD, self.write_crash_file, words=words)

    async def write_crash_file(self, session: DebugSession) -> None:
        """
        :raises IqdebugError: the stop cannot be recorded, or the file not be written.
        """
        path = await asyncio.to_thread(put, *await session.record())
        self._state.last_words = message("tui.notice.kept", path=clean(str(path)))
        kept = message("tui.notice.kept_open", path=home_short(str(path)))
        self._window.notify(kept, timeout=KEPT_NOTICE_S)
