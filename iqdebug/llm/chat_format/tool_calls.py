"""Tool calls as text: the ``<tool_call>`` format that Hermes and Qwen models are trained on.

Models that are trained on none are told the same format in the system prompt.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.untrusted_json import sound

__all__ = [
    "CLOSING",
    "OPENING",
    "CallParser",
    "call_text",
    "describe_tools",
    "new_call_id",
    "response_text",
    "tool_schema",
]

OPENING, CLOSING = "<tool_call>", "</tool_call>"
_LETTERS = string.ascii_letters + string.digits


def new_call_id() -> str:
    """Nine letters and digits, which every chat template takes."""
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


def call_text(call: ToolCall) -> str:
    """A call as the model writes it."""
    body = json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
    return f"{OPENING}\n{body}\n{CLOSING}"


def response_text(content: str) -> tuple[str, str, str]:
    """What stands before a tool's result, the result, and what stands behind it."""
    return "<tool_response>\n", content, "\n</tool_response>"


def tool_schema(tool: Tool) -> dict[str, object]:
    """A tool as chat templates take it."""
    parameters = tool.parameters
    function = {"name": tool.name, "description": tool.description, "parameters": dict(parameters)}
    return {"type": "function", "function": function}


def describe_tools(tools: Sequence[Tool]) -> str:
    """The system prompt's words on the tools, for a template that has none."""
    lines = [json.dumps(tool_schema(tool), ensure_ascii=False) for tool in tools]
    return "\n".join(
        [
            "",
            "",
            "# Tools",
            "",
            "These functions can be called; each line is one, with the JSON schema of its arguments:",
            *lines,
            "",
            "To call one, end the answer with its name and arguments as JSON between two tags:",
            OPENING,
            '{"name": "NAME", "arguments": {}}',
            CLOSING,
            "Several calls may follow each other. The results come between <tool_response> tags.",
        ]
    )


class CallParser:
    """Takes calls out of streamed text. What may be the beginning of a call is held back.

    A call is taken as such only when its JSON is whole; what is not stays text.

    :param names: of the tools; a call of another one stays text. Without any, all is text.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        self._held = ""
        self._after_call = False
        self._looked_at = -1  # the last end of a call that was looked at, in what is held

    def feed(self, text: str) -> list[str | ToolCall]:
        """The text and the calls that are now certain, in order; no text is empty."""
        self._held += text
        parts: list[str | ToolCall] = []
        while self._held:
            if not self._names:
                parts.append(self._held)
                self._held = ""
                break
            place = self._held.find(OPENING)
            if place < 0:
                keep = max(
                    (n for n in range(1, len(OPENING)) if self._held.endswith(OPENING[:n])),
                    default=0,
                )
                # White space before a call belongs to the call.
                sure = self._held[: len(self._held) - keep].rstrip()
                self._append_text(sure, parts)
                self._held = self._held[len(sure) :]
                break
            self._append_text(self._held[:place].rstrip(), parts)
            self._held = self._held[place:]
            call = self._whole_call()
            if call is None:
                break
            parts.append(call)
        return parts

    def finish(self) -> list[str | ToolCall]:
        """What was held back, when the answer has ended."""
        rest, self._held, self._looked_at = self._held, "", -1
        return [rest] if rest.strip() else []

    def _append_text(self, text: str, parts: list[str | ToolCall]) -> None:
        if self._after_call:
            text = text.lstrip()
        if text:
            self._after_call = False
            parts.append(text)

    def _whole_call(self) -> ToolCall | None:
        end = self._held.rfind(CLOSING)
        if end <= self._looked_at:
            return None
        self._looked_at = end
        body = self._held[len(OPENING) :].lstrip()
        try:
            value, end = json.JSONDecoder().raw_decode(body)
            value = sound(value)
        except (ValueError, RecursionError):
            return None
        rest = body[end:].lstrip()
        if not rest.startswith(CLOSING) or not isinstance(value, dict):
            return None
        name, arguments = value.get("name"), value.get("arguments", {})
        if not isinstance(name, str) or name not in self._names or not isinstance(arguments, dict):
            return None
        self._held = rest[len(CLOSING) :]
        self._after_call, self._looked_at = True, -1
        return ToolCall(new_call_id(), name, arguments)
