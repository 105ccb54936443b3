"""The grammar of a turn's tool calls, in GBNF."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from iqdebug.llm.json_grammar import BASE_RULES, SPACED, SchemaRules, literal
from iqdebug.llm.messages import Tool

__all__ = ["CALLS_PER_TURN", "CallGrammar", "GrammarWriter", "Trigger"]

CALLS_PER_TURN = 8

_TEXT_RULE = 'xmltext ::= ([^<] | "<" [^/] | "</" [^p])*\n'
"""The value of an argument between tags: it ends at the first ``</p``, of ``</parameter>``."""


class Trigger(msgspec.Struct, frozen=True):
    """:param pattern: a regular expression; where it matches in an answer, a call is certain. Its first
        group, or else the whole match, is where the call begins.
    :param rule: the grammar's rule that holds from there on.
    """

    pattern: str
    rule: str


class CallGrammar(msgspec.Struct, frozen=True):
    """:param text: GBNF with the rule ``root`` for an answer that is calls from its first token on.
    :param triggers: without any, ``root`` holds from the first token on.
    """

    text: str = ""
    triggers: tuple[Trigger, ...] = ()


class GrammarWriter:
    """Collects the rules of a grammar; those for the arguments of a tool are shared by all spellings.

    :param most: calls that stand together.
    """

    def __init__(self, tools: Sequence[Tool], most: int) -> None:
        self._tools = tools
        self._most = most
        self._rules: dict[str, str] = {}
        self._schemas: list[str] = []
        self._arguments: dict[str, str] = {}

    def text(self, *heads: str) -> str:
        rules = [f"{name} ::= {body}" for name, body in self._rules.items()]
        return "\n".join([*heads, *rules, *self._schemas]) + BASE_RULES + SPACED + _TEXT_RULE

    def add(self, name: str, body: str) -> str:
        self._rules[name] = body
        return name

    def several(self, call: str, between: str) -> str:
        return f"{call} ({between} {call}){{0,{self._most - 1}}}"

    def arguments(self, tool: Tool) -> str:
        """The JSON object of a tool's arguments."""
        if tool.name not in self._arguments:
            schema = {"type": "object", "properties": {}, **tool.parameters}
            rules = SchemaRules(schema, f"t{len(self._arguments)}-")
            self._arguments[tool.name] = rules.rule(schema)
            self._schemas += rules.rules
        return self._arguments[tool.name]

    def of_each_tool(self, name: str, before: str, between: str, behind: str) -> str:
        """A rule for the name of a tool and its arguments, with GBNF around both."""
        bodies = [
            f"{before} {literal(tool.name)} {between} {self.arguments(tool)} {behind}" for tool in self._tools
        ]
        return self.add(name, " | ".join(bodies))

    def json_call(self) -> str:
        """An object with the name and the arguments."""
        bodies = [
            f'"{{" ws "\\"name\\"" colon {literal(json.dumps(tool.name))} comma '
            f'("\\"arguments\\"" | "\\"parameters\\"") colon {self.arguments(tool)} ws "}}"'
            for tool in self._tools
        ]
        return self.add("json-call", " | ".join(bodies))

    def xml_call(self) -> str:
        """A tag for the function, and one for each argument."""
        return self.add("xml-call", " | ".join(self._xml(tool) for tool in self._tools))

    def _xml(self, tool: Tool) -> str:
        properties: Mapping[str, Mapping[str, object]] = tool.parameters.get("properties") or {}
        required = tool.parameters.get("required") or ()
        parts = []
        for name in sorted(properties, key=lambda each: each not in required):
            value = self._xml_value(tool, name, properties[name])
            part = f'{literal(f"<parameter={name}>")} {value} "</parameter>" ws'
            parts.append(part if name in required else f"({part})?")
        return " ".join([literal(f"<function={tool.name}>"), "ws", *parts, '"</function>"'])

    def _xml_value(self, tool: Tool, name: str, schema: Mapping[str, object]) -> str:
        self.arguments(tool)  # refuses what no grammar can keep
        choices = schema.get("enum")
        if isinstance(choices, (list, tuple)) and all(isinstance(each, str) for each in choices):
            return f'"\\n"? ({" | ".join(literal(str(each)) for each in choices)}) "\\n"?'
        if schema.get("type", "string") == "string":
            return "xmltext"
        rules = SchemaRules(schema, f"x{len(self._rules)}-{len(self._schemas)}-")
        value = rules.rule(schema)
        self._schemas += rules.rules
        return f"ws {value} ws"
