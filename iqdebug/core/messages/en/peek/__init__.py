"""Looking at a process from outside, and the doctor."""

from __future__ import annotations

from iqdebug.core.messages.en.peek import doctor, looking

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (doctor.TEMPLATES, looking.TEMPLATES)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
