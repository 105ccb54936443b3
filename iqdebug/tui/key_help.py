"""What the person reads about the keys: the help screen, and the hints in the status bar."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from iqdebug.core.messages import message, render
from iqdebug.core.state import Origin
from iqdebug.core.text import clean
from iqdebug.tui.actions import TYPING_HINTS, Action
from iqdebug.tui.controllers.wiring import Controllers
from iqdebug.tui.pane_table import PaneSpec
from iqdebug.tui.panes.status_bar import Hint, Status

__all__ = ["help_text", "status_of"]


def help_text(actions: Sequence[Action], panes: Sequence[PaneSpec], controllers: Controllers) -> Text:
    """Every key, with the reason where it is not possible now, then the keys within the panes."""
    text = Text()
    for action in actions:
        reason = action.why_not(controllers)
        text.append(f"{action.shown:>8}  ", "bold")
        text.append(render(action.words_now(controllers)), "dim" if reason else "")
        not_now = render(message("tui.keys.not_now", reason=reason))
        text.append(f"  {clean(not_now)}\n" if reason else "\n", "dim italic")
    text.append(f"\n{render(message('tui.keys.in_panes'))}\n")
    for pane in sorted(panes, key=lambda p: p.help_order):
        line = render(pane.help(controllers) if callable(pane.help) else pane.help)
        text.append(f"{line}\n" if line else "")
    return text


def status_of(controllers: Controllers, actions: Sequence[Action]) -> Status:
    """What the status bar shows now."""
    c = controllers
    return Status(
        snapshot=c.state.snapshot,
        progress=c.state.progress.words,
        is_attaching=c.state.progress.is_attaching,
        owns_program=c.state.owns_program,
        supervisor_warning=c.supervision.warning,
        is_urgent=c.supervision.is_urgent,
        supervisor_ended_it=c.supervision.ended_it,
        background=c.tasks.words,
        hints=_hints(actions, c),
        typing_hints=_typing_hints(actions, c),
    )


def _hints(actions: Sequence[Action], controllers: Controllers) -> list[Hint]:
    """Of a recording first what is possible where nothing runs."""
    snapshot = controllers.state.snapshot
    is_recorded = snapshot is not None and snapshot.origin is Origin.RECORDED
    aside = [a for a in actions if is_recorded and a.aside and not a.why_not(controllers)]
    usual = [a for a in actions if a.hint]
    return [
        *(Hint(a.shown.split()[0], render(a.aside), True) for a in aside),
        *(Hint(a.shown.split()[-1], render(a.hint), not a.why_not(controllers)) for a in usual),
    ]


def _typing_hints(actions: Sequence[Action], controllers: Controllers) -> list[Hint]:
    """What is possible while letters go to a program."""
    by_name = {action.name: action for action in actions}
    named = [(by_name[name], words) for name, words in TYPING_HINTS.items()]
    return [Hint(a.shown.split()[0], render(words), True) for a, words in named if not a.why_not(controllers)]
