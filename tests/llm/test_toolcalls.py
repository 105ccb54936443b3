"""Calls and thoughts taken out of streamed text, however it is cut into pieces and whatever its format."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqdebug.llm.backends.base import Text, Thinking, ToolCallEvent
from iqdebug.llm.chat_format.answer import AnswerReader
from iqdebug.llm.chat_format.thinking import ThinkingSplitter
from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import ToolFormat, new_call_id
from iqdebug.llm.tool_formats.choice import FORMATS, format_of_template
from iqdebug.llm.tool_formats.parser import CallParser

TAGS = ("<think>", "</think>")
TRICKY = {"text": 'ends with </tool_call> and ``` and "quotes" \\', "n": 3}
LOOK = Tool(
    "look",
    "Looks.",
    {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "n": {"type": "integer"},
            "deep": {"type": "boolean"},
            "names": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    },
)
GO = Tool("go", "Goes.")
TOOLS = (LOOK, GO)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


def text_of(form: ToolFormat, *calls: ToolCall) -> str:
    return "\n".join("".join(text for text, _ in form.call_parts(call)) for call in calls)


def parse(text: str, *tools: Tool) -> list[str | ToolCall]:
    """Letter by letter, and in one piece: the same."""
    parsed = []
    for pieces in (list(text), [text]):
        parser = CallParser(tools or TOOLS)
        parts = [part for piece in pieces for part in parser.feed(piece)] + parser.finish()
        joined: list[str | ToolCall] = []
        for part in parts:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            else:
                joined.append(part)
        parsed.append(joined)
    plain = [
        [part if isinstance(part, str) else (part.name, part.arguments, part.problem) for part in parts]
        for parts in parsed
    ]
    assert plain[0] == plain[1]
    return parsed[1]


def calls_in(text: str, *tools: Tool) -> list[tuple[str, dict[str, object]]]:
    parts = parse(text, *tools)
    assert all(isinstance(part, ToolCall) for part in parts), parts
    return [(part.name, dict(part.arguments)) for part in parts if isinstance(part, ToolCall)]


@pytest.mark.parametrize("name", FORMATS)
@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_an_answer_reads_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    form = FORMATS[name]
    calls = [ToolCall("", "look", TRICKY), ToolCall("", "go", {})]
    said = "I look <b>there</b>. <tool> <"
    text = "<think>\nhm </thin\n</think>\n\n" + said + "\n" + text_of(form, *calls)
    reader = AnswerReader(TAGS, False, TOOLS)
    events = [event for piece in pieces_of(text, cuts) for event in reader.feed(piece)] + reader.finish()
    assert "".join(e.text for e in events if isinstance(e, Thinking)) == "hm </thin"
    assert "".join(e.text for e in events if isinstance(e, Text)) == said
    found = [event.call for event in events if isinstance(event, ToolCallEvent)]
    assert [(call.name, call.arguments) for call in found] == [("look", TRICKY), ("go", {})]
    assert not any(call.problem for call in found)
    assert len({call.id for call in found}) == 2
    message = reader.message()
    assert (message.content, message.thinking, message.tool_calls) == (said, "hm </thin", tuple(found))


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "look", "arguments": {"n": 3}}',
        '{\n  "name": "look",\n  "arguments": {\n    "n": 3\n  }\n}',
        '{"name":"look","parameters":{"n":"3"}}',
        '{"type": "function", "name": "look", "parameters": {"n": 3.0}}',
        '```json\n{"name": "look", "arguments": {"n": 3}}\n```',
        '```\n{"name": "look", "arguments": {"n": 3}}\n```',
        '```json\n{"name": "look", "arguments": {"n": 3}}',
        '<tools>\n{"name": "look", "arguments": {"n": 3}}\n</tools>',
        '<tools>\n[{"name": "look", "arguments": {"n": 3}}]\n</tools>',
        '<tool_call>\n{"name": "look", "arguments": "{\\"n\\": 3}"}\n</tool_call>',
        '<tool_call>{"name": "look", "arguments": {"n": 3}}</tool_call>',
        "<tool_call>\n<function=look>\n<parameter=n>\n3\n</parameter>\n</function>\n</tool_call>",
        "<function=look><parameter=n>3</parameter></function>",
        "<function=look>\n<parameter=n>\n3\n</parameter>\n</function>\n</tool_call>",
        '<|python_tag|>{"name": "look", "parameters": {"n": 3}}',
        '[TOOL_CALLS] [{"name": "look", "arguments": {"n": 3}}]',
        '[TOOL_CALLS]look[ARGS]{"n": 3}',
        '[TOOL_CALLS]look[CALL_ID]abc123456[ARGS]{"n": 3}',
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>look<｜tool▁sep｜>{"n": 3}<｜tool▁call▁end｜>'
        "<｜tool▁calls▁end｜>",
        '<|channel|>commentary to=functions.look <|constrain|>json<|message|>{"n": 3}<|call|>',
        '<|start|>assistant<|channel|>commentary to=functions.look<|message|>{"n": 3}',
    ],
)
def test_the_spellings_in_which_models_write_calls(text: str) -> None:
    assert calls_in(text) == [("look", {"n": 3})]
    said = parse(f"Let me look:\n\n{text}\n")
    assert said[0] == "Let me look:" and len(said) == 2


def test_several_calls() -> None:
    one, two = '{"name": "look", "arguments": {"n": 1}}', '{"name": "go", "arguments": {}}'
    for text in (
        f"{one}\n{two}",
        f"```json\n{one}\n{two}\n```",
        f"```json\n{one}\n```\n```json\n{two}\n```",
        f"<tool_call>\n{one}\n</tool_call>\n<tool_call>\n{two}\n</tool_call>",
        f"<tools>[{one}, {two}]</tools>",
        f"[TOOL_CALLS][{one}, {two}]",
        '[TOOL_CALLS]look[ARGS]{"n": 1}[TOOL_CALLS]go[ARGS]{}',
        f"<|python_tag|>{one}; {two}",
    ):
        assert calls_in(text) == [("look", {"n": 1}), ("go", {})], text


def test_values_between_tags_are_of_the_types_of_the_schema() -> None:
    text = (
        "<tool_call>\n<function=look>\n<parameter=text>\n12\n\nif a < b:\n    </x>\n</parameter>\n"
        '<parameter=deep>True</parameter>\n<parameter=names>["a"]</parameter></function></tool_call>'
    )
    assert calls_in(text) == [
        ("look", {"text": "12\n\nif a < b:\n    </x>", "deep": True, "names": ["a"]}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'Such as:\n{"name": "other", "arguments": {}}',
        'Such as:\n```json\n{"name": "other", "arguments": {}}\n```',
        '{"name": "other", "arguments": 3}',
        '{"name": "look", "age": 3}',
        '{"name": "look"}',
        '{"user": {"name": "look", "arguments": {}}}',
        'As in `{"name": "look", "arguments": {}}`.',
        "[1, 2, 3]",
        "```python\nlook = {}\n```",
        '```json\n{"port": 8080,\n "name": "look"}\n```',
        "<tool_call>\nnot json\n</tool_call>",
        "<tool_call>\n[1]\n</tool_call>",
        "<tool_call> is the tag, and <tools> another",
        "<function=other> is no tool",
        "if x <",
        "{",
        "```",
        "[TOOL",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    assert parse(text) == [text]
    assert parse(f"{text}\nand so on") == [f"{text}\nand so on"]


def test_without_tools_all_is_text() -> None:
    parser = CallParser(())
    assert parser.feed('<tool_call>{"name": "look"') == ['<tool_call>{"name": "look"']


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<tool_call>\n{"name": "other", "arguments": {}}\n</tool_call>', "there is no tool `other`"),
        ('{"name": "other", "arguments": {}}', "there is no tool `other`; there are: look, go"),
        ('```json\n{\n  "name": "other",\n  "arguments": {"n": 1}\n}\n```', "there is no tool `other`"),
        ('<tool_call>\n{"name": "look", "arguments": {', "cut off"),
        ('<tool_call>\n{"name": "look", "arguments": {"n": three}}\n</tool_call>', "not valid JSON"),
        ('{"name": "look", "arguments": {"n": three}}', "not valid JSON"),
        ('{"name": "look", "arguments": {"n": "many"}}', "`n` must be integer"),
        ('{"name": "look", "arguments": {"m": 1}}', "there is no argument `m`"),
        ('{"name": "look", "arguments": ' + '{"a": ' * 80 + "1" + "}" * 81, "nested too deeply"),
        ("<function=look>\n<parameter=n>\n3", "cut off"),
        ("[TOOL_CALLS]look[ARGS]{", "cut off"),
        ("<tool_call>\n<function=other>\n</function>\n</tool_call>", "there is no tool `other`"),
        ("<|channel|>commentary to=functions.other<|message|>{}", "there is no tool `other`"),
    ],
)
def test_a_call_that_cannot_be_run_says_why(text: str, why: str) -> None:
    (call,) = parse(text)
    assert isinstance(call, ToolCall)
    assert why in call.problem


def test_text_streams_without_waiting_for_the_end() -> None:
    reader = AnswerReader(TAGS, False, TOOLS)
    assert reader.feed("The value") == [Text("The value")]
    assert reader.feed(" is <") == [Text(" is")]
    assert reader.feed("0") == [Text(" <0")]
    assert reader.feed('\n{"na') == []
    assert reader.feed('val": 3') == [Text('\n{"naval": 3')]


def test_headers_of_channels_are_no_text() -> None:
    said = "<|channel|>final<|message|>The key is missing."
    assert parse(said) == ["The key is missing."]
    reader = AnswerReader(("<|channel|>analysis<|message|>", "<|end|>"), False, TOOLS)
    events = reader.feed(f"<|channel|>analysis<|message|>hm<|end|><|start|>assistant{said}") + reader.finish()
    assert "".join(e.text for e in events if isinstance(e, Thinking)) == "hm"
    assert reader.message().content == "The key is missing."


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


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ '<tool_call>' }}", "hermes"),
        ("{{ '<tool_call>\n<function=' }}", "qwen3_coder"),
        ("{{ '[AVAILABLE_TOOLS]' }}{{ '[TOOL_CALLS]' }}", "mistral"),
        ("{{ '<|start_header_id|>' }}", "llama3"),
        ("{{ '<|start|>assistant<|channel|>' }}", "harmony"),
        ("{{ '<｜tool▁call▁begin｜>' }}", "deepseek"),
    ],
)
def test_a_template_tells_the_format(source: str, name: str) -> None:
    form = format_of_template(source)
    assert form is FORMATS[name]
    assert format_of_template("{{ messages }}") is None
