"""What the commands and tools of one desk have at hand from each other."""

from __future__ import annotations

from dataclasses import dataclass

from iqdebug.assistant.actions.apply import Receipt
from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.watch import Watch

__all__ = ["PendingEdits"]


@dataclass(slots=True)
class PendingEdits:
    """:param proposal: the last edit that was proposed, not applied yet.
    :param receipt: of the last that was applied.
    :param watched: the log-points that /watch has set.
    """

    proposal: Proposal | None = None
    receipt: Receipt | None = None
    watched: tuple[Watch, ...] = ()
