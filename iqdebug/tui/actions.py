"""Every key of the debugger's screen: what it does, its words, and when it is possible.

The bindings, the palette, the help screen and the hints in the status bar are made from this
one table: a new key is an entry here that calls a controller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.binding import BindingType

from iqdebug.core.messages import Text, message
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
    words: Text
    run: Callable[[Controllers], object] | None = None
    needs: Capability | None = None
    unless: Callable[[Controllers], Text] | None = None
    words_here: Callable[[Controllers], Text] | None = None
    hint: Text = ""
    aside: Text = ""

    @property
    def textual_name(self) -> str:
        """How Textual calls it on the app."""
        return self.name if self.run is None else f"run({self.name!r})"

    def why_not(self, controllers: Controllers) -> Text:
        """ "" when it is possible now, else the reason."""
        if self.unless is not None:
            return self.unless(controllers)
        return controllers.state.why_not(self.needs) if self.needs is not None else ""

    def words_now(self, controllers: Controllers) -> Text:
        """What it does here."""
        return (self.words_here(controllers) if self.words_here is not None else "") or self.words


def _leave_words(c: Controllers) -> Text:
    if c.program.is_ours:
        return message("tui.action.leave_program")
    return message("tui.action.leave_recording") if c.recording.is_recorded else ""


_BEFORE_PANES = (
    Action(
        "resume",
        "f5,c",
        "F5 c",
        message("tui.action.resume"),
        lambda c: c.program.resume(),
        Capability.CONTINUE,
        hint=message("tui.hint.continue"),
    ),
    Action(
        "pause",
        "f6,p",
        "F6 p",
        message("tui.action.pause"),
        lambda c: c.execution.pause(),
        Capability.PAUSE,
        hint=message("tui.hint.pause"),
    ),
    Action(
        "step_over",
        "f10,n",
        "F10 n",
        message("tui.action.step_over"),
        lambda c: c.execution.step(StepKind.OVER),
        Capability.STEP,
        hint=message("tui.hint.over"),
    ),
    Action(
        "step_in",
        "f11,s",
        "F11 s",
        message("tui.action.step_in"),
        lambda c: c.execution.step(StepKind.IN),
        Capability.STEP,
        hint=message("tui.hint.into"),
    ),
    Action(
        "step_out",
        "shift+f11,f23,o",
        "⇧F11 o",
        message("tui.action.step_out"),
        lambda c: c.execution.step(StepKind.OUT),
        Capability.STEP,
        hint=message("tui.hint.out"),
    ),
    Action(
        "run_to",
        "u",
        "u",
        message("tui.action.run_to"),
        lambda c: c.execution.run_to_cursor(),
        Capability.RUN_TO,
        hint=message("tui.hint.cursor"),
    ),
    Action(
        "restart_frame",
        "R",
        "R",
        message("tui.action.restart_frame"),
        lambda c: c.execution.restart_frame(),
        Capability.RESTART_FRAME,
    ),
    Action(
        "breakpoint",
        "f9,b",
        "F9 b",
        message("tui.action.breakpoint"),
        lambda c: c.breakpoints.toggle_at_cursor(),
        Capability.BREAKPOINTS,
        hint=message("tui.hint.break"),
    ),
    Action(
        "edit_breakpoint",
        "B",
        "B",
        message("tui.action.edit_breakpoint"),
        lambda c: c.breakpoints.edit_at_cursor(),
        Capability.BREAKPOINTS,
    ),
    Action("frame_out", "k", "k", message("tui.action.frame_out"), lambda c: c.selection.move_frame(1)),
    Action("frame_in", "j", "j", message("tui.action.frame_in"), lambda c: c.selection.move_frame(-1)),
    Action("thread", "t", "t", message("tui.action.thread"), lambda c: c.selection.next_thread()),
    Action(
        "insight",
        "i",
        "i",
        message("tui.action.insight"),
        lambda c: c.diagnosis.open_details(),
        aside=message("tui.hint.cause"),
    ),
    Action(
        "next_suspect",
        "right_square_bracket",
        "]",
        message("tui.action.next_suspect"),
        lambda c: c.diagnosis.walk(1),
    ),
    Action(
        "previous_suspect",
        "left_square_bracket",
        "[",
        message("tui.action.previous_suspect"),
        lambda c: c.diagnosis.walk(-1),
    ),
    Action(
        "provenance",
        "W",
        "W",
        message("tui.action.provenance"),
        lambda c: c.diagnosis.show_provenance(),
    ),
    Action(
        "exceptions",
        "e",
        "e",
        message("tui.action.exceptions"),
        lambda c: c.exceptions.open(),
        unless=lambda c: c.exceptions.why_not(),
        aside=message("tui.hint.exceptions"),
    ),
    Action(
        "about",
        "a",
        "a",
        message("tui.action.about"),
        lambda c: c.recording.show_about(),
        unless=lambda c: c.recording.why_not_about(),
        aside=message("tui.hint.about"),
    ),
    Action(
        "today",
        "T",
        "T",
        message("tui.action.today"),
        lambda c: c.recording.toggle_source(),
        unless=lambda c: c.recording.why_not_toggle(),
        aside=message("tui.hint.recorded_today"),
    ),
    Action(
        "keep",
        "K",
        "K",
        message("tui.action.keep"),
        lambda c: c.execution.keep(),
        Capability.RECORD,
    ),
    Action(
        "snapshot",
        "L",
        "L",
        message("tui.action.snapshot"),
        lambda c: c.brief_pause.look(),
        unless=lambda c: c.brief_pause.why_not(),
    ),
    Action(
        "hold_clock",
        "H",
        "H",
        message("tui.action.hold_clock"),
        lambda c: c.supervision.toggle_hold(),
        unless=lambda c: c.supervision.why_not_hold(),
    ),
    Action(
        "look",
        "r",
        "r",
        message("tui.action.look"),
        lambda c: c.connection.look(),
        unless=lambda c: c.recording.why_not_look(),
    ),
    Action(
        "restart",
        "ctrl+shift+f5,f29,S",
        "^⇧F5 S",
        message("tui.action.restart"),
        lambda c: c.program.restart(),
        unless=lambda c: c.program.why_not_restart(),
    ),
    Action("open_file", "O", "O", message("tui.action.open_file"), lambda c: c.navigation.open_file()),
    Action(
        "go_to_function",
        "F",
        "F",
        message("tui.action.go_to_function"),
        lambda c: c.navigation.go_to_function(),
    ),
    Action("search", "slash", "/", message("tui.action.search"), lambda c: c.search.ask()),
    Action("next_match", "N", "N", message("tui.action.next_match"), lambda c: c.search.next(1)),
    Action("previous_match", "P", "P", message("tui.action.previous_match"), lambda c: c.search.next(-1)),
)
_AFTER_PANES = (
    Action("command_palette", "colon,ctrl+p", ": ^P", message("tui.action.command_palette")),
    Action("help", "f1,question_mark", "F1 ?", message("tui.action.help"), hint=message("tui.hint.help")),
    Action(
        "leave",
        "shift+f5,f17,q,ctrl+q",
        "⇧F5 q",
        message("tui.action.leave"),
        words_here=_leave_words,
        hint=message("tui.hint.leave"),
    ),
)


def actions_for(panes: Sequence[PaneSpec]) -> tuple[Action, ...]:
    """All of a screen with these panes."""
    to_panes = (
        Action(f"pane({pane.id!r})", pane.keys, pane.shown, pane.words, unless=pane.why_not) for pane in panes
    )
    return (*_BEFORE_PANES, *to_panes, *_AFTER_PANES)


def bindings_of(actions: Sequence[Action]) -> list[BindingType]:
    return [(action.keys, action.textual_name) for action in actions]


ACTIONS = actions_for(PANES)

TYPING_HINTS = {
    "pause": message("tui.hint.pause"),
    "leave": message("tui.hint.leave"),
    "restart": message("tui.hint.start_again"),
}
"""The actions, by name, that stay possible while letters go to a program, with words for the status bar."""
