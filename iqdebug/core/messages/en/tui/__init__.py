"""The screen: labels, keys, titles, notices."""

from __future__ import annotations

from iqdebug.core.messages.en.tui import causes, dialogs, keys, notices, pane_table, panes, status, talk

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    causes.TEMPLATES,
    dialogs.TEMPLATES,
    keys.TEMPLATES,
    notices.TEMPLATES,
    pane_table.TEMPLATES,
    panes.TEMPLATES,
    status.TEMPLATES,
    talk.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
