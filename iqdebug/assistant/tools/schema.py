"""Arguments of a call, checked against the tool's JSON schema, with words for a model to mend them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["checked", "tool_schema"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
    "null": (type(None),),
}


def tool_schema(required: tuple[str, ...] = (), /, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def checked(schema: Mapping[str, Any], arguments: object) -> tuple[dict[str, Any], list[str]]:
    """The arguments with defaults filled in, and what is wrong with them: [] when nothing is.

    Knows type (one or several), properties, required, additionalProperties, enum, minimum, maximum,
    maxLength, items and default; other keywords are not looked at. A whole number written as a float or as
    a text is taken as one.
    """
    if not isinstance(arguments, Mapping):
        return {}, ["the arguments must be a JSON object"]
    wrong: list[str] = []
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    found: dict[str, Any] = {n: rule["default"] for n, rule in properties.items() if "default" in rule}
    for name, value in arguments.items():
        rule = properties.get(str(name))
        if rule is None:
            if schema.get("additionalProperties", False) is False:
                known = ", ".join(properties) or "none"
                wrong.append(f"there is no argument `{str(name)[:40]}`; known: {known}")
            continue
        if value is None and name not in schema.get("required", ()) and "null" not in _types(rule):
            continue  # models write null for what they leave out
        found[str(name)] = _value(rule, value, str(name), wrong)
    for name in schema.get("required", ()):
        if name not in arguments:
            wrong.append(
                f"`{name}` is missing: {properties.get(name, {}).get('description', 'it is required')}"
            )
    return found, wrong


def _types(rule: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = rule.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _value(rule: Mapping[str, Any], value: Any, path: str, wrong: list[str]) -> Any:
    kinds = _types(rule)
    value = _taken(kinds, value)
    if kinds and not any(_is(kind, value) for kind in kinds):
        wrong.append(f"`{path}` must be {' or '.join(kinds)}, not {_shown(value)}")
        return value
    if "enum" in rule and value not in rule["enum"]:
        choices = ", ".join(map(str, rule["enum"]))
        wrong.append(f"`{path}` must be one of {choices}, not {_shown(value)}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in rule and value < rule["minimum"]:
            wrong.append(f"`{path}` must be at least {rule['minimum']}, not {value}")
        if "maximum" in rule and value > rule["maximum"]:
            wrong.append(f"`{path}` must be at most {rule['maximum']}, not {value}")
    if isinstance(value, str) and len(value) > rule.get("maxLength", 20_000):
        wrong.append(f"`{path}` must have at most {rule.get('maxLength', 20_000)} characters")
    if isinstance(value, (list, tuple)) and "items" in rule:
        return [_value(rule["items"], each, f"{path}[{n}]", wrong) for n, each in enumerate(value)]
    return value


def _taken(kinds: tuple[str, ...], value: Any) -> Any:
    if "integer" in kinds and "string" not in kinds:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 20:
            return int(value)
    return value


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS.get(kind, ()))


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"
