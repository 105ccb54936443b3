"""Threads that the agent of a started program holds at an exception that nobody catches."""

from __future__ import annotations

from iqdebug.core.messages import Text, message
from iqdebug.core.state import ExceptionInfo
from iqdebug.dap.agent_events import HeldEvent
from iqdebug.dap.stop_reader import exception_reason

__all__ = ["HeldThreads"]

_NAMED_BY_EXCEPTION = ("thread", "uncaught")
"""Kinds of hold of which the exception says most; of the others (a task's, an unraisable one) it is how
it was met."""


class HeldThreads:
    """The one that is shown, and those that wait for their turn, the longest first."""

    def __init__(self) -> None:
        self._waiting: list[HeldEvent] = []
        self.shown: HeldEvent | None = None
        self.without_debugger = False
        """It is shown with what the agent alone can do."""

    def append(self, hold: HeldEvent) -> None:
        self._waiting.append(hold)

    def remove(self, number: int) -> None:
        """It has gone on."""
        self._waiting = [hold for hold in self._waiting if hold.number != number]
        if self.shown is not None and self.shown.number == number:
            self.shown = None

    def show_next(self) -> HeldEvent | None:
        """The next one, which is shown from now on; None while one is shown, or none waits."""
        if self.shown is not None or not self._waiting:
            return None
        self.shown = self._waiting.pop(0)
        return self.shown

    def resumed(self) -> None:
        """The program goes on, and with it the thread that was shown."""
        self.shown, self.without_debugger = None, False

    def reason_of(self, info: ExceptionInfo) -> Text:
        """Why the program has stopped: which exception, and how the agent met it."""
        hold = self.shown
        if hold is None or not info.uncaught or not hold.how:
            return exception_reason(info)
        if hold.kind in _NAMED_BY_EXCEPTION:
            return message("stop.how", reason=exception_reason(info), how=hold.how)
        return message("exception", type=info.type, text=hold.how)
