"""Which candidates a person sees first: few lines of one function, and one that lies off the stack."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.diagnosis.ranking.failures import Failure
from iqdebug.diagnosis.ranking.frames import MAX_FRAMES
from iqdebug.diagnosis.source.functions import Candidate, Function
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["interleaved", "with_one_that_returned", "with_second_lines"]

SAME_FUNCTION_FACTOR, FURTHER_LINE_FACTOR = 0.62, 0.76
DISTINCT_FUNCTIONS = 3
"""Places at the front that are of different functions where they can be."""

FIRST_PLACES, MIN_WEIGHT_OFF_STACK = 5, 0.15


def with_one_that_returned(
    places: list[Candidate], failures: Sequence[Failure], texts: Texts
) -> list[Candidate]:
    """Of the first five places one lies off the stack, where any is suspect at all: a quarter of the
    causes do, and the further out a frame is, the less often it holds one."""
    frames = [f for failure in failures for f in failure.frames[:MAX_FRAMES] if f.kind != "label"]
    on_stack = {(f.path, Function.of(f, texts).qualname) for f in frames}
    off = [c for c in places if c.index is None and (c.path, c.function) not in on_stack]
    if not off or off[0].weight < MIN_WEIGHT_OFF_STACK:
        return places
    if any(candidate in off for candidate in places[:FIRST_PLACES]):
        return places
    last = places[FIRST_PLACES - 1]
    off[0].weight = max(off[0].weight, last.weight)
    rest = [candidate for candidate in places if candidate is not off[0]]
    return [*rest[: FIRST_PLACES - 1], off[0], *rest[FIRST_PLACES - 1 :]]


def with_second_lines(places: list[Candidate]) -> list[Candidate]:
    """The first three are of three functions where they can be; behind them a further line of a function
    that is strongly suspected comes before a function that hardly is: the line is what a person mends."""
    times: dict[tuple[str, str], int] = {}
    first, rest = places[:DISTINCT_FUNCTIONS], places[DISTINCT_FUNCTIONS:]
    for place, candidate in enumerate(places):
        key = (candidate.path, candidate.function)
        before = times.get(key, 0)
        times[key] = before + 1
        if place >= DISTINCT_FUNCTIONS:
            candidate.weight = min(
                candidate.weight * (FURTHER_LINE_FACTOR / SAME_FUNCTION_FACTOR) ** before, first[-1].weight
            )
    return [*first, *sorted(rest, key=lambda candidate: -candidate.weight)]


def interleaved(candidates: list[Candidate]) -> list[Candidate]:
    """A second line of a function is worth less than the first of another: it is found at once
    when the function is opened."""
    best: dict[tuple[str, str], int] = {}
    ordered = []
    for candidate in sorted(candidates, key=lambda c: (-c.weight, c.path, c.line)):
        times = best.get((candidate.path, candidate.function), 0)
        best[candidate.path, candidate.function] = times + 1
        candidate.weight *= SAME_FUNCTION_FACTOR**times
        ordered.append(candidate)
    return sorted(ordered, key=lambda candidate: -candidate.weight)
