"""What a crash file adds to the screen: what it says about itself, and its source beside today's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.style import Style
from rich.text import Text

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.text import clean
from iqdebug.crash.summary import AboutSection, SectionKind
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.source import SourcePane, Versions
from iqdebug.tui.screens.dialogs import TextScreen

__all__ = ["Recording", "RecordingController", "SourceVersions"]

MAX_LINES = 20_000
"""Lines of one section that are shown."""


class SourceVersions(Versions, Protocol):
    def why_no_toggle(self, path: str) -> Words:
        """Why there are not two texts to choose from; "" when there are."""


@dataclass(frozen=True, slots=True)
class Recording:
    """:param about: what the file says of itself, read when a person asks for it."""

    sources: SourceVersions
    about: Callable[[], Sequence[AboutSection]]


class RecordingController:
    """:param recording: None: the session is no recording."""

    def __init__(self, window: Window, recording: Recording | None) -> None:
        self._window = window
        self._recording = recording

    @property
    def is_recorded(self) -> bool:
        return self._recording is not None

    @property
    def sources(self) -> SourceVersions | None:
        return self._recording.sources if self._recording is not None else None

    def why_not_about(self) -> Words:
        return "" if self.is_recorded else message("tui.why_not.no_recording")

    def why_not_toggle(self) -> Words:
        """Why the source has no second text."""
        if self._recording is None:
            return message("tui.why_not.one_text")
        return self._recording.sources.why_no_toggle(self._window.pane(SourcePane).path)

    def why_not_look(self) -> Words:
        """Why there is nothing newer to see."""
        return message("tui.why_not.recorded") if self.is_recorded else ""

    def show_about(self) -> None:
        if self._recording is None:
            self._window.notify(self.why_not_about(), severity="warning")
            return
        text = Text()
        for section in self._recording.about():
            text.append(("\n" if text else "") + clean(section.heading) + "\n", Style(bold=True))
            for line in section.lines[:MAX_LINES]:
                text.append(f"  {clean(line)}\n", _line_style(section.kind, line))
            if len(section.lines) > MAX_LINES:
                more = message("tui.dialog.more_lines", count=f"{len(section.lines) - MAX_LINES:,}")
                text.append(f"  {render(more)}\n", Style(dim=True))
            for line in section.warnings:
                text.append(f"  {clean(line)}\n", _WARNING)
        text.rstrip()
        self._window.push_screen(TextScreen(message("tui.dialog.about_title"), text, prose=True))

    def toggle_source(self) -> None:
        """Between the recorded text and today's."""
        reason = self.why_not_toggle()
        if reason:
            self._window.notify(reason, severity="warning")
        else:
            self._window.pane(SourcePane).toggle_today()


_WARNING = Style(color="yellow")


def _line_style(kind: SectionKind, line: str) -> Style:
    if kind is SectionKind.DAMAGE:
        return _WARNING
    if kind is SectionKind.DIFF:
        if line.startswith("+"):
            return Style(color="green")
        return Style(color="red") if line.startswith("-") else Style()
    return Style()
