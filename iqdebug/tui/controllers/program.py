"""What a program that iqdebug started adds to the debugger's screen: its terminal, starting it
again, and the question what shall become of it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from iqdebug.core.errors import IqdebugError
from iqdebug.core.paths import home_short
from iqdebug.core.session import Capability
from iqdebug.core.state import Phase, Snapshot
from iqdebug.core.text import clean
from iqdebug.tui.actions import Action
from iqdebug.tui.controllers.base import OVER, STOPPED
from iqdebug.tui.controllers.chat import Chatting
from iqdebug.tui.layout import PaneLayout
from iqdebug.tui.panes.program import KeyboardMoved, Left, ProgramPane, ProgramTerminal
from iqdebug.tui.panes.status_bar import StatusBar

__all__ = ["ProgramHost", "Running"]

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


class LeaveScreen(ModalScreen[str | None]):
    """ "keep", "end", "run", or None to stay.

    :param log: where the program's output goes when it runs on; "" when that is this terminal.
    :param keeps: whether what it is held at can be kept.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("k", "choose('keep')", "Keep the crash, then end it"),
        Binding("e", "choose('end')", "End it"),
        Binding("r", "choose('run')", "Let it run on"),
        Binding("escape,q", "choose('')", "Stay"),
    ]

    def __init__(self, title: str, log: str, keeps: bool) -> None:
        super().__init__()
        self._heading, self._log, self._keeps = title, log, keeps

    def compose(self) -> ComposeResult:
        with Vertical(id="line-box") as box:
            box.border_title = Text(self._heading)
            box.border_subtitle = Text("Esc: stay")
            text = Text()
            choices = [("e", "end the program"), ("r", "let it run on without iqdebug")]
            if self._keeps:
                choices.insert(0, ("k", "keep the crash as a file, then end the program"))
            for key, words in choices:
                text.append(f" {key} ", "bold").append(f" {words}\n")
            if self._log:
                text.append(f"     what it writes then goes to {clean(self._log)}\n", "dim")
            text.rstrip()
            yield Static(text)

    def action_choose(self, what: str) -> None:
        if what != "keep" or self._keeps:
            self.dismiss(what or None)


class Running(Chatting):
    """The parts of the screen that know a program of ours."""

    _program: ProgramHost | None = None
    _arrangement: PaneLayout | None = None
    _unsubscribe: Callable[[], None]
    _leaving: bool

    _open_session: Callable[[], Awaitable[None]]
    _leave_session: Callable[[], Awaitable[None]]

    def why_not_action(self, action: Action) -> str:
        if action.name in ("restart", "pane('program')"):
            if self._program is None:
                return _NOT_OURS
            if action.name != "restart" and self._program.lent:
                return "it has this terminal while it runs"
            return ""
        return super().why_not_action(action)

    def words_of(self, action: Action) -> str:
        if action.name == "leave" and self._program is not None:
            return "Leave; asks whether a program that still runs shall end"
        return super().words_of(action)

    @property
    def _pane(self) -> ProgramPane | None:
        return next(iter(self.screen_stack[0].query(ProgramPane)), None) if self.screen_stack else None

    def _program_in_front(self) -> None:
        pane = self._pane
        if pane is not None and self._arrangement is not None:
            self._arrangement.grow(True)
            self._arrangement.show("program")
            pane.focus()

    def _program_follows(self, before: Snapshot | None, snapshot: Snapshot) -> None:
        """While it runs and is typed to, its terminal has the screen; at a stop what stopped has."""
        pane, arrangement, host = self._pane, self._arrangement, self._program
        if before is not None and before.phase is snapshot.phase and before.epoch == snapshot.epoch:
            return
        if host is not None and host.lent and snapshot.phase not in STOPPED:
            self.give_back()
        if pane is None or arrangement is None:
            return
        pane.show_state(_state_words(snapshot))
        self.screen_stack[0].query_one(StatusBar).typing = pane.takes_keys
        if snapshot.phase in OVER:
            self._diagnosis = None  # it was about what is over
            self._show_card()
            self._show_suspects()
        if snapshot.phase in STOPPED:
            arrangement.grow(False)
            if before is None or before.phase not in STOPPED:
                if not arrangement.wide:
                    arrangement.show("variables")
                self.screen_stack[0].query_one("#source").focus()
        else:
            arrangement.grow(True)
            if snapshot.phase in OVER:
                self._program_in_front()

    def on_keyboard_moved(self, message: KeyboardMoved) -> None:
        pane = self._pane
        if self._drawn and pane is not None:
            self.query_one(StatusBar).typing = pane.takes_keys
            self._show_status()

    def on_left(self, message: Left) -> None:
        if self._arrangement is not None:
            self._arrangement.show("source")

    # going on, starting again and leaving

    def action_resume(self) -> None:
        """A program that has this terminal gets it back before it writes anything."""
        if self._program is not None and self._program.lent and not self.why_not(Capability.CONTINUE):
            self._program.go_on()
            self.give_back()
        else:
            self._intent(Capability.CONTINUE, lambda s: s.resume())

    def action_restart(self) -> None:
        program = self._program
        if program is None:
            self.notify(f"cannot start again: {_NOT_OURS}", severity="warning")
        elif not self._leaving:
            self.run_worker(self._start_again(program), group="attach", exclusive=True)

    async def _start_again(self, program: ProgramHost) -> None:
        self._attaching = "ending the program"
        self._show_status()
        self._unsubscribe()
        await program.end()
        await self._let_go()
        if program.lent:
            program.start_again()
            self.exit(None)
            return
        pane = self._pane
        if pane is not None:
            pane.begin_again()
        self._program_in_front()
        await self._open_session()

    async def _let_go(self) -> None:
        """Leave the session; what it holds goes on."""
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await session.detach()

    def give_back(self) -> None:
        """Take the screen down and leave the session as it is: the terminal is the program's."""
        self._unsubscribe()
        self.session = None
        self.exit(None)

    def _ask_before_leaving(self, program: ProgramHost) -> None:
        def answered(what: str | None) -> None:
            if what is not None and not self._leaving:
                self._leaving = True
                self._attaching = "letting the program run on" if what == "run" else "ending the program"
                self._show_status()
                self.run_worker(self._leave_program(program, what), group="leave", exclusive=True)

        held = self.snapshot is not None and self.snapshot.phase in STOPPED
        raised = self.snapshot is not None and self.snapshot.exception is not None
        keeps = held and raised and not self.why_not(Capability.RECORD)
        title = "The program is held here" if held else "The program still runs"
        log = "" if program.lent else program.log
        self.push_screen(LeaveScreen(title, home_short(log), keeps), answered)

    async def _leave_program(self, program: ProgramHost, what: str) -> None:
        if what == "keep" and self.session is not None:
            try:
                await self._keep(self.session)
            except (IqdebugError, TimeoutError) as error:
                words = " ".join(error.lines()) if isinstance(error, IqdebugError) else "no answer in time"
                self._leaving, self._attaching = False, ""
                self._show_status()
                self.notify(words, severity="error")
                return
        if what != "run":
            await program.end()
        await self._leave_session()


def _state_words(snapshot: Snapshot) -> str:
    if snapshot.phase is Phase.ENDED:
        return snapshot.reason
    return "held" if snapshot.phase in STOPPED else ""
