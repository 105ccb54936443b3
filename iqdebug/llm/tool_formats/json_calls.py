"""Calls that are a JSON object with ``name`` and ``arguments``, in whatever stands around it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from iqdebug.llm.messages import ToolCall
from iqdebug.llm.tool_formats.base import Scanner, Spelling
from iqdebug.llm.tool_formats.grammar import GrammarWriter

__all__ = ["BARE", "FENCED", "IN_TOOLS_TAG", "call_body", "certain_object", "json_objects", "read_object"]

_ARGUMENTS = ('"arguments"', '"parameters"')
_FENCES = ("```json", "```tool_call", "```tool", "```")


def call_body(call: ToolCall, arguments: str = "arguments") -> str:
    return json.dumps({"name": call.name, arguments: dict(call.arguments)}, ensure_ascii=False)


def read_object(scanner: Scanner) -> ToolCall:
    """One object. It is certain to be a call once the name of a tool and the key of its arguments were
    read; within tags, which set :attr:`Scanner.certain`, from the start. An answer that begins with such an
    object is one too when there is no such tool: small models make names up."""
    scanner.literal("{")
    scanner.space()
    if scanner.try_literal('"type"'):  # {"type": "function", "name": …
        _colon(scanner)
        scanner.text_in_quotes()
        _comma(scanner)
    scanner.literal('"name"')
    _colon(scanner)
    name = scanner.text_in_quotes()
    scanner.name = name
    if name not in scanner.tools and not (scanner.first and not scanner.certain):
        scanner.call(name, {})
    scanner.space()
    if scanner.certain and scanner.try_literal("}"):
        return scanner.call(name, {})
    _comma(scanner)
    scanner.literal(*_ARGUMENTS)
    _colon(scanner)
    if name not in scanner.tools:
        scanner.literal("{")
    scanner.certain = True
    if name not in scanner.tools:
        scanner.call(name, {})
    arguments = scanner.value()
    scanner.space()
    scanner.literal("}")
    return scanner.call(name, arguments)


def _colon(scanner: Scanner) -> None:
    scanner.space()
    scanner.literal(":")
    scanner.space()


def _comma(scanner: Scanner) -> None:
    scanner.space()
    scanner.literal(",")
    scanner.space()


def json_objects(scanner: Scanner) -> list[ToolCall]:
    """One object, or several in a row or in a list."""
    listed = bool(scanner.try_literal("["))
    scanner.space()
    calls = [read_object(scanner)]
    while True:
        back = scanner.place
        scanner.space()
        if listed and scanner.literal(",", "]") == "]":
            return calls
        scanner.space()
        if not listed and not scanner.text.startswith("{", scanner.place):
            scanner.place = back
            return calls
        calls.append(read_object(scanner))


def certain_object(names: Sequence[str]) -> str:
    """A pattern of an object up to where it is certain to be a call."""
    return (
        r'\{\s{0,20}"name"\s{0,20}:\s{0,20}"(?:'
        + "|".join(names)
        + r')"\s{0,20},\s{0,20}"(?:arguments|parameters)"'
    )


# Spellings that models use though none of them was asked to: Qwen2.5-Coder writes all three
# (vllm-project/vllm#32926, #32931, #33083).


def _read_bare(scanner: Scanner) -> list[ToolCall]:
    return [read_object(scanner)]


def _read_fenced(scanner: Scanner) -> list[ToolCall]:
    scanner.literal(*_FENCES)
    scanner.space()
    calls = json_objects(scanner)
    scanner.space()
    if scanner.place < len(scanner.text) or not scanner.whole:
        scanner.literal("```")
    return calls


def _read_in_tools_tag(scanner: Scanner) -> list[ToolCall]:
    scanner.literal("<tools>")
    scanner.space()
    calls = json_objects(scanner)
    scanner.space()
    scanner.literal("</tools>")
    return calls


def _bare_rule(writer: GrammarWriter) -> str:
    call = writer.json_call()
    return writer.add("bare", writer.several(call, "ws"))


def _fenced_rule(writer: GrammarWriter) -> str:
    call = writer.json_call()
    fences = " | ".join(f'"{fence}"' for fence in _FENCES)
    return writer.add("fenced", f'({fences}) ws {writer.several(call, "ws")} ws "```"')


def _in_tools_tag_rule(writer: GrammarWriter) -> str:
    call = writer.json_call()
    alone, listed = writer.several(call, "ws"), writer.several(call, 'ws "," ws')
    return writer.add("in-tools", f'"<tools>" ws ({alone} | "[" ws {listed} ws "]") ws "</tools>"')


BARE = Spelling(
    "a bare JSON object",
    ("{",),
    _read_bare,
    _bare_rule,
    lambda names: rf"(?:\A|\n)\s*({certain_object(names)})",
    at_line_start=True,
)
FENCED = Spelling(
    "a JSON object in a fence",
    ("```",),
    _read_fenced,
    _fenced_rule,
    lambda names: rf"(?:\A|\n)[ \t]*(```(?:json|tool_call|tool)?\s{{0,20}}{certain_object(names)})",
    at_line_start=True,
)
IN_TOOLS_TAG = Spelling(
    "JSON in <tools>",
    ("<tools>",),
    _read_in_tools_tag,
    _in_tools_tag_rule,
    lambda names: rf"<tools>\s{{0,20}}(?:\[\s{{0,20}})?{certain_object(names)}",
)
