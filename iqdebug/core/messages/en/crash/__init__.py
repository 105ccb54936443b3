"""Crash files: errors, the summary, evaluating names in one."""

from __future__ import annotations

from iqdebug.core.messages.en.crash import about, files, folder, values

__all__ = ["TEMPLATES"]

_PARTS = (about.TEMPLATES, files.TEMPLATES, folder.TEMPLATES, values.TEMPLATES)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
