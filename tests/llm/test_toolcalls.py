"""Calls and thoughts taken out of streamed text, however it is cut into pieces."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from iqdebug.llm.backends.base import Text, Thinking, ToolCallEvent
from iqdebug.llm.chat_format.answer import AnswerReader
from iqdebug.llm.chat_format.thinking import ThinkingSplitter
from iqdebug.llm.chat_format.tool_calls import CallParser, call_text, new_call_id
from iqdebug.llm.messages import ToolCall

TAGS = ("<think>", "</think>")
TRICKY = {"text": 'ends with </tool_call> and "quotes" \\', "n": 3}


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_an_answer_reads_the_same_in_any_pieces(cuts: list[int]) -> None:
    calls = [ToolCall("", "look", TRICKY), ToolCall("", "go", {})]
    said = "I look <b>there</b>. <tool> <"
    text = "<think>\nhm </thin\n</think>\n\n" + said + "\n" + "\n".join(call_text(call) for call in calls)
    reader = AnswerReader(TAGS, False, ["look", "go"])
    events = [event for piece in pieces_of(text, cuts) for event in reader.feed(piece)] + reader.finish()
    assert "".join(e.text for e in events if isinstance(e, Thinking)) == "hm </thin"
    assert "".join(e.text for e in events if isinstance(e, Text)) == said
    found = [event.call for event in events if isinstance(event, ToolCallEvent)]
    assert [(call.name, call.arguments) for call in found] == [("look", TRICKY), ("go", {})]
    assert len({call.id for call in found}) == 2
    message = reader.message()
    assert (message.content, message.thinking, message.tool_calls) == (said, "hm </thin", tuple(found))


def test_text_streams_without_waiting_for_the_end() -> None:
    reader = AnswerReader(TAGS, False, ["look"])
    assert reader.feed("The value") == [Text("The value")]
    assert reader.feed(" is <") == [Text(" is")]
    assert reader.feed("0") == [Text(" <0")]


def test_what_is_no_call_stays_text() -> None:
    for text in (
        '<tool_call>\n{"name": "other", "arguments": {}}\n</tool_call>',
        "<tool_call>\nnot json\n</tool_call>",
        "<tool_call>\n[1]\n</tool_call>",
        '<tool_call>\n{"name": "look", "arguments": {',
    ):
        parser = CallParser(["look"])
        found = parser.feed(text) + parser.finish()
        assert "".join(part for part in found if isinstance(part, str)) == text
    parser = CallParser([])
    assert parser.feed("<tool_call>") == ["<tool_call>"]


def test_a_prompt_that_opens_the_thought() -> None:
    splitter = ThinkingSplitter(*TAGS, inside=True)
    assert splitter.thinking
    assert splitter.feed("\nfirst") == [("thinking", "first")]
    assert splitter.feed("</think>\n\n<think>no thought") == [("text", "<think>no thought")]
    assert not splitter.thinking
    unfinished = ThinkingSplitter(*TAGS, inside=True)
    assert unfinished.feed("abc </thi") == [("thinking", "abc")]
    assert unfinished.finish() == [("thinking", " </thi")]
    plain = ThinkingSplitter("", "")
    assert plain.feed("<think>x") == [("text", "<think>x")]


def test_ids_suit_every_template() -> None:
    ids = {new_call_id() for _ in range(100)}
    assert len(ids) == 100 and all(len(one) == 9 and one.isalnum() for one in ids)
    assert json.loads(call_text(ToolCall("", "look", TRICKY)).split("\n")[1])["arguments"] == TRICKY
