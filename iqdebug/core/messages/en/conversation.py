"""The conversation: who decided, how replies and calls ended."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "call.allowed_by": "{summary}, allowed by {deciders}",
    "call.failed": "failed: {summary}",
    "call.undone": "{words}; undone",
    "decided_by.config": "config",
    "decided_by.nobody_to_ask": "nobody to ask",
    "decided_by.person": "you",
    "decided_by.person_for_session": "you, this session",
    "decided_by.person_once": "you, once",
    "decided_by.rule": "rule",
    "decision.allowed": "{tool}: allowed by {decider}  {detail}",
    "decision.refused": "{tool}: refused by {decider}  {detail}",
    "last_stop.not_read": "{expression} was not read: {reason}",
    "last_stop.gone": "the process has ended: this is what was last seen of it",
    "reply_ended.cancelled": "stopped",
    "reply_ended.length": "cut at the longest answer",
    "reply_ended.nothing": "the model answered nothing; /retry asks again",
    "reply_ended.window": "the window is full: /compact, or ask anew",
}
