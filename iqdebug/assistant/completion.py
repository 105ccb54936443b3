"""Completes what the person types: commands and mentions in a question, expressions by the model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.session_binding import SessionBinding
from iqdebug.llm.window.window import Window

__all__ = ["CompletionProvider"]

_LINES_BEFORE = 40
_MAX_VARIABLES = 20
_MAX_VALUE_CHARACTERS = 80


class CompletionProvider:
    """:param commands: the names of the commands."""

    def __init__(self, commands: Sequence[str], window: Window | None, redactor: Redactor) -> None:
        self._commands = commands
        self._window = window
        self._redactor = redactor

    def of_question(self, text: str, binding: SessionBinding | None) -> Sequence[str]:
        """What the last word of a question may become."""
        word = text.rpartition(" ")[2]
        if word.startswith("/") and word == text:
            return [f"/{name}" for name in self._commands if f"/{name}".startswith(word)]
        return binding.mentions.completions(text) if binding is not None else ()

    async def of_expression(self, before: str, after: str, binding: SessionBinding) -> str:
        """How the model continues an expression in the selected frame, in one line; "" without a model."""
        if self._window is None:
            return ""
        shown = [v for v in binding.ui.variables()[:_MAX_VARIABLES] if v.kind != "group"]
        self._redactor.learn(shown)
        values = [f"# {v.name} = {self._redactor.value_of(v)[:_MAX_VALUE_CHARACTERS]}" for v in shown]
        prefix = self._redactor.scrub("\n".join([*_lines_before(binding), *values, before]))
        continued = await self._window.complete(prefix, after)
        return continued.splitlines()[0].rstrip() if continued.strip() else ""


def _lines_before(binding: SessionBinding) -> list[str]:
    frame = binding.ui.frame()
    if frame is not None and frame.path:
        with contextlib.suppress(OSError, ValueError):
            source = binding.read_source(frame.path)
            return [str(line).rstrip() for line in source[max(frame.line - _LINES_BEFORE, 0) : frame.line]]
    return []
