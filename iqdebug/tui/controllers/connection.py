"""Attaching, attaching again, and looking from outside where that is not possible."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from textual.worker import Worker

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import Breakpoint, LogRecord, Phase, Snapshot
from iqdebug.tui import messages
from iqdebug.tui.controllers.state import DebugState, Progress
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window, unforeseen

__all__ = ["Connect", "ConnectionController", "RefreshPeek"]

_KEYS = message("tui.banner.keys")

Connect = Callable[[Callable[[Snapshot], None], Callable[[Text], None]], Awaitable[DebugSession]]
RefreshPeek = Callable[[], Awaitable[Snapshot]]


class ConnectionController:
    """The only one that begins and ends a session. Posts what the session publishes
    (:class:`iqdebug.core.session.Listener`).

    :param connect: attaches; is given what to call with fresher peeks and with progress in words.
    :param refresh_peek: a look from outside, for when attaching is not possible; None where there is none.
    :param on_opened: called with each session that was attached to.
    :param intercepts: whether a snapshot is dealt with elsewhere, and not for the screen.
    """

    def __init__(
        self,
        window: Window,
        state: DebugState,
        tasks: TaskRunner,
        *,
        connect: Connect,
        refresh_peek: RefreshPeek | None,
        on_opened: Callable[[DebugSession], None],
        intercepts: Callable[[Snapshot], bool],
    ) -> None:
        self.connect = connect
        self._window = window
        self._state = state
        self._tasks = tasks
        self._refresh_peek = refresh_peek
        self._on_opened = on_opened
        self._intercepts = intercepts
        self._unsubscribe: Callable[[], None] | None = None
        self._worker: Worker[None] | None = None
        self._is_looking = False

    # attaching

    def start(self) -> None:
        """Attach in the background."""
        self.run(self.open())

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that attaches; what attached before it is cancelled."""
        self._worker = self._window.run_worker(work, group="attach", exclusive=True)

    async def open(self) -> None:
        """Attach. A failure stands in the banner, and the look from outside goes on."""
        state, window = self._state, self._window
        state.failure = None
        state.progress = Progress(message("tui.progress.looking"))
        window.hide_banner()
        window.refresh_status()
        try:
            session = await self.connect(self._show_peek, self._show_progress)
        except UsageError as error:
            state.refused = error
            window.exit(error.exit_code)
            return
        except Exception as error:  # whatever it was, the look from outside goes on
            state.progress = Progress()
            failed = message("tui.failed.attaching")
            state.failure = error if isinstance(error, IqdebugError) else unforeseen(failed, error)
            window.show_banner(state.failure, _KEYS)
            window.refresh_status()
            return
        state.progress = Progress()
        if state.is_leaving:
            await session.detach()
            return
        state.session = session
        self._unsubscribe = session.subscribe(self)
        self._on_opened(session)
        self.breakpoints_changed(session.breakpoints)
        self._publish(session.snapshot, anew=True)

    def _show_peek(self, snapshot: Snapshot) -> None:
        if self._state.session is None:
            self._window.post_message(messages.SnapshotArrived(snapshot))

    def _show_progress(self, words: Text) -> None:
        self._state.progress = Progress(words, is_attaching=not self._state.owns_program)
        self._window.refresh_status()

    # iqdebug.core.session.Listener

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self._publish(snapshot)

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self._window.post_message(messages.LogsArrived(records, dropped))

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self._window.post_message(messages.BreakpointsArrived(breakpoints))

    def _publish(self, snapshot: Snapshot, *, anew: bool = False) -> None:
        if not self._intercepts(snapshot):
            self._window.post_message(messages.SnapshotArrived(snapshot, anew=anew))

    # letting go

    def switch_to(self, session: DebugSession) -> None:
        """Show another session on the same target: the live one, or the recording of a stop of it."""
        self._state.session = session

    def cancel(self) -> None:
        """Stop attaching."""
        if self._worker is not None:
            self._worker.cancel()

    def unsubscribe(self) -> None:
        """What the session publishes from now on is not shown."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def abandon(self) -> None:
        """Leave the session as it is, attached."""
        self.unsubscribe()
        self._state.session = None

    async def detach(self) -> None:
        """End the session; what it holds goes on."""
        session, self._state.session = self._state.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await session.detach()

    # looking again

    def look(self) -> None:
        """As the person wants it: at a running target, or attach where nothing is attached."""
        session = self._state.session
        if session is None:
            if not self._state.progress.words:
                self.start()
        elif not session.why_not(Capability.REATTACH):
            self.abandon()
            self.start()
        else:
            self._tasks.start(session.refresh())

    def look_if_due(self) -> None:
        """To be called about once a second: a target that runs is looked at, one look at a time."""
        if self._is_looking or self._state.is_leaving:
            return
        session = self._state.session
        if session is not None and session.snapshot.phase is Phase.RUNNING:
            self._look(session.refresh())
        elif session is None and self._state.failure is not None and self._refresh_peek is not None:
            self._look(self._peek_again(self._refresh_peek))

    def _look(self, work: Coroutine[Any, Any, None]) -> None:
        self._is_looking = True

        async def run() -> None:
            try:
                await work
            except IqdebugError as error:
                if self._state.session is None:
                    self._state.failure = error
            finally:
                self._is_looking = False

        self._window.run_worker(run(), group="look")

    async def _peek_again(self, refresh_peek: RefreshPeek) -> None:
        try:
            snapshot = await refresh_peek()
        except IqdebugError as error:
            self._window.show_banner(error, _KEYS)
            return
        self._window.post_message(messages.SnapshotArrived(snapshot))
