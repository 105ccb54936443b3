"""Mistral: ``[TOOL_CALLS]`` and a list of objects (tokenizers v3 to v7), or the name, ``[ARGS]`` and the
arguments for each call (v11 on: Devstral 1.1, Magistral, Mistral Small 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter
from iqdebug.llm.tool_formats.json_calls import BARE, FENCED, call_body, json_objects

__all__ = ["MISTRAL"]

_TAG, _ARGUMENTS, _CALL_ID = "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]"
_MAX_NAME = 100


def _read(scanner: Scanner) -> list[ToolCall]:
    scanner.literal(_TAG)
    scanner.space()
    scanner.certain = True
    if scanner.try_literal("["):
        scanner.place -= 1
        return json_objects(scanner)
    return [_named(scanner)]


def _named(scanner: Scanner) -> ToolCall:
    name = scanner.until(_ARGUMENTS, _CALL_ID, "{", longest=_MAX_NAME).strip()
    scanner.name = name
    if scanner.try_literal(_CALL_ID):
        scanner.until(_ARGUMENTS, longest=_MAX_NAME)
    scanner.try_literal(_ARGUMENTS)
    scanner.space()
    return scanner.call(name, scanner.value())


def _rule(writer: GrammarWriter) -> str:
    call = writer.json_call()
    calls = writer.several(call, 'ws "," ws')
    listed = f'"{_TAG}" ws "[" ws {calls} ws "]"'
    named = writer.of_each_tool("named-call", f'"{_TAG}"', f'"{_ARGUMENTS}"?', "")
    return writer.add("behind-calls-tag", f"{listed} | {writer.several(named, 'ws')}")


_BEHIND_TAG = Spelling(
    "behind [TOOL_CALLS]", (_TAG,), _read, _rule, lambda names: _TAG.replace("[", r"\[").replace("]", r"\]")
)


def _call_parts(call: ToolCall) -> list[Part]:
    return [(_TAG, True), (f"[{call_body(call)}]", False)]


def _describe(tools: Sequence[Tool]) -> str:
    return described_tools(
        tools, ['To call some, end the answer with [TOOL_CALLS][{"name": "NAME", "arguments": {…}}].']
    )


MISTRAL = ToolFormat(
    "mistral", (_BEHIND_TAG, BARE, FENCED), _call_parts, _describe, (_TAG, _ARGUMENTS, _CALL_ID)
)
