"""The debugger's screen: one snapshot in, intents out.

The app paints the first peek at once and attaches behind it. Session callbacks and workers post
messages; :meth:`DebugApp.on_snapshot_arrived` is the only place that changes what is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import Breakpoint, Diagnosis, LogRecord, Origin, Phase, Snapshot
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.actions import ACTIONS
from iqdebug.tui.controllers.base import OVER, STOPPED, ProjectMemory, unforeseen
from iqdebug.tui.controllers.brief_pause import Looking
from iqdebug.tui.controllers.chat import Companion
from iqdebug.tui.controllers.program import ProgramHost, Running
from iqdebug.tui.controllers.recording import Recording
from iqdebug.tui.layout import PaneLayout, TabsBar
from iqdebug.tui.locations import whereabouts
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.program import ProgramPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.stack import StackPane, first_user_frame
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.panes.suspects import SuspectsPane
from iqdebug.tui.panes.variables import VariablesPane
from iqdebug.tui.screens.dialogs import TextScreen

__all__ = ["Connect", "DebugApp", "ProjectMemory"]

_TRY_AGAIN = "r: try again   q: leave   the view below is a look from outside"
_LOOK_EVERY = 1.0  # seconds
_LOGS_KEPT = 500
_GRACE = 7.0  # seconds; detaching takes five at most
_UNDRAWN = 1.5  # seconds for the screen to be taken down once all is left

Connect = Callable[[Callable[[Snapshot], None], Callable[[str], None]], Awaitable[DebugSession]]


class DebugApp(Running, Looking):
    """:param connect: attaches; is given what to tell of fresher peeks and of progress in words.
    :param first: what is painted before anything else.
    :param diagnose: (snapshot, earlier one) → diagnosis; run in a thread, however long it takes.
    :param refresh_peek: a look from outside, for when attaching is not possible.
    :param recording: what a crash file adds: its source text beside today's, and words about it.
    :param program: of a program that iqdebug started: its terminal, and how it is started again.
    :param companion: who the person talks with.
    :param clock: seconds since the epoch, for the ages in the status bar.
    :param project: the folder whose files may be opened, "" for none.
    :param in_memory: whether a path's text is the target's, in no file.
    :param no_hold: each stop is recorded, and the process goes on at once.
    """

    CSS_PATH = "app.tcss"
    TITLE = "iqdebug"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(action.keys, action.name, action.words, show=False) for action in ACTIONS
    ]

    _arrangement: PaneLayout | None = None

    def __init__(
        self,
        connect: Connect,
        *,
        title: str,
        first: Snapshot | None,
        diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis],
        read_source: Callable[[str], Sequence[str]],
        refresh_peek: Callable[[], Awaitable[Snapshot]] | None = None,
        breakpoint_store: ProjectMemory | None = None,
        recording: Recording | None = None,
        program: ProgramHost | None = None,
        companion: Companion | None = None,
        clock: Callable[[], float] = time.time,
        project: str = "",
        in_memory: Callable[[str], bool] = lambda path: False,
        no_hold: bool = False,
    ) -> None:
        super().__init__(breakpoint_store)
        self._project = project
        self._in_memory = in_memory
        self._no_hold = no_hold
        self.title = f"iqdebug {clean(title)}"
        self._connect = connect
        self._first = first
        self._diagnose = diagnose
        self._read_source = read_source
        self._refresh_peek = refresh_peek
        self._recording = recording
        self._program = program
        self._companion = companion
        self._clock = clock
        self._unsubscribe: Callable[[], None] = lambda: None
        self._leaving = False
        self._last_resort: threading.Timer | None = None
        self._looking = False

    def compose(self) -> ComposeResult:
        history = self._memory.load_history() if self._memory else []
        yield Static(id="banner")
        yield InsightCard(id="card")
        with Horizontal(id="main"):
            versions = self._recording.sources if self._recording is not None else None
            yield SourcePane(self._source_lines, id="source", versions=versions, in_memory=self._in_memory)
            with Vertical(id="side"):
                yield StackPane(id="stack")
                yield VariablesPane(self._tree, id="side-variables")
        yield TabsBar(id="tabs")
        with Vertical(id="bottom"):
            for pane in (
                VariablesPane(self._tree, id="variables"),
                LogPane(id="output", recorded=self._recording is not None),
                ConsolePane(history, id="console", recorded=self._recording is not None),
                BreakpointsPane(id="breakpoints"),
                SuspectsPane(lambda place: whereabouts(self.snapshot, place), id="suspects"),
            ):
                pane.add_class("pane")
                yield pane
            if self._companion is not None:
                chat = ChatPane(self._chat_completions, id="chat")
                chat.add_class("pane")
                yield chat
            if self._program is not None and not self._program.lent:
                program = ProgramPane(self._program, id="program")
                program.add_class("pane")
                self._program.hear(program.hear)
                yield program
        yield StatusBar(self._clock, id="status")
        yield Static(
            "the terminal is too small for iqdebug: 60 columns and 15 lines are enough", id="too-small"
        )

    def on_mount(self) -> None:
        self._arrangement = PaneLayout(
            self.screen, program=bool(self.query(ProgramPane)), chat=bool(self.query(ChatPane))
        )
        self._fit(self.size.width, self.size.height)
        self.query_one(SourcePane).focus()
        self._program_in_front()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, self._end)
        self.query_one(BreakpointsPane).show(self._breakpoints)
        if self._companion is not None:
            self._companion.transcript.subscribe(self)
        if self._first is not None:
            self.post_message(messages.SnapshotArrived(self._first))
        self.run_worker(self._open_session(), group="attach", exclusive=True)
        self.set_interval(_LOOK_EVERY, self._every_second)

    # attaching and leaving

    async def _open_session(self) -> None:
        self._failure = None
        self._attaching = "looking at the process"
        self.query_one("#banner").display = False
        self._show_status()
        try:
            session = await self._connect(self._peeked, self._progressed)
        except UsageError as error:
            self.refused = error
            self.exit(error.exit_code)
            return
        except Exception as error:  # whatever it was, the look from outside goes on
            self._attaching = ""
            self._failure = error if isinstance(error, IqdebugError) else unforeseen("Attaching", error)
            self._show_banner(self._failure)
            self._show_status()
            return
        self._attaching = ""
        if self._leaving:
            await session.detach()
            return
        self.session = session
        self._unsubscribe = session.subscribe(self)
        self._begin_chat(session)
        self.breakpoints_changed(session.breakpoints)
        if not self._aside(session.snapshot):
            self.post_message(messages.SnapshotArrived(session.snapshot, anew=True))

    def _peeked(self, snapshot: Snapshot) -> None:
        if self.session is None:
            self.post_message(messages.SnapshotArrived(snapshot))

    def _progressed(self, words: str) -> None:
        self._attaching = words
        self._show_status()

    def _say_how_it_ended(self, snapshot: Snapshot) -> None:
        """That its supervisor ended it is worth more room than the status has."""
        supervised = self.session is not None and self.session.supervision is not None
        if snapshot.phase is Phase.ENDED and supervised and "was paused" in snapshot.reason:
            self._show_banner(
                IqdebugError(
                    snapshot.reason,
                    "another worker does its work now: `iqdebug ps` lists it",
                    "attach with --no-hold, or press L, to look at one without holding it",
                ),
                keys="q: leave",
            )

    def _show_banner(self, error: IqdebugError, keys: str = _TRY_AGAIN) -> None:
        banner = self.query_one("#banner", Static)
        banner.update(Text("\n".join(clean(line) for line in (*error.lines(), keys))))
        banner.display = True

    async def action_leave(self) -> None:
        """Detach in sight of the person, then end."""
        if self._leaving:
            return
        if self._program is not None and self._program.running:
            self._ask_before_leaving(self._program)
            return
        self._leaving = True
        self._attaching = "detaching…"
        self._show_status()
        self.run_worker(self._leave(), group="leave", exclusive=True)

    async def run_async(self, *args: Any, **options: Any) -> int | None:
        try:
            return await super().run_async(*args, **options)
        finally:
            if self._last_resort is not None:
                self._last_resort.cancel()
                self._last_resort = None

    def _end(self) -> None:
        """SIGTERM, or the terminal has gone: give the target back, then end whatever happens. A
        screen that can no longer be drawn must not keep the process alive."""
        if self._leaving:
            return
        self._leaving = True
        self._last_resort = _end_within(_GRACE)

        async def leave() -> None:
            await self._leave()
            if self._last_resort is not None:
                self._last_resort.cancel()
                self._last_resort = _end_within(_UNDRAWN)

        self.run_worker(leave(), group="leave", exclusive=True)

    async def action_quit(self) -> None:
        await self.action_leave()

    async def _leave_session(self) -> None:
        await self._leave()

    async def _leave(self) -> None:
        """Ends with the failure's exit code when attaching never worked."""
        code = self._failure.exit_code if self.session is None and self._failure is not None else 0
        await self._release()
        self.exit(code)

    async def _release(self) -> None:
        if self._memory is not None:
            self._memory.save_history(self.query_one(ConsolePane).history)
        self.workers.cancel_group(self, "attach")
        self._unsubscribe()
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await session.detach()
        if self._companion is not None:
            await self._companion.close()

    async def on_unmount(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await asyncio.shield(session.detach())

    # what the session tells (iqdebug.core.session.Listener)

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        if not self._aside(snapshot):
            self.post_message(messages.SnapshotArrived(snapshot))

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.post_message(messages.LogsArrived(records, dropped))

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.post_message(messages.BreakpointsArrived(breakpoints))

    # the one handler that changes what is shown

    def on_snapshot_arrived(self, message: messages.SnapshotArrived) -> None:
        if not self._drawn:
            return
        snapshot, before = message.snapshot, self.snapshot
        if message.anew:
            self._tree.begin(-1, None)
            before = None
        elif before is not None and self.session is not None and _older(snapshot, before):
            return
        if before is None or snapshot.epoch != before.epoch:
            self._raised = None
            self._new_moment(snapshot.phase in OVER)
        stopped_anew = snapshot.phase in STOPPED and (before is None or snapshot.epoch != before.epoch)
        if stopped_anew or snapshot.thread(self._selected) is None or not (self._chosen or _kept(snapshot)):
            focused = snapshot.focused
            self._selected = focused.id if focused is not None else None
            self._frame_index = first_user_frame(focused) if focused is not None else 0
            self._chosen = False
        self.snapshot = snapshot

    def watch_snapshot(self, before: Snapshot | None, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        self._say_how_it_ended(snapshot)
        self._program_follows(before, snapshot)
        self._show_selection()
        self._show_status()
        if snapshot.threads and snapshot.phase not in OVER:
            earlier = before if before is not None and before.epoch == snapshot.epoch else None
            self._ask_cause(snapshot, earlier)

    def on_logs_arrived(self, message: messages.LogsArrived) -> None:
        if self._drawn:
            self._logs_kept = (*self._logs_kept, *message.records)[-_LOGS_KEPT:]
            self.query_one(LogPane).add(message.records, message.dropped)

    def on_breakpoints_arrived(self, message: messages.BreakpointsArrived) -> None:
        if not self._drawn:
            return
        self._breakpoints = tuple(message.breakpoints)
        self.query_one(BreakpointsPane).show(self._breakpoints)
        self.query_one(SourcePane).set_breakpoints(self._breakpoints)
        if self._memory is not None:
            self._memory.save(self._breakpoints)

    def action_look(self) -> None:
        if self.session is None and not self._attaching:
            self.run_worker(self._open_session(), group="attach", exclusive=True)
        elif self.session is not None and not self.session.why_not(Capability.REATTACH):
            self._unsubscribe()
            self.session = None
            self.run_worker(self._open_session(), group="attach", exclusive=True)
        elif self.session is not None:
            self._do(self.session.refresh())

    def action_pane(self, name: str) -> None:
        base = self.screen_stack[0]
        assert self._arrangement is not None
        if name == "chat" and name not in self._arrangement.panes:
            self.notify("there is no conversation here", severity="warning")
            return
        if name not in self._arrangement.panes:
            self.notify("a program's terminal is there only with `iqdebug run`", severity="warning")
            return
        base.set_focus(base.query_one(self._arrangement.show(name)))

    def on_tabs_bar_chosen(self, message: TabsBar.Chosen) -> None:
        self.action_pane(message.name)

    def action_focus_next(self) -> None:
        self._turn(1)

    def action_focus_previous(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        """To the next pane, hidden or not; within a dialog, to its next field."""
        if len(self.screen_stack) > 1:
            self.screen.focus_next() if by > 0 else self.screen.focus_previous()
            return
        names = {n.id for n in self.focused.ancestors_with_self} if self.focused is not None else set()
        panes = self._arrangement.panes if self._arrangement is not None else ("source",)
        here = next((n for n, pane in enumerate(panes) if {pane, f"side-{pane}"} & names), 0)
        self.action_pane(panes[(here + by) % len(panes)])

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        if self._arrangement is not None:  # else nothing is composed yet
            self._arrangement.fit(width, height)
        if self._diagnosis is not None or self._seeking:
            self._show_card()

    # looks, help, palette

    def _every_second(self) -> None:
        self._keep_clock()
        self._show_status()
        if self._looking or self._leaving:
            return
        session = self.session
        if session is not None and session.snapshot.phase is Phase.RUNNING:
            self._look(session.refresh())
        elif session is None and self._failure is not None and self._refresh_peek is not None:
            self._look(self._peek_again(self._refresh_peek))

    def _look(self, work: Coroutine[Any, Any, None]) -> None:
        self._looking = True

        async def run() -> None:
            try:
                await work
            except IqdebugError as error:
                self._failure = error if self.session is None else self._failure
            finally:
                self._looking = False

        self.run_worker(run(), group="look")

    async def _peek_again(self, look: Callable[[], Awaitable[Snapshot]]) -> None:
        try:
            snapshot = await look()
        except IqdebugError as error:
            self._show_banner(error)
            return
        self.post_message(messages.SnapshotArrived(snapshot))

    def action_help(self) -> None:
        text = Text()
        for action in ACTIONS:
            reason = self.why_not_action(action)
            text.append(f"{action.shown:>8}  ", "bold")
            text.append(self.words_of(action), "dim" if reason else "")
            text.append(f"  (not now: {clean(reason)})\n" if reason else "\n", "dim italic")
        text.append(
            "\nIn the panes: arrows, PgUp, PgDn, Home, End, Enter, Tab to the next pane.\n"
            "Source: d definition line, g back to the current line.  Threads: l library frames.\n"
            f"Variables: Enter opens, v {self._full_words}, y copy, = set.\n"
            "Output: f follow, w level, x clear, / filter, Enter to the line that logged it.\n"
            "Suspects: moving shows, Enter goes there, ←→ fold.\n"
            "Breakpoints: Space on/off, e edit, Del remove, Enter to the line.\n"
            "Chat: ↑↓ earlier questions, Tab completes / and @, PgUp PgDn scroll, Esc stops an answer.\n"
            "Console: ↑↓ history, Tab completes, Enter on a ▸ result opens it, Esc leaves; "
            "break FILE:LINE or break FUNCTION sets a breakpoint.\n"
        )
        self.push_screen(TextScreen("Keys", text, prose=True))

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        for action in ACTIONS:
            if action.name in ("command_palette",):
                continue
            yield SystemCommand(self.words_of(action), f"key {action.shown}", self._runner(action.name))
        yield SystemCommand("Screenshot", "Save an SVG picture of the screen", self.action_screenshot)

    def _runner(self, name: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(name), group="palette")


def _end_within(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
    return timer


def _older(snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether it is out of date while a session is there: what was seen from outside before
    counts no more, and a session's own snapshots go by epoch and revision."""
    if Origin.PEEK in (snapshot.origin, before.origin):
        return snapshot.origin is Origin.PEEK
    return (snapshot.epoch, snapshot.revision) < (before.epoch, before.revision)


def _kept(snapshot: Snapshot) -> bool:
    """Whether a live look keeps the selection: it does while a stop is shown."""
    return snapshot.phase in STOPPED
