"""Attaching, launching and driving a process: errors and what a session says."""

from __future__ import annotations

from iqdebug.core.messages.en.dap import attaching, connections, entering, stops

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    attaching.TEMPLATES,
    entering.TEMPLATES,
    connections.TEMPLATES,
    stops.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
