"""Arguments of calls, checked against the schema of their tool."""

from __future__ import annotations

from typing import Any

import pytest

from iqdebug.llm.messages import Tool
from iqdebug.llm.tool_schema import MAX_PROBLEMS, MAX_STRING, check_arguments, check_call

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5, "description": "whose"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "kind": {"type": "string", "enum": ["in", "out"]},
        "who": {"type": ["string", "integer"]},
        "many": {"type": "array", "items": {"type": "integer"}},
        "on": {"type": "boolean"},
        "any": {},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "checked"),
    [
        ({"name": "a"}, {"name": "a"}),
        ({"name": "a", "count": "7", "kind": None}, {"name": "a", "count": 7}),
        ({"name": "a", "count": 2.0, "who": 5, "many": [1, "2"]}, None),
        ({"name": "a", "on": True, "any": None}, {"name": "a", "on": True, "any": None}),
    ],
)
def test_arguments_that_are_right(arguments: object, checked: dict[str, Any] | None) -> None:
    whole = {"name": "a", "count": 2, "who": 5, "many": [1, 2]}
    assert check_arguments(SCHEMA, arguments) == (checked or whole, [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "`name` is missing: whose"),
        ([], "must be a JSON object"),
        ({"name": 5}, "`name` must be string, not 5"),
        ({"name": None}, "`name` must be string, not null"),
        ({"name": "abcdef"}, "at most 5 characters"),
        ({"name": ""}, "at least 1 characters"),
        ({"name": "a", "who": "x" * (MAX_STRING + 1)}, f"`who` must have at most {MAX_STRING} characters"),
        ({"name": "a", "count": 0}, "at least 1, not 0"),
        ({"name": "a", "count": 10}, "at most 9, not 10"),
        ({"name": "a", "count": True}, "must be integer, not true"),
        ({"name": "a", "count": 1.5}, "must be integer, not 1.5"),
        ({"name": "a", "count": "--5"}, 'must be integer, not "--5"'),
        ({"name": "a", "kind": "over"}, 'one of in, out, not "over"'),
        ({"name": "a", "sudo": 1}, "there is no argument `sudo`; known: name"),
        ({"name": "a", "many": [1, "x"]}, "`many[1]` must be integer"),
        ({"name": "a", "on": "yes"}, 'must be boolean, not "yes"'),
        ({"name": "a", "who": []}, "string or integer"),
    ],
)
def test_arguments_that_are_wrong_are_put_into_words(arguments: object, words: str) -> None:
    assert any(words in each for each in check_arguments(SCHEMA, arguments)[1])


def test_all_that_is_wrong_is_said_at_once_within_bounds() -> None:
    assert len(check_arguments(SCHEMA, {"name": 1, "count": 0, "kind": 2, "on": 3})[1]) == 4
    assert len(check_arguments(SCHEMA, {f"no{n}": n for n in range(90)})[1]) == MAX_PROBLEMS


def test_a_schema_that_does_not_forbid_more_takes_more() -> None:
    tool = Tool("any", "anything")
    assert check_call("any", '{"x": [1]}', [tool]) == ({"x": [1]}, "")
