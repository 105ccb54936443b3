"""The time that a supervisor gives a process that is held, and its end where that ran out."""

from __future__ import annotations

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message
from iqdebug.core.state import Phase, Snapshot
from iqdebug.core.supervision import Supervision
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.window import Window

__all__ = ["SupervisionController"]


class SupervisionController:
    """Of a process that nobody supervises there is nothing to say."""

    def __init__(self, window: Window, state: DebugState) -> None:
        self._window = window
        self._state = state

    @property
    def _supervision(self) -> Supervision | None:
        return self._state.session.supervision if self._state.session is not None else None

    @property
    def warning(self) -> Text:
        """How long the process may be held; "" while it runs."""
        return self._supervision.warning if self._supervision is not None else ""

    @property
    def is_urgent(self) -> bool:
        return self._supervision is not None and self._supervision.urgent

    @property
    def ended_it(self) -> bool:
        """Whether the supervisor ended the process because it was held."""
        return self._supervision is not None and self._supervision.ended_it

    def why_not_hold(self) -> Text:
        """Why the supervisor's clock cannot be held."""
        if self._supervision is None:
            return message("tui.why_not.unsupervised")
        return self._supervision.why_not_hold()

    def toggle_hold(self) -> None:
        reason, supervision = self.why_not_hold(), self._supervision
        if reason or supervision is None:
            self._window.notify(message("tui.notice.cannot_hold_clock", reason=reason), severity="warning")
            return
        supervision.holding = not supervision.holding
        name = supervision.supervisor.name
        held, runs = message("tui.notice.clock_held", name=name), message("tui.notice.clock_runs", name=name)
        self._window.notify(held if supervision.holding else runs)
        self.tick()
        self._window.refresh_status()

    def tick(self) -> None:
        """To be called about once a second: keeps the clock back where that was asked for."""
        supervision = self._supervision
        if supervision is not None and not supervision.tick():
            name = supervision.supervisor.name
            self._window.notify(message("tui.notice.clock_lost", name=name), severity="error")

    def explain_end(self, snapshot: Snapshot) -> None:
        """That the supervisor ended it is worth more room than the status has."""
        if snapshot.phase is Phase.ENDED and self.ended_it:
            self._window.show_banner(
                IqdebugError(
                    snapshot.reason,
                    message("tui.banner.ended_by_supervisor.why"),
                    message("tui.banner.ended_by_supervisor.fix"),
                ),
                keys=message("tui.banner.leave_key"),
            )
