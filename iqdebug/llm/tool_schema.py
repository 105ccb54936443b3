"""The JSON schemas of tools: derived from a typed function, and calls checked against them.

The words of what is wrong are for a model, so that it can mend its call: everything that is wrong at once,
what stands there, and what may. A validator that stops at the first fault costs a model a turn for each.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec

from iqdebug.llm.messages import Schema, Tool
from iqdebug.llm.untrusted_json import parsed

__all__ = ["MAX_PROBLEMS", "MAX_STRING", "arguments_of", "check_arguments", "check_call", "schema_of"]

MAX_STRING = 20_000
"""Characters of a text that has no limit of its own."""
MAX_PROBLEMS = 8
"""Of one call that are put into words."""

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
    "null": (type(None),),
}
_KEY_ORDER = ("type", "enum", "maxLength", "minLength", "minimum", "maximum", "default", "description")


# from a function to its schema


def arguments_of(function: Callable[..., object]) -> type[msgspec.Struct]:
    """A type with a field for each keyword-only parameter of the function, checked as it is annotated."""
    hints = typing.get_type_hints(function, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            hint = hints[parameter.name]
            has_default = parameter.default is not inspect.Parameter.empty
            fields.append(
                (parameter.name, hint, parameter.default) if has_default else (parameter.name, hint)
            )
    return msgspec.defstruct(
        "Arguments", fields, kw_only=True, frozen=True, forbid_unknown_fields=True, module=function.__module__
    )


def schema_of(arguments: type[msgspec.Struct]) -> dict[str, object]:
    """The schema of such an object as models and grammars read it: without references and titles, choices
    in the order in which they are written, and what may be left out without a null."""
    (root,), definitions = msgspec.json.schema_components([arguments], ref_template="{name}")
    plain = _plain(root, definitions)
    properties = plain.get("properties", {})
    for name, hint in typing.get_type_hints(arguments, include_extras=True).items():
        if choices := _choices(hint):
            properties[name]["enum"] = choices
    return {
        "type": "object",
        "properties": properties,
        "required": plain.get("required", []),
        "additionalProperties": False,
    }


def _choices(hint: object) -> list[object]:
    """The values of a ``Literal``, which may be annotated and may be optional; [] for another type."""
    origin = get_origin(hint)
    if origin is Literal:
        return list(get_args(hint))
    if origin is typing.Annotated:
        return _choices(get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        return next(filter(None, map(_choices, get_args(hint))), [])
    return []


def _plain(schema: Schema, definitions: Schema, within: tuple[str, ...] = ()) -> dict[str, Any]:
    rest = {key: value for key, value in schema.items() if key not in ("$ref", "title", "anyOf")}
    if "$ref" in schema:
        name = schema["$ref"]
        if name in within:
            raise TypeError(f"arguments cannot hold {name} within {name}")
        return {**_plain(definitions[name], definitions, (*within, name)), **rest}
    if "anyOf" in schema:
        options = [_plain(option, definitions, within) for option in schema["anyOf"]]
        if "default" in rest and rest["default"] is None:
            del rest["default"]
            options = [option for option in options if option != {"type": "null"}]
        if len(options) == 1:
            rest = {**options[0], **rest}
        elif all(option.keys() == {"type"} for option in options):
            rest["type"] = [option["type"] for option in options]
        else:
            rest["anyOf"] = options
    if "properties" in rest:
        rest["properties"] = {n: _plain(each, definitions, within) for n, each in rest["properties"].items()}
    if isinstance(rest.get("items"), Mapping):
        rest["items"] = _plain(rest["items"], definitions, within)
    if "enum" in rest and all(isinstance(value, str) for value in rest["enum"]):
        rest["type"] = "string"
    return {key: rest[key] for key in (*_KEY_ORDER, *rest) if key in rest}


# checking a call


def check_call(name: str, written: str, tools: Sequence[Tool]) -> tuple[dict[str, object], str]:
    """The arguments of a call as a server sent it, and what is wrong with it: "" when nothing is."""
    tool = next((t for t in tools if t.name == name), None)
    if tool is None:
        return {}, f"there is no tool {name[:60]!r}; there are: {', '.join(t.name for t in tools) or 'none'}"
    try:
        arguments = parsed(written or "{}")
    except ValueError as error:
        return {}, f"the arguments are not valid JSON ({error})"
    checked, problems = check_arguments(tool.parameters, arguments)
    return checked, "; ".join(problems)


def check_arguments(schema: Schema, arguments: object) -> tuple[dict[str, object], list[str]]:
    """The arguments, and what is wrong with them, at most :data:`MAX_PROBLEMS`: [] when nothing is.

    Knows type (one or several), properties, required, additionalProperties, enum, minimum, maximum,
    minLength, maxLength and items; other keywords are not looked at. A null for what may be left out is
    left out, and a whole number written as a float or as a text is taken as one: models write both.
    """
    if not isinstance(arguments, Mapping):
        return {}, ["the arguments must be a JSON object"]
    problems: list[str] = []
    checked = _object(schema, arguments, "", problems)
    return checked, problems[:MAX_PROBLEMS]


def _object(
    schema: Schema, value: Mapping[object, object], path: str, problems: list[str]
) -> dict[str, object]:
    properties: Schema = schema.get("properties") or {}
    required = schema.get("required") or ()
    checked: dict[str, object] = {}
    for key, inner in value.items():
        name = str(key)
        where = f"{path}{name}"
        rule = properties.get(name)
        if rule is None:
            if schema.get("additionalProperties") is False:
                known = ", ".join(properties) or "none"
                problems.append(f"there is no argument `{where[:60]}`; known: {known}")
            checked[name] = inner
        elif inner is not None or name in required or _allows_null(rule):
            checked[name] = _value(rule, inner, where, problems)
    for name in required:
        if name not in value:
            described = properties.get(name, {}).get("description", "")
            problems.append(f"`{path}{name}` is missing" + (f": {described}" if described else ""))
    return checked


def _value(rule: Schema, value: object, path: str, problems: list[str]) -> object:
    names = _type_names(rule)
    if "integer" in names and "string" not in names:
        value = _whole_number(value)
    if names and not any(_is(name, value) for name in names):
        problems.append(f"`{path}` must be {' or '.join(names)}, not {_shown(value)}")
    elif "enum" in rule and value not in rule["enum"]:
        problems.append(f"`{path}` must be one of {', '.join(map(str, rule['enum']))}, not {_shown(value)}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < rule.get("minimum", value):
            problems.append(f"`{path}` must be at least {rule['minimum']}, not {value}")
        if value > rule.get("maximum", value):
            problems.append(f"`{path}` must be at most {rule['maximum']}, not {value}")
    elif isinstance(value, str):
        shortest, longest = rule.get("minLength", 0), rule.get("maxLength", MAX_STRING)
        if not shortest <= len(value) <= longest:
            bound = f"at most {longest}" if len(value) > longest else f"at least {shortest}"
            problems.append(f"`{path}` must have {bound} characters")
    elif isinstance(value, (list, tuple)) and isinstance(rule.get("items"), Mapping):
        return [_value(rule["items"], each, f"{path}[{n}]", problems) for n, each in enumerate(value)]
    elif isinstance(value, Mapping) and "object" in names:
        return _object(rule, value, f"{path}.", problems)
    return value


def _type_names(rule: Schema) -> tuple[str, ...]:
    names = rule.get("type", ())
    return (names,) if isinstance(names, str) else tuple(names)


def _allows_null(rule: Schema) -> bool:
    names = _type_names(rule)
    return "null" in names if names else None in rule.get("enum", (None,))


def _whole_number(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal() and len(value) < 20:
        return int(value)
    return value


def _is(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, (object,)))


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"
