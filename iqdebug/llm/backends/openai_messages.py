"""Messages in OpenAI's format, masking of secrets, and upper bounds of token counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from iqdebug.llm.messages import Message, Tool

__all__ = ["Mask", "at_most", "counted_text", "masked", "masked_tool", "row_of", "told_arguments"]

Mask = Callable[[str], str]

_ESCAPE = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.")
_WORD = re.compile(r" ?[A-Za-z]+")


def masked(message: Message, mask: Mask) -> Message:
    """The message with every text masked and lone surrogates replaced."""
    return replace(
        message,
        content=_clean(message.content, mask),
        thinking=_clean(message.thinking, mask),
        name=_clean(message.name, mask),
        tool_call_id=_clean(message.tool_call_id, mask),
        tool_calls=tuple(
            replace(
                call,
                id=_clean(call.id, mask),
                name=_clean(call.name, mask),
                arguments=_masked_object(call.arguments, mask),
            )
            for call in message.tool_calls
        ),
    )


def masked_tool(tool: Tool, mask: Mask) -> Tool:
    """The tool with its description and schema masked. The name stays, since calls refer to it."""
    return replace(
        tool,
        description=_clean(tool.description, mask),
        parameters=_masked_object(tool.parameters, mask),
    )


def row_of(message: Message) -> dict[str, object]:
    """The message in OpenAI's format, the same bytes each time. Thoughts are not sent."""
    row: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _written(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        row["tool_call_id"] = message.tool_call_id
        row["name"] = message.name
    return row


def counted_text(message: Message) -> str:
    """The text of a message that counts as tokens."""
    calls = [f"{c.id} {c.name} {_written(c.arguments)}" for c in message.tool_calls]
    return "\n".join([message.content, *([message.name] if message.role == "tool" else []), *calls])


def told_arguments(written: str, mask: Mask) -> str:
    """The arguments that a model wrote, masked, to show them to it; "" if a secret is hidden in them by JSON
    escapes and they cannot be parsed."""
    plain = _ESCAPE.sub(_unescaped, written)
    if mask(plain) == plain:
        return _clean(written, mask)
    try:
        return json.dumps(_masked_value(json.loads(written), mask), ensure_ascii=False)
    except ValueError:
        return ""


def _unescaped(escape: re.Match[str]) -> str:
    try:
        return str(json.loads(f'"{escape[0]}"'))
    except ValueError:
        return escape[0]


def at_most(text: str) -> int:
    """An upper bound of a text's tokens, for servers that do not count.

    No byte-level vocabulary makes more tokens than bytes, and many make one of each digit and sign; only
    words are shorter: the vocabularies of code models take two letters or more at a time, the first with
    the space before it.
    """
    spared: int = sum(len(word) // 2 + word.startswith(" ") for word in _WORD.findall(text))
    return len(text.encode("utf-8", "replace")) - spared + 1


def _written(arguments: Mapping[str, object]) -> str:
    return json.dumps(dict(arguments), ensure_ascii=False)


def _masked_object(value: Mapping[str, object], mask: Mask) -> dict[str, object]:
    return {_clean(str(name), mask): _masked_value(inner, mask) for name, inner in value.items()}


def _masked_value(value: object, mask: Mask) -> object:
    if isinstance(value, str):
        return _clean(value, mask)
    if isinstance(value, Mapping):
        return _masked_object(value, mask)
    if isinstance(value, (list, tuple)):
        return [_masked_value(inner, mask) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        shown = repr(value)
        hidden = mask(shown)  # a PIN is a number
        return value if hidden == shown else hidden
    return value


def _clean(text: str, mask: Mask) -> str:
    return mask(text).encode("utf-8", "replace").decode("utf-8") if text else text
