"""Models: files, plans, downloads, runtimes, servers, the worker."""

from __future__ import annotations

from iqdebug.core.messages.en.llm import gguf, models, plan, pull, runtime, servers, window, worker

__all__ = ["TEMPLATES"]

_PARTS: tuple[dict[str, str], ...] = (
    gguf.TEMPLATES,
    models.TEMPLATES,
    plan.TEMPLATES,
    pull.TEMPLATES,
    runtime.TEMPLATES,
    servers.TEMPLATES,
    window.TEMPLATES,
    worker.TEMPLATES,
)

TEMPLATES: dict[str, str] = {id: text for part in _PARTS for id, text in part.items()}
