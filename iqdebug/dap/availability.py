"""Why something is not possible now, and why a pause is not heeded, in words."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.core.session import Capability
from iqdebug.core.state import Phase, Thread, ThreadState

__all__ = ["unheeded", "why_not"]

_STOPPED = (Phase.PAUSED, Phase.CRASHED)


def why_not(capability: Capability, phase: Phase, *, restart_frame: bool) -> str:
    """ "" when it is possible. ``restart_frame``: whether the server offers that."""
    if capability is Capability.REATTACH:
        return {Phase.DETACHED: "", Phase.ENDED: "the process has ended"}.get(phase, "already attached")
    if phase is Phase.ENDED:
        return "the process has ended"
    if phase is Phase.DETACHED:
        return "detached: attach again first"
    if capability in (Capability.BREAKPOINTS, Capability.EVALUATE, Capability.DETACH):
        return ""
    if capability is Capability.RESTART_FRAME and not restart_frame:
        return "debugpy does not offer to restart a frame"
    if capability is Capability.PAUSE:
        return "already paused" if phase in _STOPPED else ""
    return "" if phase in _STOPPED else "the process is running: pause it first"


def unheeded(threads: Sequence[Thread]) -> str:
    """Why a pause has not stopped anything yet, and what will happen."""
    if any(t.state is ThreadState.RUNNING and not t.wait for t in threads):
        return (
            "pause requested: the running code is in a C call, or a loop on one line that debugpy "
            "cannot interrupt; it stops at the next line it reaches"
        )
    main = next((t for t in threads if t.is_main), None)
    wait = f" ({main.wait})" if main is not None and main.wait else ""
    return f"pause requested: every thread waits in C{wait}; it stops when one runs Python again"
