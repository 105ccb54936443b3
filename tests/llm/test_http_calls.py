"""Calls that a server sends: in pieces, several, wrong and mended."""

from __future__ import annotations

import pytest

from iqdebug.llm.backends.base import Event, ReplyFinished, ToolCallEvent
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.tool_schema import check_call
from tests.llm.fake_server import FakeServer, Turn

LINES = Tool(
    "lines",
    "lines of a file",
    {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "first": {"type": "integer", "minimum": 1},
            "order": {"enum": ["up", "down"]},
            "marks": {"type": "array", "items": {"type": "integer"}},
            "more": {"type": ["object", "null"], "properties": {"n": {"type": "number"}}, "required": ["n"]},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)


@pytest.mark.parametrize(
    ("written", "arguments", "words"),
    [
        ('{"path": "a", "first": 3}', {"path": "a", "first": 3}, ""),
        ('{"path": "a", "first": "3", "marks": [1, 2.0]}', {"path": "a", "first": 3, "marks": [1, 2]}, ""),
        ('{"path": "a", "first": null, "more": null}', {"path": "a", "more": None}, ""),
        ('{"path": "a"', None, "not valid JSON"),
        ("[1]", None, "must be a JSON object"),
        ("", None, "`path` is missing"),
        ('{"path": 3}', None, "`path` must be string"),
        ('{"path": "a", "first": 0}', None, "`first` must be at least 1"),
        ('{"path": "a", "first": true}', None, "`first` must be integer"),
        ('{"path": "a", "order": "side"}', None, "`order` must be one of up, down"),
        ('{"path": "a", "marks": ["x"]}', None, "`marks[0]` must be integer"),
        ('{"path": "a", "more": {}}', None, "`more.n` is missing"),
        ('{"path": "a", "depth": 1}', None, "there is no argument `depth`; known: path"),
    ],
)
def test_arguments_are_checked(written: str, arguments: dict[str, object] | None, words: str) -> None:
    found, wrong = check_call("lines", written, [LINES])
    assert words in wrong and bool(wrong) is bool(words)
    assert arguments is None or found == arguments


def test_a_tool_that_is_not_there() -> None:
    assert "there is no tool 'rm'; there are: lines" in check_call("rm", "{}", [LINES])[1]


async def talk(server: FakeServer) -> tuple[HttpBackend, list[Event]]:
    backend = HttpBackend(server.url)
    await backend.start()
    await backend.open("be short", [LINES])
    await backend.append(Message("user", "why?"))
    return backend, [e async for e in backend.reply(Sampling())]


def calls_of(events: list[Event]) -> list[dict[str, object]]:
    return [dict(e.call.arguments) for e in events if isinstance(e, ToolCallEvent)]


async def test_a_wrong_call_is_mended_by_the_model() -> None:
    turns = [
        Turn("I look.", calls=[("lines", {"file": "a"})]),
        Turn("Again.", "hm", inline=True, raw_arguments='{"path": ', calls=[("lines", {})]),
        Turn("", calls=[("lines", {"path": "a"})]),
    ]
    async with FakeServer(turns).running() as server:
        backend, events = await talk(server)
        done = events[-1]
        assert calls_of(events) == [{"path": "a"}]
        assert isinstance(done, ReplyFinished) and done.why == "calls"
        assert "there is no argument `file`; known: path" in server.chats[1]["messages"][-1]["content"]
        assert "not valid JSON" in server.chats[2]["messages"][-1]["content"]
        assert [b.message.role for b in backend.blocks] == ["system", "user", "assistant"]
        assert backend.blocks[-1].message.content == "I look.\n\nAgain."
        assert backend.blocks[-1].message.thinking == "hm"
        first, last = server.chats[0]["messages"], server.chats[2]["messages"]
        assert last[: len(first)] == first
        await backend.close()


async def test_a_model_that_does_not_mend_it_ends_in_words() -> None:
    wrong = Turn("", calls=[("lines", {})])
    async with FakeServer([wrong, wrong, wrong]).running() as server:
        backend, events = await talk(server)
        done = events[-1]
        assert calls_of(events) == [] and len(server.chats) == 3
        assert isinstance(done, ReplyFinished) and done.why == "stop"
        assert "was not carried out: `path` is missing" in done.block.message.content
        await backend.close()


async def test_the_valid_ones_of_several_are_called() -> None:
    turn = Turn("", calls=[("lines", {"path": "a"}), ("other", {}), ("lines", {"path": "b"})])
    async with FakeServer([turn]).running() as server:
        backend, events = await talk(server)
        assert calls_of(events) == [{"path": "a"}, {"path": "b"}] and len(server.chats) == 1
        message = backend.blocks[-1].message
        assert len(message.tool_calls) == 2 and "there is no tool 'other'" in message.content
        assert len({call.id for call in message.tool_calls}) == 2
        await backend.close()


async def test_a_call_within_the_text_is_one_too() -> None:
    text = 'Look: <tool_call>\n{"name": "lines", "arguments": {"path": "a"}}\n</tool_call>'
    async with FakeServer([Turn(text)]).running() as server:
        backend, events = await talk(server)
        done = events[-1]
        assert calls_of(events) == [{"path": "a"}]
        assert (
            isinstance(done, ReplyFinished) and done.why == "calls" and done.block.message.content == "Look:"
        )
        await backend.close()
