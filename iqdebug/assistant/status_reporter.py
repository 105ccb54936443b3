"""Keeps the transcript's model status up to date."""

from __future__ import annotations

from iqdebug.assistant.log_window import LogWindow
from iqdebug.assistant.transcript import ModelState, ModelStatus, Transcript
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, render

__all__ = ["StatusReporter"]


class StatusReporter:
    """Shows what the model is doing, with its name and how full its window is at that moment."""

    def __init__(self, window: LogWindow, transcript: Transcript) -> None:
        self._window = window
        self._transcript = transcript

    def show(self, state: ModelState, words: Text) -> None:
        about = self._window.about
        self._transcript.stand(
            ModelStatus(
                state,
                render(words),
                about.model,
                about.where,
                about.remote,
                self._window.used,
                about.window,
            )
        )

    def show_failure(self, error: IqdebugError) -> None:
        """The whole error in the flow, its first line as the status."""
        self._transcript.add("error", "\n".join(error.lines()))
        self.show("failed", error.texts[0])
