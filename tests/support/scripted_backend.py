"""A backend whose answers are written beforehand, for tests. It says so wherever it is named.

Its log, counters and limits are those of a real one: tokens are counted by the tokenizer it is given,
what was evaluated stays so until it is cut away, and a log that passes the window is refused.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import (
    Block,
    Counters,
    Event,
    ModelInfo,
    Prefilling,
    Progress,
    ReplyFinished,
    Text,
    Thinking,
    ToolCallEvent,
)
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall

__all__ = ["Answer", "Script", "ScriptedBackend", "characters"]

_JOINT = 4  # tokens around a message
_PIECE = 12  # characters of a streamed piece


@dataclass(frozen=True, slots=True)
class Answer:
    """:param dies: the model's process ends after this many characters."""

    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    dies: int | None = None


Script: TypeAlias = Callable[[Sequence[Block]], Answer]


def characters(text: str) -> int:
    """A tokenizer of one token for four bytes, rounded up."""
    return (len(text.encode("utf-8", "replace")) + 3) // 4


class ScriptedBackend:
    """Implements :class:`~iqdebug.llm.backends.base.Backend`.

    :param script: the answers in order, or a function of the log.
    :param count: tokens of a text.
    :param batch: tokens evaluated at a time.
    :param pause: awaited between batches and pieces, so that a test can act in between.
    """

    def __init__(
        self,
        script: Sequence[Answer] | Script = (),
        *,
        window: int = 131_072,
        count: Callable[[str], int] = characters,
        batch: int = 512,
        pause: Callable[[], Any] | None = None,
        why_no_chat: str = "",
    ) -> None:
        self._left = list(script) if not callable(script) else []
        self._script = script if callable(script) else None
        self._about = ModelInfo(
            "scripted",
            "scripted (for tests)",
            "on this machine",
            False,
            window,
            thinks=True,
            chat=not why_no_chat,
            no_chat_message=why_no_chat,
        )
        self._count = count
        self._batch = batch
        self._pause = pause
        self._blocks: list[Block] = []
        self._evaluated = 0  # tokens at the log's front that were evaluated
        self._next = 1
        self._counters = Counters()
        self._cancelled = False
        self._epoch = 0  # grows with each change of the log: a prefill of before ends
        self.alive = False
        self.most_used = 0
        """The largest log that was ever answered or prefilled, with what was generated."""

    @property
    def about(self) -> ModelInfo:
        return self._about

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(self._blocks)

    @property
    def used(self) -> int:
        return sum(b.tokens for b in self._blocks)

    @property
    def counters(self) -> Counters:
        return self._counters

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        if not self.alive and on_progress is not None:
            on_progress(Progress("loading the script", 1.0))
        self.alive = True

    async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
        self._blocks.clear()
        self._evaluated = 0
        told = json.dumps([[t.name, t.description, t.parameters] for t in tools], default=dict)
        return self._add(Message("system", system, "system"), self._count(told if tools else ""))

    async def append(self, message: Message) -> Block:
        return self._add(message)

    def _add(self, message: Message, more: int = 0, partial: bool = False) -> Block:
        tokens = self._count(message.content) + _JOINT + more
        if self.used + tokens > self._about.window:
            raise ModelError("The window is full", f"{self.used + tokens:,} of {self._about.window:,} tokens")
        block = Block(self._next, message.source, message, tokens, partial)
        self._next += 1
        self._epoch += 1
        self._blocks.append(block)
        self.most_used = max(self.most_used, self.used)
        return block

    async def count(self, text: str) -> int:
        return self._count(text)

    async def cut(self, mark: int) -> None:
        self._epoch += 1
        self._blocks = [b for b in self._blocks if b.mark < mark]
        self._evaluated = min(self._evaluated, self.used)

    async def prefill(self) -> AsyncIterator[Prefilling]:
        self._cancelled = False
        epoch = self._epoch
        async for now in self._evaluate():
            yield now
            if self._cancelled or epoch != self._epoch:
                return

    async def _evaluate(self) -> AsyncIterator[Prefilling]:
        total, done = self.used - self._evaluated, 0
        while done < total:
            step = min(self._batch, total - done)
            done += step
            self._evaluated += step
            now = self._counters
            self._counters = replace(now, evaluated=now.evaluated + step)
            yield Prefilling(done, total)
            await self._wait()

    async def _wait(self) -> None:
        if self._pause is not None:
            await self._pause()

    async def reply(self, sampling: Sampling, *, calls: bool = True) -> AsyncIterator[Event]:
        if not self.alive:
            raise ModelError("The scripted model's process has ended", "", "Ask again to start it anew")
        self._cancelled = False
        self._counters = replace(self._counters, reused=self._counters.reused + self._evaluated)
        async for now in self._evaluate():
            yield now
            if self._cancelled:
                yield self._done(Answer(), "", "cancelled")
                return
        answer = self._script(self.blocks) if self._script is not None else self._following()
        for start in range(0, len(answer.thinking), _PIECE):
            yield Thinking(answer.thinking[start : start + _PIECE])
            await self._wait()
        said = ""
        for start in range(0, len(answer.text), _PIECE):
            if self._cancelled:
                yield self._done(replace(answer, calls=()), said, "cancelled")
                return
            if answer.dies is not None and start >= answer.dies:
                self.alive, self._evaluated = False, 0
                raise ModelError("The model's process ended", "It was scripted so", "Ask again")
            piece = answer.text[start : start + _PIECE]
            if self._count(said + piece) > sampling.max_tokens:
                yield self._done(replace(answer, calls=()), said, "length")
                return
            said += piece
            yield Text(piece)
            await self._wait()
        for call in answer.calls:
            yield ToolCallEvent(call)
        yield self._done(answer, said, "calls" if answer.calls else "stop")

    def _following(self) -> Answer:
        if not self._left:
            raise ModelError("The script has no further answer")
        return self._left.pop(0)

    def _done(self, answer: Answer, said: str, why: str) -> ReplyFinished:
        calls = json.dumps([[c.name, dict(c.arguments)] for c in answer.calls]) if answer.calls else ""
        message = Message("assistant", said, "chat", answer.thinking, answer.calls)
        generated = self._count(said) + self._count(calls)
        block = self._add(message, self._count(calls), why == "cancelled")
        self._evaluated = self.used
        now = self._counters
        self._counters = replace(now, generated=now.generated + generated)
        return ReplyFinished(block, why, self._counters)

    async def complete(self, prefix: str, suffix: str = "", sampling: Sampling | None = None) -> str:
        return self._following().text

    async def cancel(self) -> None:
        self._cancelled = True

    async def save(self, path: Path) -> None:
        rows = [(b.mark, b.message, b.tokens, b.partial) for b in self._blocks]
        path.write_bytes(msgspec.json.encode({"rows": rows, "evaluated": self._evaluated}))
        path.chmod(0o600)

    async def load(self, path: Path) -> None:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelError("The saved session cannot be read", str(error)) from None
        self._blocks = [Block(m, message.source, message, t, p) for m, message, t, p in found.rows]
        self._evaluated = found.evaluated
        self._next = max((b.mark for b in self._blocks), default=0) + 1

    async def close(self) -> None:
        self.alive = False


class _Saved(msgspec.Struct):
    rows: list[tuple[int, Message, int, bool]]
    evaluated: int
