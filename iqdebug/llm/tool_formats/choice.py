"""Which format a model writes, from its chat template."""

from __future__ import annotations

from iqdebug.llm.tool_formats.base import ToolFormat
from iqdebug.llm.tool_formats.deepseek import DEEPSEEK
from iqdebug.llm.tool_formats.harmony import HARMONY
from iqdebug.llm.tool_formats.hermes import HERMES
from iqdebug.llm.tool_formats.llama3 import LLAMA3
from iqdebug.llm.tool_formats.mistral import MISTRAL
from iqdebug.llm.tool_formats.qwen3_coder import QWEN3_CODER

__all__ = ["DEFAULT_FORMAT", "FORMATS", "MARKS", "format_of_template"]

FORMATS: dict[str, ToolFormat] = {
    each.name: each for each in (HERMES, QWEN3_CODER, LLAMA3, MISTRAL, DEEPSEEK, HARMONY)
}
DEFAULT_FORMAT = HERMES
"""What a model is asked for whose template says nothing about tools."""

MARKS: tuple[str, ...] = tuple(dict.fromkeys(mark for each in FORMATS.values() for mark in each.marks))
"""The special tokens that are part of calls, in any format."""

_SIGNS = (
    ("<|channel|>", HARMONY),
    ("<｜tool▁call▁begin｜>", DEEPSEEK),
    ("[TOOL_CALLS]", MISTRAL),
    ("<function=", QWEN3_CODER),
    ("<tool_call>", HERMES),
    ("<|python_tag|>", LLAMA3),
    ("<|start_header_id|>", LLAMA3),
)
"""What stands in the templates of a family, the most telling first."""


def format_of_template(source: str) -> ToolFormat | None:
    """None where the template does not tell."""
    return next((form for sign, form in _SIGNS if sign in source), None)
