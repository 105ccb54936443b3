"""How many tokens of the window each source takes, as figures and as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from iqdebug.core.messages import Message, message, render
from iqdebug.llm.backends.base import Counters
from iqdebug.llm.messages import Role, Source
from iqdebug.llm.window.items import Item

__all__ = ["Meter", "context_lines", "tokens_by_source"]


_SOURCES: Mapping[Source, Message] = {
    "system": message("llm.source.system"),
    "evidence": message("llm.source.evidence"),
    "values": message("llm.source.values"),
    "logs": message("llm.source.logs"),
    "chat": message("llm.source.chat"),
    "tools": message("llm.source.tools"),
    "ledger": message("llm.source.ledger"),
}
_ROLES: Mapping[Role, Message] = {
    "system": message("llm.role.system"),
    "user": message("llm.role.user"),
    "assistant": message("llm.role.assistant"),
    "tool": message("llm.role.tool"),
}


@dataclass(frozen=True, slots=True)
class Meter:
    """Tokens by source; ``reserve`` is kept for the reply, ``free`` is what is left."""

    by_source: tuple[tuple[Source, int], ...]
    used: int
    reserve: int
    free: int
    window: int


def tokens_by_source(items: Iterable[Item]) -> tuple[tuple[Source, int], ...]:
    """Sources in the order in which they first appear."""
    tokens: dict[Source, int] = {}
    for item in items:
        tokens[item.message.source] = tokens.get(item.message.source, 0) + item.tokens
    return tuple(tokens.items())


def context_lines(
    meter: Meter, counters: Counters, pinned: Sequence[str], items: Sequence[Item]
) -> list[str]:
    """The meter, the counters, the pinned notes, then every message with its tokens."""

    def amount(label: Message, tokens: int) -> Message:
        return message(
            "llm.context.amount",
            label=f"{render(label):<10}",
            count=f"{tokens:>9,}",
            share=f"{100 * tokens / max(meter.window, 1):5.1f}",
        )

    shown = [amount(_SOURCES[source], tokens) for source, tokens in meter.by_source]
    reply = amount(message("llm.context.reply"), meter.reserve)
    shown.append(message("llm.context.kept_free", amount=reply))
    shown.append(amount(message("llm.context.free"), meter.free))
    shown.append(
        message(
            "llm.context.counters",
            evaluated=f"{counters.evaluated:,}",
            reused=f"{counters.reused:,}",
            generated=f"{counters.generated:,}",
        )
    )
    shown += [message("llm.context.pinned", note=note[:100]) for note in pinned]
    lines = [render(line) for line in shown]
    for item in items:
        head = " ".join(item.message.content.split())[:60]
        role, source = render(_ROLES[item.message.role]), render(_SOURCES[item.message.source])
        lines.append(f"{item.tokens:>8,}  {role:<9} {source:<9} {head}")
    return lines
