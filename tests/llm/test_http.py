"""A model behind a server: what is sent, what is understood, and every way it can fail."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from iqdebug.errors import ModelError, UsageError
from iqdebug.llm.backend import Calling, Done, Event, Text, Thinking
from iqdebug.llm.http import HttpBackend
from iqdebug.llm.keys import key_for
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from iqdebug.llm.open import open_model
from iqdebug.llm.sse import events_of
from tests.llm.fake_server import FakeServer, Turn
from tests.llm.tiny import write_tiny

SAMPLING = Sampling(max_tokens=200)
STACK = Tool("stack", "the stack", {"type": "object", "properties": {"thread": {"type": "integer"}}})


async def opened(server: FakeServer, **options: object) -> HttpBackend:
    backend = HttpBackend(server.url, **options)  # type: ignore[arg-type]
    await backend.start()
    await backend.open("be short", [STACK])
    return backend


async def reply(backend: HttpBackend) -> list[Event]:
    return [event async for event in backend.reply(SAMPLING)]


def text_of(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Text))


async def test_thoughts_text_and_calls_come_in_parts() -> None:
    turns = [
        Turn("Let me look.", "hm, the stack", calls=[("stack", {"thread": 1}), ("stack", {"thread": 2})])
    ]
    async with FakeServer(turns).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        events = await reply(backend)
        assert "".join(e.text for e in events if isinstance(e, Thinking)) == "hm, the stack"
        assert text_of(events) == "Let me look."
        assert [dict(e.call.arguments) for e in events if isinstance(e, Calling)] == [
            {"thread": 1},
            {"thread": 2},
        ]
        done = events[-1]
        assert isinstance(done, Done) and done.why == "calls"
        assert done.block.message.tool_calls[0].name == "stack"
        await backend.close()


async def test_thoughts_within_the_text_are_told_apart() -> None:
    async with FakeServer([Turn("Because.", "so it is", inline=True)]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        events = await reply(backend)
        assert text_of(events) == "Because." and any(isinstance(e, Thinking) for e in events)
        await backend.close()


async def test_each_request_begins_with_the_one_before() -> None:
    turns = [Turn("", calls=[("stack", {"thread": 1})]), Turn("It is None."), Turn("Yes.")]
    async with FakeServer(turns).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        await reply(backend)
        await backend.append(Message("tool", "main app.py:3", "tools", tool_call_id="call0", name="stack"))
        await reply(backend)
        await backend.append(Message("user", "sure?"))
        await reply(backend)
        one, two, three = (chat["messages"] for chat in server.chats)
        assert two[: len(one)] == one and three[: len(two)] == two
        assert two[2]["tool_calls"][0]["function"] == {"name": "stack", "arguments": '{"thread": 1}'}
        assert two[3] == {
            "role": "tool",
            "content": "main app.py:3",
            "tool_call_id": "call0",
            "name": "stack",
        }
        await backend.close()


async def test_usage_fills_the_counters() -> None:
    usage = {"prompt_tokens": 90, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}}
    async with FakeServer([Turn("Because.", usage=usage)]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        await reply(backend)
        now = backend.counters
        assert (now.evaluated, now.reused, now.generated) == (30, 60, 7)
        await backend.close()


@pytest.mark.parametrize(
    ("kind", "exact", "window"),
    [("vllm", True, 4096), ("llama-server", True, 4096), ("sglang", False, 4096), ("other", False, 8192)],
)
async def test_what_a_server_can_tell_is_asked(kind: str, exact: bool, window: int) -> None:
    async with FakeServer([], kind).running() as server:
        backend = await opened(server)
        assert (backend.about.exact, backend.about.window) == (exact, window)
        assert not backend.about.remote and backend.about.where == "on this machine"
        assert await backend.count("one two three") == (3 if exact else 7)
        await backend.close()


async def test_reading_ahead_is_one_request_and_gives_way() -> None:
    async with FakeServer([Turn("ok")], "vllm").running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "evidence " * 50, "evidence"))
        steps = [step async for step in backend.prefill()]
        assert steps[-1].done == steps[-1].total > 50
        assert server.chats[-1]["max_tokens"] == 1
        assert [s async for s in backend.prefill()] == []
        await backend.append(Message("user", "why?"))
        await reply(backend)
        assert backend.counters.evaluated < 120
        await backend.close()


async def test_a_cancelled_answer_stays_as_far_as_it_came() -> None:
    hold = asyncio.Event()
    async with FakeServer([Turn("One two three.", hold=hold, done=False)]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "count"))
        events = []
        async for event in backend.reply(SAMPLING):
            events.append(event)
            if text_of(events) == "One two three.":
                await backend.cancel()
        done = events[-1]
        assert isinstance(done, Done) and done.why == "cancelled" and done.block.partial
        assert done.block.message.content == "One two three."
        hold.set()
        await backend.close()


@pytest.mark.parametrize(
    ("turn", "what", "fix"),
    [
        (Turn("bad key", status=401), "refuses (401)", "IQDEBUG_API_KEY"),
        (Turn("maximum context length is 4096 tokens", status=400), "The window is full", "/compact"),
        (Turn("no such thing", status=404), "has no such path", "/v1"),
        (Turn("moved", status=307, headers={"location": "http://192.0.2.1/v1"}), "points elsewhere", ""),
        (Turn("boom", status=500), "refuses (500)", ""),
    ],
)
async def test_a_refusal_is_said_in_words(turn: Turn, what: str, fix: str) -> None:
    async with FakeServer([turn]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        with pytest.raises(ModelError) as raised:
            await reply(backend)
        assert what in raised.value.what and fix in raised.value.fix
        await backend.close()


async def test_a_busy_server_is_asked_again() -> None:
    turns = [Turn("later", status=503, headers={"retry-after": "0"}), Turn("now")]
    async with FakeServer(turns).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        assert text_of(await reply(backend)) == "now"
        await backend.close()


async def test_a_connection_that_breaks_keeps_what_was_said() -> None:
    event = '{"choices": [{"delta": {"content": "It is None because"}}]}'
    async with FakeServer([]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))

        async def broken(*_: object) -> AsyncIterator[str]:
            yield event
            raise httpx.RemoteProtocolError("peer closed connection")

        import iqdebug.llm.http as module

        real = module.events_of
        module.events_of = broken  # type: ignore[assignment]
        server.turns.append(Turn("x"))
        try:
            with pytest.raises(ModelError, match="hung up"):
                await reply(backend)
        finally:
            module.events_of = real
        assert backend.blocks[-1].partial and backend.blocks[-1].message.content == "It is None because"
        await backend.close()


async def test_nobody_there_and_nothing_like_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        backend = HttpBackend(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        with pytest.raises(ModelError, match="Nothing listens at"):
            await backend.start()
        await backend.close()
    async with FakeServer([], models=("a", "b")).running() as server:
        backend = HttpBackend(server.url)
        with pytest.raises(ModelError) as raised:
            await backend.start()
        assert raised.value.why == "a, b" and raised.value.fix.endswith("#a")
        await backend.close()
        chosen = HttpBackend(f"{server.url}#b")
        await chosen.start()
        assert chosen.about.model == "b"
        await chosen.close()
        wrong = HttpBackend(server.url.replace("/v1", "/v2"))
        with pytest.raises(ModelError, match="has no such path"):
            await wrong.start()
        await wrong.close()


async def test_secrets_and_keys_stay_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IQDEBUG_API_KEY", "key-9f3")
    secret = "hunter2-correct-horse"
    turns = [Turn("", calls=[("stack", {"note": secret})]), Turn("ok"), Turn("no", status=401)]
    async with FakeServer(turns, "vllm").running() as server:
        backend = HttpBackend(server.url, mask=lambda text: text.replace(secret, "•••"))
        await backend.start()
        await backend.open(f"system {secret}", [STACK])
        await backend.append(Message("user", f"evidence {secret}", "evidence"))
        async for _ in backend.prefill():
            pass
        await reply(backend)
        await backend.append(
            Message("tool", f"password={secret}", "tools", tool_call_id="call0", name="stack")
        )
        await backend.count(f"count {secret}")
        await reply(backend)
        await backend.complete(f"x = '{secret}", suffix=secret)
        await backend.append(Message("user", "again"))
        with pytest.raises(ModelError) as raised:
            await reply(backend)
        assert all(secret.encode() not in body for _, _, body in server.requests)
        assert all(h["authorization"] == "Bearer key-9f3" for _, h, _ in server.requests)
        assert "key-9f3" not in str(raised.value) and "$IQDEBUG_API_KEY" in raised.value.why
        await backend.save(tmp_path / "s.json")
        saved = (tmp_path / "s.json").read_text()
        assert "key-9f3" not in saved and "key-9f3" not in repr(key_for(server.url))
        assert (tmp_path / "s.json").stat().st_mode & 0o777 == 0o600
        await backend.close()


def test_a_key_is_for_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IQDEBUG_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert key_for("http://127.0.0.1:8000/v1") is None and key_for("https://gpu.example.org/v1") is None
    found = key_for("https://api.openai.com/v1")
    assert found is not None and found.secret == "sk-1"


async def test_a_saved_log_is_loaded_and_a_damaged_one_refused(tmp_path: Path) -> None:
    async with FakeServer([Turn("Because.")]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?", tool_calls=(ToolCall("1", "stack", {"a": 1}),)))
        await reply(backend)
        before = backend.blocks
        await backend.save(tmp_path / "log")
        await backend.cut(before[1].mark)
        await backend.load(tmp_path / "log")
        assert backend.blocks == before
        (tmp_path / "log").write_text("{")
        with pytest.raises(ModelError, match="cannot be read"):
            await backend.load(tmp_path / "log")
        assert backend.blocks == before
        await backend.close()


async def test_events_are_read_however_they_are_cut() -> None:
    data = b'data: {"a": "\xc3\xa4"}\r\n\r\n: ping\n\ndata: one\ndata: two\n\n'
    data += b"event: x\ndata: [DONE]\n\ndata: late\n\n"

    async def cut(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    for size in (1, 2, 3, 7, 1000):
        assert [e async for e in events_of(cut(size))] == ['{"a": "ä"}', "one\ntwo"]


def test_a_setting_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    assert open_model("none") is None
    for wrong in ("llama:", "ftp://x", "gguf"):
        with pytest.raises(UsageError):
            open_model(wrong)
    with pytest.raises(UsageError, match="There is no file"):
        open_model(f"llama:{tmp_path}/no.gguf")


async def test_a_real_server_converses_counts_and_says_its_limits(tmp_path: Path) -> None:
    """llama-cpp-python's own server on the tiny model."""
    model = write_tiny(tmp_path / "tiny.gguf", context=2048)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "-m",
        "llama_cpp.server",
        "--model",
        str(model),
        "--port",
        str(port),
        "--n_ctx",
        "2048",
        "--n_threads",
        "1",
    ]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log)
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(300):
                try:
                    await client.get(f"http://127.0.0.1:{port}/v1/models")
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, (tmp_path / "log").read_text()
                    await asyncio.sleep(0.1)
        backend = HttpBackend(f"http://127.0.0.1:{port}/v1", window=2048)
        await backend.start()
        await backend.open("be short")
        assert backend.about.exact and await backend.count("hello there") > 1
        await backend.append(Message("user", "why?"))
        events = [e async for e in backend.reply(Sampling(max_tokens=12, seed=1))]
        done = events[-1]
        assert isinstance(done, Done) and done.counters.generated >= 1
        await backend.append(Message("user", "more?"))
        events = [e async for e in backend.reply(Sampling(max_tokens=12, seed=1))]
        assert isinstance(events[-1], Done)
        await backend.close()
    finally:
        process.terminate()
        process.wait(10)
        log.close()
