"""A program that iqdebug started: its terminal, starting it again, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import render
from iqdebug.core.paths import home_short
from iqdebug.core.session import Capability
from iqdebug.core.state import Phase, Snapshot
from iqdebug.tui.controllers.connection import ConnectionController
from iqdebug.tui.controllers.diagnosis import DiagnosisController
from iqdebug.tui.controllers.execution import ExecutionController
from iqdebug.tui.controllers.leaving import LeavingController
from iqdebug.tui.controllers.state import OVER, DebugState, Progress
from iqdebug.tui.controllers.window import Layout, Window
from iqdebug.tui.panes.program import ProgramPane, ProgramTerminal
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.screens.leave import LeaveScreen, Parting

__all__ = ["ProgramController", "ProgramHost"]

_NOT_OURS = "only a program that `iqdebug run` started has that"


class ProgramHost(ProgramTerminal, Protocol):
    """A program with its restarts.

    ``lent`` is whether it has iqdebug's own terminal, so that the screen is there only while it
    stands still.
    """

    @property
    def lent(self) -> bool: ...

    @property
    def log(self) -> str:
        """Where its output goes when it runs on without iqdebug."""

    def hear(self, listener: Callable[[bytes], None]) -> None:
        """Who is told what it writes to its terminal, from the first byte."""

    async def end(self) -> None:
        """Have it end; returns when it has."""

    def go_on(self) -> None:
        """Of one with iqdebug's own terminal: let it go on once the screen is gone."""

    def start_again(self) -> None:
        """Of one with iqdebug's own terminal: start it again once the screen is gone."""


class ProgramController:
    """:param host: None: the target is no program of ours, and nothing here has an effect."""

    def __init__(
        self,
        window: Window,
        state: DebugState,
        layout: Layout,
        host: ProgramHost | None,
        *,
        execution: ExecutionController,
        diagnosis: DiagnosisController,
        connection: ConnectionController,
        leaving: LeavingController,
    ) -> None:
        self._window = window
        self._state = state
        self._layout = layout
        self._host = host
        self._execution = execution
        self._diagnosis = diagnosis
        self._connection = connection
        self._leaving = leaving

    @property
    def is_ours(self) -> bool:
        return self._host is not None

    @property
    def terminal(self) -> ProgramHost | None:
        """The one that a pane shows; None where the program has iqdebug's own."""
        return None if self._host is None or self._host.lent else self._host

    @property
    def _pane(self) -> ProgramPane | None:
        return next(iter(self._window.find_panes(ProgramPane)), None)

    def why_not_restart(self) -> str:
        return "" if self.is_ours else _NOT_OURS

    def why_not_pane(self) -> str:
        if self._host is None:
            return _NOT_OURS
        return "it has this terminal while it runs" if self._host.lent else ""

    # its terminal

    def to_front(self) -> None:
        """Its terminal has the screen and the keyboard."""
        pane = self._pane
        if pane is not None:
            self._layout.grow(True)
            self._layout.show("program")
            pane.focus()

    def follow(self, before: Snapshot | None, snapshot: Snapshot) -> None:
        """While it runs and is typed to, its terminal has the screen; at a stop what stopped has."""
        if before is not None and before.phase is snapshot.phase and before.epoch == snapshot.epoch:
            return
        is_stopped, is_over = snapshot.phase.is_stopped, snapshot.phase in OVER
        if self._host is not None and self._host.lent and not is_stopped:
            self._give_back_terminal()
        pane = self._pane
        if pane is None:
            return
        pane.show_state(_state_words(snapshot))
        self._window.pane(StatusBar).typing = pane.takes_keys
        if is_over:
            self._diagnosis.forget()
        self._layout.grow(not is_stopped)
        if is_stopped and (before is None or not before.phase.is_stopped):
            if not self._layout.wide:
                self._layout.show("variables")
            self._window.pane(SourcePane).focus()
        elif is_over:
            self.to_front()

    def keyboard_moved(self) -> None:
        """Its pane has been given the keyboard, or has lost it."""
        pane = self._pane
        if self._window.is_drawn and pane is not None:
            self._window.pane(StatusBar).typing = pane.takes_keys
            self._window.refresh_status()

    def left(self) -> None:
        """The person has taken the keyboard back."""
        self._layout.show("source")

    # going on, starting again and leaving

    def resume(self) -> None:
        """Continue. A program that has this terminal gets it back before it writes anything."""
        if self._host is not None and self._host.lent and not self._state.why_not(Capability.CONTINUE):
            self._host.go_on()
            self._give_back_terminal()
        else:
            self._execution.resume()

    def _give_back_terminal(self) -> None:
        """Take the screen down and leave the session as it is: the terminal is the program's."""
        self._connection.abandon()
        self._window.exit(None)

    def restart(self) -> None:
        if self._host is None:
            self._window.notify(f"cannot start again: {_NOT_OURS}", severity="warning")
        elif not self._state.is_leaving:
            self._connection.run(self._start_again(self._host))

    async def _start_again(self, host: ProgramHost) -> None:
        self._show_progress("ending the program")
        self._connection.unsubscribe()
        await host.end()
        await self._connection.detach()
        if host.lent:
            host.start_again()
            self._window.exit(None)
            return
        pane = self._pane
        if pane is not None:
            pane.begin_again()
        self.to_front()
        await self._connection.open()

    def ask_before_leaving(self) -> bool:
        """Ask what shall become of a program that still runs; False where there is none."""
        host, state = self._host, self._state
        if host is None or not host.running or state.is_leaving:
            return False

        def answered(parting: Parting | None) -> None:
            if parting is not None and not state.is_leaving:
                state.is_leaving = True
                self._show_progress(
                    "letting the program run on" if parting == "run" else "ending the program"
                )
                self._window.run_worker(self._part(host, parting), group="leave", exclusive=True)

        has_crash = state.is_stopped and state.exception is not None
        keeps = has_crash and not state.why_not(Capability.RECORD)
        title = "The program is held here" if state.is_stopped else "The program still runs"
        log = "" if host.lent else home_short(host.log)
        self._window.push_screen(LeaveScreen(title, log, keeps), answered)
        return True

    async def _part(self, host: ProgramHost, parting: Parting) -> None:
        """A crash that cannot be kept is no reason to lose it: then nothing is left."""
        if parting == "keep" and self._state.session is not None:
            try:
                await self._execution.write_crash_file(self._state.session)
            except (IqdebugError, TimeoutError) as error:
                words = " ".join(error.lines()) if isinstance(error, IqdebugError) else "no answer in time"
                self._state.is_leaving, self._state.progress = False, Progress()
                self._window.refresh_status()
                self._window.notify(words, severity="error")
                return
        if parting != "run":
            await host.end()
        await self._leaving.leave()

    def _show_progress(self, words: str) -> None:
        self._state.progress = Progress(words, is_attaching=False)
        self._window.refresh_status()


def _state_words(snapshot: Snapshot) -> str:
    if snapshot.phase is Phase.ENDED:
        return render(snapshot.reason)
    return "held" if snapshot.phase.is_stopped else ""
