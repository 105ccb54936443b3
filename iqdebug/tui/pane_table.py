"""Every pane of the debugger's screen. The layout, the tabs, the number keys and the help are made from
this one table: a new pane is its file in panes/ and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from textual.widget import Widget

from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import Snapshot
from iqdebug.tui.controllers.wiring import Controllers
from iqdebug.tui.locations import whereabouts
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.log import LogPane
from iqdebug.tui.panes.program import ProgramPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.stack import StackPane
from iqdebug.tui.panes.suspects import SuspectsPane
from iqdebug.tui.panes.variables import VariablesPane

__all__ = ["PANES", "PaneSpec", "Place", "ShowsSnapshots"]


class Place(Enum):
    MAIN = auto()  # the left of the upper part
    SIDE = auto()  # the right of it
    BOTTOM = auto()  # below, where one pane at a time is shown, with a tab


@runtime_checkable
class ShowsSnapshots(Protocol):
    """A pane that has this method is given every snapshot that is shown."""

    def show_snapshot(self, snapshot: Snapshot) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PaneSpec:
    """
    :param id: the widget's id.
    :param keys: as Textual names them; ``shown`` how a person reads them, the number first.
    :param words: what the keys do, for the help.
    :param titles: in the tab: long, short, and for the narrowest terminals.
    :param build: the widget; None where this session has no such pane.
    :param build_beside: a second one below the stack on a wide terminal, which then has no tab.
    :param why_not: why the keys do nothing now; "" when they do.
    :param missing: said where this session has no such pane.
    :param focus: selector of what takes the focus; "" for the pane itself.
    :param screen_class: a style class that the screen has while the pane is the chosen tab.
    :param fills: it may take the whole screen's room while it is the chosen tab.
    :param help: a line about the keys within the pane.
    :param help_order: where the line stands; those of one number are in the order of the table.
    """

    id: str
    keys: str
    shown: str
    words: Text
    titles: tuple[Text, Text, Text]
    build: Callable[[Controllers], Widget | None]
    build_beside: Callable[[Controllers], Widget] | None = None
    place: Place = Place.BOTTOM
    why_not: Callable[[Controllers], Text] | None = None
    missing: Text = ""
    focus: str = ""
    screen_class: str = ""
    fills: bool = False
    help: Callable[[Controllers], Text] | Text = ""
    help_order: int = 9


def _variables_help(c: Controllers) -> Message:
    if c.recording.is_recorded:
        return message("tui.pane.variables.help_recorded")
    return message("tui.pane.variables.help")


def _program_pane(c: Controllers) -> ProgramPane | None:
    terminal = c.program.terminal
    if terminal is None:
        return None
    pane = ProgramPane(terminal, id="program")
    terminal.hear(pane.hear)
    return pane


PANES: Sequence[PaneSpec] = (
    PaneSpec(
        id="program",
        keys="0",
        shown="0",
        words=message("tui.pane.program.words"),
        titles=(
            message("tui.pane.program.title"),
            message("tui.pane.program.short"),
            message("tui.pane.program.tiny"),
        ),
        build=_program_pane,
        why_not=lambda c: c.program.why_not_pane(),
        missing=message("tui.pane.program.missing"),
        fills=True,
    ),
    PaneSpec(
        id="source",
        keys="1",
        shown="1",
        words=message("tui.pane.source.words"),
        titles=(
            message("tui.pane.source.title"),
            message("tui.pane.source.short"),
            message("tui.pane.source.tiny"),
        ),
        build=lambda c: SourcePane(
            c.brief_pause.source_lines, id="source", versions=c.recording.sources, in_memory=c.in_memory
        ),
        place=Place.MAIN,
        help=message("tui.pane.source.help"),
        help_order=1,
    ),
    PaneSpec(
        id="stack",
        keys="2",
        shown="2",
        words=message("tui.pane.stack.words"),
        titles=(
            message("tui.pane.stack.title"),
            message("tui.pane.stack.short"),
            message("tui.pane.stack.tiny"),
        ),
        build=lambda c: StackPane(id="stack"),
        place=Place.SIDE,
    ),
    PaneSpec(
        id="variables",
        keys="3",
        shown="3",
        words=message("tui.pane.variables.words"),
        titles=(
            message("tui.pane.variables.title"),
            message("tui.pane.variables.short"),
            message("tui.pane.variables.tiny"),
        ),
        build=lambda c: VariablesPane(c.variables.tree, id="variables"),
        build_beside=lambda c: VariablesPane(c.variables.tree, id="side-variables"),
        help=_variables_help,
        help_order=2,
    ),
    PaneSpec(
        id="output",
        keys="4",
        shown="4",
        words=message("tui.pane.output.words"),
        titles=(
            message("tui.pane.output.title"),
            message("tui.pane.output.short"),
            message("tui.pane.output.tiny"),
        ),
        build=lambda c: LogPane(id="output", recorded=c.recording.is_recorded),
        help=message("tui.pane.output.help"),
        help_order=3,
    ),
    PaneSpec(
        id="console",
        keys="5",
        shown="5",
        words=message("tui.pane.console.words"),
        titles=(
            message("tui.pane.console.title"),
            message("tui.pane.console.short"),
            message("tui.pane.console.tiny"),
        ),
        build=lambda c: ConsolePane(c.console.load_history(), id="console", recorded=c.recording.is_recorded),
        focus="#prompt",
        help=message("tui.pane.console.help"),
        help_order=7,
    ),
    PaneSpec(
        id="breakpoints",
        keys="6",
        shown="6",
        words=message("tui.pane.breakpoints.words"),
        titles=(
            message("tui.pane.breakpoints.title"),
            message("tui.pane.breakpoints.short"),
            message("tui.pane.breakpoints.tiny"),
        ),
        build=lambda c: BreakpointsPane(id="breakpoints"),
        help=message("tui.pane.breakpoints.help"),
        help_order=5,
    ),
    PaneSpec(
        id="suspects",
        keys="7",
        shown="7",
        words=message("tui.pane.suspects.words"),
        titles=(
            message("tui.pane.suspects.title"),
            message("tui.pane.suspects.short"),
            message("tui.pane.suspects.tiny"),
        ),
        build=lambda c: SuspectsPane(lambda place: whereabouts(c.state.snapshot, place), id="suspects"),
        help=message("tui.pane.suspects.help"),
        help_order=4,
    ),
    PaneSpec(
        id="chat",
        keys="8,A",
        shown="8 A",
        words=message("tui.pane.chat.words"),
        titles=(
            message("tui.pane.chat.title"),
            message("tui.pane.chat.short"),
            message("tui.pane.chat.tiny"),
        ),
        build=lambda c: ChatPane(c.chat.complete_question, id="chat") if c.chat.is_available else None,
        missing=message("tui.pane.chat.missing"),
        focus="#question",
        screen_class="chatting",
        help=message("tui.pane.chat.help"),
        help_order=6,
    ),
)
