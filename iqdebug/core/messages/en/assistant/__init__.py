"""The conversation: commands, actions, rights, notes."""

from __future__ import annotations

from iqdebug.core.messages.en.assistant import (
    actions_edits,
)

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (actions_edits.TEMPLATES,)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
