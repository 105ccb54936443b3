"""The conversation: commands, actions, rights, notes."""

from __future__ import annotations

from iqdebug.core.messages.en.assistant import (
    actions_advice,
    actions_edits,
    actions_reports,
    actions_runs,
    actions_tests,
)

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    actions_advice.TEMPLATES,
    actions_edits.TEMPLATES,
    actions_reports.TEMPLATES,
    actions_runs.TEMPLATES,
    actions_tests.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
