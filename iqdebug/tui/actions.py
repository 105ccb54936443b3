"""Every key of the debugger's screen: what it does, its words, and when it is possible.

The bindings, the palette, the help screen and the hints in the status bar are made from this
one table: a new key is an entry here that calls a controller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.binding import Binding

from iqdebug.core.session import Capability, StepKind
from iqdebug.tui.controllers.wiring import Controllers
from iqdebug.tui.pane_table import PANES, PaneSpec

__all__ = ["ACTIONS", "TYPING_HINTS", "Action", "actions_for", "bindings_of"]


@dataclass(frozen=True, slots=True)
class Action:
    """
    :param keys: as Textual names them, the ones to show first; ``shown`` how a person reads them.
    :param run: what it does; None: it is the app's own action of that name.
    :param needs: what the session must be able to do.
    :param unless: the reason why it is not possible now, "" when it is; decides in place of ``needs``.
    :param words_here: words that depend on the session; in place of ``words`` where it gives any.
    :param hint: short words for the status bar, "" leaves it out.
    :param aside: words for it that are shown only where the action is possible and nothing runs.
    """

    name: str
    keys: str
    shown: str
    words: str
    run: Callable[[Controllers], object] | None = None
    needs: Capability | None = None
    unless: Callable[[Controllers], str] | None = None
    words_here: Callable[[Controllers], str] | None = None
    hint: str = ""
    aside: str = ""

    @property
    def textual_name(self) -> str:
        """How Textual calls it on the app."""
        return self.name if self.run is None else f"run({self.name!r})"

    def why_not(self, controllers: Controllers) -> str:
        """ "" when it is possible now, else the reason in words."""
        if self.unless is not None:
            return self.unless(controllers)
        return controllers.state.why_not(self.needs) if self.needs is not None else ""

    def words_now(self, controllers: Controllers) -> str:
        """What it does here."""
        return (self.words_here(controllers) if self.words_here is not None else "") or self.words


def _leave_words(c: Controllers) -> str:
    if c.program.is_ours:
        return "Leave; asks whether a program that still runs shall end"
    return "Leave" if c.recording.is_recorded else ""


_BEFORE_PANES = (
    Action(
        "resume",
        "f5,c",
        "F5 c",
        "Continue",
        lambda c: c.program.resume(),
        Capability.CONTINUE,
        hint="continue",
    ),
    Action("pause", "f6,p", "F6 p", "Pause", lambda c: c.execution.pause(), Capability.PAUSE, hint="pause"),
    Action(
        "step_over",
        "f10,n",
        "F10 n",
        "Step over",
        lambda c: c.execution.step(StepKind.OVER),
        Capability.STEP,
        hint="over",
    ),
    Action(
        "step_in",
        "f11,s",
        "F11 s",
        "Step into",
        lambda c: c.execution.step(StepKind.IN),
        Capability.STEP,
        hint="into",
    ),
    Action(
        "step_out",
        "shift+f11,f23,o",
        "⇧F11 o",
        "Step out",
        lambda c: c.execution.step(StepKind.OUT),
        Capability.STEP,
        hint="out",
    ),
    Action(
        "run_to",
        "u",
        "u",
        "Run to the cursor line",
        lambda c: c.execution.run_to_cursor(),
        Capability.RUN_TO,
        hint="cursor",
    ),
    Action(
        "restart_frame",
        "R",
        "R",
        "Restart the frame",
        lambda c: c.execution.restart_frame(),
        Capability.RESTART_FRAME,
    ),
    Action(
        "breakpoint",
        "f9,b",
        "F9 b",
        "Breakpoint on the cursor line: set or remove",
        lambda c: c.breakpoints.toggle_at_cursor(),
        Capability.BREAKPOINTS,
        hint="break",
    ),
    Action(
        "edit_breakpoint",
        "B",
        "B",
        "Condition, hit count or log message",
        lambda c: c.breakpoints.edit_at_cursor(),
        Capability.BREAKPOINTS,
    ),
    Action("frame_out", "k", "k", "One frame out (to the caller)", lambda c: c.selection.move_frame(1)),
    Action("frame_in", "j", "j", "One frame in (to the callee)", lambda c: c.selection.move_frame(-1)),
    Action("thread", "t", "t", "Next thread", lambda c: c.selection.next_thread()),
    Action(
        "insight",
        "i",
        "i",
        "All about the cause: reasons, proof, what it means",
        lambda c: c.diagnosis.open_details(),
        aside="cause",
    ),
    Action("next_suspect", "right_square_bracket", "]", "To the next suspect", lambda c: c.diagnosis.walk(1)),
    Action(
        "previous_suspect",
        "left_square_bracket",
        "[",
        "To the suspect before",
        lambda c: c.diagnosis.walk(-1),
    ),
    Action(
        "provenance",
        "W",
        "W",
        "Where the failing value came from, hop by hop",
        lambda c: c.diagnosis.show_provenance(),
    ),
    Action(
        "exceptions",
        "e",
        "e",
        "The exception, its causes and group members",
        lambda c: c.exceptions.open(),
        unless=lambda c: c.exceptions.why_not(),
        aside="exceptions",
    ),
    Action(
        "about",
        "a",
        "a",
        "About this recording: program, environment, git, what is missing",
        lambda c: c.recording.show_about(),
        unless=lambda c: c.recording.why_not_about(),
        aside="about",
    ),
    Action(
        "today",
        "T",
        "T",
        "Source text: as recorded, or today's",
        lambda c: c.recording.toggle_source(),
        unless=lambda c: c.recording.why_not_toggle(),
        aside="recorded/today",
    ),
    Action(
        "keep",
        "K",
        "K",
        "Keep this stop as a crash file, secrets masked",
        lambda c: c.execution.keep(),
        Capability.RECORD,
    ),
    Action(
        "snapshot",
        "L",
        "L",
        "Look without holding: stop, record, go on at once",
        lambda c: c.brief_pause.look(),
        unless=lambda c: c.brief_pause.why_not(),
    ),
    Action(
        "hold_clock",
        "H",
        "H",
        "Hold the clock of the process's supervisor while it is paused",
        lambda c: c.supervision.toggle_hold(),
        unless=lambda c: c.supervision.why_not_hold(),
    ),
    Action(
        "look",
        "r",
        "r",
        "Look again (running), or attach again (detached)",
        lambda c: c.connection.look(),
        unless=lambda c: c.recording.why_not_look(),
    ),
    Action(
        "restart",
        "ctrl+shift+f5,f29,S",
        "^⇧F5 S",
        "Start the program again with the same arguments",
        lambda c: c.program.restart(),
        unless=lambda c: c.program.why_not_restart(),
    ),
    Action(
        "open_file", "O", "O", "Open a file… (type a part of its name)", lambda c: c.navigation.open_file()
    ),
    Action(
        "go_to_function",
        "F",
        "F",
        "Go to a function… (type a part of its name)",
        lambda c: c.navigation.go_to_function(),
    ),
    Action("search", "slash", "/", "Search in the focused pane", lambda c: c.search.ask()),
    Action("next_match", "N", "N", "Next match", lambda c: c.search.next(1)),
    Action("previous_match", "P", "P", "Previous match", lambda c: c.search.next(-1)),
)
_AFTER_PANES = (
    Action("command_palette", "colon,ctrl+p", ": ^P", "Command palette"),
    Action("help", "f1,question_mark", "F1 ?", "All keys, and what is possible now", hint="help"),
    Action(
        "leave",
        "shift+f5,f17,q,ctrl+q",
        "⇧F5 q",
        "Detach and leave; the process runs on",
        words_here=_leave_words,
        hint="leave",
    ),
)


def actions_for(panes: Sequence[PaneSpec]) -> tuple[Action, ...]:
    """All of a screen with these panes."""
    to_panes = (
        Action(f"pane({pane.id!r})", pane.keys, pane.shown, pane.words, unless=pane.why_not) for pane in panes
    )
    return (*_BEFORE_PANES, *to_panes, *_AFTER_PANES)


def bindings_of(actions: Sequence[Action]) -> list[Binding]:
    return [Binding(action.keys, action.textual_name, action.words, show=False) for action in actions]


ACTIONS = actions_for(PANES)

TYPING_HINTS = {"pause": "pause", "leave": "leave", "restart": "start again"}
"""The actions, by name, that stay possible while letters go to a program, with words for the status bar."""
