"""Every pane of the debugger's screen. The layout, the tabs, the number keys and the help are made from
this one table: a new pane is its file in panes/ and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from textual.widget import Widget

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
    words: str
    titles: tuple[str, str, str]
    build: Callable[[Controllers], Widget | None]
    build_beside: Callable[[Controllers], Widget] | None = None
    place: Place = Place.BOTTOM
    why_not: Callable[[Controllers], str] | None = None
    missing: str = ""
    focus: str = ""
    screen_class: str = ""
    fills: bool = False
    help: Callable[[Controllers], str] | str = ""
    help_order: int = 9


def _variables_help(c: Controllers) -> str:
    full = "the whole text" if c.recording.is_recorded else "the value's own repr (runs code)"
    return f"Variables: Enter opens, v {full}, y copy, = set."


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
        words="To the program's terminal (Ctrl-] comes back)",
        titles=("Program", "Program", "Prog"),
        build=_program_pane,
        why_not=lambda c: c.program.why_not_pane(),
        missing="a program's terminal is there only with `iqdebug run`",
        fills=True,
    ),
    PaneSpec(
        id="source",
        keys="1",
        shown="1",
        words="To the source",
        titles=("Source", "Source", "Src"),
        build=lambda c: SourcePane(
            c.brief_pause.source_lines, id="source", versions=c.recording.sources, in_memory=c.in_memory
        ),
        place=Place.MAIN,
        help="Source: d definition line, g back to the current line.  Threads: l library frames.",
        help_order=1,
    ),
    PaneSpec(
        id="stack",
        keys="2",
        shown="2",
        words="To the threads and frames",
        titles=("Stack", "Stack", "Stk"),
        build=lambda c: StackPane(id="stack"),
        place=Place.SIDE,
    ),
    PaneSpec(
        id="variables",
        keys="3",
        shown="3",
        words="To the variables",
        titles=("Variables", "Vars", "Var"),
        build=lambda c: VariablesPane(c.variables.tree, id="variables"),
        build_beside=lambda c: VariablesPane(c.variables.tree, id="side-variables"),
        help=_variables_help,
        help_order=2,
    ),
    PaneSpec(
        id="output",
        keys="4",
        shown="4",
        words="To the output and logs",
        titles=("Output", "Output", "Out"),
        build=lambda c: LogPane(id="output", recorded=c.recording.is_recorded),
        help="Output: f follow, w level, x clear, / filter, Enter to the line that logged it.",
        help_order=3,
    ),
    PaneSpec(
        id="console",
        keys="5",
        shown="5",
        words="To the console",
        titles=("Console", "Console", "Con"),
        build=lambda c: ConsolePane(c.console.load_history(), id="console", recorded=c.recording.is_recorded),
        focus="#prompt",
        help="Console: ↑↓ history, Tab completes, Enter on a ▸ result opens it, Esc leaves; "
        "break FILE:LINE or break FUNCTION sets a breakpoint.",
        help_order=7,
    ),
    PaneSpec(
        id="breakpoints",
        keys="6",
        shown="6",
        words="To the breakpoints",
        titles=("Breakpoints", "Breaks", "Brk"),
        build=lambda c: BreakpointsPane(id="breakpoints"),
        help="Breakpoints: Space on/off, e edit, Del remove, Enter to the line.",
        help_order=5,
    ),
    PaneSpec(
        id="suspects",
        keys="7",
        shown="7",
        words="To the suspects and the way of the failing value",
        titles=("Suspects", "Suspects", "Why"),
        build=lambda c: SuspectsPane(lambda place: whereabouts(c.state.snapshot, place), id="suspects"),
        help="Suspects: moving shows, Enter goes there, ←→ fold.",
        help_order=4,
    ),
    PaneSpec(
        id="chat",
        keys="8,A",
        shown="8 A",
        words="To the conversation: ask about what is on the screen",
        titles=("Chat", "Chat", "Ask"),
        build=lambda c: ChatPane(c.chat.complete_question, id="chat") if c.chat.is_available else None,
        missing="there is no conversation here",
        focus="#question",
        screen_class="chatting",
        help="Chat: ↑↓ earlier questions, Tab completes / and @, PgUp PgDn scroll, Esc stops an answer.",
        help_order=6,
    ),
)
