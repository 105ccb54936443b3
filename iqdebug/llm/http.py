"""A model behind an OpenAI-compatible server: vLLM, SGLang, llama-server or another.

The history is sent whole with each request, byte for byte as before and longer at its end, so that the
server's own prefix cache serves it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from iqdebug.errors import ModelError
from iqdebug.llm.answer import AnswerReader
from iqdebug.llm.backend import About, Block, Calling, Counters, Done, Event, Prefilling, Progress, Thinking
from iqdebug.llm.http_errors import explained, refused
from iqdebug.llm.keys import key_for
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from iqdebug.llm.server_kinds import ServerKind, recognised
from iqdebug.llm.sse import events_of
from iqdebug.llm.toolcalls import new_call_id, tool_schema

__all__ = ["HttpBackend"]

_CONNECT = 5.0
_JOINT = 8  # tokens that a template puts around a message
_BYTES = 2.0  # of a token, from below: no vocabulary of a code model has shorter ones on average
_CAUTIOUS = 8_192  # tokens, where nobody says how many
_COUNTED = 20_000  # texts whose tokens are remembered
_RETRIES = 3
_LONGEST_WAIT = 30.0


class HttpBackend:
    """:class:`~iqdebug.llm.backend.Backend`.

    :param setting: ``http(s)://host[:port]/v1``, with ``#MODEL`` where several are served.
    :param first_token_timeout: seconds without a sign of an answer; reading a long prompt takes its time.
    :param window: tokens, where the server does not say.
    :param mask: every text that is sent goes through it, once.
    """

    def __init__(
        self,
        setting: str,
        *,
        first_token_timeout: float = 600.0,
        window: int = 0,
        mask: Callable[[str], str] | None = None,
    ) -> None:
        address, _, model = setting.partition("#")
        self._base = address.rstrip("/")
        self._root = self._base.removesuffix("/v1")
        self._model = model
        self._mask = mask or (lambda text: text)
        self._patience = first_token_timeout
        self._wanted_window = window
        host = urlsplit(address).hostname or address
        self._here = _is_here(host)
        where = "on this machine" if self._here else urlsplit(address).netloc.rpartition("@")[2]
        self._about = About(setting, model or "?", where, not self._here, window or _CAUTIOUS, True, False)
        self._key = key_for(address)
        headers = {"authorization": f"Bearer {self._key.secret}"} if self._key is not None else {}
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(60.0, connect=_CONNECT),
            trust_env=not self._here,  # a proxy has no business between us and this machine
            follow_redirects=False,  # the key is for this host alone
        )
        self._kind = ServerKind("other")
        self._blocks: list[Block] = []
        self._tools: tuple[Tool, ...] = ()
        self._next = 1
        self._counters = Counters()
        self._counted: OrderedDict[str, int] = OrderedDict()
        self._cancelled = asyncio.Event()
        self._warming: asyncio.Task[None] | None = None
        self._read = 0  # tokens at the front that the server has seen
        self._started = False

    @property
    def about(self) -> About:
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

    # reaching it

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        if self._started:
            return
        if on_progress is not None:
            on_progress(Progress(f"reaching {self._base}"))
        try:
            answer = await self._client.get(
                f"{self._base}/models", timeout=httpx.Timeout(20.0, connect=_CONNECT)
            )
        except httpx.HTTPError as error:
            raise explained(error, self._base) from error
        if answer.status_code != 200:
            raise refused(answer.status_code, answer.text, self._base, self._key)
        rows = _rows(answer)
        if rows is None:
            raise ModelError(
                f"{self._base} is no OpenAI-compatible server",
                "It does not list its models",
                "The address ends in /v1 as a rule",
            )
        names = [str(m.get("id", "")) for m in rows]
        if not self._model and len(names) > 1:
            raise ModelError(
                f"{self._base} serves several models",
                ", ".join(names[:8]),
                f"Name one: {self._base}#{names[0]}",
            )
        if self._model and names and self._model not in names:
            raise ModelError(f"{self._base} does not serve {self._model}", ", ".join(names[:8]))
        self._model = self._model or (names[0] if names else "")
        self._kind = await recognised(self._client, self._root, rows)
        self._about = replace(
            self._about,
            model=os.path.basename(self._model) or "?",
            window=self._wanted_window or self._kind.window or _CAUTIOUS,
            exact=self._kind.counts,
        )
        self._started = True

    async def close(self) -> None:
        await self._stop_warming()
        self._cancelled.set()
        with contextlib.suppress(Exception):
            await self._client.aclose()

    # the log

    async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
        self._blocks.clear()
        self._tools = tuple(tools)
        self._read = 0
        told = await self.count(json.dumps([tool_schema(t) for t in tools])) if tools else 0
        return await self._add(Message("system", system, "system"), told)

    async def append(self, message: Message) -> Block:
        await self._stop_warming()
        return await self._add(message, 0)

    async def _add(self, message: Message, more: int) -> Block:
        masked = replace(message, content=self._mask(message.content))
        tokens = await self.count(masked.content) + _JOINT + more
        if self.used + tokens > self._about.window:
            raise ModelError("The window is full", f"{self.used + tokens:,} of {self._about.window:,} tokens")
        return self._put(masked, tokens)

    def _put(self, message: Message, tokens: int, partial: bool = False) -> Block:
        block = Block(self._next, message.source, message, tokens, partial)
        self._next += 1
        self._blocks.append(block)
        return block

    async def count(self, text: str) -> int:
        """By the server's own tokenizer where it has one; else from above, by bytes."""
        found = self._counted.get(text)
        if found is None:
            found = await self._counted_there(text) if self._kind.counts else None
            if found is None:
                found = int(len(text.encode("utf-8", "replace")) / _BYTES) + 1
            self._counted[text] = found
            while len(self._counted) > _COUNTED:
                self._counted.popitem(last=False)
        return found

    async def _counted_there(self, text: str) -> int | None:
        body: dict[str, Any] = {"content": self._mask(text)}
        url = f"{self._root}/tokenize"
        if self._kind.kind == "vllm":
            body = {"model": self._model, "prompt": self._mask(text), "add_special_tokens": False}
        elif self._kind.kind == "llama-cpp-python":
            url, body = f"{self._root}/extras/tokenize/count", {"input": self._mask(text)}
        try:
            answer = await self._client.post(url, json=body, timeout=20.0)
            found = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError):
            return None
        if isinstance(found, dict):
            count = found.get(
                "count", len(found["tokens"]) if isinstance(found.get("tokens"), list) else None
            )
            return count if isinstance(count, int) else None
        return None

    async def cut(self, mark: int) -> None:
        await self._stop_warming()
        self._blocks = [b for b in self._blocks if b.mark < mark]
        self._read = min(self._read, self.used)

    # reading and answering

    def prefill(self) -> AsyncIterator[Prefilling]:
        """A request for a single token puts the prompt into the server's cache. Where that is not known
        to help, nothing is sent."""
        return self._warm()

    async def _warm(self) -> AsyncIterator[Prefilling]:
        new = self.used - self._read
        if not self._kind.warms or new <= 0 or not self._blocks:
            return
        self._cancelled.clear()
        yield Prefilling(0, new)
        self._warming = asyncio.create_task(self._warmed())
        task = self._warming
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and not self._cancelled.is_set():
            yield Prefilling(new, new)

    async def _warmed(self) -> None:
        body = self._request(Sampling(max_tokens=1, temperature=0.0))
        used = self.used
        timeout = httpx.Timeout(self._patience, connect=_CONNECT)
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._client.post(
                f"{self._base}/chat/completions", json=body | {"stream": False}, timeout=timeout
            )
            if answer.status_code == 200:
                new = used - self._read
                self._read = used
                self._counters = replace(self._counters, evaluated=self._counters.evaluated + new)

    async def _stop_warming(self) -> None:
        task, self._warming = self._warming, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def cancel(self) -> None:
        self._cancelled.set()
        await self._stop_warming()

    async def reply(self, sampling: Sampling) -> AsyncIterator[Event]:
        """:raises ModelError: the server is down, refuses, or ends in the middle; what was said stays as a
        partial block.
        """
        await self._stop_warming()
        self._cancelled.clear()
        new = self.used - self._read
        yield Prefilling(0, new)
        started = time.monotonic()
        reply = _Reply(self._tools)
        try:
            async for events in self._streamed(self._request(sampling), reply, started):
                for event in events:
                    yield event
        except ModelError as error:
            if reply.said:
                self._finish(reply, new, started, partial=True)
                why = f"{error.why}; what it had said stays" if error.why else "What it had said stays"
                raise ModelError(error.what, why, error.fix) from error
            raise
        for event in reply.reader.finish():
            yield event
        for call in reply.whole_calls():
            yield call
        yield self._finish(reply, new, started, partial=self._cancelled.is_set())

    async def _streamed(
        self, body: dict[str, Any], reply: _Reply, started: float
    ) -> AsyncIterator[list[Event]]:
        timeout = httpx.Timeout(self._patience, connect=_CONNECT)
        for attempt in range(_RETRIES):
            try:
                request = self._client.stream(
                    "POST", f"{self._base}/chat/completions", json=body, timeout=timeout
                )
                async with request as answer:
                    if answer.status_code in (429, 503) and attempt + 1 < _RETRIES:
                        await asyncio.sleep(_wait_of(answer, attempt))
                        continue
                    if answer.status_code != 200:
                        text = (await answer.aread()).decode("utf-8", "replace")
                        raise refused(answer.status_code, text, self._base, self._key)
                    async for data in self._until_cancelled(events_of(answer.aiter_bytes())):
                        found = reply.take(data, self._base)
                        if found and not reply.first:
                            reply.first = time.monotonic() - started
                        yield found
                    return
            except (httpx.HTTPError, ValueError) as error:
                raise explained(error, self._base) from error

    async def _until_cancelled(self, events: AsyncIterator[str]) -> AsyncIterator[str]:
        """Each event, or the end as soon as :meth:`cancel` is called."""
        stop = asyncio.create_task(self._cancelled.wait())
        try:
            while True:
                coming = asyncio.ensure_future(anext(events, None))
                await asyncio.wait((coming, stop), return_when=asyncio.FIRST_COMPLETED)
                if stop.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
                    return
                data = coming.result()
                if data is None:
                    return
                yield data
        finally:
            stop.cancel()

    def _finish(self, reply: _Reply, new: int, started: float, partial: bool) -> Done:
        message = replace(reply.reader.message(), tool_calls=tuple(reply.reader.calls))
        said = reply.completion or int(len(reply.said.encode()) / _BYTES) + 1
        known = reply.prompt or 0
        evaluated = max(known - reply.cached, 0) if known else new
        now = self._counters
        self._counters = Counters(
            now.evaluated + evaluated,
            now.reused + (reply.cached if known else self._read),
            now.generated + said,
        )
        block = self._put(message, said + _JOINT, partial)
        self._read = self.used
        why = "cancelled" if self._cancelled.is_set() else reply.why
        if reply.reader.calls and why in ("stop", "calls"):
            why = "calls"
        return Done(block, why, self._counters, reply.first, time.monotonic() - started)

    def _request(self, sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [_row(b.message, self._mask) for b in self._blocks],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        if self._kind.kind != "other":
            body |= {"top_k": sampling.top_k, "min_p": sampling.min_p}
        if self._kind.kind == "llama-server":
            body["cache_prompt"] = True
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if self._tools:
            body["tools"] = [tool_schema(t) for t in self._tools]
        return body

    async def complete(self, prefix: str, suffix: str = "", sampling: Sampling | None = None) -> str:
        wanted = sampling or Sampling(temperature=0.2, max_tokens=64)
        body: dict[str, Any] = {
            "model": self._model,
            "prompt": self._mask(prefix),
            "max_tokens": wanted.max_tokens,
            "temperature": wanted.temperature,
        }
        if suffix:
            body["suffix"] = self._mask(suffix)
        try:
            answer = await self._client.post(f"{self._base}/completions", json=body)
        except httpx.HTTPError as error:
            raise explained(error, self._base) from error
        if answer.status_code != 200:
            raise refused(answer.status_code, answer.text, self._base, self._key)
        try:
            return str(answer.json()["choices"][0]["text"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise ModelError(f"{self._base} answered in a way nobody understands") from None

    # keeping

    async def save(self, path: Path) -> None:
        rows = [(b.mark, b.message, b.tokens, b.partial) for b in self._blocks]
        data = msgspec.json.encode({"model": self._model, "rows": rows})
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)

    async def load(self, path: Path) -> None:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelError("The saved session cannot be read", str(error)[:200]) from None
        if found.model != self._model:
            raise ModelError("The saved session is of another model", f"{found.model}, not {self._model}")
        self._blocks = [Block(m, message.source, message, t, p) for m, message, t, p in found.rows]
        self._next = max((b.mark for b in self._blocks), default=0) + 1
        self._read = 0


class _Saved(msgspec.Struct):
    model: str
    rows: list[tuple[int, Message, int, bool]]


class _Reply:
    """An answer as it comes."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.reader = AnswerReader(("<think>", "</think>"), False, [t.name for t in tools])
        self._names = frozenset(t.name for t in tools)
        self._parts: dict[int, dict[str, str]] = {}
        self.said = ""
        self.why = "stop"
        self.prompt = self.cached = self.completion = 0
        self.first = 0.0

    def take(self, data: str, base: str) -> list[Event]:
        """:raises ModelError: the server tells of an error in the stream."""
        try:
            found = json.loads(data)
        except ValueError:
            return []
        if not isinstance(found, dict):
            return []
        if "error" in found:
            told = found["error"]
            words = told.get("message", told) if isinstance(told, dict) else told
            raise ModelError(f"{base} broke off", str(words)[:300], "Ask again")
        self._usage(found.get("usage"))
        events: list[Event] = []
        for choice in found.get("choices") or ():
            if not isinstance(choice, dict):
                continue
            delta = choice.get("delta") or {}
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            if isinstance(thought, str) and thought:
                self.reader.think(thought)
                self.said += thought
                events.append(Thinking(thought))
            text = delta.get("content")
            if isinstance(text, str) and text:
                self.said += text
                events += self.reader.feed(text)
            for part in delta.get("tool_calls") or ():
                self._part(part)
            why = choice.get("finish_reason")
            if isinstance(why, str):
                self.why = {"length": "length", "tool_calls": "calls"}.get(why, "stop")
        return events

    def _usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        self.prompt = _number(usage.get("prompt_tokens"))
        self.completion = _number(usage.get("completion_tokens"))
        details = usage.get("prompt_tokens_details")
        self.cached = _number(details.get("cached_tokens")) if isinstance(details, dict) else 0

    def _part(self, part: Any) -> None:
        if not isinstance(part, dict):
            return
        row = self._parts.setdefault(_number(part.get("index")), {"id": "", "name": "", "arguments": ""})
        function = part.get("function") or {}
        row["id"] = row["id"] or str(part.get("id") or "")
        row["name"] += str(function.get("name") or "")
        row["arguments"] += str(function.get("arguments") or "")
        self.said += str(function.get("arguments") or "")

    def whole_calls(self) -> list[Event]:
        """The calls that came in parts. One whose arguments are no JSON becomes words, so that the model
        sees what it wrote."""
        events: list[Event] = []
        for _, row in sorted(self._parts.items()):
            try:
                arguments = json.loads(row["arguments"] or "{}")
            except ValueError:
                arguments = None
            if not isinstance(arguments, dict):
                events += self.reader.feed(f"\n(the call {row['name']} had arguments that are no JSON)")
                continue
            call = ToolCall(row["id"] or new_call_id(), row["name"], arguments)
            self.reader.calls.append(call)
            events.append(Calling(call))
        return events


def _row(message: Message, mask: Callable[[str], str]) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": mask(json.dumps(dict(call.arguments)))},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        row["tool_call_id"] = message.tool_call_id
        row["name"] = message.name
    return row


def _rows(answer: httpx.Response) -> list[dict[str, Any]] | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    rows = found.get("data") if isinstance(found, dict) else None
    return [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _wait_of(answer: httpx.Response, attempt: int) -> float:
    stated = answer.headers.get("retry-after", "")
    return min(float(stated) if stated.isdecimal() else 2.0**attempt, _LONGEST_WAIT)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
