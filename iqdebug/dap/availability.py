"""What is possible in which phase: decisions first, as values; their messages in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.core.session import Capability, capability_message
from iqdebug.core.state import Phase, Thread, ThreadState
from iqdebug.dap.snapshot_store import SnapshotStore

__all__ = ["Availability", "Unavailable", "pause_delay", "unavailable", "unavailable_message"]


class Unavailable(Enum):
    """Why something is not possible now."""

    ENDED = auto()
    DETACHED = auto()
    ATTACHED = auto()  # so it cannot be attached to
    RUNNING = auto()
    STOPPED = auto()
    RESTART_FRAME_NOT_OFFERED = auto()
    STOP_WITHOUT_DEBUGGER = auto()  # the agent holds the thread, pydevd could not be started


_REASONS: dict[Unavailable, Message] = {
    Unavailable.ENDED: message("unavailable.ended"),
    Unavailable.DETACHED: message("unavailable.detached"),
    Unavailable.ATTACHED: message("unavailable.attached"),
    Unavailable.RUNNING: message("unavailable.running"),
    Unavailable.STOPPED: message("unavailable.stopped"),
    Unavailable.RESTART_FRAME_NOT_OFFERED: message("unavailable.restart_frame"),
    Unavailable.STOP_WITHOUT_DEBUGGER: message("unavailable.without_debugger"),
}


def unavailable_message(reason: Unavailable) -> Message:
    return _REASONS[reason]


def unavailable(capability: Capability, phase: Phase, *, restart_frame: bool) -> Unavailable | None:
    """None when it is possible. ``restart_frame``: whether the server offers that."""
    if capability is Capability.REATTACH:
        if phase is Phase.DETACHED:
            return None
        return Unavailable.ENDED if phase is Phase.ENDED else Unavailable.ATTACHED
    if phase is Phase.ENDED:
        return Unavailable.ENDED
    if phase is Phase.DETACHED:
        return Unavailable.DETACHED
    if capability in (Capability.BREAKPOINTS, Capability.EVALUATE, Capability.DETACH):
        return None
    if capability is Capability.RESTART_FRAME and not restart_frame:
        return Unavailable.RESTART_FRAME_NOT_OFFERED
    if capability is Capability.PAUSE:
        return Unavailable.STOPPED if phase.is_stopped else None
    return None if phase.is_stopped else Unavailable.RUNNING


class Availability:
    """Answers for one session what is possible now.

    :param further_reason: why something is not possible that the phase allows; "" when it is.
    """

    def __init__(
        self, store: SnapshotStore, further_reason: Callable[[Capability], Text] = lambda capability: ""
    ) -> None:
        self._store = store
        self._further_reason = further_reason
        self.restart_frame_offered = False

    def reason_against(self, capability: Capability) -> Text:
        """ "" when it is possible."""
        reason = unavailable(capability, self._store.phase, restart_frame=self.restart_frame_offered)
        return _REASONS[reason] if reason is not None else self._further_reason(capability)

    def why_not(self, capability: Capability) -> str:
        """:meth:`reason_against` in words."""
        return render(self.reason_against(capability))

    def require(self, capability: Capability) -> None:
        """:raises NotAvailable: it is not possible now."""
        reason = self.reason_against(capability)
        if reason:
            action = capability_message(capability)
            raise NotAvailable(message("unavailable", action=action, reason=reason))


def pause_delay(threads: Sequence[Thread]) -> Message:
    """Why a pause has not stopped anything yet, and what will happen, as the threads' stacks show it."""
    if any(t.state is ThreadState.RUNNING and not t.wait_message for t in threads):
        return message("pause.running_in_c")
    main = next((t for t in threads if t.is_main), None)
    what = main.wait_message if main is not None else ""
    return message("pause.waiting_in_c", wait=message("pause.waits_for", what=what) if what else None)
