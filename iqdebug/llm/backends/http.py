"""A model behind an OpenAI-compatible server: vLLM, SGLang, llama-server or another.

Each request contains the whole history. It is the same bytes as in the request before plus what was added,
so that the server can reuse its prefix cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.backends.base import (
    SETS_WINDOW,
    Block,
    Counters,
    Event,
    ModelInfo,
    Prefilling,
    Progress,
    ReplyFinished,
)
from iqdebug.llm.backends.event_stream import events_until_cancelled
from iqdebug.llm.backends.http_bounds import Endless, ReplyBounds
from iqdebug.llm.backends.http_errors import explained
from iqdebug.llm.backends.http_reply import Reply
from iqdebug.llm.backends.http_request import chat_body, correction_rows, describe_wrong_calls
from iqdebug.llm.backends.http_server import Server
from iqdebug.llm.backends.openai_messages import Mask, at_most, counted_text, masked, masked_tool
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.tool_formats.base import tool_schema
from iqdebug.system.atomic_write import atomic_write

__all__ = ["HttpBackend"]

_MESSAGE_OVERHEAD_TOKENS = 8  # what a template adds to a message
_TOOL_RULES_TOKENS = 200  # the text in which templates explain how to call tools
_DEFAULT_WINDOW = 8_192  # tokens, for a server that does not state its window
_MAX_CALL_CORRECTIONS = 2  # per reply
_FINAL_COUNT_TIMEOUT = 2.0  # seconds for counting the tokens of a finished answer


class HttpBackend:
    """:class:`~iqdebug.llm.backends.base.Backend`.

    A call whose arguments are not JSON or break the tool's schema never becomes a
    :class:`~iqdebug.llm.backends.base.ToolCallEvent`. If no call of a turn is valid, the model gets an
    explanation and is asked again within the same reply, twice at most; these messages do not stay in the
    log. If some are valid, the answer has a note about the others.

    :param setting: ``http(s)://host[:port]/v1``, with ``#MODEL`` where several are served.
    :param first_token_timeout: seconds without a sign of an answer; reading a long prompt takes its time.
    :param window: tokens; the server's own limit counts where it is smaller.
    :param mask: every text goes through it once, when it enters the log: blocks hold it masked.
    :raises UsageError: it is no address, or one with a password in it.
    :raises ModelError: the key cannot be sent.
    """

    def __init__(
        self,
        setting: str,
        *,
        first_token_timeout: float = 600.0,
        window: int = 0,
        mask: Mask | None = None,
    ) -> None:
        self._server = Server(setting, first_token_timeout)
        self._mask: Mask = mask or (lambda text: text)
        self._wanted_window = window
        server = self._server
        self._about = ModelInfo(
            setting,
            server.model or "?",
            server.where,
            not server.here,
            window or _DEFAULT_WINDOW,
            thinks=True,
            exact=False,
            patience=first_token_timeout,
        )
        self._blocks: list[Block] = []
        self._tools: tuple[Tool, ...] = ()
        self._next = 1
        self._counters = Counters()
        self._cancelled = asyncio.Event()
        self._warming: asyncio.Task[None] | None = None
        self._read = 0  # tokens at the front that the server has seen
        self._started = False

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
        if self._started:
            return
        report = on_progress or (lambda _: None)
        report(Progress(message("llm.server.reaching", server=self._server.base)))
        await self._server.reach()
        model = os.path.basename(self._server.model) or "?"
        self._about = replace(
            self._about, model=model, exact=self._server.kind.counts, parameters=self._server.parameters
        )
        self._fit_window()
        if not (self._server.window or self._wanted_window):
            report(
                Progress(
                    message("llm.server.guessed_window", count=f"{_DEFAULT_WINDOW:,}", advice=SETS_WINDOW)
                )
            )
        elif self._about.window < self._wanted_window:
            has, wanted = f"{self._about.window:,}", f"{self._wanted_window:,}"
            report(Progress(message("llm.server.smaller_window", count=has, wanted=wanted)))
        self._started = True

    def _fit_window(self) -> None:
        known = [size for size in (self._wanted_window, self._server.window) if size]
        self._about = replace(self._about, window=min(known, default=_DEFAULT_WINDOW))

    async def close(self) -> None:
        self._cancelled.set()
        await self._stop_warming()
        await self._server.close()

    # the log

    async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
        await self._stop_warming()
        self._blocks.clear()
        self._read = 0
        self._tools = tuple(masked_tool(tool, self._mask) for tool in tools)
        more = 0
        if tools:
            schemas = json.dumps([tool_schema(t) for t in self._tools], ensure_ascii=False)
            more = await self._server.count(schemas) + _TOOL_RULES_TOKENS
        return await self._add(Message("system", system, "system"), more)

    async def append(self, message: Message) -> Block:
        await self._stop_warming()
        return await self._add(message, 0)

    async def _add(self, message: Message, more: int) -> Block:
        kept = masked(message, self._mask)
        tokens = await self._server.count(counted_text(kept)) + _joints(kept) + more
        if self.used + tokens > self._about.window:
            raise self._full(tokens)
        return self._put(kept, tokens)

    def _full(self, tokens: int) -> ModelError:
        used, window = f"{self.used + tokens:,}", f"{self._about.window:,}"
        why = message("llm.server.full", used=used, window=window)
        fix = message("llm.window.compact")
        if not (self._server.window or self._wanted_window):
            why = message("llm.server.full_guess", used=used, window=window)
            fix = message("llm.server.full_guess.fix", advice=SETS_WINDOW)
        return ModelError(message("llm.window.full"), why, fix)

    def _put(self, kept: Message, tokens: int, partial: bool = False) -> Block:
        block = Block(self._next, kept.source, kept, tokens, partial)
        self._next += 1
        self._blocks.append(block)
        return block

    async def count(self, text: str) -> int:
        """Exact if the server has a tokenizer; else an upper bound."""
        return await self._server.count(self._mask(text))

    async def cut(self, mark: int) -> None:
        await self._stop_warming()
        self._blocks = [b for b in self._blocks if b.mark < mark]
        self._read = min(self._read, self.used)

    # reading and answering

    def prefill(self) -> AsyncIterator[Prefilling]:
        """Request a single token, which puts the prompt into the server's cache. Nothing is sent to servers
        that are not known to cache, or that do not stop when the connection is closed."""
        return self._warm()

    async def _warm(self) -> AsyncIterator[Prefilling]:
        new = self.used - self._read
        if not self._server.kind.warms or new <= 0 or not self._blocks or self._warming is not None:
            return
        self._cancelled.clear()
        task = self._warming = asyncio.create_task(self._warmed())
        try:
            yield Prefilling(0, new)
            await asyncio.wait((task,))
            if not task.cancelled() and self._read >= new:
                yield Prefilling(new, new)
        finally:
            task.cancel()
            if self._warming is task:
                self._warming = None

    async def _warmed(self) -> None:
        used = self.used
        answer = await self._server.ask(self._request(Sampling(temperature=0.0, max_tokens=1), 1))
        if answer:
            reply = Reply((), self._server.base, self._server.key)
            with contextlib.suppress(ModelError):
                reply.take(json.dumps(answer))
                self._read_so_far(reply, used - self._read)
                self._read = used

    def _read_so_far(self, reply: Reply, new: int) -> None:
        """Count evaluated and reused tokens; without figures from the server, as if exactly the new ones
        were evaluated."""
        now = self._counters
        evaluated, reused = (reply.prompt - reply.cached, reply.cached) if reply.prompt else (new, self._read)
        self._counters = replace(
            now, evaluated=now.evaluated + max(evaluated, 0), reused=now.reused + max(reused, 0)
        )

    async def _stop_warming(self) -> None:
        task, self._warming = self._warming, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def cancel(self) -> None:
        self._cancelled.set()
        await self._stop_warming()

    async def reply(self, sampling: Sampling, *, calls: bool = True) -> AsyncIterator[Event]:
        """:raises ModelError: the server is down, refuses, or ends in the middle; what came of the answer
        stays as a partial block.
        """
        await self._stop_warming()
        self._cancelled.clear()
        room = self._about.window - self.used
        if room < 1:
            raise self._full(0)
        may_call, most = calls, min(sampling.max_tokens, room)
        reply = Reply(self._tools, self._server.base, self._server.key)
        started, first = time.monotonic(), 0.0
        more: list[dict[str, object]] = []
        try:
            yield Prefilling(0, self.used - self._read)
            for attempt in range(_MAX_CALL_CORRECTIONS + 1):
                request = self._request(sampling, most, more, may_call)
                bounds = ReplyBounds(self._about.patience, most, len(reply.received))
                async with aclosing(
                    events_until_cancelled(self._server, request, bounds, self._cancelled)
                ) as stream:
                    async for data in stream:
                        events = reply.take(data)
                        bounds.take(len(reply.received))
                        first = first or (time.monotonic() - started if reply.received else 0.0)
                        for event in events:
                            yield event
                if not reply.understood and not self._cancelled.is_set():
                    raise ModelError(message("llm.server.not_understood", server=self._server.base))
                for event in reply.finish():
                    yield event
                if self._cancelled.is_set():
                    break
                whole, wrong = reply.whole_calls()
                for event in whole:
                    yield event
                if left_out := reply.left_out():
                    for event in reply.note(left_out):
                        yield event
                if not wrong:
                    break
                if whole or attempt == _MAX_CALL_CORRECTIONS:
                    for event in reply.note(describe_wrong_calls(wrong, self._mask)):
                        yield event
                    break
                self._account(reply)
                more += correction_rows(reply.text, wrong, self._mask)
                reply.again()
            yield await self._ended(reply, started, first, most < sampling.max_tokens)
        except (ModelError, Endless) as failure:
            error = failure if isinstance(failure, ModelError) else explained(failure, self._server.base)
            self._fit_window()
            if not reply.received:
                raise error from None
            await self._kept(reply)
            what, why, fix = error.texts
            count = f"{len(reply.received):,}"
            if why:
                why = message("llm.server.after_why", count=count, why=why)
            else:
                why = message("llm.server.after", count=count)
            raise ModelError(what, why, fix) from error

    async def _ended(self, reply: Reply, started: float, first: float, short: bool) -> ReplyFinished:
        cancelled = self._cancelled.is_set()
        block = await self._kept(reply, cancelled)
        why = "stop"
        if cancelled:
            why = "cancelled"
        elif reply.calls:
            why = "calls"
        elif reply.why == "length":
            why = "window" if short else "length"
        return ReplyFinished(block, why, self._counters, first, time.monotonic() - started)

    def _account(self, reply: Reply) -> None:
        self._read_so_far(reply, self.used - self._read)
        generated = reply.completion or at_most(reply.received)
        self._counters = replace(self._counters, generated=self._counters.generated + generated)

    async def _kept(self, reply: Reply, partial: bool = True) -> Block:
        """Append the answer as a block. If the server read more tokens than were counted, they are the
        template's and are added to the first block."""
        self._account(reply)
        if self._blocks and reply.prompt > self.used:
            front = self._blocks[0]
            self._blocks[0] = replace(front, tokens=front.tokens + reply.prompt - self.used)
        message = masked(reply.message(), self._mask)
        tokens = await self._server.count(counted_text(message), _FINAL_COUNT_TIMEOUT) + _joints(message)
        block = self._put(message, tokens, partial)
        self._read = self.used
        return block

    def _request(
        self,
        sampling: Sampling,
        max_tokens: int,
        more: Sequence[dict[str, object]] = (),
        may_call: bool = True,
    ) -> dict[str, object]:
        server = self._server
        body = chat_body(
            server.kind.kind, server.model, self._blocks, self._tools, sampling, max_tokens, more
        )
        return body if may_call or not self._tools else {**body, "tool_choice": "none"}

    async def complete(self, prefix: str, suffix: str = "", sampling: Sampling | None = None) -> str:
        """:meth:`Server.complete <iqdebug.llm.backends.http_server.Server.complete>`."""
        wanted = sampling or Sampling(temperature=0.2, max_tokens=64)
        before, after = self._mask(prefix), self._mask(suffix) if suffix else ""
        return await self._server.complete(before, after, wanted.max_tokens, wanted.temperature)

    # keeping

    async def save(self, path: Path) -> None:
        """:raises ModelError: it cannot be written. What was there before stays."""
        rows = [(b.mark, b.message, b.tokens, b.partial) for b in self._blocks]
        data = msgspec.json.encode(_Saved(self._server.model, rows))
        try:
            atomic_write(path, data)
        except OSError as error:
            raise ModelError(message("llm.saved.not_saved"), f"{path}: {error.strerror}") from error

    async def load(self, path: Path) -> None:
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelError(message("llm.saved.session_unreadable"), str(error)[:200]) from None
        marks = [mark for mark, *_ in saved.rows]
        if marks != sorted(set(marks)) or any(tokens < 0 for _, _, tokens, _ in saved.rows):
            raise ModelError(message("llm.saved.session_unreadable"), message("llm.saved.out_of_order"))
        if saved.model != self._server.model:
            raise ModelError(
                message("llm.saved.session_of_another"),
                message("llm.saved.session_of_another.why", model=saved.model, here=self._server.model),
            )
        await self._stop_warming()
        self._blocks = [Block(m, message.source, message, t, p) for m, message, t, p in saved.rows]
        self._next = max(self._next, *(mark + 1 for mark in marks), 1)
        self._read = 0


class _Saved(msgspec.Struct):
    model: str
    rows: list[tuple[int, Message, int, bool]]


def _joints(message: Message) -> int:
    return _MESSAGE_OVERHEAD_TOKENS * (1 + len(message.tool_calls))
