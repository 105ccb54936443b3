"""What a model has before it: the one authority over a backend's log, within its window.

Layout: system and tools, then ledgers of what was folded, then stops and turns as they were said. The
front is never touched, so that it stays evaluated; when the log passes the high-water mark its older
part becomes a further ledger and only the tail behind it is evaluated anew. With the tail bounded by a
quarter of the window a token is evaluated 1.6 times at most over a long session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import (
    SETS_WINDOW,
    Backend,
    Event,
    ModelInfo,
    Prefilling,
    Progress,
    ReplyFinished,
)
from iqdebug.llm.messages import Message, Sampling, Source, Tool, ToolCall
from iqdebug.llm.window.ledger import Fact, Worth, facts_of, ledger_text

__all__ = ["Folded", "Item", "Meter", "Window"]

HIGH, LOW = 0.85, 0.40
_MAX_TAIL_SHARE = 0.25  # of the window: what is evaluated anew by folding, at most
_LEDGER_SHARE = 0.08  # of the window, one ledger
_MAX_LEDGERS = 3  # then they become one
_MIN_CHARACTERS_PER_TOKEN = 2.5  # of a ledger's token, from below
_MESSAGE_OVERHEAD_TOKENS = 32  # tokens that a template may add to a message
_MIN_SHORTENED_CHARACTERS = 400  # characters that a shortened message keeps at least


@dataclass(slots=True)
class Item:
    """A message in the window. ``mark`` is its block's in the backend's log."""

    message: Message
    mark: int
    tokens: int
    stop: str = ""
    turn: int = 0
    calls: tuple[ToolCall, ...] = ()
    facts: tuple[Fact, ...] = ()  # of a ledger


@dataclass(frozen=True, slots=True)
class Folded:
    """A compaction: tokens before and after, and how many messages became lines."""

    before: int
    after: int
    messages: int

    @property
    def words(self) -> str:
        return (
            f"{self.messages} older messages were folded into the ledger: {self.before:,} → "
            f"{self.after:,} tokens (/compact undo takes it back)"
        )


@dataclass(frozen=True, slots=True)
class Meter:
    """Tokens by source; ``reserve`` is kept for the reply, ``free`` is what is left."""

    by_source: tuple[tuple[Source, int], ...]
    used: int
    reserve: int
    free: int
    window: int


class Window:
    """Implements what :class:`iqdebug.assistant.conversation.LogWindow` asks.

    :param reserve: tokens kept free for a reply.
    :param on_fold: told of each compaction.

    Guarantees: the log never passes ``window - reserve`` before a reply; pinned notes, the stop that is
    spoken of and the last turn stay word for word; what the backend has evaluated in front of the first
    change stays evaluated.
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
        self._unread: int | None = None  # the mark of evidence that nobody has begun to read
        self._before_fold: list[Item] | None = None

    @property
    def about(self) -> ModelInfo:
        return self._backend.about

    @property
    def used(self) -> int:
        return self._backend.used

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
        """Begin anew. Pinned notes stay.

        :raises ModelError: the tools alone fill the window.
        """
        self._items.clear()
        self._before_fold, self._unread = None, None
        block = await self._backend.open(system, tools)
        self._items.append(Item(block.message, block.mark, block.tokens))
        if block.tokens > self.room // 2:
            raise ModelError(
                f"{self.about.model} has too small a window",
                f"Rules and tools take {block.tokens:,} of {self.about.window:,} tokens",
                f"{SETS_WINDOW}; or choose another model",
            )
        if self._pinned:
            await self._put(Message("user", ledger_text((), self._pinned, 10**6), "ledger"))

    # what comes in

    async def evidence(self, key: str, text: str) -> None:
        """Of a stop. What :meth:`drop_unread` may take away again until somebody reads it."""
        self._stop = key
        item = await self._put(Message("user", text, "evidence"))
        self._unread = item.mark

    async def drop_unread(self) -> bool:
        """Take away evidence that nobody has begun to read, because a newer stop came; whether there
        was any."""
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
        """Its beginning and its end, and in between how to get the rest."""
        text = message.content
        share = max(room - 64, 0) / max(await self._backend.count(text), 1)
        while True:
            keep = int(len(text) * share)
            if keep < _MIN_SHORTENED_CHARACTERS:
                raise ModelError(
                    "The window is full",
                    f"{self.used:,} of {self.about.window:,} tokens are in use",
                    "/compact folds older turns away; or end this session and begin another",
                )
            left = len(text) - keep
            note = f"\n… {left:,} characters are left out here: ask for a part of it (start, count) …\n"
            short = text[: keep * 2 // 3] + note + text[len(text) - keep // 3 :]
            if await self._backend.count(short) + _MESSAGE_OVERHEAD_TOKENS <= room:
                return replace(message, content=short)
            share *= 0.85

    # reading and answering

    async def prefill(self) -> AsyncIterator[Prefilling]:
        async for now in self._backend.prefill():
            self._unread = None
            yield now

    async def reply(self, sampling: Sampling) -> AsyncIterator[Event]:
        """Answer what is last in the log. A reply never takes more than what is free."""
        self._unread = None
        if self.used > self.room:
            await self._fold(0)
        most = max(min(sampling.max_tokens, self.about.window - self.used - _MESSAGE_OVERHEAD_TOKENS), 1)
        async for event in self._backend.reply(replace(sampling, max_tokens=most)):
            if isinstance(event, ReplyFinished):
                block = event.block
                calls = block.message.tool_calls
                self._items.append(
                    Item(block.message, block.mark, block.tokens, self._stop, self._turn, calls)
                )
            yield event

    async def complete(self, prefix: str, suffix: str = "") -> str:
        """A short plain completion beside the log."""
        return await self._backend.complete(prefix, suffix, Sampling(temperature=0.0, max_tokens=32))

    async def cancel(self) -> None:
        await self._backend.cancel()

    async def retry(self) -> None:
        """Take away the last answer and the calls in it, so that the question stands last."""
        at = self._last_question()
        if at is not None:
            await self._cut(at + 1)

    async def take_back(self) -> str:
        """Take the last question and all behind it away; its text, "" when there is none."""
        at = self._last_question()
        if at is None:
            return ""
        text = self._items[at].message.content
        await self._cut(at)
        return text

    def _last_question(self) -> int | None:
        found = [
            n for n, i in enumerate(self._items) if i.message.role == "user" and i.message.source == "chat"
        ]
        return found[-1] if found else None

    async def _cut(self, at: int) -> None:
        if at < len(self._items):
            await self._backend.cut(self._items[at].mark)
            del self._items[at:]
            self._unread = None

    # keeping

    async def save(self, state: Path, path: Path) -> None:
        """The log with the model's own state in ``state``, and what the window knows of it in ``path``.

        :raises OSError: it cannot be written.
        """
        await self._backend.save(state)
        rows = [
            _Row(i.message, i.stop, i.turn, list(i.calls), [(f.worth, f.text, f.origin) for f in i.facts])
            for i in self._items
        ]
        data = msgspec.json.encode(_Kept(rows, self._pinned, self._turn, self._stop))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)

    async def load(self, state: Path, path: Path) -> bool:
        """What :meth:`save` wrote, in the place of what is here. False when the model's own state was not
        usable (another model, damaged), so that all is evaluated anew.

        :raises ModelError: ``path`` is damaged; nothing has changed then.
        """
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelError("The kept conversation cannot be read", str(error)[:200]) from None
        items = [
            Item(r.message, 0, 0, r.stop, r.turn, tuple(r.calls), tuple(Fact(*f) for f in r.facts))
            for r in kept.rows
        ]
        whole = True
        try:
            await self._backend.load(state)
            blocks = self._backend.blocks
            if [b.message for b in blocks] != [i.message for i in items]:
                raise ModelError("The two halves of the kept conversation are not of one moment")
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
        """Fold now; what became of it, in words."""
        folded = await self._fold(0, wanted=True)
        return folded.words if folded is not None else "there is nothing older to fold"

    async def unfold(self) -> str:
        """Take the last compaction back, where it fits again."""
        before = self._before_fold
        if before is None:
            return "no compaction can be taken back"
        since = [i for i in self._items if not any(b.message is i.message for b in before)]
        since = [i for i in since if i.message.source != "ledger"]
        wanted = [*before[1:], *since]
        if sum(i.tokens for i in (before[0], *wanted)) > self.room:
            return "it does not fit any more"
        await self._rewrite(1, wanted)
        self._before_fold = None
        return f"taken back: {self.used:,} tokens are in use"

    async def _fold(self, coming: int, wanted: bool = False) -> Folded | None:
        """Turn the older part into a ledger, so that ``coming`` tokens fit below the low-water mark."""
        front = next((n for n, i in enumerate(self._items) if n and i.message.source != "ledger"), 0)
        if not front:
            return None
        tail = self._tail(front, coming)
        older = self._items[front:tail]
        if not older:
            return None
        before, kept = self.used, list(self._items)
        ledgers = self._items[1:front]
        facts = [f for i in older for f in _facts(i)]
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
        """Where what stays word for word begins: at a question or a stop, the current stop's evidence and
        the last turn within it where they fit."""
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
        """Put other items behind the first ``at`` ones. What they say is evaluated anew. Who waits for it
        may be cancelled; the log is whole even then."""
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
        """Keep a fact whatever is folded."""
        note = " ".join(text.split())[:2_000]
        if note not in self._pinned:
            self._pinned.append(note)
            await self._put(Message("user", f"Pinned, keep this in mind: {note}", "ledger"))

    async def unpin(self, beginning: str) -> bool:
        """Whether a pinned note begins so; all of them for ""."""
        found = [note for note in self._pinned if note.startswith(beginning)]
        self._pinned = [note for note in self._pinned if note not in found]
        return bool(found)

    # what is in it

    def meter(self) -> Meter:
        found: dict[Source, int] = {}
        for item in self._items:
            found[item.message.source] = found.get(item.message.source, 0) + item.tokens
        used = self.used
        free = max(self.about.window - used - self.reserve, 0)
        return Meter(tuple(found.items()), used, self.reserve, free, self.about.window)

    def context_lines(self) -> list[str]:
        """The meter in words, then every message with its tokens."""
        now = self.meter()
        share = max(now.window, 1)
        lines = [
            f"{source:<10}{tokens:>9,} tokens {100 * tokens / share:5.1f}%"
            for source, tokens in now.by_source
        ]
        lines.append(f"{'reply':<10}{now.reserve:>9,} tokens {100 * now.reserve / share:5.1f}%  kept free")
        lines.append(f"{'free':<10}{now.free:>9,} tokens {100 * now.free / share:5.1f}%")
        counters = self._backend.counters
        lines.append(
            f"evaluated {counters.evaluated:,}, reused {counters.reused:,}, "
            f"generated {counters.generated:,} tokens so far"
        )
        lines += [f"pinned: {note[:100]}" for note in self._pinned]
        for item in self._items:
            head = " ".join(item.message.content.split())[:60]
            lines.append(f"{item.tokens:>8,}  {item.message.role:<9} {item.message.source:<9} {head}")
        return lines


class _Row(msgspec.Struct):
    message: Message
    stop: str
    turn: int
    calls: list[ToolCall]
    facts: list[tuple[Worth, str, str]]


class _Kept(msgspec.Struct):
    rows: list[_Row]
    pinned: list[str]
    turn: int
    stop: str


def _facts(item: Item) -> Sequence[Fact]:
    """Of a ledger its own; of a pinned note none, as it is kept whole."""
    if item.message.source == "ledger":
        return item.facts
    return facts_of(item.message, _origin(item), item.calls)


def _origin(item: Item) -> str:
    if item.message.source == "evidence":
        return item.stop or "stop"
    return f"turn {item.turn}" if item.turn else "start"
