"""The conversation: commands, actions, rights, notes."""

from __future__ import annotations

from iqdebug.core.messages.en.assistant import (
    actions_advice,
    actions_edits,
    actions_reports,
    actions_runs,
    actions_tests,
    command_answers,
    command_help,
    consents,
    conversation_notes,
    tool_refusals,
    tool_summaries,
)

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    actions_advice.TEMPLATES,
    actions_edits.TEMPLATES,
    actions_reports.TEMPLATES,
    actions_runs.TEMPLATES,
    actions_tests.TEMPLATES,
    command_answers.TEMPLATES,
    command_help.TEMPLATES,
    consents.TEMPLATES,
    conversation_notes.TEMPLATES,
    tool_refusals.TEMPLATES,
    tool_summaries.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
