"""Keeps a model's log within its context window. Everything that changes the log goes through here.

Order of the log: system prompt and tools, ledgers (summaries of older messages), then stops and turns word
for word. When the log passes the high-water mark, its oldest messages are replaced by one more ledger. What
is in front of them never changes and stays evaluated; only the messages behind them are evaluated again.
These are a quarter of the window at most, so over a long session a token is evaluated 1.6 times at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message, render
from iqdebug.llm.backends.base import (
    SETS_WINDOW,
    Backend,
    Counters,
    Event,
    ModelInfo,
    Prefilling,
    Progress,
    ReplyFinished,
)
from iqdebug.llm.messages import Message, Sampling, Source, Tool, ToolCall
from iqdebug.llm.window.items import Item, facts_of_item
from iqdebug.llm.window.ledger import ledger_text
from iqdebug.llm.window.saved_window import read_window, write_window
from iqdebug.llm.window.usage import Meter, context_lines, tokens_by_source

__all__ = ["Folded", "Window"]

HIGH, LOW = 0.85, 0.40
_MAX_TAIL_SHARE = 0.25  # of the window: messages behind a new ledger, which are evaluated again
_LEDGER_SHARE = 0.08  # of the window: the size of one ledger
_MAX_LEDGERS = 3  # more are merged into one
_MIN_CHARACTERS_PER_TOKEN = 2.5  # a low estimate, to turn tokens into characters
_MESSAGE_OVERHEAD_TOKENS = 32  # tokens that a template may add to a message
_MIN_SHORTENED_CHARACTERS = 400  # characters that a shortened message keeps at least


@dataclass(frozen=True, slots=True)
class Folded:
    """A compaction: tokens before and after, and how many messages became lines."""

    before: int
    after: int
    messages: int

    @property
    def words(self) -> str:
        folded = message(
            "llm.window.folded", count=self.messages, before=f"{self.before:,}", after=f"{self.after:,}"
        )
        return render(folded)


class Window:
    """Implements what :class:`iqdebug.assistant.conversation.LogWindow` asks.

    :param reserve: tokens kept free for a reply.
    :param on_fold: called after each compaction.

    Guarantees: before a reply the log holds at most ``window - reserve`` tokens; pinned notes, the current
    stop and the last turn are kept word for word; a change never invalidates what is evaluated before it.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        reserve: int = 4_096,
        high: float = HIGH,
        low: float = LOW,
        on_fold: Callable[[Folded], None] = lambda folded: None,
    ) -> None:
        if not 0 < low < high < 1:
            raise ValueError("0 < low < high < 1")
        self._backend = backend
        self._wanted_reserve = reserve
        self._high, self._low = high, low
        self.on_fold = on_fold
        self._items: list[Item] = []
        self._pinned: list[str] = []
        self._turn = 0
        self._stop = ""
        self._unread: int | None = None  # the mark of evidence that the model has not started to read
        self._before_fold: list[Item] | None = None

    @property
    def about(self) -> ModelInfo:
        return self._backend.about

    @property
    def used(self) -> int:
        return self._backend.used

    @property
    def counters(self) -> Counters:
        """What the model evaluated, reused and generated since it was opened."""
        return self._backend.counters

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(self._items)

    @property
    def pinned(self) -> tuple[str, ...]:
        return tuple(self._pinned)

    @property
    def reserve(self) -> int:
        """A quarter of a small window at most."""
        return min(self._wanted_reserve, self.about.window // 4)

    @property
    def room(self) -> int:
        """Tokens of the log at most, when a reply begins."""
        return self.about.window - self.reserve

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        await self._backend.start(on_progress)

    async def open(self, system: str, tools: Sequence[Tool]) -> None:
        """Start an empty log. Pinned notes are kept.

        :raises ModelError: the tools alone fill the window.
        """
        self._items.clear()
        self._before_fold, self._unread = None, None
        block = await self._backend.open(system, tools)
        self._items.append(Item(block.message, block.mark, block.tokens))
        if block.tokens > self.room // 2:
            raise ModelError(
                message("llm.window.too_small", model=self.about.model),
                message(
                    "llm.window.too_small.why", used=f"{block.tokens:,}", window=f"{self.about.window:,}"
                ),
                message("llm.window.too_small.fix", advice=SETS_WINDOW),
            )
        if self._pinned:
            await self._put(Message("user", ledger_text((), self._pinned, 10**6), "ledger"))

    # what comes in

    async def evidence(self, key: str, text: str) -> None:
        """Append the evidence of a stop. :meth:`drop_unread` can remove it until the model reads it."""
        self._stop = key
        item = await self._put(Message("user", text, "evidence"))
        self._unread = item.mark

    async def drop_unread(self) -> bool:
        """Remove evidence that the model has not started to read, because a newer stop replaces it;
        whether there was any."""
        if self._unread is None or not self._items or self._items[-1].mark != self._unread:
            return False
        await self._cut(len(self._items) - 1)
        return True

    async def question(self, text: str) -> None:
        self._turn += 1
        await self._put(Message("user", text, "chat"))

    async def tool_result(self, call: ToolCall, text: str, source: Source) -> None:
        message = Message("tool", text, source, tool_call_id=call.id, name=call.name)
        await self._put(message, (call,))

    async def _put(self, message: Message, calls: tuple[ToolCall, ...] = ()) -> Item:
        tokens = await self._backend.count(message.content) + _MESSAGE_OVERHEAD_TOKENS
        if self.used + tokens > self.room * self._high:
            await self._fold(tokens)
        room = self.room - self.used - _MESSAGE_OVERHEAD_TOKENS
        if tokens > room:
            message = await self._shortened(message, room)
        block = await self._backend.append(message)
        item = Item(message, block.mark, block.tokens, self._stop, self._turn, calls)
        self._items.append(item)
        self._unread = None
        return item

    async def _shortened(self, message: Message, room: int) -> Message:
        """The message's beginning and end, with a note between them that says how to read the rest."""
        text = message.content
        share = max(room - 64, 0) / max(await self._backend.count(text), 1)
        while True:
            keep = int(len(text) * share)
            if keep < _MIN_SHORTENED_CHARACTERS:
                raise self._full()
            left = len(text) - keep
            note = f"\n… {left:,} characters are left out here: ask for a part of it (start, count) …\n"
            short = text[: keep * 2 // 3] + note + text[len(text) - keep // 3 :]
            if await self._backend.count(short) + _MESSAGE_OVERHEAD_TOKENS <= room:
                return replace(message, content=short)
            share *= 0.85

    def _full(self) -> ModelError:
        return ModelError(
            message("llm.window.full"),
            message("llm.window.full.why", used=f"{self.used:,}", window=f"{self.about.window:,}"),
            message("llm.window.full.fix"),
        )

    # reading and answering

    async def prefill(self) -> AsyncIterator[Prefilling]:
        async for now in self._backend.prefill():
            self._unread = None
            yield now

    async def reply(self, sampling: Sampling, *, calls: bool = True) -> AsyncIterator[Event]:
        """Have the model answer the end of the log, within the tokens that are free.

        :param calls: False: without calling a tool.
        """
        self._unread = None
        if self.used > self.room:
            await self._fold(0)
        most = max(min(sampling.max_tokens, self.about.window - self.used - _MESSAGE_OVERHEAD_TOKENS), 1)
        async for event in self._backend.reply(replace(sampling, max_tokens=most), calls=calls):
            if isinstance(event, ReplyFinished):
                block = event.block
                made = block.message.tool_calls
                self._items.append(
                    Item(block.message, block.mark, block.tokens, self._stop, self._turn, made)
                )
            yield event

    async def complete(self, prefix: str, suffix: str = "") -> str:
        """A short plain completion; the log does not change."""
        return await self._backend.complete(prefix, suffix, Sampling(temperature=0.0, max_tokens=32))

    async def cancel(self) -> None:
        await self._backend.cancel()

    async def retry(self) -> None:
        """Remove the last answer and its calls, so that the log ends with the question."""
        at = self._last_question()
        if at is not None:
            await self._cut(at + 1)

    async def take_back(self) -> str:
        """Remove the last question and everything after it; returns its text, "" when there is none."""
        at = self._last_question()
        if at is None:
            return ""
        text = self._items[at].message.content
        await self._cut(at)
        return text

    def _last_question(self) -> int | None:
        questions = [
            n for n, i in enumerate(self._items) if i.message.role == "user" and i.message.source == "chat"
        ]
        return questions[-1] if questions else None

    async def _cut(self, at: int) -> None:
        if at < len(self._items):
            await self._backend.cut(self._items[at].mark)
            del self._items[at:]
            self._unread = None

    # keeping

    async def save(self, state: Path, path: Path) -> None:
        """Save the log and the model's state to ``state``, and the window's own data to ``path``.

        :raises OSError: it cannot be written.
        """
        await self._backend.save(state)
        write_window(path, self._items, self._pinned, self._turn, self._stop)

    async def load(self, state: Path, path: Path) -> bool:
        """Replace the log by what :meth:`save` wrote. False when the model's state could not be used (it is
        damaged or of another model), so that everything is evaluated again.

        :raises ModelError: ``path`` is damaged; the log is unchanged then.
        """
        kept = read_window(path)
        items = kept.items()
        whole = True
        try:
            await self._backend.load(state)
            blocks = self._backend.blocks
            if [b.message for b in blocks] != [i.message for i in items]:
                raise ModelError(message("llm.saved.two_moments"))
            self._items = [
                replace(i, mark=b.mark, tokens=b.tokens) for i, b in zip(items, blocks, strict=True)
            ]
        except (ModelError, OSError):
            whole = False
            await self._rewrite(1, items[1:])
        self._pinned, self._turn, self._stop = list(kept.pinned), kept.turn, kept.stop
        self._before_fold, self._unread = None, None
        return whole

    async def close(self) -> None:
        await self._backend.close()

    # folding

    async def compact(self) -> str:
        """Fold now; returns a sentence about the outcome."""
        folded = await self._fold(0)
        return folded.words if folded is not None else render(message("llm.window.nothing_older"))

    async def unfold(self) -> str:
        """Undo the last compaction if the messages still fit."""
        before = self._before_fold
        if before is None:
            return render(message("llm.window.nothing_folded"))
        since = [i for i in self._items if not any(b.message is i.message for b in before)]
        since = [i for i in since if i.message.source != "ledger"]
        wanted = [*before[1:], *since]
        if sum(i.tokens for i in (before[0], *wanted)) > self.room:
            return render(message("llm.window.no_longer_fits"))
        await self._rewrite(1, wanted)
        self._before_fold = None
        return render(message("llm.window.taken_back", used=f"{self.used:,}"))

    async def _fold(self, coming: int) -> Folded | None:
        """Replace the older messages by a ledger, so that ``coming`` more tokens fit below the low-water
        mark."""
        front = next((n for n, i in enumerate(self._items) if n and i.message.source != "ledger"), 0)
        if not front:
            return None
        tail = self._tail(front, coming)
        older = self._items[front:tail]
        if not older:
            return None
        before, kept = self.used, list(self._items)
        ledgers = self._items[1:front]
        facts = [f for i in older for f in facts_of_item(i)]
        first = front
        if len(ledgers) >= _MAX_LEDGERS:
            facts = [*(f for i in ledgers for f in i.facts), *facts]
            first = 1
        most = int(self.about.window * _LEDGER_SHARE * _MIN_CHARACTERS_PER_TOKEN)
        stays = [i.message.content for i in (*self._items[:first], *self._items[tail:])]
        pinned = [note for note in self._pinned if not any(note in text for text in stays)]
        text = ledger_text(facts, pinned, max(most, sum(map(len, pinned)) + 400))
        ledger = Item(Message("user", text, "ledger"), 0, 0, facts=tuple(facts))
        await self._rewrite(first, [ledger, *self._items[tail:]])
        folded = Folded(before, self.used, len(older))
        self._before_fold = kept
        self.on_fold(folded)
        return folded

    def _tail(self, front: int, coming: int) -> int:
        """Index of the first message that is kept word for word: a question or a stop, early enough to
        keep the current stop's evidence and the last turn where they fit."""
        window = self.about.window
        fixed = sum(i.tokens for i in self._items[:front])
        budget = min(window * _MAX_TAIL_SHARE, window * self._low - fixed - window * _LEDGER_SHARE) - coming
        starts = [n for n, item in enumerate(self._items) if n >= front and item.message.role == "user"]
        total, at = 0, len(self._items)
        chosen = len(self._items)
        for n in range(len(self._items) - 1, front - 1, -1):
            total += self._items[n].tokens
            if total > budget:
                break
            if n in starts:
                chosen = n
        last = starts[-1] if starts else at
        hard = self.room - fixed - int(window * _LEDGER_SHARE) - coming
        if chosen > last and sum(i.tokens for i in self._items[last:]) <= hard:
            chosen = last  # the last turn, though it is large
        return chosen

    async def _rewrite(self, at: int, items: Sequence[Item]) -> None:
        """Replace everything after the first ``at`` items, which is evaluated again. If the caller is
        cancelled meanwhile, the log is still written to its end."""
        writing = asyncio.ensure_future(self._rewritten(at, items))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            with contextlib.suppress(ModelError):
                await writing
            raise

    async def _rewritten(self, at: int, items: Sequence[Item]) -> None:
        if at < len(self._items):
            await self._backend.cut(self._items[at].mark)
        del self._items[at:]
        for item in items:
            block = await self._backend.append(item.message)
            self._items.append(replace(item, mark=block.mark, tokens=block.tokens))

    # pinned notes

    async def pin(self, text: str) -> None:
        """Keep a note through every compaction."""
        note = " ".join(text.split())[:2_000]
        if note not in self._pinned:
            self._pinned.append(note)
            await self._put(Message("user", f"Pinned, keep this in mind: {note}", "ledger"))

    async def unpin(self, beginning: str) -> bool:
        """Remove the pinned notes that begin so, all of them for ""; whether there were any."""
        kept = [note for note in self._pinned if not note.startswith(beginning)]
        removed = len(kept) < len(self._pinned)
        self._pinned = kept
        return removed

    # what is in it

    def meter(self) -> Meter:
        free = max(self.about.window - self.used - self.reserve, 0)
        by_source = tokens_by_source(self._items)
        return Meter(by_source, self.used, self.reserve, free, self.about.window)

    def context_lines(self) -> list[str]:
        """The meter as lines for a person, then every message with its tokens."""
        return context_lines(self.meter(), self._backend.counters, self._pinned, self._items)
