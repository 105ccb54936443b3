"""Whatever a model of random weights says under a schema's grammar is valid against the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from iqdebug.llm.json_grammar import UnsupportedSchema, _range, schema_grammar
from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.choice import FORMATS
from iqdebug.llm.tool_formats.grammar import CallGrammar
from iqdebug.llm.tool_formats.hermes import HERMES
from iqdebug.llm.tool_formats.parser import CallParser
from iqdebug.llm.worker.engine import Engine
from iqdebug.llm.worker.sampling import Chooser, GrammarError, Letters
from iqdebug.llm.worker_protocol import Sampler
from tests.llm.conftest import options_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Iterator[Engine]:
    one = Engine(options_for(tiny_model), lambda fraction: None)
    yield one
    one.close()


@pytest.fixture(scope="module")
def letters(engine: Engine) -> Letters:
    return Letters([engine.piece(token) for token in range(engine.vocabulary)])


def say(engine: Engine, letters: Letters, grammar: str, seed: int, most: int = 600) -> str | None:
    """An answer under a grammar; None when it did not come to its end."""
    sampler = Sampler(3.0, 1.0, 0, 0.0, 1.0, most, seed)
    chooser = Chooser(engine.vocab, sampler, engine.banned, letters, CallGrammar(grammar))
    engine.clear()
    engine.extend(engine.tokenize("go", False))
    said = b""
    try:
        for _ in range(most):
            token = chooser.choose(engine.context, False)
            if engine.ends(token):
                return said.decode()
            said += letters.pieces[token]
            engine.extend([token])
    finally:
        chooser.close()
    return None


NAMES = st.sampled_from(["a", "b", "name", 'quo"te', "back\\slash", "größe", "名", "new\nline"])
SCALARS = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": "number"}),
    st.builds(
        lambda low, width: {"type": "string", "minLength": low, "maxLength": low + width},
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    st.builds(
        lambda low, width: {"type": "integer", "minimum": low, "maximum": low + width},
        st.integers(-1200, 1200),
        st.integers(0, 1500),
    ),
    st.just({"type": "integer"}),
    st.just({"type": "integer", "minimum": 0}),
    st.just({"type": "integer", "maximum": -7}),
    st.builds(
        lambda values: {"enum": values}, st.lists(NAMES | st.integers() | st.none(), min_size=1, max_size=3)
    ),
    st.builds(lambda value: {"const": value}, NAMES),
    st.just({"type": ["string", "null"], "maxLength": 4}),
    st.just({"type": "boolean", "nullable": False}),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, inner, max_size=4).flatmap(
        lambda properties: (
            st.lists(st.sampled_from(sorted(properties)), unique=True).map(
                lambda required: {
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": False,
                }
            )
            if properties
            else st.just({"type": "object", "properties": {}, "additionalProperties": False})
        )
    )


SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        objects(inner),
        st.builds(
            lambda item, low, width: {
                "type": "array",
                "items": item,
                "minItems": low,
                "maxItems": low + width,
            },
            inner,
            st.integers(0, 2),
            st.integers(0, 2),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SCHEMAS, st.integers(0, 999))
def test_noise_under_a_grammar_is_valid(engine: Engine, letters: Letters, schema: Any, seed: int) -> None:
    said = say(engine, letters, schema_grammar(schema), seed)
    assume(said is not None)
    assert said is not None
    assert "\n" not in said
    jsonschema.validate(json.loads(said), schema)


def test_without_the_grammar_the_noise_is_not_json(engine: Engine, letters: Letters) -> None:
    said = say(engine, letters, "root ::= [^\\x00]{0,20}", 1)
    assert said is not None
    with pytest.raises(json.JSONDecodeError):
        json.loads(said)


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_integer_ranges_are_exact(low: int, width: int) -> None:
    high = low + width
    pattern = "|".join(option.replace('"', "").replace(" ", "") for option in _range(low, high))
    found = {n for n in range(max(0, low - 1100), high + 1100) if re.fullmatch(pattern, str(n))}
    assert found == set(range(low, high + 1))
    assert not re.fullmatch(pattern, f"0{high}")


def test_references_and_recursion(engine: Engine, letters: Letters) -> None:
    schema = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"$ref": "#/$defs/end"}]}},
        "required": ["next"],
        "additionalProperties": False,
        "$defs": {"end": {"type": "null"}},
    }
    found = [say(engine, letters, schema_grammar(schema), seed) for seed in range(12)]
    whole = [text for text in found if text is not None]
    assert len(whole) > 3
    for text in whole:
        jsonschema.validate(json.loads(text), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "a+"},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        {"type": "number", "minimum": 0},
        {"allOf": [{"type": "string"}]},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"type": "strong"},
        {"$ref": "#/nowhere"},
        False,
    ],
)
def test_what_cannot_be_guaranteed_is_refused(schema: Any) -> None:
    if schema == {"type": "object", "properties": {}, "required": ["a"]}:
        schema = {"type": "object", "properties": {"b": {}}, "required": ["a"]}
    with pytest.raises(UnsupportedSchema):
        schema_grammar(schema)


def test_calls_of_a_tool_without_parameters(engine: Engine, letters: Letters) -> None:
    said = say(engine, letters, HERMES.grammar([Tool("go", "")], 1).text, 3)
    assert said is not None
    body = said.removeprefix("<tool_call>").removesuffix("</tool_call>")
    call = json.loads(body.replace('"parameters"', '"arguments"'))
    assert call == {"name": "go", "arguments": {}}


def test_a_grammar_that_llama_refuses_is_an_error(engine: Engine, letters: Letters) -> None:
    with pytest.raises(GrammarError):
        say(engine, letters, "root ::= missing", 1)


LOOK = Tool(
    "look",
    "",
    {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "n": {"type": "integer", "minimum": 0, "maximum": 40},
            "kind": {"enum": ["a", "b c"]},
            "names": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 2},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)
TOOLS = (LOOK, Tool("go", ""))


@pytest.mark.parametrize("name", FORMATS)
def test_noise_under_the_grammar_of_calls_is_valid_calls(engine: Engine, letters: Letters, name: str) -> None:
    grammar = FORMATS[name].grammar(TOOLS, 2)
    called = set()
    for seed in range(40):
        said = say(engine, letters, grammar.text, seed)
        if said is None:
            continue
        parser = CallParser(TOOLS)
        calls = parser.feed(said) + parser.finish()
        assert 1 <= len(calls) <= 2, said
        for call in calls:
            assert isinstance(call, ToolCall) and not call.problem, (said, call)
            called.add(call.name)
            if call.name == "look":
                jsonschema.validate(dict(call.arguments), dict(LOOK.parameters))
    assert called == {"look", "go"}


JSON_CALL = '{"name": "look", "arguments": {"path": "a.py", "n": 3}}'
INDENTED = '{\n  "name": "look",\n  "arguments": {\n    "path": "a.py",\n    "names": ["x"]\n  }\n}'
XML_CALL = "<function=look>\n<parameter=path>\na.py\n</parameter>\n</function>"
WRITTEN = [
    ("hermes", f"<tool_call>\n{JSON_CALL}\n</tool_call>"),
    ("hermes", f"I look.\n{JSON_CALL}"),
    ("hermes", INDENTED),
    ("hermes", f"```json\n{INDENTED}\n```"),
    ("hermes", f"First:\n```json\n{JSON_CALL}\n{JSON_CALL}\n```"),
    ("hermes", f"<tools>\n{JSON_CALL}\n</tools>"),
    ("qwen3_coder", f"<tool_call>\n{XML_CALL}\n</tool_call>"),
    ("qwen3_coder", XML_CALL),
    ("qwen3_coder", f"<tool_call>\n{JSON_CALL}\n</tool_call>"),
    ("llama3", JSON_CALL.replace("arguments", "parameters")),
    ("llama3", f"<|python_tag|>{JSON_CALL}"),
    ("mistral", f"[TOOL_CALLS][{JSON_CALL}]"),
    ("mistral", '[TOOL_CALLS]look[ARGS]{"path": "a.py"}'),
    (
        "deepseek",
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>look<｜tool▁sep｜>{"path": "a"}<｜tool▁call▁end｜>'
        "<｜tool▁calls▁end｜>",
    ),
    ("harmony", '<|channel|>commentary to=functions.look <|constrain|>json<|message|>{"path": "a.py"}'),
]


@pytest.mark.parametrize(("name", "written"), WRITTEN)
def test_what_models_write_is_constrained_from_where_it_is_certain(
    engine: Engine, letters: Letters, name: str, written: str
) -> None:
    """And is let through as it is to its end, where the answer must end."""
    grammar = FORMATS[name].grammar(TOOLS, 2)
    chooser = Chooser(
        engine.vocab,
        Sampler(0.0, 1.0, 0, 0.0, 1.0, 9, 1),
        engine.banned,
        letters,
        grammar,
        lambda text: engine.tokenize(text, True),
    )
    try:
        begun = next(
            (certain, end) for end in range(len(written)) if (certain := chooser._certain_call(written[:end]))
        )
        (begin, rule), end = begun
        assert end < len(written) - 5
        assert begin == max(0, written.find("\n") + 1 if written[0] in "IF" else 0)
        assert chooser._begin(rule, written[begin:])
        assert any(chooser._allows(token) for token in range(engine.vocabulary) if engine.ends(token))
        assert not chooser._begin(rule, written[begin:end] + "§")
    finally:
        chooser.close()


def test_an_answer_that_may_not_call_is_no_call(engine: Engine, letters: Letters) -> None:
    grammar = FORMATS["hermes"].grammar(TOOLS, 2)
    started = 0
    for seed in range(30):
        chooser = Chooser(
            engine.vocab,
            Sampler(3.0, 1.0, 0, 0.0, 1.0, 9, seed),
            engine.banned,
            letters,
            grammar,
            lambda text: engine.tokenize(text, True),
            calls=False,
        )
        engine.clear()
        engine.extend(engine.tokenize("go", False))
        said = b""
        try:
            for _ in range(40):
                token = chooser.choose(engine.context, False)
                if engine.ends(token):
                    break
                said += letters.pieces[token]
                engine.extend([token])
        finally:
            chooser.close()
        text = said.decode("utf-8", "replace")
        assert "<tool_call>" not in text and not text.lstrip().startswith(("{", "[", "<", "`"))
        started += bool(text)
    assert started > 20
