"""A model behind a server: what is sent, what is understood, and every way it can fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.llm.backends.base import Event, Prefilling, ReplyFinished, Text, Thinking, ToolCallEvent
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.backends.http_errors import explained
from iqdebug.llm.backends.openai_messages import at_most
from iqdebug.llm.backends.sse import EndlessEvent, EventParser
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from iqdebug.llm.open_backend import open_model
from tests.llm.fake_server import FakeServer, Turn

pytestmark = pytest.mark.slow

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
        assert [dict(e.call.arguments) for e in events if isinstance(e, ToolCallEvent)] == [
            {"thread": 1},
            {"thread": 2},
        ]
        done = events[-1]
        assert isinstance(done, ReplyFinished) and done.why == "calls"
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
    [("vllm", True, 4096), ("llama-server", True, 4096), ("sglang", True, 4096), ("other", False, 8192)],
)
async def test_what_a_server_can_tell_is_asked(kind: str, exact: bool, window: int) -> None:
    async with FakeServer([], kind).running() as server:
        backend = await opened(server)
        assert (backend.about.exact, backend.about.window) == (exact, window)
        assert not backend.about.remote and backend.about.where == "on this machine"
        assert await backend.count("one two three") == (3 if exact else at_most("one two three"))
        await backend.close()


async def test_reading_ahead_is_one_request_and_gives_way() -> None:
    async with FakeServer([Turn("ok")], "vllm").running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "evidence " * 50, "evidence"))
        steps = [step async for step in backend.prefill()]
        assert steps[-1].done == steps[-1].total > 50
        assert server.chats[-1]["max_tokens"] == 1
        assert [s async for s in backend.prefill()] == []
        read = backend.counters.evaluated
        await backend.append(Message("user", "why?"))
        await reply(backend)
        assert backend.counters.evaluated - read == 9  # a word and its joints
        server.warming, server.asked = asyncio.Event(), asyncio.Event()
        await backend.append(Message("user", "more evidence", "evidence"))
        reading = asyncio.create_task(_all(backend.prefill()))
        await server.asked.wait()
        server.closed.clear()
        await backend.append(Message("user", "why?"))
        assert len(await reading) == 1
        await server.closed.wait()  # the request was called off
        server.turns.append(Turn("at once"))
        assert text_of(await reply(backend)) == "at once"
        await backend.close()


@pytest.mark.parametrize("kind", ["other", "llama-cpp-python"])
async def test_nothing_is_read_ahead_where_it_cannot_be_called_off(kind: str) -> None:
    async with FakeServer([], kind).running() as server:
        backend = await opened(server)
        assert await _all(backend.prefill()) == [] and server.chats == []
        await backend.close()


async def _all(steps: AsyncIterator[Prefilling]) -> list[Prefilling]:
    return [step async for step in steps]


@pytest.mark.parametrize("stage", ["headers", "busy", "answer"])
async def test_an_answer_is_cancelled_wherever_it_stands(stage: str) -> None:
    never = asyncio.Event()
    turn = {
        "headers": Turn("late", silent=never),
        "busy": Turn("busy", status=503, headers={"retry-after": "29"}),
        "answer": Turn("so far", hold=never, done=False),
    }[stage]
    async with FakeServer([turn]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))

        async def stop() -> None:
            await server.asked.wait()
            await backend.cancel()

        stopping = asyncio.create_task(stop())
        events = await asyncio.wait_for(reply(backend), 5)
        await stopping
        done = events[-1]
        assert isinstance(done, ReplyFinished) and done.why == "cancelled" and done.block.partial
        server.turns = [Turn("again")]
        assert text_of(await reply(backend)) == "again"
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
        assert isinstance(done, ReplyFinished) and done.why == "cancelled" and done.block.partial
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
        (Turn("later", status=429, headers={"retry-after": "600"}), "is busy (429)", ""),
        (Turn(raw="<html>login</html>", kind_of_raw="text/html"), "", ""),
        (Turn(raw='{"surprise": 1}'), "in a way nobody understands", ""),
        (Turn(raw='data: {"error": {"message": "out of memory"}}\n\n', kind_of_raw="x"), "broke off", ""),
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


@pytest.mark.parametrize("said", [True, False])
async def test_a_connection_that_breaks_keeps_what_was_said(said: bool) -> None:
    turn = Turn("It is None because of", dies=200 if said else 20)
    async with FakeServer([turn, Turn("ok")]).running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        with pytest.raises(ModelError, match="hung up") as raised:
            await reply(backend)
        assert backend.blocks[-1].partial is said
        if said:
            kept = backend.blocks[-1].message.content
            assert kept and "It is None because of".startswith(kept)
            assert f"After {len(kept)} " in raised.value.why
        assert text_of(await reply(backend)) == "ok"
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


async def test_a_loaded_log_goes_on_with_marks_never_used(tmp_path: Path) -> None:
    async with FakeServer([]).running() as server:
        backend = await opened(server)
        await backend.save(tmp_path / "log")
        last = await backend.append(Message("user", "why?"))
        await backend.load(tmp_path / "log")
        assert (await backend.append(Message("user", "how?"))).mark > last.mark
        with pytest.raises(ModelError, match="cannot be saved"):
            await backend.save(tmp_path / "nowhere" / "log")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["log"]
        await backend.close()


async def test_a_server_without_streaming_or_usage_is_understood() -> None:
    whole = '{"choices": [{"message": {"content": "All at once."}, "finish_reason": "stop"}]}'
    async with FakeServer([Turn(raw=whole), Turn("ok", done=False)]).running() as server:
        server.refuses = ("stream_options",)
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        assert text_of(await reply(backend)) == "All at once."
        await backend.append(Message("user", "so?"))
        assert text_of(await reply(backend)) == "ok"
        assert ["stream_options" in chat for chat in server.chats] == [True, False, False]
        await backend.close()


async def test_an_answer_fits_the_window() -> None:
    turns = [
        Turn("cut", finish="length"),
        Turn("This model's maximum context length is 512 tokens", status=400),
    ]
    async with FakeServer(turns, "vllm").running() as server:
        server.window = 600
        backend = HttpBackend(server.url, window=100_000)
        said: list[str] = []
        await backend.start(lambda now: said.append(now.words))
        assert backend.about.window == 600 and "600" in said[-1]
        await backend.open("be short")
        await backend.append(Message("user", "word " * 500))
        left = 600 - backend.used
        events = await reply(backend)
        done = events[-1]
        assert server.chats[-1]["max_tokens"] == left
        assert isinstance(done, ReplyFinished) and done.why == "window"
        with pytest.raises(ModelError, match="The window is full"):
            await reply(backend)
        assert backend.about.window == 512
        with pytest.raises(ModelError, match="The window is full"):
            await reply(backend)
        assert len(server.chats) == 2  # the last was not even sent
        await backend.close()


async def test_thoughts_take_no_room_and_a_template_does() -> None:
    usage = {"prompt_tokens": 700, "completion_tokens": 300}
    async with FakeServer([Turn("So it is.", "hm " * 290, usage=usage)], "vllm").running() as server:
        backend = await opened(server)
        await backend.append(Message("user", "why?"))
        await reply(backend)
        assert backend.blocks[-1].tokens == 3 + 8 and backend.used == 700 + 3 + 8
        assert backend.counters.generated == 300 and backend.counters.evaluated == 700
        await backend.close()


@pytest.mark.parametrize(
    ("kind", "fills", "path", "suffix"),
    [
        ("llama-server", True, "/infill", True),
        ("llama-server", False, "/v1/completions", False),
        ("other", True, "/v1/completions", True),
        ("other", False, "/v1/completions", False),
        ("vllm", True, "/v1/completions", False),
    ],
)
async def test_what_is_between_is_completed_as_the_server_can(
    kind: str, fills: bool, path: str, suffix: bool
) -> None:
    async with FakeServer([], kind).running() as server:
        server.fills = fills
        backend = await opened(server)
        assert await backend.complete("a = ", "\nprint(a)") in ("filled", "completed")
        last, _, body = server.requests[-1]
        assert last == path and (b"print(a)" in body) is suffix
        await backend.close()


async def test_a_server_that_says_nothing_is_given_up() -> None:
    never = asyncio.Event()
    async with FakeServer(
        [Turn("late", silent=never), Turn("so", hold=never, done=False)]
    ).running() as server:
        backend = await opened(server, first_token_timeout=0.2)
        await backend.append(Message("user", "why?"))
        for kept in (False, True):
            with pytest.raises(ModelError, match="fell silent") as raised:
                await reply(backend)
            assert ("After 2 characters" in raised.value.why) is kept
        assert backend.blocks[-1].partial and backend.blocks[-1].message.content == "so"
        await backend.close()


async def test_https_where_http_is_spoken_and_names_that_lead_nowhere() -> None:
    async with FakeServer([]).running() as server:
        backend = HttpBackend(server.url.replace("http:", "https:"))
        with pytest.raises(ModelError, match="cannot be trusted") as raised:
            await backend.start()
        assert "http, not https" in raised.value.fix
        await backend.close()
    error = httpx.ConnectError("no")
    error.__cause__ = socket.gaierror(-3, "Temporary failure in name resolution")
    assert explained(error, "http://gpu:1/v1").what == "The name gpu leads nowhere"


def test_events_are_read_however_they_are_cut() -> None:
    data = b'data: {"a": "\xc3\xa4"}\r\n\r\n: ping\n\ndata: one\ndata:two\n\n'
    for ending, ended in ((b"event: x\ndata: [DONE]\n\ndata: late\n\n", True), (b"data: last", False)):
        for size in (1, 2, 3, 7, 1000):
            parser, found = EventParser(), []
            whole = data + ending
            for start in range(0, len(whole), size):
                found += parser.feed(whole[start : start + size])
            found += parser.finish()
            assert found == ['{"a": "ä"}', "one\ntwo", *(() if ended else ("last",))]
            assert parser.ended is ended


@pytest.mark.parametrize("line", [b"data: " + b"x" * 100_000, b"data: " + b"x" * 100_000 + b"\n"])
def test_an_event_without_end_is_given_up(line: bytes) -> None:
    parser = EventParser()
    with pytest.raises(EndlessEvent):
        for _ in range(50):
            parser.feed(line)


def test_a_setting_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    assert open_model("none") is None
    for wrong in ("llama:", "ftp://x", "gguf"):
        with pytest.raises(UsageError):
            open_model(wrong)
    with pytest.raises(UsageError, match="There is no file"):
        open_model(f"llama:{tmp_path}/no.gguf")
