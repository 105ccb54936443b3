"""What the way back from a failure gathers: places under suspicion, and the hops of each value."""

from __future__ import annotations

from dataclasses import dataclass, field

from iqdebug.core.evidence import HopKind
from iqdebug.core.state import Step, Variable
from iqdebug.diagnosis.source.functions import Candidate

__all__ = ["MAX_DEPTH", "Hop", "Trace"]

MAX_DEPTH = 7
MAX_ROOTS = 6
MAX_HOPS_BEFORE = 6


@dataclass
class Trace:
    """The steps back from a failure: as weighed places, where one that is reached twice keeps its
    greater weight, and as a tree of hops."""

    candidates: dict[tuple[str, int], Candidate] = field(default_factory=dict)
    roots: list[Hop] = field(default_factory=list)

    def add(self, candidate: Candidate) -> None:
        key = (candidate.path, candidate.line)
        known = self.candidates.get(key)
        if known is None:
            self.candidates[key] = candidate
            return
        if candidate.weight > known.weight:
            candidate.reasons = list(dict.fromkeys([*candidate.reasons, *known.reasons]))
            candidate.proof = candidate.proof or known.proof
            self.candidates[key] = candidate
        else:
            known.reasons = list(dict.fromkeys([*known.reasons, *candidate.reasons]))

    def steps(self) -> tuple[Step, ...]:
        """The hops, frozen; each line once on a way."""
        return tuple(hop.frozen(frozenset()) for hop in self.roots[:MAX_ROOTS])


@dataclass
class Hop:
    """A :class:`~iqdebug.core.state.Step` that still grows."""

    expression: str
    kind: HopKind
    path: str
    line: int
    function: str
    value: Variable | None = None
    index: int | None = None
    before: list[Hop] = field(default_factory=list)
    detail: str = ""

    def add(self, hop: Hop) -> Hop:
        """A hop that led to this one."""
        self.before.append(hop)
        return hop

    def frozen(self, above: frozenset[tuple[str, int, str]]) -> Step:
        here = above | {(self.path, self.line, self.expression)}
        before = [h for h in self.before if (h.path, h.line, h.expression) not in here]
        return Step(
            expression=self.expression,
            kind=self.kind,
            path=self.path,
            line=self.line,
            function=self.function,
            value=self.value,
            frame_index=self.index,
            before=tuple(h.frozen(here) for h in before[:MAX_HOPS_BEFORE]) if len(here) < MAX_DEPTH else (),
            detail=self.detail,
        )
