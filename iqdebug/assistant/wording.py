"""What is said to the person for each of the assistant's enums: one table each, looked up last."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from iqdebug.assistant.permissions import DecidedBy

__all__ = ["DECIDED_BY", "REPLY_ENDED"]

DECIDED_BY: Mapping[DecidedBy, str] = MappingProxyType(
    {
        DecidedBy.RULE: "rule",
        DecidedBy.CONFIG: "config",
        DecidedBy.PERSON_ONCE: "you, once",
        DecidedBy.PERSON_FOR_SESSION: "you, this session",
        DecidedBy.PERSON_REFUSED: "you",
        DecidedBy.NOBODY_TO_ASK: "nobody to ask",
    }
)
"""Who decided, as the end of "allowed by …" or "refused by …"."""

REPLY_ENDED: Mapping[str, str] = MappingProxyType(
    {
        "length": "cut at the longest answer",
        "window": "the window is full: /compact, or ask anew",
        "cancelled": "stopped",
    }
)
"""Why a reply ended before its end, by :attr:`iqdebug.llm.backends.base.ReplyFinished.why`; an ending that
is not here is the usual one."""
