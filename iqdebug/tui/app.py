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
from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Frame, Snapshot, Thread
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.actions import ACTIONS, Action, bindings_of
from iqdebug.tui.controllers.chat import Companion
from iqdebug.tui.controllers.connection import Connect, RefreshPeek
from iqdebug.tui.controllers.program import ProgramHost
from iqdebug.tui.controllers.recording import Recording
from iqdebug.tui.controllers.wiring import ProjectMemory, wire
from iqdebug.tui.debug_screen import DebugScreen
from iqdebug.tui.key_help import help_text, status_of
from iqdebug.tui.layout import PaneLayout, TabsBar
from iqdebug.tui.pane_table import PANES, PaneSpec, Place, ShowsSnapshots
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.screens.dialogs import TextScreen
from iqdebug.tui.widgets.printable import Printable

__all__ = ["Connect", "DebugApp", "ProjectMemory"]

TICK_S = 1.0

_PRINTABLE = Printable()

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
        return render(self.controllers.state.last_words)

    @property
    def refused(self) -> UsageError | None:
        """Why the session ended before it began: what was asked for on the command line cannot be."""
        return self.controllers.state.refused

    # from the first widget to the last

    def get_default_screen(self) -> DebugScreen:
        return DebugScreen(self.controllers)

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
        yield Static(render(message("tui.layout.too_small")), id="too-small")

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
        if not self._panes.focus(name):
            missing = next(pane.missing for pane in self.PANES if pane.id == name)
            self.notify(missing, severity="warning")

    def refresh_status(self) -> None:
        if self.is_drawn:
            self.pane(StatusBar).show(status_of(self.controllers, self.ACTIONS))

    def show_banner(self, error: IqdebugError, keys: Words) -> None:
        banner = self.query_one("#banner", Static)
        banner.update(Text("\n".join(clean(line) for line in (*error.lines(), render(keys)))))
        banner.display = True

    def hide_banner(self) -> None:
        self.query_one("#banner").display = False

    def notify(
        self,
        message: Words,
        *,
        title: Words = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Never as markup: the words may hold some of the target's."""
        words, heading = clean(render(message)), clean(render(title))
        super().notify(words, title=heading, severity=severity, timeout=timeout, markup=False)

    def notify_error(self, error: IqdebugError) -> None:
        words = "\n".join(clean(line) for line in error.lines())
        super().notify(words, severity="error", markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return (*super().get_line_filters(), _PRINTABLE)

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
        self.push_screen(TextScreen(message("tui.keys.title"), text, prose=True))

    def action_focus_next(self) -> None:
        self._turn(1)

    def action_focus_previous(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        """To the next pane, hidden or not; within a dialog, to its next field."""
        if len(self.screen_stack) > 1:
            self.screen.focus_next() if by > 0 else self.screen.focus_previous()
        else:
            self.show_pane(self._panes.neighbour(by))

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        for action in self.ACTIONS:
            if action.name != "command_palette":
                words = render(action.words_now(self.controllers))
                keys = render(message("tui.palette.key", keys=action.shown))
                yield SystemCommand(words, keys, self._runner(action.textual_name))
        title, saves = message("tui.palette.screenshot"), message("tui.palette.screenshot_saves")
        yield SystemCommand(render(title), render(saves), self.action_screenshot)

    def _runner(self, name: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(name), group="palette")

    # what workers post

    def on_snapshot_arrived(self, message: messages.SnapshotArrived) -> None:
        if self.controllers.snapshots.accept(message.snapshot, is_first_of_session=message.anew):
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
