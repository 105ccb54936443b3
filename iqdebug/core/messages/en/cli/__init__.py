"""The command line: help, printed lines, errors; the other workflows."""

from __future__ import annotations

from iqdebug.core.messages.en.cli import arguments, commands, failures, lines, models

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    arguments.TEMPLATES,
    commands.TEMPLATES,
    failures.TEMPLATES,
    lines.TEMPLATES,
    models.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
