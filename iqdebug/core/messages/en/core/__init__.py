"""Settings, expressions and what the diagnosis says of places."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = ()

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
