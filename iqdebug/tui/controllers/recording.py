"""What a recording adds to the debugger's screen, and the walk through an exception's causes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rich.style import Style
from rich.text import Text

from iqdebug.core.state import ExceptionInfo
from iqdebug.core.text import clean
from iqdebug.tui.actions import Action
from iqdebug.tui.controllers.diagnosis import Cause
from iqdebug.tui.panes.source import SourcePane, Versions
from iqdebug.tui.panes.stack import first_user_frame
from iqdebug.tui.screens.dialogs import TextScreen
from iqdebug.tui.screens.exceptions import ExceptionsScreen

__all__ = ["Recorded", "Recording", "SourceVersions"]

NOTHING_RUNS = "recorded: nothing runs here"
_MAX_LINES = 20_000


class SourceVersions(Versions, Protocol):
    def why_no_toggle(self, path: str) -> str:
        """Why there are not two texts to choose from; "" when there are."""


@dataclass(frozen=True, slots=True)
class Recording:
    """:param about: headings with their lines, read when a person asks for them."""

    sources: SourceVersions
    about: Callable[[], list[tuple[str, list[str]]]]


class Recorded(Cause):
    """Keys for the exception's tree, for what a crash file says about itself, and for the choice
    between recorded and today's source."""

    _recording: Recording | None = None

    def words_of(self, action: Action) -> str:
        """What the action does here."""
        if action.name == "leave" and self._recording is not None:
            return "Leave"
        return action.words

    @property
    def _full_words(self) -> str:
        return "the whole text" if self._recording is not None else "the value's own repr (runs code)"

    def why_not_action(self, action: Action) -> str:
        if action.name == "exceptions":
            return "" if self.snapshot is not None and self.snapshot.exception else "no exception is known"
        if action.name == "about":
            return "" if self._recording is not None else "only a recording has that"
        if action.name == "today":
            return self._why_no_toggle()
        if action.name == "look" and self._recording is not None:
            return NOTHING_RUNS
        return super().why_not_action(action)

    def _why_no_toggle(self) -> str:
        if self._recording is None:
            return "only a recording has two texts: this is today's"
        return self._recording.sources.why_no_toggle(self.query_one(SourcePane).path)

    # the exception's tree

    def action_exceptions(self) -> None:
        root = self.snapshot.exception if self.snapshot is not None else None
        if root is None:
            self.notify("no exception is known", severity="warning")
            return
        self.push_screen(ExceptionsScreen(root, self._raised or root), self._show_raised)

    def on_exceptions_wanted(self) -> None:
        self.action_exceptions()

    def _show_raised(self, error: ExceptionInfo | None) -> None:
        """Stack, source and variables of the exception's traceback; for the root the stack of the
        thread that stopped."""
        snapshot = self.snapshot
        if error is None or snapshot is None:
            return
        is_root = error is snapshot.exception
        if not error.frames and not is_root:
            self.notify(f"no traceback is known of {error.type}", severity="warning")
            return
        self._raised = None if is_root else error
        focused = self.shown.focused if self.shown is not None else None
        if focused is not None:
            self._select(focused.id, first_user_frame(focused))

    # the recording

    def action_about(self) -> None:
        if self._recording is None:
            self.notify("only a recording has that", severity="warning")
            return
        text = Text()
        for heading, lines in self._recording.about():
            text.append(("\n" if text else "") + clean(heading) + "\n", Style(bold=True))
            for line in lines[:_MAX_LINES]:
                text.append(f"  {clean(line)}\n", _line_style(heading, line))
            if len(lines) > _MAX_LINES:
                text.append(f"  … {len(lines) - _MAX_LINES:,} more lines\n", Style(dim=True))
        text.rstrip()
        self.push_screen(TextScreen("About this recording", text, prose=True))

    def action_today(self) -> None:
        reason = self._why_no_toggle()
        if reason:
            self.notify(reason, severity="warning")
        else:
            self.query_one(SourcePane).toggle_today()


def _line_style(heading: str, line: str) -> Style:
    if heading == "What is damaged or missing" or line.startswith("NOT masked"):
        return Style(color="yellow")
    if heading == "Uncommitted changes":
        if line.startswith("+"):
            return Style(color="green")
        return Style(color="red") if line.startswith("-") else Style()
    return Style()
