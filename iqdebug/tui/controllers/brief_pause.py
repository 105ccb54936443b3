"""Looking without holding: a stop is recorded, the process goes on at once, and the recording is
shown in the same panes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.errors import IqdebugError, RequestFailed
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import Capability, CodeFinder, DebugSession
from iqdebug.core.state import Breakpoint, Phase, Snapshot, StopCause
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.tui import messages
from iqdebug.tui.controllers.chat import ChatController
from iqdebug.tui.controllers.connection import ConnectionController
from iqdebug.tui.controllers.state import OVER, DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window

__all__ = ["BriefPauseController", "RecordedStop"]

MAX_RETRIES = 3
DESCRIPTION_TIMEOUT_S = 0.5
"""For an exception's text to follow its stop."""

_LIVE = (Capability.CONTINUE, Capability.DETACH, Capability.BREAKPOINTS)
_RUNS_ON = message("tui.why_not.runs_on")


class RecordedStop(RecordedSession):
    """A stop that was recorded; the process has gone on. Continuing leads back to it.

    :param live: the session on the process.
    :param back: called on continuing.
    """

    def __init__(self, crash: Crash, live: DebugSession, stop: Snapshot, back: Callable[[], None]) -> None:
        super().__init__(crash)
        self.live = live
        self._back = back
        reason = message("tui.status.stopped_and_runs_on", reason=stop.reason)
        self._shown = replace(
            crash.snapshot, epoch=stop.epoch, cause=stop.cause, reason=reason, detail="", cwd=stop.cwd
        )

    @property
    def snapshot(self) -> Snapshot:
        return self._shown

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        return self.live.breakpoints

    @property
    def finder(self) -> CodeFinder | None:  # type: ignore[override]
        return self.live.finder

    def why_not(self, capability: Capability) -> str:
        if capability is Capability.CONTINUE:
            return ""
        if capability in _LIVE:
            return self.live.why_not(capability)
        reason = super().why_not(capability)
        return render(_RUNS_ON) if reason and capability is not Capability.RECORD else reason

    async def resume(self) -> None:
        self._back()

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        await self.live.set_breakpoints(breakpoints)

    async def refresh(self) -> None:
        """There is nothing newer to see of it."""

    async def detach(self) -> None:
        await self.live.detach()


class BriefPauseController:
    """:param no_hold: no stop holds the process.
    :param read_source: path → lines as they are now; () where there are none.
    """

    def __init__(
        self,
        window: Window,
        state: DebugState,
        tasks: TaskRunner,
        connection: ConnectionController,
        chat: ChatController,
        *,
        read_source: Callable[[str], Sequence[str]],
        no_hold: bool,
    ) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self._connection = connection
        self._chat = chat
        self._read_source = read_source
        self._no_hold = no_hold
        self._records_next = False  # the next stop is recorded, though others hold
        self._is_recording = False
        self._is_released = False  # the stop that is being recorded is over; what stops now goes on at once

    def why_not(self) -> Text:
        session = self._state.session
        if isinstance(session, RecordedStop):
            return message("tui.why_not.is_snapshot")
        return session.why_not(Capability.DETACH) if session is not None else ""

    def source_lines(self, path: str) -> Sequence[str]:
        """As it is now; of a recorded stop what it brought along where there is nothing now."""
        lines = self._read_source(path)
        session = self._state.session
        if not lines and isinstance(session, RecordedStop):
            return session.crash.read_source(path)
        return lines

    def look(self) -> None:
        """Stop, record, go on; where it is held already, record and go on."""
        session = self._state.session
        if isinstance(session, RecordedStop):
            self._window.notify(message("tui.notice.recording_already"))
        elif session is not None and session.snapshot.phase.is_stopped:
            self._record(session, session.snapshot)
        elif not self._tasks.refuses(Capability.PAUSE) and session is not None:
            self._records_next = True
            self._tasks.start(session.pause(), words=message("tui.progress.pausing_for_a_moment"))

    def intercepts(self, snapshot: Snapshot) -> bool:
        """Whether the process's snapshot is not for the screen: a recording is shown, or is being made."""
        session = self._state.session
        if isinstance(session, RecordedStop):
            self._follow_behind(session, snapshot)
            return True
        if session is None or not snapshot.phase.is_stopped:
            return False
        if self._is_released:
            self._tasks.start(session.resume())
            return True
        if not (self._no_hold or self._records_next):
            return False
        if snapshot.cause is StopCause.EXCEPTION and snapshot.exception is None:
            epoch = snapshot.epoch
            self._window.set_timer(DESCRIPTION_TIMEOUT_S, lambda: self._record_undescribed(session, epoch))
        elif not self._is_recording:
            self._record(session, snapshot)
        return True

    def passes_by(self, stop: Snapshot) -> bool:
        """Whether the process goes on at once from this stop, once it has been recorded: the recording is
        shown instead."""
        is_recorded = self._no_hold or self._records_next or self._is_recording or self._is_released
        is_live = not isinstance(self._state.session, RecordedStop)
        return stop.phase.is_stopped and is_recorded and is_live

    def _follow_behind(self, shown: RecordedStop, snapshot: Snapshot) -> None:
        """What the process does while a recording of it is shown."""
        if snapshot.phase.is_stopped:  # another thread, or an exception: breakpoints are out
            self._tasks.start(shown.live.resume())
        elif snapshot.phase in OVER:
            ended = snapshot.phase is Phase.ENDED
            reason = snapshot.reason if ended else message("tui.notice.connection_ended")
            self._window.notify(message("tui.notice.gone_meanwhile", reason=reason), severity="warning")

    def _record_undescribed(self, session: DebugSession, epoch: int) -> None:
        """Of an exception that was not described in time."""
        is_same = session.snapshot.epoch == epoch and session.snapshot.phase.is_stopped
        if not self._is_recording and is_same:
            self._record(session, session.snapshot)

    def _record(self, session: DebugSession, stop: Snapshot) -> None:
        self._records_next, self._is_recording = False, True
        self._tasks.start(self._record_and_show(session, stop), words=message("tui.progress.recording"))

    async def _record_and_show(self, session: DebugSession, stop: Snapshot) -> None:
        """
        :raises IqdebugError: it could not be recorded; the process has gone on all the same.
        """
        try:
            try:
                with contextlib.suppress(IqdebugError, TimeoutError):
                    await session.arm(False)  # other threads would come to the same breakpoints
                name, data = await _record_newest(session)
            finally:
                self._is_released = True
                if session.snapshot.phase.is_stopped:
                    await session.resume()
            crash = await asyncio.to_thread(lambda: open_crash(put(name, data)))
        except BaseException:
            self._is_recording = self._is_released = False
            await self._return_to(session)
            raise
        self._is_recording = self._is_released = False
        if self._state.session is session:
            recorded = RecordedStop(crash, session, stop, lambda: self._tasks.start(self._return_to(session)))
            self._show_session(recorded)
            self._window.notify(message("tui.notice.recorded"))

    async def _return_to(self, session: DebugSession) -> None:
        if isinstance(self._state.session, RecordedStop):
            self._show_session(session)
        with contextlib.suppress(IqdebugError, TimeoutError):
            await session.arm(True)

    def _show_session(self, session: DebugSession) -> None:
        self._connection.switch_to(session)
        self._chat.begin(session)
        self._window.post_message(messages.SnapshotArrived(session.snapshot, anew=True))
        self._window.refresh_status()


async def _record_newest(session: DebugSession) -> tuple[str, bytes]:
    """Of the newest stop: another thread may stop while one is being recorded."""
    for _ in range(MAX_RETRIES):
        epoch = session.snapshot.epoch
        try:
            return await session.record()
        except RequestFailed:
            if session.snapshot.epoch == epoch or not session.snapshot.phase.is_stopped:
                raise
    return await session.record()
