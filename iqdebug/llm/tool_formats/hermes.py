"""Hermes: a JSON object between ``<tool_call>`` tags. Hermes 2 and 3, Qwen 2.5 and 3, IQuest-Coder-V1-40B
Instruct and Loop-Instruct (their model cards: ``--tool-call-parser hermes``)."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter
from iqdebug.llm.tool_formats.json_calls import BARE, FENCED, IN_TOOLS_TAG, call_body, json_objects

__all__ = ["CLOSING", "HERMES", "OPENING", "TAGGED"]

OPENING, CLOSING = "<tool_call>", "</tool_call>"


def _read(scanner: Scanner) -> list[ToolCall]:
    scanner.literal(OPENING)
    scanner.space()
    if scanner.literal("{", "[") == "[":  # else it is text, or another format's
        scanner.space()
        scanner.literal("{")
        scanner.place = scanner.text.rindex("[", 0, scanner.place)
    else:
        scanner.place -= 1
    scanner.certain = True
    calls = json_objects(scanner)
    scanner.space()
    scanner.literal(CLOSING)
    return calls


def _rule(writer: GrammarWriter) -> str:
    call = writer.add("tagged-json", f'"{OPENING}" ws {writer.json_call()} ws "{CLOSING}"')
    return writer.add("tagged", writer.several(call, "ws"))


TAGGED = Spelling("JSON in <tool_call>", (OPENING,), _read, _rule, lambda names: OPENING)


def _call_parts(call: ToolCall) -> list[Part]:
    return [(f"{OPENING}\n", True), (call_body(call), False), (f"\n{CLOSING}", True)]


def _describe(tools: Sequence[Tool]) -> str:
    return described_tools(
        tools,
        [
            "To call one, end the answer with its name and arguments as JSON between two tags:",
            OPENING,
            '{"name": "NAME", "arguments": {}}',
            CLOSING,
            "Several calls may follow each other. The results come between <tool_response> tags.",
        ],
    )


HERMES = ToolFormat(
    "hermes", (TAGGED, BARE, FENCED, IN_TOOLS_TAG), _call_parts, _describe, (OPENING, CLOSING)
)
