"""What the assistant may know of the person's view, and ask of the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from iqdebug.core.session import DebugSession
from iqdebug.core.state import Frame, LogRecord, Snapshot, Variable

__all__ = ["Consent", "HeadlessContext", "UiContext"]

Consent = Literal["no", "once", "session"]


class UiContext(Protocol):
    """Implemented by :class:`HeadlessContext`, and for the screen by
    :class:`iqdebug.tui.controllers.chat.ScreenContext`."""

    def frame(self) -> Frame | None:
        """The frame that is selected."""

    def variables(self) -> Sequence[Variable]:
        """The variables of that frame, as far as they were read."""

    def logs(self) -> Sequence[LogRecord]:
        """The last records that the target wrote, oldest first."""

    def shows(self, snapshot: Snapshot, /) -> bool:
        """Whether the person gets to see this snapshot. A stop that is only recorded, while the process
        goes on at once, is not shown."""

    async def consent(self, action: str, right: str, detail: str, why: str, may_hold: bool, /) -> Consent:
        """The person's answer to: may ``action`` be done, with exactly the text ``detail``?

        :param may_hold: whether "session" may be answered.
        """

    def put(self, text: str, /) -> None:
        """Write a text into the question's field."""

    def copy(self, text: str, /) -> None:
        """Put a text on the clipboard."""


class HeadlessContext:
    """No screen: the innermost frame of the user's code counts as selected, and everything that needs
    consent is refused."""

    def __init__(self, session: DebugSession, logs: Sequence[LogRecord] = ()) -> None:
        self._session = session
        self._logs = tuple(logs)

    def frame(self) -> Frame | None:
        thread = self._session.snapshot.focused
        frames = thread.frames if thread is not None else ()
        return next((f for f in frames if f.kind == "user"), next(iter(frames), None))

    def variables(self) -> Sequence[Variable]:
        frame = self.frame()
        return (frame.locals or ()) if frame is not None else ()

    def logs(self) -> Sequence[LogRecord]:
        return self._logs

    def shows(self, snapshot: Snapshot, /) -> bool:
        return True

    async def consent(self, action: str, right: str, detail: str, why: str, may_hold: bool, /) -> Consent:
        return "no"

    def put(self, text: str, /) -> None:
        """There is no field."""

    def copy(self, text: str, /) -> None:
        """There is no clipboard."""
