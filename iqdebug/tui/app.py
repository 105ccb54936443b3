"""The debugger's screen: one snapshot in, intents out.

The app paints the first peek at once and attaches behind it. Session callbacks and workers post
messages; :class:`~iqdebug.tui.controllers.snapshots.SnapshotController` is the only one that changes
what is shown of a stop. What keys do is in :mod:`iqdebug.tui.actions`, which panes there are in
:mod:`iqdebug.tui.pane_table`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, Diagnosis, Frame, LogRecord, Snapshot, Thread
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.actions import ACTIONS, Action, bindings_of
from iqdebug.tui.controllers.chat import Companion
from iqdebug.tui.controllers.connection import Connect, RefreshPeek
from iqdebug.tui.controllers.program import ProgramHost
from iqdebug.tui.controllers.recording import Recording
from iqdebug.tui.controllers.wiring import ProjectMemory, wire
from iqdebug.tui.help import help_text, hints, typing_hints
from iqdebug.tui.layout import PaneLayout, TabsBar
from iqdebug.tui.pane_table import PANES, PaneSpec, Place, ShowsSnapshots
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.status_bar import Status, StatusBar
from iqdebug.tui.panes.variables import VariablesPane
from iqdebug.tui.screens.dialogs import TextScreen
from iqdebug.tui.widgets.printable import Printable

__all__ = ["Connect", "DebugApp", "ProjectMemory"]

TICK_S = 1.0

_PRINTABLE = Printable()
_TOO_SMALL = "the terminal is too small for iqdebug: 60 columns and 15 lines are enough"

WidgetT = TypeVar("WidgetT", bound=Widget)


class DebugApp(App[int]):
    """Owns the widgets and wires the controllers, which know it as a
    :class:`~iqdebug.tui.controllers.window.Window`.

    :param connect: attaches; is given what to call with fresher peeks and with progress in words.
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
    PANES: ClassVar[Sequence[PaneSpec]] = PANES
    ACTIONS: ClassVar[Sequence[Action]] = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(ACTIONS)]

    def __init__(
        self,
        connect: Connect,
        *,
        title: str,
        first: Snapshot | None,
        diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis],
        read_source: Callable[[str], Sequence[str]],
        refresh_peek: RefreshPeek | None = None,
        breakpoint_store: ProjectMemory | None = None,
        recording: Recording | None = None,
        program: ProgramHost | None = None,
        companion: Companion | None = None,
        clock: Callable[[], float] = time.time,
        project: str = "",
        in_memory: Callable[[str], bool] = lambda path: False,
        no_hold: bool = False,
    ) -> None:
        super().__init__()
        self.title = f"iqdebug {clean(title)}"
        self._first = first
        self._clock = clock
        self._panes = PaneLayout()
        self._built: dict[str, Widget] = {}  # the panes of this session, by id
        self.controllers = wire(
            self,
            self._panes,
            self,
            connect=connect,
            diagnose=diagnose,
            read_source=read_source,
            refresh_peek=refresh_peek,
            memory=breakpoint_store,
            recording=recording,
            host=program,
            companion=companion,
            project=project,
            in_memory=in_memory,
            no_hold=no_hold,
        )

    # what others may know of it

    @property
    def session(self) -> DebugSession | None:
        return self.controllers.state.session

    @property
    def snapshot(self) -> Snapshot | None:
        """The one that is shown."""
        return self.controllers.state.snapshot

    @property
    def thread(self) -> Thread | None:
        """The selected one."""
        return self.controllers.selection.thread

    @property
    def frame(self) -> Frame | None:
        """The selected one."""
        return self.controllers.selection.frame

    @property
    def last_words(self) -> str:
        """To be printed once the screen is gone."""
        return self.controllers.state.last_words

    @property
    def refused(self) -> UsageError | None:
        """Why the session ended before it began: what was asked for on the command line cannot be."""
        return self.controllers.state.refused

    # from the first widget to the last

    def compose(self) -> ComposeResult:
        widgets = {spec.id: spec.build(self.controllers) for spec in self.PANES}
        self._built = {name: widget for name, widget in widgets.items() if widget is not None}
        present = [spec for spec in self.PANES if spec.id in self._built]

        def at(place: Place) -> Iterator[Widget]:
            return (self._built[spec.id] for spec in present if spec.place is place)

        yield Static(id="banner")
        yield InsightCard(id="card")
        with Horizontal(id="main"):
            yield from at(Place.MAIN)
            with Vertical(id="side"):
                yield from at(Place.SIDE)
                for spec in present:
                    if spec.build_beside is not None:
                        yield spec.build_beside(self.controllers)
        yield TabsBar(id="tabs")
        with Vertical(id="bottom"):
            for pane in at(Place.BOTTOM):
                yield pane.add_class("pane")
        yield StatusBar(self._clock, id="status")
        yield Static(_TOO_SMALL, id="too-small")

    def on_mount(self) -> None:
        c = self.controllers
        self._panes.begin(self.screen, [spec for spec in self.PANES if spec.id in self._built])
        self._fit(self.size.width, self.size.height)
        self.pane(SourcePane).focus()
        c.program.to_front()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, c.leaving.terminate)
        c.breakpoints.show()
        c.chat.show_transcript()
        if self._first is not None:
            self.post_message(messages.SnapshotArrived(self._first))
        c.connection.start()
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        self.controllers.supervision.tick()
        self.refresh_status()
        self.controllers.connection.look_if_due()

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        self._panes.fit(width, height)
        self.controllers.diagnosis.resize()

    async def run_async(self, *args: Any, **options: Any) -> int | None:
        try:
            return await super().run_async(*args, **options)
        finally:
            self.controllers.leaving.screen_is_gone()

    async def on_unmount(self) -> None:
        await asyncio.shield(self.controllers.connection.detach())

    # iqdebug.tui.controllers.window.Window

    @property
    def is_drawn(self) -> bool:
        return bool(self.screen_stack) and bool(self.query("#status"))

    def pane(self, kind: type[WidgetT]) -> WidgetT:
        return self.screen_stack[0].query_one(kind)

    def find_panes(self, kind: type[WidgetT]) -> list[WidgetT]:
        return list(self.screen_stack[0].query(kind)) if self.screen_stack else []

    def focused_pane(self, kind: type[WidgetT]) -> WidgetT | None:
        focused = self.screen_stack[0].focused
        return focused if isinstance(focused, kind) else None

    def show_pane(self, name: str) -> None:
        base, spec = self.screen_stack[0], self._panes.find(name)
        if spec is not None:
            base.set_focus(base.query_one(self._panes.show(name)))
        else:
            missing = next(pane.missing for pane in self.PANES if pane.id == name)
            self.notify(missing, severity="warning")

    def refresh_status(self) -> None:
        if not self.is_drawn:
            return
        c = self.controllers
        self.pane(StatusBar).show(
            Status(
                snapshot=c.state.snapshot,
                progress=c.state.progress.words,
                is_attaching=c.state.progress.is_attaching,
                owns_program=c.state.owns_program,
                supervisor_warning=c.supervision.warning,
                is_urgent=c.supervision.is_urgent,
                supervisor_ended_it=c.supervision.ended_it,
                background=c.tasks.words,
                hints=hints(self.ACTIONS, c),
                typing_hints=typing_hints(self.ACTIONS, c),
            )
        )

    def show_banner(self, error: IqdebugError, keys: str) -> None:
        banner = self.query_one("#banner", Static)
        banner.update(Text("\n".join(clean(line) for line in (*error.lines(), keys))))
        banner.display = True

    def hide_banner(self) -> None:
        self.query_one("#banner").display = False

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Never as markup: the words may hold some of the target's."""
        super().notify(clean(message), title=clean(title), severity=severity, timeout=timeout, markup=False)

    def notify_error(self, error: IqdebugError) -> None:
        words = "\n".join(clean(line) for line in error.lines())
        super().notify(words, severity="error", markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return (*super().get_line_filters(), _PRINTABLE)

    # iqdebug.core.session.Listener

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        if not self.controllers.brief_pause.intercepts(snapshot):
            self.post_message(messages.SnapshotArrived(snapshot))

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.post_message(messages.LogsArrived(records, dropped))

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.post_message(messages.BreakpointsArrived(breakpoints))

    # keys

    def action_run(self, name: str) -> None:
        """What the table of actions says."""
        action = next(a for a in self.ACTIONS if a.name == name)
        if action.run is not None:
            action.run(self.controllers)

    def action_pane(self, name: str) -> None:
        self.show_pane(name)

    async def action_leave(self) -> None:
        if not self.controllers.program.ask_before_leaving():
            self.controllers.leaving.start()

    async def action_quit(self) -> None:
        await self.action_leave()

    def action_help(self) -> None:
        text = help_text(self.ACTIONS, self.PANES, self.controllers)
        self.push_screen(TextScreen("Keys", text, prose=True))

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
        panes = [pane.id for pane in self._panes.panes] or ["source"]
        here = next((n for n, pane in enumerate(panes) if {pane, f"side-{pane}"} & names), 0)
        self.show_pane(panes[(here + by) % len(panes)])

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        for action in self.ACTIONS:
            if action.name != "command_palette":
                words = action.words_now(self.controllers)
                yield SystemCommand(words, f"key {action.shown}", self._runner(action.textual_name))
        yield SystemCommand("Screenshot", "Save an SVG picture of the screen", self.action_screenshot)

    def _runner(self, name: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(name), group="palette")

    # what workers post

    def on_snapshot_arrived(self, message: messages.SnapshotArrived) -> None:
        is_shown = self.controllers.snapshots.accept(message.snapshot, is_first_of_session=message.anew)
        if is_shown:
            for pane in self._built.values():
                if isinstance(pane, ShowsSnapshots):
                    pane.show_snapshot(message.snapshot)

    def on_diagnosis_arrived(self, message: messages.DiagnosisArrived) -> None:
        self.controllers.diagnosis.accept(message.diagnosis, message.number)

    def on_logs_arrived(self, message: messages.LogsArrived) -> None:
        if self.is_drawn:
            self.controllers.chat.add_logs(message.records)
            self.pane(LogPane).add(message.records, message.dropped)

    def on_breakpoints_arrived(self, message: messages.BreakpointsArrived) -> None:
        if self.is_drawn:
            self.controllers.breakpoints.accept(message.breakpoints)

    def on_variables_arrived(self, message: messages.VariablesArrived) -> None:
        self.controllers.variables.accept(message)

    # what panes post

    def on_frame_wanted(self, message: messages.FrameWanted) -> None:
        self.controllers.selection.select(message.thread_id, message.index)

    def on_line_wanted(self, message: messages.LineWanted) -> None:
        self.controllers.selection.show_line(message.path, message.line)

    def on_place_wanted(self, message: messages.PlaceWanted) -> None:
        self.controllers.diagnosis.show_place(message.place, go=message.go)

    def on_exceptions_wanted(self) -> None:
        self.controllers.exceptions.open()

    def on_tabs_bar_chosen(self, message: TabsBar.Chosen) -> None:
        self.show_pane(message.name)

    def on_variables_pane_expand(self, message: VariablesPane.Expand) -> None:
        self.controllers.variables.expand(message.node, message.start)

    def on_variables_pane_toggled(self) -> None:
        self.controllers.variables.toggled()

    def on_variables_pane_full_wanted(self, message: VariablesPane.FullWanted) -> None:
        self.controllers.variables.show_in_full(message.node)

    def on_variables_pane_assign_wanted(self, message: VariablesPane.AssignWanted) -> None:
        self.controllers.variables.ask_for_value(message.node)

    def on_console_pane_entered(self, message: ConsolePane.Entered) -> None:
        self.controllers.console.run(message.expression)

    def on_console_pane_expand(self, message: ConsolePane.Expand) -> None:
        self.controllers.console.expand(message)

    def on_console_pane_completion_wanted(self, message: ConsolePane.CompletionWanted) -> None:
        self.controllers.console.complete(message.text, message.column)

    def on_breakpoints_pane_edit_wanted(self, message: BreakpointsPane.EditWanted) -> None:
        self.controllers.breakpoints.edit(message.breakpoint)

    def on_breakpoints_pane_changed(self, message: BreakpointsPane.Changed) -> None:
        self.controllers.breakpoints.replace(message.old, message.new)

    def on_chat_pane_asked(self, message: ChatPane.Asked) -> None:
        self.controllers.chat.ask(message.text)

    def on_chat_pane_stop_wanted(self) -> None:
        self.controllers.chat.stop()

    def on_chat_pane_place_chosen(self, message: ChatPane.PlaceChosen) -> None:
        self.controllers.chat.show_place(message.path, message.line)

    def on_keyboard_moved(self) -> None:
        self.controllers.program.keyboard_moved()

    def on_left(self) -> None:
        self.controllers.program.left()
