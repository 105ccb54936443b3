"""Summaries of messages that no longer fit in the window: one line for each fact, with its origin.

The lines are made by rules, not by a model: the same history gives the same text, and each line is the
beginning of a line of a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from iqdebug.llm.messages import Message, ToolCall

__all__ = ["Fact", "Worth", "facts_of", "ledger_text"]

Worth = Literal["fact", "decided", "done", "asked"]

_MAX_FACT_CHARACTERS = 260  # characters of a fact
_CONCLUSION = re.compile(
    r"^\s*(?:[-*]\s*)?\**(?:fact|conclusion|ruled out|cause|therefore|so)\b\**\s*[:—-]", re.I
)
_FENCE = re.compile(r"^(?:«data \w+.*|\w+ data»)$")
_MAX_FACTS_PER_MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """:param origin: "stop 3", "turn 12"."""

    worth: Worth
    text: str
    origin: str

    @property
    def line(self) -> str:
        return f"- [{self.origin}] {self.text}"


def facts_of(message: Message, origin: str, calls: Sequence[ToolCall] = ()) -> list[Fact]:
    """The facts that are kept of one message.

    :param calls: of a tool message, the calls that were made in its turn: their arguments say what
        was looked at.
    """
    if message.role == "tool":
        call = next((c for c in calls if c.id == message.tool_call_id), None)
        arguments = ", ".join(f"{k}={v}" for k, v in call.arguments.items()) if call is not None else ""
        first_line = next(iter(_content_lines(message.content)), "nothing")
        return [Fact("done", _cut(f"{message.name or 'tool'}({arguments}) → {first_line}"), origin)]
    if message.role == "assistant":
        lines = _content_lines(message.content)
        concluded = [line for line in lines if _CONCLUSION.match(line)]
        kept = (concluded or lines[:2])[:_MAX_FACTS_PER_MESSAGE]
        return [Fact("decided", _cut(line), origin) for line in kept]
    if message.source == "evidence":
        return [
            Fact("fact", _cut(line), origin)
            for line in _content_lines(message.content)[:_MAX_FACTS_PER_MESSAGE]
        ]
    lines = _content_lines(message.content)
    return [Fact("asked", _cut(f"the person: {lines[0]}"), origin)] if lines else []


def _content_lines(text: str) -> list[str]:
    """The lines with content, without fences."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if len(line) > 2 and not _FENCE.match(line)]


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_FACT_CHARACTERS else text[: _MAX_FACT_CHARACTERS - 1] + "…"


def ledger_text(facts: Iterable[Fact], pinned: Sequence[str], most: int) -> str:
    """The ledger as a message of at most ``most`` characters, pinned notes whole and first. Where there
    is too much the oldest questions go first, then what was looked at, then the oldest of the rest.
    """
    kept = list(dict.fromkeys(facts))
    head = "Ledger of earlier stops and turns, in short; each line says where it came from."
    notes = [f"- [pinned] {note}" for note in pinned]
    room = most - len(head) - sum(len(n) + 1 for n in notes)
    for worth in ("asked", "done", "decided", "fact"):
        for fact in [f for f in kept if f.worth == worth]:
            if sum(len(f.line) + 1 for f in kept) <= room:
                break
            kept.remove(fact)
    return "\n".join([head, *notes, *(f.line for f in kept)])
