"""The time that a supervisor gives a process that is held, and its end where that ran out."""

from __future__ import annotations

from iqdebug.core.errors import IqdebugError
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
    def warning(self) -> str:
        """How long the process may be held, in words; "" while it runs."""
        return self._supervision.warning if self._supervision is not None else ""

    @property
    def is_urgent(self) -> bool:
        return self._supervision is not None and self._supervision.urgent

    @property
    def ended_it(self) -> bool:
        """Whether the supervisor ended the process because it was held."""
        return self._supervision is not None and self._supervision.ended_it

    def why_not_hold(self) -> str:
        """Why the supervisor's clock cannot be held."""
        if self._supervision is None:
            return "nobody ends this process for being paused"
        return self._supervision.why_not_hold()

    def toggle_hold(self) -> None:
        reason, supervision = self.why_not_hold(), self._supervision
        if reason or supervision is None:
            self._window.notify(f"cannot hold a supervisor's clock: {reason}", severity="warning")
            return
        supervision.holding = not supervision.holding
        name = supervision.supervisor.name
        self._window.notify(
            f"while it is paused {name} is shown a sign of life each second, from outside the process; "
            "H ends that, and so does leaving"
            if supervision.holding
            else f"{name}'s clock runs again"
        )
        self.tick()
        self._window.refresh_status()

    def tick(self) -> None:
        """To be called about once a second: keeps the clock back where that was asked for."""
        supervision = self._supervision
        if supervision is not None and not supervision.tick():
            name = supervision.supervisor.name
            self._window.notify(f"{name}'s clock can no longer be held", severity="error")

    def explain_end(self, snapshot: Snapshot) -> None:
        """That the supervisor ended it is worth more room than the status has."""
        if snapshot.phase is Phase.ENDED and self.ended_it:
            self._window.show_banner(
                IqdebugError(
                    snapshot.reason,
                    "another worker does its work now: `iqdebug ps` lists it",
                    "attach with --no-hold, or press L, to look at one without holding it",
                ),
                keys="q: leave",
            )
