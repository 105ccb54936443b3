"""Limits on a model file, a model and a server: time, memory, calls; and the error messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iqdebug.assistant.conversation import MAX_CALLS_PER_REPLY, MAX_CALLS_PER_TURN, Conversation, ToolOutcome
from iqdebug.assistant.transcript import Transcript
from iqdebug.cli.main import main
from iqdebug.core.errors import ModelError
from iqdebug.core.messages import render
from iqdebug.llm.backends.base import SETS_WINDOW, Event, ReplyFinished, Text, ToolCallEvent
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.backends.http_reply import MAX_CALLS
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.backends.sse import EndlessEvent, EventParser
from iqdebug.llm.chat_format.template import CHATML, ChatTemplate, TemplateError
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from iqdebug.llm.window.window import Window
from tests.hostile.servers import Stream, StreamingServer, for_ever, once
from tests.llm.fake_server import FakeServer, Turn
from tests.support.crashfile import sample
from tests.support.scripted_backend import Answer, ScriptedBackend

pytestmark = pytest.mark.slow

LOOK = Tool("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}})
SAMPLING = Sampling(max_tokens=100)
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}"
LOOPS += "{% endfor %}{% endfor %}"
QUESTION = Message("user", "why?")


def event(**delta: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


# templates


@pytest.mark.parametrize(
    "source",
    [
        LOOPS,
        "{{ 9**9**9 }}",
        "{{ 'x' * 10**12 }}",
        "{% set n = namespace(t='x') %}{% for a in range(60) %}{% set n.t = n.t * 2 %}{% endfor %}{{ n.t }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{" + "(" * 5_000 + ")" * 5_000 + "}}",
    ],
    ids=["loops", "power", "long", "doubling", "recursion", "brackets"],
)
def test_a_template_that_does_not_end_is_stopped_with_a_message(source: str) -> None:
    began = time.monotonic()
    with pytest.raises(TemplateError) as raised:
        ChatTemplate(source).joint([], QUESTION)
    assert time.monotonic() - began < 20, "bounded in processor time, whatever it does"
    assert str(raised.value) and "\n" not in str(raised.value)


def test_a_template_that_loops_at_a_certain_message_is_not_tried_again() -> None:
    template = ChatTemplate(CHATML + "{% if messages|length > 3 %}" + LOOPS + "{% endif %}")
    talk = [Message("user", "a"), Message("assistant", "b"), Message("user", "c")]
    template.joint(talk[:2], talk[2])
    with pytest.raises(TemplateError, match="given up after 1 s of computing"):
        template.joint(talk, Message("assistant", "d"))
    began = time.monotonic()
    with pytest.raises(TemplateError, match="given up"):
        template.joint(talk[:2], talk[2])
    assert time.monotonic() - began < 0.5


async def test_a_model_whose_template_loops_cannot_converse_and_says_why(
    tiny_model: Path, tmp_path: Path
) -> None:
    backend = LocalBackend(
        "llama:tiny",
        LoadOptions(model=str(tiny_model), n_ctx=512, n_threads=1),
        template=LOOPS,
        log_file=tmp_path / "worker.log",
    )
    try:
        await backend.start()
        assert not backend.about.chat
        assert "given up after 1 s of computing" in backend.about.why_no_chat
        with pytest.raises(ModelError, match="cannot converse"):
            await backend.open("be short")
        assert backend.pid is not None, "the model itself is still there"
    finally:
        await backend.close()


def test_no_process_is_left_of_a_template() -> None:
    template = ChatTemplate(CHATML)
    closing = template.renderer._closing.peek()
    assert closing is not None
    child = closing[2][1]
    assert os.path.exists(f"/proc/{child.pid}")
    template.renderer.close()
    assert not os.path.exists(f"/proc/{child.pid}")


# calls


async def conversation_over(backend: ScriptedBackend) -> tuple[Conversation, list[ToolCall]]:
    ran: list[ToolCall] = []

    async def run(call: ToolCall) -> ToolOutcome:
        ran.append(call)
        return ToolOutcome("seen", "seen")

    window = Window(backend, reserve=1_000)
    talk = Conversation(
        window, Transcript(), system="s", tools=lambda: [LOOK], run_call=run, sampling=SAMPLING
    )
    talk.ask("why?")
    await talk.finished()
    return talk, ran


def many(count: int, first: int = 0) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(f"call{n:05}", "look", {"at": str(n)}) for n in range(first, first + count))


async def test_of_a_thousand_calls_in_a_reply_some_are_run_and_the_rest_answered() -> None:
    backend = ScriptedBackend([Answer("", calls=many(1_000)), Answer("enough")], window=4_000_000)
    talk, ran = await conversation_over(backend)
    assert len(ran) == MAX_CALLS_PER_REPLY
    results = [b.message for b in backend.blocks if b.message.role == "tool"]
    assert len(results) == 1_000, "each call has an answer, as every server wants it"
    assert "too many calls" in results[-1].content
    notes = [e.text for e in talk.transcript.entries if e.kind == "note"]
    assert notes == [f"{1_000 - MAX_CALLS_PER_REPLY} of 1,000 calls were not run: too many"]
    assert talk.transcript.entries[-1].text == "enough"


async def test_a_turn_has_a_bound_of_its_own() -> None:
    backend = ScriptedBackend([Answer("", calls=many(30, 30 * n)) for n in range(9)], window=4_000_000)
    talk, ran = await conversation_over(backend)
    assert len(ran) == MAX_CALLS_PER_TURN
    assert "stopped after 100 tool calls" in talk.transcript.entries[-1].text


async def opened(server: FakeServer, patience: float = 600.0) -> HttpBackend:
    backend = HttpBackend(server.url, first_token_timeout=patience)
    await backend.start()
    await backend.open("be short", [LOOK])
    await backend.append(QUESTION)
    return backend


async def test_a_server_s_thousands_of_calls_do_not_enter_the_log() -> None:
    server = FakeServer([Turn("", calls=[("look", {"at": str(n)}) for n in range(2_000)])])
    async with server.running():
        backend = await opened(server)
        events = [e async for e in backend.reply(Sampling(max_tokens=30_000))]
        await backend.close()
    assert sum(isinstance(e, ToolCallEvent) for e in events) == MAX_CALLS
    done = events[-1]
    assert isinstance(done, ReplyFinished) and len(done.block.message.tool_calls) == MAX_CALLS
    assert f"{2_000 - MAX_CALLS:,} further calls were left out" in done.block.message.content


# servers


async def failed(stream: Stream, patience: float = 600.0) -> tuple[ModelError, int]:
    """The error message for a server that sends this, and how much it could send."""
    server = StreamingServer(stream)
    async with server.running():
        backend = await opened(server, patience)
        with pytest.raises(ModelError) as raised:
            async for _ in backend.reply(SAMPLING):
                pass
        assert not any(b.message.content for b in backend.blocks if b.message.role == "assistant")
        await backend.close()
    assert all(line and "\n" not in line for line in raised.value.lines())
    return raised.value, server.sent


@pytest.mark.parametrize(
    "part",
    [b"\n" * 65_536, b": on and on\n" * 6_000, b"data:\n" * 10_000, b"x" * 65_536, b"data: " + b"y" * 65_536],
    ids=["empty lines", "comments", "empty data", "a line", "a data line"],
)
async def test_a_stream_without_an_event_is_given_up(part: bytes) -> None:
    error, sent = await failed(for_ever(part))
    assert "given up" in error.what or "without end" in error.why
    assert sent < 90_000_000


@pytest.mark.parametrize(
    "part",
    [b"data: {}\n\n" * 900, event(content="") * 500, b"data: [1]\n\n" * 900, event(role="assistant") * 500],
    ids=["objects", "no content", "no object", "roles"],
)
async def test_empty_events_are_given_up(part: bytes) -> None:
    error, sent = await failed(for_ever(part))
    assert "given up" in error.what and "say nothing" in error.why
    assert sent < 10_000_000


async def test_an_answer_that_does_not_end_is_given_up_and_stays() -> None:
    server = StreamingServer(for_ever(event(content="and on ") * 500))
    async with server.running():
        backend = await opened(server)
        with pytest.raises(ModelError, match="given up") as raised:
            async for _ in backend.reply(SAMPLING):
                pass
        assert "which stay" in raised.value.why and "far more than" in raised.value.why
        assert backend.blocks[-1].partial and backend.blocks[-1].message.content.startswith("and on and on")
        await backend.close()


async def test_calls_that_do_not_end_are_given_up() -> None:
    part = {"index": 0, "id": "a", "function": {"name": "look", "arguments": '{"at": "' + "x" * 900}}
    error, _ = await failed(for_ever(event(tool_calls=[part]) * 50))
    assert "given up" in error.what


@pytest.mark.parametrize("part", [b": still there\n\n", b"data: {}\n\n", b"\n"])
async def test_keep_alive_events_do_not_extend_the_timeout(part: bytes) -> None:
    began = time.monotonic()
    error, _ = await failed(for_ever(part, pause=0.05), patience=0.6)
    assert "fell silent" in error.what
    assert time.monotonic() - began < 5


async def test_a_slow_answer_is_given_up_after_six_times_the_patience() -> None:
    began = time.monotonic()
    server = StreamingServer(for_ever(event(content="."), pause=0.2))
    async with server.running():
        backend = await opened(server, 0.5)
        with pytest.raises(ModelError, match="given up") as raised:
            async for _ in backend.reply(SAMPLING):
                pass
        assert "was not whole after 3 seconds" in raised.value.why
        await backend.close()
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("path", ["/v1/models", "/props", "/tokenize"])
async def test_other_answers_without_end_are_given_up(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(FakeServer):
        async def _answer(self, asked: str, body: bytes, writer: object) -> None:
            if asked != path:
                return await super()._answer(asked, body, writer)  # type: ignore[arg-type]
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")  # type: ignore[attr-defined]
            while True:
                writer.write(b" " * 65_536)  # type: ignore[attr-defined]
                await writer.drain()  # type: ignore[attr-defined]

    async with Endless([], "llama-server").running() as server:
        backend = HttpBackend(server.url)
        try:
            await backend.start()
            assert path != "/v1/models"
            assert await backend.count("a b") > 0
        except ModelError as error:
            assert path == "/v1/models" and "given up" in error.what
        await backend.close()


async def answered(*events: bytes) -> tuple[list[Event], HttpBackend]:
    server = StreamingServer(
        once(*events, b'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    )
    async with server.running():
        backend = await opened(server)
        replied = [e async for e in backend.reply(SAMPLING)]
        await backend.append(Message("user", "and?"))
        [e async for e in backend.reply(SAMPLING)]  # what came can be sent back
        await backend.close()
    return replied, backend


async def test_a_lone_surrogate_does_not_lose_the_answer() -> None:
    events, backend = await answered(event(content="before \ud800 behind"), event(content="\udfff!"))
    assert "".join(e.text for e in events if isinstance(e, Text)) == "before \ufffd behind\ufffd!"
    assert backend.blocks[2].message.content == "before \ufffd behind\ufffd!"


async def test_a_character_split_between_chunks_is_joined() -> None:
    events, _ = await answered(event(content="so \ud83d"), event(content="\ude00 it is \ud83d"))
    assert "".join(e.text for e in events if isinstance(e, Text)) == "so \U0001f600 it is \ufffd"


async def test_a_lone_surrogate_in_a_call_is_replaced() -> None:
    part = {"index": 0, "id": "a\ud800", "function": {"name": "look", "arguments": '{"at": "\\ud800"}'}}
    events, _ = await answered(event(tool_calls=[part]))
    assert [dict(e.call.arguments) for e in events if isinstance(e, ToolCallEvent)] == [{"at": "\ufffd"}]
    events, _ = await answered(
        event(content='<tool_call>{"name": "look", "arguments": {"at": "\\ud800"}}</tool_call>')
    )
    assert [dict(e.call.arguments) for e in events if isinstance(e, ToolCallEvent)] == [{"at": "\ufffd"}]


async def test_a_too_deeply_nested_call_is_reported_to_the_model() -> None:
    deep = '{"at": ' + "[" * 100_000 + "]" * 100_000 + "}"
    part = {"index": 0, "id": "a", "function": {"name": "look", "arguments": deep}}
    server = StreamingServer(once(event(tool_calls=[part]), b"data: [DONE]\n\n"))
    async with server.running():
        backend = await opened(server)
        events = [e async for e in backend.reply(Sampling(max_tokens=9_000))]
        await backend.close()
    assert not any(isinstance(e, ToolCallEvent) for e in events)
    assert "nested too deeply" in "".join(e.text for e in events if isinstance(e, Text))


def test_an_event_of_empty_data_lines_is_bounded() -> None:
    parser = EventParser()
    with pytest.raises(EndlessEvent):
        for _ in range(1_000):
            parser.feed(b"data:\n" * 10_000)


# the window


@pytest.fixture
def scripted_server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that does not state its window, in a process of its own."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"text": "Because."}, {"text": "Again."}]))
    command = [sys.executable, "-m", "tests.llm.fake_server", "--script", str(script), "--kind", "other"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_the_window_of_a_server_that_states_none_can_be_set_as_advised(
    scripted_server: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    advice = render(SETS_WINDOW)
    assert "iqdebug ask --ctx N" in advice and "`context = N`" in advice
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    asked = ["ask", str(sample(tmp_path)), "why?", "--model", scripted_server]
    assert main(asked) == 12
    message = capsys.readouterr().err
    assert "too small a window" in message and advice in message
    assert main([*asked, "--ctx", "60000"]) == 0
    assert "Because." in capsys.readouterr().out
    (tmp_path / "iqdebug").mkdir(exist_ok=True)
    (tmp_path / "iqdebug" / "config.toml").write_text("[model]\ncontext = 60000\n")
    assert main(asked) == 0
