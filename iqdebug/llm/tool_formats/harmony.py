"""Harmony, of gpt-oss: a call is a message on the channel ``commentary`` to ``functions.NAME``, and ends
the answer with ``<|call|>`` (openai/harmony, docs/format.md). Other headers of messages in an answer are no
text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter

__all__ = ["HARMONY", "THINKING"]

THINKING = ("<|channel|>analysis<|message|>", "<|end|>")
_START, _CHANNEL, _MESSAGE, _CONSTRAIN, _CALL = (
    "<|start|>",
    "<|channel|>",
    "<|message|>",
    "<|constrain|>",
    "<|call|>",
)
_MAX_HEADER = 200


def _read(scanner: Scanner) -> list[ToolCall]:
    """A header, and the call that it begins; a header of text alone is nothing."""
    scanner.literal(_START, _CHANNEL)
    header = scanner.until(_MESSAGE, longest=_MAX_HEADER)
    scanner.literal(_MESSAGE)
    _, to, rest = header.partition("to=functions.")
    if not to:
        return []
    scanner.certain = True
    scanner.name = name = rest.split("<", 1)[0].split(" ", 1)[0].strip()
    return [scanner.call(name, scanner.value())]


def _rule(writer: GrammarWriter) -> str:
    header = rf'"{_CHANNEL}commentary to=functions."'
    kind = f'(" "? "{_CONSTRAIN}" "json"? | " json")? "{_MESSAGE}"'
    return writer.of_each_tool("harmony-call", header, kind, "")


_IN_CHANNEL = Spelling(
    "on the channel commentary",
    (_START, _CHANNEL),
    _read,
    _rule,
    lambda names: rf"<\|channel\|>commentary to=functions\.(?:{'|'.join(names)})(?=[ <])",
)


def _call_parts(call: ToolCall) -> list[Part]:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    return [
        (f"{_CHANNEL}commentary to=functions.", True),
        (call.name, False),
        (f" {_CONSTRAIN}json{_MESSAGE}", True),
        (arguments, False),
        (_CALL, True),
    ]


def _describe(tools: Sequence[Tool]) -> str:
    example = f"{_CHANNEL}commentary to=functions.NAME {_CONSTRAIN}json{_MESSAGE}{{}}{_CALL}"
    return described_tools(tools, ["To call one, end the answer with:", example])


HARMONY = ToolFormat(
    "harmony",
    (_IN_CHANNEL,),
    _call_parts,
    _describe,
    (_START, _CHANNEL, _MESSAGE, _CONSTRAIN, _CALL, THINKING[1]),
)
