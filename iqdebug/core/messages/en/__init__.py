"""English: the sentences that people read, by the id of their message."""

from __future__ import annotations

from iqdebug.core.messages.en import (
    anomalies,
    anomaly_parts,
    attaching,
    conversation,
    exits,
    kinds,
    living,
    reasons,
    sessions,
    waits,
)
from iqdebug.core.messages.templates import RoomTemplates

__all__ = ["TEMPLATES", "plural_form"]

_ROOMS = ("agent", "assistant", "cli", "core", "crash", "dap", "llm", "peek", "tui")

TEMPLATES = RoomTemplates(
    __name__,
    {
        **kinds.TEMPLATES,
        **anomalies.TEMPLATES,
        **anomaly_parts.TEMPLATES,
        **reasons.TEMPLATES,
        **living.TEMPLATES,
        **waits.TEMPLATES,
        **attaching.TEMPLATES,
        **conversation.TEMPLATES,
        **exits.TEMPLATES,
        **sessions.TEMPLATES,
    },
    {**{room: room for room in _ROOMS}, "meaning": "meanings"},
)


def plural_form(count: int) -> int:
    """Which of the forms ``one|many`` goes with a number."""
    return 0 if count == 1 else 1
