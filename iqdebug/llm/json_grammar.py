"""JSON schema → GBNF.

What the grammar lets through is valid against the schema: a keyword that it cannot keep is refused
rather than ignored. The grammar may be narrower than the schema: properties come in the order of the
schema, required ones first, and there are none beside those declared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from iqdebug.llm.messages import Schema

__all__ = ["BASE_RULES", "SchemaRules", "UnsupportedSchema", "literal", "schema_grammar"]

MAX_REPEAT = 1000
"""llama.cpp expands repetitions; longer ones are narrowed to this."""

_IGNORED_KEYWORDS = {
    "title",
    "description",
    "default",
    "examples",
    "$schema",
    "$id",
    "$defs",
    "definitions",
    "deprecated",
}
_SUPPORTED_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum"},
    "number": set[str](),
    "boolean": set[str](),
    "null": set[str](),
}
BASE_RULES = r"""
string ::= "\"" char* "\""
char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" unit)
unit ::= [0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex
hex ::= [0-9a-fA-F]
integer ::= "-"? natural
natural ::= "0" | [1-9] [0-9]{0,14}
number ::= integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?
boolean ::= "true" | "false"
null ::= "null"
value ::= object | array | string | number | boolean | null
object ::= "{" ws (string colon value (comma string colon value)*)? ws "}"
array ::= "[" ws (value (comma value)*)? ws "]"
"""
_ONE_LINE = """\
comma ::= ", "
colon ::= ": "
ws ::= ""
"""
MAX_SPACE = 20
"""Characters of white space in a row that are let through: models indent, and some would never stop."""
SPACED = f"""\
comma ::= ws "," ws
colon ::= ws ":" ws
ws ::= [ \\t\\n]{{0,{MAX_SPACE}}}
"""


class UnsupportedSchema(ValueError):
    """A schema that a grammar cannot keep to the letter."""


def schema_grammar(schema: Schema | bool) -> str:
    """A grammar whose ``root`` is the JSON text of a value of the schema, on one line.

    :raises UnsupportedSchema: it uses a keyword that cannot be guaranteed.
    """
    rules = SchemaRules(schema)
    return "\n".join([f"root ::= {rules.rule(schema)}", *rules.rules]) + BASE_RULES + _ONE_LINE


class SchemaRules:
    """The rules of one schema, which use those of :data:`BASE_RULES`, ``ws``, ``comma`` and ``colon``.

    :param prefix: of the names of all of them.
    """

    def __init__(self, root: Schema | bool, prefix: str = "") -> None:
        self._root = root
        self._prefix = prefix
        self._references: dict[str, str] = {}
        self.rules: list[str] = []

    def rule(self, schema: Schema | bool) -> str:
        """The name of a rule for the schema."""
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, Mapping):
            raise UnsupportedSchema("a schema that nothing fits")
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        return self._define(self._body(schema))

    def _define(self, body: str) -> str:
        if body in _BASE_RULE_NAMES:
            return body
        name = f"{self._prefix}r{len(self.rules)}"
        self.rules.append(f"{name} ::= {body}")
        return name

    def _reference(self, path: str) -> str:
        if path not in self._references:
            name = f"{self._prefix}ref{len(self._references)}"
            self._references[path] = name
            target: Schema | bool = self._root
            for step in filter(None, path.removeprefix("#").split("/")):
                if not isinstance(target, Mapping) or step not in target:
                    raise UnsupportedSchema(f"there is no {path}")
                target = target[step]
            self.rules.append(f"{name} ::= {self.rule(target)}")
        return self._references[path]

    def _body(self, schema: Schema) -> str:
        keys = set(schema) - _IGNORED_KEYWORDS
        nullable = bool(schema.get("nullable"))
        keys.discard("nullable")
        if "const" in keys or "enum" in keys:
            values = [schema["const"]] if "const" in keys else list(schema["enum"])
            if keys - {"const", "enum", "type"}:
                raise UnsupportedSchema(f"enum together with {sorted(keys)}")
            options = [literal(json.dumps(value, ensure_ascii=False)) for value in values]
        elif "anyOf" in keys:
            if keys - {"anyOf"}:
                raise UnsupportedSchema(f"anyOf together with {sorted(keys - {'anyOf'})}")
            options = [self.rule(option) for option in schema["anyOf"]]
        else:
            types = schema.get("type", "object" if "properties" in keys else None)
            if types is None:
                raise UnsupportedSchema(f"the keywords {sorted(keys)} without a type")
            types = [types] if isinstance(types, str) else list(types)
            known = {"type"}.union(*(_SUPPORTED_KEYWORDS.get(name, set()) for name in types))
            if keys - known:
                raise UnsupportedSchema(f"the keywords {sorted(keys - known)}")
            options = [self._typed(name, schema) for name in types]
        if nullable:
            options.append("null")
        if not options:
            raise UnsupportedSchema("a schema that nothing fits")
        return " | ".join(options)

    def _typed(self, name: str, schema: Schema) -> str:
        if name == "object":
            return self._object(schema)
        if name == "array":
            return self._array(schema)
        if name == "string":
            shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
            if not shortest and longest is None:
                return "string"
            return f'"\\"" char{_times(shortest, longest)} "\\""'
        if name == "integer":
            return _integer(schema.get("minimum"), schema.get("maximum"))
        if name in ("number", "boolean", "null"):
            return name
        raise UnsupportedSchema(f"the type {name!r}")

    def _object(self, schema: Schema) -> str:
        properties = schema.get("properties")
        more = schema.get("additionalProperties", properties is None)
        if not properties:
            if more is True and properties is None:
                return "object"
            if isinstance(more, Mapping):
                pair = f"string colon {self.rule(more)}"
                return f'"{{" ws ({pair} (comma {pair})*)? ws "}}"'
            return '"{" ws "}"'
        required = [name for name in properties if name in schema.get("required", ())]
        if missing := set(schema.get("required", ())) - set(properties):
            raise UnsupportedSchema(f"required but not declared: {sorted(missing)}")
        optional = [name for name in properties if name not in required]

        def pair_of(name: str) -> str:
            return f"{literal(json.dumps(name, ensure_ascii=False))} colon {self.rule(properties[name])}"

        pairs = {name: self._define(pair_of(name)) for name in properties}
        tail = [f"(comma {pairs[name]})?" for name in optional]
        if required:
            head = " comma ".join(pairs[name] for name in required)
            return " ".join(['"{" ws', head, *tail, 'ws "}"'])
        choices = [" ".join([pairs[name], *tail[place + 1 :]]) for place, name in enumerate(optional)]
        return f'"{{" ws ({" | ".join(choices)})? ws "}}"'

    def _array(self, schema: Schema) -> str:
        item = self.rule(schema.get("items", True))
        fewest, most = schema.get("minItems", 0), schema.get("maxItems")
        if most == 0:
            return '"[" ws "]"'
        rest = f"(comma {item}){_times(max(0, fewest - 1), None if most is None else most - 1)}"
        return f'"[" ws {item} {rest} ws "]"' if fewest else f'"[" ws ({item} {rest})? ws "]"'


_BASE_RULE_NAMES = {line.split(" ", 1)[0] for line in BASE_RULES.splitlines() if line}


def _times(fewest: int, most: int | None) -> str:
    if fewest > MAX_REPEAT:
        raise UnsupportedSchema(f"more than {MAX_REPEAT} repetitions")
    if most is None:
        return f"{{{fewest},}}" if fewest else "*"
    return f"{{{fewest},{min(most, MAX_REPEAT)}}}"


def literal(text: str) -> str:
    """Text as a GBNF string."""
    escaped = []
    for letter in text:
        if letter in '"\\':
            escaped.append("\\" + letter)
        elif letter == "\n":
            escaped.append("\\n")
        elif ord(letter) < 32:
            escaped.append(f"\\x{ord(letter):02X}")
        else:
            escaped.append(letter)
    return '"' + "".join(escaped) + '"'


def _integer(low: float | None, high: float | None) -> str:
    """Integers from ``low`` to ``high``, either of which may be None."""
    if low is None and high is None:
        return "integer"
    for bound in (low, high):
        if bound is not None and bound != int(bound):
            raise UnsupportedSchema(f"the bound {bound}")
    widest = 10**15 - 1
    low = -widest if low is None else int(low)
    high = widest if high is None else int(high)
    if low > high or max(abs(low), abs(high)) > widest:
        raise UnsupportedSchema(f"integers from {low} to {high}")
    options = []
    if low < 0:
        options += [f'"-" {digits}' for digits in _range(max(1, -high), -low)]
    if high >= 0:
        options += _range(max(0, low), high)
    return " | ".join(options)


def _range(low: int, high: int) -> list[str]:
    """Sequences of digit classes that stand for exactly the naturals from ``low`` to ``high``."""
    options = []
    while low <= high:
        # The widest block low … last that differs in its last digits alone, all of them free.
        free = 0
        while (low % 10 ** (free + 1) == 0 and low + 10 ** (free + 1) - 1 <= high) and (
            low >= 10 ** (free + 1)  # a leading digit is fixed, so that there are no leading zeros
        ):
            free += 1
        step = 10**free
        head = low // step
        top = head
        while top % 10 != 9 and (top + 2) * step - 1 <= high:
            top += 1
        prefix, first, last = str(head)[:-1], str(head)[-1], str(top)[-1]
        parts = [f'"{prefix}"'] if prefix else []
        parts.append(f"[{first}-{last}]" if first != last else f'"{first}"')
        if free:
            parts.append(f"[0-9]{{{free}}}")
        options.append(" ".join(parts))
        low = (top + 1) * step
    return options
