"""Keeps the transcript's model status up to date."""

from __future__ import annotations

from iqdebug.assistant.log_window import LogWindow
from iqdebug.assistant.transcript import ModelState, ModelStatus, Transcript
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message, render
from iqdebug.llm.backends.base import Prefilling

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

    def show_reading(self, now: Prefilling, *, ahead: bool) -> None:
        """How far the model has read, and how long it will still take where its speed is known.

        :param ahead: nothing is asked yet.
        """
        speed = self._window.about.speed.prefill
        seconds = round((now.total - now.done) / speed) if speed else 0
        left = message("assistant.status.seconds_left", seconds=seconds) if seconds > 1 else None
        done, total = f"{now.done:,}", f"{now.total:,}"
        if ahead:
            words = message("assistant.status.reading_ahead", done=done, total=total, left=left)
        else:
            words = message("assistant.status.reading_tokens", done=done, total=total, left=left)
        self.show("ahead" if ahead else "reading", words)

    def show_failure(self, error: IqdebugError) -> None:
        """The whole error in the flow, its first line as the status."""
        self._transcript.add("error", "\n".join(error.lines()))
        self.show("failed", error.texts[0])
