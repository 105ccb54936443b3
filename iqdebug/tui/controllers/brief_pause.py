"""Looking without holding: a stop is recorded, the process goes on at once, and the recording is
shown in the same panes. And the time that a supervisor gives a process that is held."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.errors import IqdebugError, RequestFailed
from iqdebug.core.session import Capability, CodeFinder, DebugSession
from iqdebug.core.state import Breakpoint, Phase, Snapshot
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.tui import messages
from iqdebug.tui.actions import Action
from iqdebug.tui.controllers.base import OVER, STOPPED
from iqdebug.tui.controllers.navigation import Finding

__all__ = ["Looking", "Taken"]

_LIVE = (Capability.CONTINUE, Capability.DETACH, Capability.BREAKPOINTS)
_TRIES = 3
_DESCRIBED = 0.5  # seconds for an exception's text to follow its stop
_RUNS_ON = "this is a recording: the process runs on (c: back to it)"


class Taken(RecordedSession):
    """A stop that was recorded; the process has gone on. Continuing leads back to it.

    :param live: the session on the process.
    :param back: called on continuing.
    """

    def __init__(self, crash: Crash, live: DebugSession, stop: Snapshot, back: Callable[[], None]) -> None:
        super().__init__(crash)
        self.live = live
        self._back = back
        reason = f"{stop.reason}; the process runs on"
        self._shown = replace(crash.snapshot, epoch=stop.epoch, reason=reason, detail="", cwd=stop.cwd)

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
        return _RUNS_ON if reason and capability is not Capability.RECORD else reason

    async def resume(self) -> None:
        self._back()

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        await self.live.set_breakpoints(breakpoints)

    async def refresh(self) -> None:
        """There is nothing newer to see of it."""

    async def detach(self) -> None:
        await self.live.detach()


class Looking(Finding):
    """``_no_hold``: no stop holds the process."""

    _no_hold = False
    _once = False  # the next stop is recorded, though others hold
    _taking = False
    _released = False  # the stop that is being recorded is over; what stops now goes on at once

    _begin_chat: Callable[[DebugSession], None]
    _read_source: Callable[[str], Sequence[str]]

    def why_not_action(self, action: Action) -> str:
        if action.name == "hold_clock":
            return self._why_not_hold()
        if action.name == "snapshot" and self.session is not None:
            if isinstance(self.session, Taken):
                return "this is one already (c: back to the process)"
            return self.session.why_not(Capability.DETACH)
        return super().why_not_action(action)

    def _source_lines(self, path: str) -> Sequence[str]:
        """As it is now; of a recorded stop what it brought along where there is nothing now."""
        lines = self._read_source(path)
        if not lines and isinstance(self.session, Taken):
            return self.session.crash.read_source(path)
        return lines

    # recording a stop

    def action_snapshot(self) -> None:
        """Stop, record, go on; where it is held already, record and go on."""
        session = self.session
        if session is None:
            self._refused(Capability.PAUSE)
        elif isinstance(session, Taken):
            self.notify("this is a recording already; c leads back to the process")
        elif session.snapshot.phase in STOPPED:
            self._take(session, session.snapshot)
        elif not self._refused(Capability.PAUSE):
            self._once = True
            self._do(session.pause(), words="pausing for a moment")

    def _aside(self, snapshot: Snapshot) -> bool:
        """Whether the process's news are none for the screen: a recording is shown, or is being made."""
        shown = self.session
        if isinstance(shown, Taken):
            if snapshot.phase in STOPPED:  # another thread, or an exception: breakpoints are out
                self._do(shown.live.resume())
            elif snapshot.phase in OVER:
                words = snapshot.reason if snapshot.phase is Phase.ENDED else "the connection to it ended"
                self.notify(f"the process has gone meanwhile: {words}", severity="warning")
            return True
        if snapshot.phase in STOPPED and self._released and shown is not None:
            self._do(shown.resume())
            return True
        if snapshot.phase in STOPPED and (self._no_hold or self._once) and shown is not None:
            if snapshot.reason == "exception" and snapshot.exception is None:
                self.set_timer(_DESCRIBED, lambda: self._take_late(shown, snapshot.epoch))
            elif not self._taking:
                self._take(shown, snapshot)
            return True
        return False

    def _passes_by(self, snapshot: Snapshot) -> bool:
        """Whether the process goes on at once from this stop, once it has been recorded: the recording is
        shown instead."""
        recorded = self._no_hold or self._once or self._taking or self._released
        return snapshot.phase in STOPPED and recorded and not isinstance(self.session, Taken)

    def _take_late(self, session: DebugSession, epoch: int) -> None:
        """Of an exception that was not described in time."""
        if not self._taking and session.snapshot.epoch == epoch and session.snapshot.phase in STOPPED:
            self._take(session, session.snapshot)

    def _take(self, session: DebugSession, stop: Snapshot) -> None:
        self._once, self._taking = False, True
        self._do(self._taken(session, stop), words="recording this stop")

    async def _taken(self, session: DebugSession, stop: Snapshot) -> None:
        """
        :raises IqdebugError: it could not be recorded; the process has gone on all the same.
        """
        try:
            try:
                with contextlib.suppress(IqdebugError, TimeoutError):
                    await session.arm(False)  # other threads would come to the same breakpoints
                name, data = await self._recorded(session)
            finally:
                self._released = True
                if session.snapshot.phase in STOPPED:
                    await session.resume()
            crash = await asyncio.to_thread(lambda: open_crash(put(name, data)))
        except BaseException:
            self._taking = self._released = False
            await self._back_to(session)
            raise
        self._taking = self._released = False
        if self.session is session:
            taken = Taken(crash, session, stop, lambda: self._do(self._back_to(session)))
            self._show_session(taken)
            self.notify("recorded; the process runs on. c: back to it, breakpoints in place again")

    @staticmethod
    async def _recorded(session: DebugSession) -> tuple[str, bytes]:
        """Of the newest stop: another thread may stop while one is being recorded."""
        for _ in range(_TRIES):
            epoch = session.snapshot.epoch
            try:
                return await session.record()
            except RequestFailed:
                if session.snapshot.epoch == epoch or session.snapshot.phase not in STOPPED:
                    raise
        return await session.record()

    async def _back_to(self, session: DebugSession) -> None:
        if isinstance(self.session, Taken):
            self._show_session(session)
        with contextlib.suppress(IqdebugError, TimeoutError):
            await session.arm(True)

    def _show_session(self, session: DebugSession) -> None:
        self.session = session
        self._begin_chat(session)
        self.post_message(messages.SnapshotArrived(session.snapshot, anew=True))
        self._show_status()

    # supervisors

    def _supervised_words(self) -> tuple[str, bool]:
        """What is said of a supervisor while it waits, and whether it is urgent."""
        found = self.session.supervision if self.session is not None else None
        return (found.warning, found.urgent) if found is not None else ("", False)

    def _why_not_hold(self) -> str:
        found = self.session.supervision if self.session is not None else None
        return found.why_not_hold() if found is not None else "nobody ends this process for being paused"

    def action_hold_clock(self) -> None:
        reason = self._why_not_hold()
        found = self.session.supervision if self.session is not None else None
        if reason or found is None:
            self.notify(f"cannot hold a supervisor's clock: {reason}", severity="warning")
            return
        found.holding = not found.holding
        name = found.supervisor.name
        self.notify(
            f"while it is paused {name} is shown a sign of life each second, from outside the process; "
            "H ends that, and so does leaving"
            if found.holding
            else f"{name}'s clock runs again"
        )
        self._keep_clock()
        self._show_status()

    def _keep_clock(self) -> None:
        found = self.session.supervision if self.session is not None else None
        if found is not None and not found.tick():
            self.notify(f"{found.supervisor.name}'s clock can no longer be held", severity="error")
