"""DeepSeek V2.5 to V3.1: tags of their own, with full-width bars. Up to V3 the arguments stand in a JSON
fence behind ``function`` and the name; from V3.1 on they follow the name."""

from __future__ import annotations

import json
from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter
from iqdebug.llm.tool_formats.json_calls import BARE, FENCED

__all__ = ["DEEPSEEK"]

_BEGIN_ALL, _END_ALL = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
_BEGIN, _SEPARATOR, _END = "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"
_MAX_NAME = 100


def _read(scanner: Scanner) -> list[ToolCall]:
    scanner.literal(_BEGIN_ALL)
    scanner.certain = True
    scanner.space()
    calls = []
    while scanner.literal(_BEGIN, _END_ALL) == _BEGIN:
        kind_or_name = scanner.until(_SEPARATOR, longest=_MAX_NAME).strip()
        scanner.literal(_SEPARATOR)
        if kind_or_name == "function":
            name = scanner.until("\n", "{", longest=_MAX_NAME).strip()
            scanner.space()
            scanner.try_literal("```json")
            scanner.space()
        else:
            name = kind_or_name
        scanner.name = name
        arguments = scanner.value()
        scanner.space()
        scanner.try_literal("```")
        scanner.space()
        scanner.literal(_END)
        scanner.space()
        calls.append(scanner.call(name, arguments))
    return calls


def _rule(writer: GrammarWriter) -> str:
    fenced = writer.of_each_tool(
        "fenced-call", f'"{_BEGIN}function{_SEPARATOR}"', '"\\n```json\\n"', f'"\\n```{_END}"'
    )
    plain = writer.of_each_tool("plain-call", f'"{_BEGIN}"', f'"{_SEPARATOR}"', f'"{_END}"')
    calls = writer.several(f"({fenced} | {plain})", "ws")
    return writer.add("deepseek", f'"{_BEGIN_ALL}" ws {calls} ws "{_END_ALL}"')


_TAGGED = Spelling("in DeepSeek's tags", (_BEGIN_ALL,), _read, _rule, lambda names: _BEGIN_ALL)


def _call_parts(call: ToolCall) -> list[Part]:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    return [
        (f"{_BEGIN_ALL}{_BEGIN}function{_SEPARATOR}", True),
        (f"{call.name}\n```json\n{arguments}\n```", False),
        (f"{_END}{_END_ALL}", True),
    ]


def _describe(tools: Sequence[Tool]) -> str:
    example = f"{_BEGIN_ALL}{_BEGIN}function{_SEPARATOR}NAME\n```json\n{{}}\n```{_END}{_END_ALL}"
    return described_tools(tools, ["To call one, end the answer with its name and its arguments:", example])


DEEPSEEK = ToolFormat(
    "deepseek",
    (_TAGGED, FENCED, BARE),
    _call_parts,
    _describe,
    (_BEGIN_ALL, _END_ALL, _BEGIN, _SEPARATOR, _END),
)
