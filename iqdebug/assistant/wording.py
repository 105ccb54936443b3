"""What is said to the person for each of the assistant's enums: one table each, looked up last."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from iqdebug.assistant.permissions import DecidedBy
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Phase

__all__ = ["DECIDED_BY", "PHASES", "REPLY_ENDED"]

DECIDED_BY: Mapping[DecidedBy, Message] = MappingProxyType(
    {
        DecidedBy.RULE: message("decided_by.rule"),
        DecidedBy.CONFIG: message("decided_by.config"),
        DecidedBy.PERSON_ONCE: message("decided_by.person_once"),
        DecidedBy.PERSON_FOR_SESSION: message("decided_by.person_for_session"),
        DecidedBy.PERSON_REFUSED: message("decided_by.person"),
        DecidedBy.NOBODY_TO_ASK: message("decided_by.nobody_to_ask"),
    }
)
"""Who decided, as the end of "allowed by …" or "refused by …"."""

REPLY_ENDED: Mapping[str, Message] = MappingProxyType(
    {
        "length": message("reply_ended.length"),
        "window": message("reply_ended.window"),
        "cancelled": message("reply_ended.cancelled"),
    }
)
"""Why a reply ended before its end, by :attr:`iqdebug.llm.backends.base.ReplyFinished.why`; an ending that
is not here is the usual one."""

PHASES: Mapping[Phase, Message] = MappingProxyType(
    {
        Phase.CONNECTING: message("assistant.phase.connecting"),
        Phase.RUNNING: message("assistant.phase.running"),
        Phase.PAUSED: message("assistant.phase.paused"),
        Phase.CRASHED: message("assistant.phase.crashed"),
        Phase.DETACHED: message("assistant.phase.detached"),
        Phase.ENDED: message("assistant.phase.ended"),
    }
)
"""Where a process stands, as the end of "the process has …"."""
