"""A tool call that a server sent, checked; with words for the model to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iqdebug.llm.messages import Tool
from iqdebug.llm.untrusted_json import parsed

__all__ = ["checked"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def checked(name: str, written: str, tools: Sequence[Tool]) -> tuple[dict[str, Any], str]:
    """The arguments, and what is wrong with the call: "" when nothing is.

    Of the schema it knows type, properties, required, additionalProperties, enum, minimum, maximum and
    items. A null for what may be left out is left out, a whole number as a float or text is taken as one.
    """
    tool = next((t for t in tools if t.name == name), None)
    if tool is None:
        return {}, f"there is no tool {name[:60]!r}; there are: {', '.join(t.name for t in tools) or 'none'}"
    try:
        arguments = parsed(written or "{}")
    except ValueError as error:
        return {}, f"the arguments are not valid JSON ({error})"
    if not isinstance(arguments, dict):
        return {}, "the arguments must be a JSON object"
    wrong: list[str] = []
    return _object(tool.parameters, arguments, "", wrong), "; ".join(wrong)


def _object(schema: Mapping[str, Any], value: dict[str, Any], path: str, wrong: list[str]) -> dict[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = schema.get("required") or ()
    found: dict[str, Any] = {}
    for name, inner in value.items():
        where = f"{path}{name}"
        rule = properties.get(name)
        if rule is None:
            if schema.get("additionalProperties") is False:
                wrong.append(f"there is no argument `{where[:60]}`; known: {', '.join(properties) or 'none'}")
            found[name] = inner
        elif inner is not None or name in required or "null" in _kinds(rule) or not _kinds(rule):
            found[name] = _value(rule, inner, where, wrong)
    wrong.extend(f"`{path}{name}` is missing" for name in required if name not in value)
    return found


def _value(rule: Mapping[str, Any], value: Any, path: str, wrong: list[str]) -> Any:
    kinds = _kinds(rule)
    if "integer" in kinds and "string" not in kinds:
        value = _whole(value)
    if kinds and not any(_is(kind, value) for kind in kinds):
        wrong.append(f"`{path}` must be {' or '.join(kinds)}")
    elif "enum" in rule and value not in rule["enum"]:
        wrong.append(f"`{path}` must be one of {', '.join(map(str, rule['enum']))}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < rule.get("minimum", value):
            wrong.append(f"`{path}` must be at least {rule['minimum']}")
        if value > rule.get("maximum", value):
            wrong.append(f"`{path}` must be at most {rule['maximum']}")
    elif isinstance(value, list) and isinstance(rule.get("items"), Mapping):
        return [_value(rule["items"], each, f"{path}[{n}]", wrong) for n, each in enumerate(value)]
    elif isinstance(value, dict) and "object" in kinds:
        return _object(rule, value, f"{path}.", wrong)
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    return value


def _kinds(rule: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = rule.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS.get(kind, (object,)))
