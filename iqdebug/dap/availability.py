"""What is possible in which phase: decisions first, as values; their sentences in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto

from iqdebug.core.errors import NotAvailable
from iqdebug.core.session import Capability
from iqdebug.core.state import Phase, Thread, ThreadState
from iqdebug.dap.snapshot_store import SnapshotStore

__all__ = ["SENTENCES", "Availability", "PauseDelay", "Unavailable", "pause_delay", "unavailable"]


class Unavailable(Enum):
    """Why something is not possible now."""

    ENDED = auto()
    DETACHED = auto()
    ATTACHED = auto()  # so it cannot be attached to
    RUNNING = auto()
    STOPPED = auto()
    RESTART_FRAME_NOT_OFFERED = auto()
    STOP_WITHOUT_DEBUGGER = auto()  # the agent holds the thread, pydevd could not be started


class PauseDelay(Enum):
    """Why a pause has not stopped anything yet, and what will happen."""

    RUNNING_IN_C = auto()
    WAITING_IN_C = auto()


SENTENCES: dict[Unavailable | PauseDelay, str] = {
    Unavailable.ENDED: "the process has ended",
    Unavailable.DETACHED: "detached: attach again first",
    Unavailable.ATTACHED: "already attached",
    Unavailable.RUNNING: "the process is running: pause it first",
    Unavailable.STOPPED: "already paused",
    Unavailable.RESTART_FRAME_NOT_OFFERED: "debugpy does not offer to restart a frame",
    Unavailable.STOP_WITHOUT_DEBUGGER: "this stop is for looking only",
    PauseDelay.RUNNING_IN_C: (
        "pause requested: the running code is in a C call, or a loop on one line that debugpy "
        "cannot interrupt; it stops at the next line it reaches"
    ),
    PauseDelay.WAITING_IN_C: (
        "pause requested: every thread waits in C{wait}; it stops when one runs Python again"
    ),
}
"""What a person reads. ``{wait}`` is what the main thread waits for, in parentheses, or nothing."""


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
        self, store: SnapshotStore, further_reason: Callable[[Capability], str] = lambda capability: ""
    ) -> None:
        self._store = store
        self._further_reason = further_reason
        self.restart_frame_offered = False

    def why_not(self, capability: Capability) -> str:
        """ "" when it is possible, else the reason in words."""
        reason = unavailable(capability, self._store.phase, restart_frame=self.restart_frame_offered)
        return SENTENCES[reason] if reason is not None else self._further_reason(capability)

    def require(self, capability: Capability) -> None:
        """:raises NotAvailable: it is not possible now."""
        reason = self.why_not(capability)
        if reason:
            raise NotAvailable(f"Cannot {capability.value} now: {reason}")


def pause_delay(threads: Sequence[Thread]) -> str:
    """The sentence for the delay that the stacks of the threads show."""
    if any(t.state is ThreadState.RUNNING and not t.wait for t in threads):
        return SENTENCES[PauseDelay.RUNNING_IN_C]
    main = next((t for t in threads if t.is_main), None)
    wait = f" ({main.wait})" if main is not None and main.wait else ""
    return SENTENCES[PauseDelay.WAITING_IN_C].format(wait=wait)
