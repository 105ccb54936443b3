"""Mutated streams from a real server on loopback give an answer or an error message."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from iqdebug.core.errors import IqdebugError
from iqdebug.llm.backends.base import ReplyFinished
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.window.window import Window
from tests.hostile.fuzzing import HOSTILE_TEXTS, bounded, chance_of, mutated_bytes, no_growth
from tests.hostile.servers import StreamingServer

pytestmark = pytest.mark.slow

STACK = Tool("stack", "the stack", {"type": "object", "properties": {"thread": {"type": "integer"}}})
HOSTILE: tuple[Any, ...] = (None, True, -1, 1 << 70, 1e308, [], {}, [[]], [None], {"": []}, *HOSTILE_TEXTS)


def events() -> list[dict[str, Any]]:
    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "stack", "arguments": '{"thr'}}
    more = {"index": 0, "function": {"arguments": 'ead": 1}'}}
    deltas: list[dict[str, Any]] = [
        {"role": "assistant"},
        {"reasoning_content": "hm \ud83d"},
        {"content": "<think>so</think>Bec"},
        {"content": 'ause. <tool_call>{"name": "stack", "arguments": {}}</tool_call>'},
        {"tool_calls": [call]},
        {"tool_calls": [more]},
    ]
    rows: list[dict[str, Any]] = [{"choices": [{"delta": d, "finish_reason": None}]} for d in deltas]
    rows.append({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    usage = {"prompt_tokens": 90, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}}
    rows.append({"choices": [], "usage": usage, "timings": {"cache_n": 1, "prompt_n": 2}})
    return rows


def changed(value: Any, chance: Any, rate: float) -> Any:
    if chance.random() < rate:
        return chance.choice(HOSTILE)
    if isinstance(value, dict):
        return {k: changed(v, chance, rate) for k, v in value.items() if chance.random() > rate / 2}
    if isinstance(value, list):
        return [changed(v, chance, rate) for v in value]
    return value


async def test_fuzz_sse(fuzz_cases: int) -> None:
    chance = chance_of("sse")
    now = b""

    async def stream() -> AsyncIterator[bytes]:
        yield now

    well = 0
    async with StreamingServer(stream, "other").running() as server:
        backend = HttpBackend(server.url, first_token_timeout=10)
        window = Window(backend, reserve=1_000)
        await backend.start()
        with no_growth():
            for number in range(fuzz_cases):
                rows = [changed(row, chance, chance.choice((0.0, 0.02, 0.2))) for row in events()]
                data = b": hello\n\n" + b"".join(
                    b"data: " + json.dumps(r).encode() + b"\r\n\r\n" for r in rows
                )
                data += b"data: [DONE]\n\n"
                now = mutated_bytes(data, chance, data) if chance.random() < 0.7 else data
                with bounded(now[:300]):
                    if number % 50 == 0:
                        await window.open("be short", [STACK])
                        await window.question("why?")
                        mark = backend.blocks[-1].mark + 1
                    try:
                        done = [e async for e in backend.reply(Sampling(max_tokens=500))][-1]
                        assert isinstance(done, ReplyFinished)
                        well += 1
                    except IqdebugError as error:
                        assert 1 <= len(error.lines()) <= 3
                    for block in backend.blocks:
                        json.dumps([block.message.content, block.message.thinking]).encode()
                        (block.message.content + block.message.thinking).encode()
                    await backend.cut(mark)
                server.requests.clear()
        await backend.close()
    assert 0 < well < fuzz_cases
    assert Message("user", "\ud800").content == "\ufffd"
