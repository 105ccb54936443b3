"""Models: files, plans, downloads, runtimes, servers, the worker."""

from __future__ import annotations

from iqdebug.core.messages.en.llm import gguf, plan, pull

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (gguf.TEMPLATES, plan.TEMPLATES, pull.TEMPLATES)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
