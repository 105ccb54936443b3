"""A typed function becomes a tool, and every tool that there is can be offered."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from msgspec import Meta, Struct

from iqdebug.assistant import tools
from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools import ALL_TOOLS, BoundTool, Result, ToolInvocation, tool
from iqdebug.assistant.tools.parameters import FrameIndex, ThreadRef
from iqdebug.llm.tool_formats.hermes import HERMES
from tests.assistant.targets import Bench
from tests.tui.fake_session import FakeSession


class Span(Struct):
    first: int
    last: int = 0


class Nested(Struct):
    inner: list[Nested] = []


@tool(Right.READ, name="look_at")
async def look(
    call: ToolInvocation,
    *,
    name: Annotated[str, Meta(max_length=5, description="whose")],
    frame: FrameIndex,
    thread: ThreadRef | None = None,
    how: Literal["over", "in"] = "over",
    spans: list[Span] | None = None,
) -> Result:
    """Look at it,
    closely."""
    return Result(repr((name, frame, thread, how, spans)))


def test_the_signature_is_the_schema_and_the_docstring_the_description() -> None:
    assert (look.spec.name, look.spec.description) == ("look_at", "Look at it, closely.")
    assert look.spec.parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 5, "description": "whose"},
            "frame": {
                "type": "integer",
                "minimum": 0,
                "description": "0 is the innermost",
            },
            "thread": {
                "type": ["string", "integer"],
                "description": "id or name",
            },
            "how": {"type": "string", "enum": ["over", "in"], "default": "over"},
            "spans": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "first": {"type": "integer"},
                        "last": {"type": "integer", "default": 0},
                    },
                    "required": ["first"],
                },
            },
        },
        "required": ["name", "frame"],
        "additionalProperties": False,
    }
    assert look.by_frame == ("frame",)
    assert "look_at" in HERMES.grammar([look.spec], 1).text


async def test_the_function_has_what_the_model_gave_by_its_types() -> None:
    bench = Bench(FakeSession(), extra=(look,))
    result = await bench.call(
        "look_at", name="a", frame="0", thread=None, how="in", spans=[{"first": 1.0}, {"first": 2, "last": 3}]
    )
    assert result.text == repr(("a", 0, None, "in", [Span(1), Span(2, 3)]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"frame": 0}, "look_at was not run: `name` is missing: whose"),
        ({"name": "abcdef", "frame": -1}, "at most 5 characters; `frame` must be at least 0, not -1"),
        ({"name": "a", "frame": 0, "how": "out"}, '`how` must be one of over, in, not "out"'),
        ({"name": "a", "frame": 0, "spans": [{"last": 1}]}, "`spans[0].first` is missing"),
        ({"name": "a", "frame": 0, "file": 1}, "there is no argument `file`; known: name, frame, thread"),
    ],
)
async def test_a_wrong_call_is_answered_by_all_that_is_wrong(arguments: dict[str, Any], words: str) -> None:
    result = await Bench(FakeSession(), extra=(look,)).call("look_at", **arguments)
    assert result.failed and words in result.text


def test_arguments_that_hold_themselves_are_refused_when_the_tool_is_made() -> None:
    async def endless(call: ToolInvocation, *, nested: Nested) -> Result:
        return Result("")

    with pytest.raises(TypeError, match="Nested within Nested"):
        tool(Right.READ)(endless)


def test_a_tool_that_does_not_declare_its_workbench_has_none() -> None:
    call = ToolInvocation(None, None, "look_at")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="look_at does not declare"):
        _ = call.workbench


def test_the_tools_have_names_words_and_schemas() -> None:
    names = [bound.spec.name for bound in ALL_TOOLS]
    assert len(names) == len(set(names)) > 20
    for bound in ALL_TOOLS:
        assert bound.spec.description.endswith(".")
        assert bound.spec.parameters["type"] == "object"
        assert bound.spec.parameters["additionalProperties"] is False
        assert set(bound.by_frame) <= set(bound.spec.parameters["properties"])
        assert bound.asks_itself or bound.right is Right.READ
        jsonschema.Draft202012Validator.check_schema(dict(bound.spec.parameters))
    HERMES.grammar([bound.spec for bound in ALL_TOOLS], 8)


def test_every_tool_that_is_written_is_in_the_catalogue() -> None:
    written = {
        value.spec.name
        for module in pkgutil.iter_modules(tools.__path__)
        for value in vars(importlib.import_module(f"{tools.__name__}.{module.name}")).values()
        if isinstance(value, BoundTool)
    }
    assert written == {bound.spec.name for bound in ALL_TOOLS}


def test_a_model_reads_no_schema_of_a_python_type() -> None:
    """No reference, title or null: templates and grammars of models know none of them."""

    def keywords(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            return set(schema).union(*map(keywords, schema.values()))
        return set().union(*map(keywords, schema)) if isinstance(schema, list) else set()

    seen = set().union(*(keywords(bound.spec.parameters) for bound in ALL_TOOLS))
    assert not seen & {"$ref", "$defs", "anyOf", "title"}
