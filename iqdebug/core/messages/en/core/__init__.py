"""Settings, expressions, lines of plain text and places in code as a person names them."""

from __future__ import annotations

from iqdebug.core.messages.en.core import expressions, lines, places, settings

__all__ = ["TEMPLATES"]

_PARTS = (expressions.TEMPLATES, lines.TEMPLATES, places.TEMPLATES, settings.TEMPLATES)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
