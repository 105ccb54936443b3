"""Llama 3.1 to 3.3: a JSON object with ``name`` and ``parameters``, bare or behind ``<|python_tag|>``
(Meta's prompt format: "JSON based tool calling"; the tag is for calls where the environment is set)."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter
from iqdebug.llm.tool_formats.json_calls import (
    BARE,
    FENCED,
    call_body,
    certain_object,
    read_object,
)

__all__ = ["LLAMA3"]

_TAG = "<|python_tag|>"


def _read(scanner: Scanner) -> list[ToolCall]:
    scanner.literal(_TAG)
    scanner.space()
    return [read_object(scanner)]


def _rule(writer: GrammarWriter) -> str:
    call = writer.json_call()
    calls = writer.several(call, '(ws ";"?) ws')
    return writer.add("behind-python-tag", f'"{_TAG}" ws {calls}')


_BEHIND_TAG = Spelling(
    "JSON behind <|python_tag|>",
    (_TAG,),
    _read,
    _rule,
    lambda names: rf"<\|python_tag\|>\s{{0,20}}{certain_object(names)}",
)


def _call_parts(call: ToolCall) -> list[Part]:
    return [(call_body(call, "parameters"), False)]


def _describe(tools: Sequence[Tool]) -> str:
    return described_tools(
        tools, ['To call one, answer with nothing but {"name": "NAME", "parameters": {…}}.']
    )


LLAMA3 = ToolFormat("llama3", (BARE, _BEHIND_TAG, FENCED), _call_parts, _describe, (_TAG,))
