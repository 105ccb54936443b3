"""qwen3_coder: a tag for the function and one for each argument. Qwen3-Coder, and IQuest-Coder-V1 7B, 14B,
40B-Thinking and 40B-Loop-Thinking (their model cards: ``--tool-call-parser qwen3_coder``). The model
sometimes leaves out the ``<tool_call>`` around it (ggml-org/llama.cpp#16755)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Part, Scanner, Spelling, ToolFormat, described_tools
from iqdebug.llm.tool_formats.grammar import GrammarWriter
from iqdebug.llm.tool_formats.hermes import CLOSING, OPENING
from iqdebug.llm.tool_formats.hermes import TAGGED as TAGGED_JSON
from iqdebug.llm.tool_formats.json_calls import BARE, FENCED

__all__ = ["QWEN3_CODER", "XML"]

_MAX_NAME = 100
_MAX_VALUE = 200_000


def _read(scanner: Scanner) -> list[ToolCall]:
    tagged = bool(scanner.try_literal(OPENING))
    scanner.space()
    scanner.certain = tagged and scanner.text.startswith("<function=", scanner.place)
    call = _function(scanner)
    if tagged:
        scanner.space()
        scanner.literal(CLOSING)
    return [call]


def _function(scanner: Scanner) -> ToolCall:
    scanner.literal("<function=")
    name = scanner.until(">", "\n", longest=_MAX_NAME).strip()
    scanner.literal(">")
    tool = scanner.tools.get(name)
    if tool is None:
        scanner.call(name, {})
        raise AssertionError
    scanner.certain, scanner.name = True, name
    properties = tool.parameters.get("properties") or {}
    arguments: dict[str, object] = {}
    while True:
        scanner.space()
        if scanner.literal("</function>", "<parameter=") == "</function>":
            return scanner.call(name, arguments)
        key = scanner.until(">", longest=_MAX_NAME).strip()
        scanner.literal(">")
        text = scanner.until("</parameter>", longest=_MAX_VALUE)
        scanner.literal("</parameter>")
        arguments[key] = _value(text, properties.get(key) or {})


def _value(text: str, schema: dict[str, object]) -> object:
    """A text is taken as it stands, without the line ends around it; other values are JSON."""
    plain = text.removeprefix("\n").removesuffix("\n")
    types = schema.get("type", "string")
    types = [types] if isinstance(types, str) else types
    if isinstance(types, list) and types == ["string"]:
        return plain
    word = plain.strip()
    try:
        value: object = json.loads({"True": "true", "False": "false", "None": "null"}.get(word, word))
    except (ValueError, RecursionError):
        return plain
    if isinstance(types, list) and "string" in types and isinstance(value, (int, float, str)):
        return plain
    return value


def _rule(writer: GrammarWriter) -> str:
    call = writer.xml_call()
    tagged = writer.add("tagged-xml", f'"{OPENING}" ws ({call} | {writer.json_call()}) ws "{CLOSING}"')
    alone = writer.add("alone-xml", f'{call} (ws "{CLOSING}")?')
    return writer.add("xml", writer.several(f"({tagged} | {alone})", "ws"))


XML = Spelling(
    "tags for the function and its arguments",
    (OPENING, "<function="),
    _read,
    _rule,
    lambda names: f"{OPENING}|<function=",
)


def _call_parts(call: ToolCall) -> list[Part]:
    parts: list[Part] = [(f"{OPENING}\n<function=", True), (call.name, False), (">\n", True)]
    for key, value in call.arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts += [
            ("<parameter=", True),
            (key, False),
            (">\n", True),
            (text, False),
            ("\n</parameter>\n", True),
        ]
    return [*parts, (f"</function>\n{CLOSING}", True)]


def _describe(tools: Sequence[Tool]) -> str:
    return described_tools(
        tools,
        [
            "To call one, end the answer with a tag for the function and one for each argument:",
            OPENING,
            "<function=NAME>",
            "<parameter=ARGUMENT>",
            "value",
            "</parameter>",
            "</function>",
            CLOSING,
            "Several calls may follow each other. The results come between <tool_response> tags.",
        ],
    )


_TAGGED_JSON = replace(TAGGED_JSON, trigger=None)  # the rule of XML lets it through

QWEN3_CODER = ToolFormat(
    "qwen3_coder", (XML, _TAGGED_JSON, BARE, FENCED), _call_parts, _describe, (OPENING, CLOSING)
)
