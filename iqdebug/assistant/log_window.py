"""What a conversation asks of a model's window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from iqdebug.llm.backends.base import Event, ModelInfo, Prefilling, Progress
from iqdebug.llm.messages import Sampling, Source, Tool, ToolCall

__all__ = ["LogWindow"]


class LogWindow(Protocol):
    """The part of :class:`iqdebug.llm.window.window.Window` that a conversation uses."""

    @property
    def about(self) -> ModelInfo: ...

    @property
    def used(self) -> int: ...

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None: ...

    async def open(self, system: str, tools: Sequence[Tool]) -> None: ...

    async def evidence(self, key: str, text: str) -> None: ...

    async def drop_unread(self) -> bool: ...

    async def question(self, text: str) -> None: ...

    async def tool_result(self, call: ToolCall, text: str, source: Source) -> None: ...

    def prefill(self) -> AsyncIterator[Prefilling]: ...

    def reply(self, sampling: Sampling, *, calls: bool = True) -> AsyncIterator[Event]: ...

    async def cancel(self) -> None: ...

    async def retry(self) -> None:
        """Remove the last answer, so that the question can be answered again."""

    async def take_back(self) -> str:
        """Remove the last question and everything after it; returns its text."""

    async def close(self) -> None: ...
