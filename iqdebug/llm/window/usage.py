"""How many tokens of the window each source takes, as figures and as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iqdebug.llm.backends.base import Counters
from iqdebug.llm.messages import Source
from iqdebug.llm.window.items import Item

__all__ = ["Meter", "context_lines", "tokens_by_source"]


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
    share = max(meter.window, 1)
    lines = [
        f"{source:<10}{tokens:>9,} tokens {100 * tokens / share:5.1f}%" for source, tokens in meter.by_source
    ]
    lines.append(f"{'reply':<10}{meter.reserve:>9,} tokens {100 * meter.reserve / share:5.1f}%  kept free")
    lines.append(f"{'free':<10}{meter.free:>9,} tokens {100 * meter.free / share:5.1f}%")
    lines.append(
        f"evaluated {counters.evaluated:,}, reused {counters.reused:,}, "
        f"generated {counters.generated:,} tokens so far"
    )
    lines += [f"pinned: {note[:100]}" for note in pinned]
    for item in items:
        head = " ".join(item.message.content.split())[:60]
        lines.append(f"{item.tokens:>8,}  {item.message.role:<9} {item.message.source:<9} {head}")
    return lines
