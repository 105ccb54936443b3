"""The bodies of chat requests, and the messages that ask a model to correct its calls."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.llm.backends.base import Block
from iqdebug.llm.backends.http_reply import WrongCall
from iqdebug.llm.backends.openai_messages import Mask, masked, row_of, told_arguments
from iqdebug.llm.backends.server_kinds import Kind
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.tool_formats.base import tool_schema

__all__ = ["chat_body", "correction_rows", "describe_wrong_calls"]

_MAX_SHOWN_ARGUMENTS = 2_000  # characters of arguments that are shown to their model again


def chat_body(
    kind: Kind,
    model: str,
    blocks: Sequence[Block],
    tools: Sequence[Tool],
    sampling: Sampling,
    max_tokens: int,
    more: Sequence[dict[str, object]] = (),
) -> dict[str, object]:
    """The body of a streamed chat over the whole log.

    :param more: messages after the log that do not become part of it.
    """
    body: dict[str, object] = {
        "model": model,
        "messages": [*(row_of(b.message) for b in blocks), *more],
        "stream": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": max_tokens,
    }
    if kind != "other":
        body |= {"top_k": sampling.top_k, "min_p": sampling.min_p}
    if kind == "llama-server":
        body["cache_prompt"] = True
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if tools:
        body["tools"] = [tool_schema(t) for t in tools]
    return body


def correction_rows(answer: str, wrong: Sequence[WrongCall], mask: Mask) -> list[dict[str, object]]:
    """The model's own answer, and the request to make the wrong calls again."""
    names = ", ".join(call.name for call in wrong)
    own = answer or f"(I called {names}.)"
    request = (
        f"{describe_wrong_calls(wrong, mask)}\n"
        "Call again, with arguments that are valid JSON and keep the schema."
    )
    return [row_of(masked(m, mask)) for m in (Message("assistant", own), Message("user", request))]


def describe_wrong_calls(wrong: Sequence[WrongCall], mask: Mask) -> str:
    """What is wrong with each call, and its arguments, masked."""
    lines = []
    for call in wrong:
        shown = told_arguments(call.written, mask)[:_MAX_SHOWN_ARGUMENTS]
        lines.append(f"The call of {call.name} was not carried out: {call.why}.")
        lines += [f"Its arguments were: {shown}"] if shown else []
    return "\n".join(lines)
