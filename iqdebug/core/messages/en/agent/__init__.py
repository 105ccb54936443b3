"""What the agent inside a target says, which sends ids and values."""

from __future__ import annotations

from iqdebug.core.messages.en.agent import reading, session

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (reading.TEMPLATES, session.TEMPLATES)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
