"""Where the cause of an exception most likely lies: the ranking of places.

Three kinds of places are weighed: the frames that the exception passed through, the lines that
gave the failing value, and functions that returned before the failure and shaped it. Every rule
below says why it holds for code in general.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from iqdebug.core.messages import message
from iqdebug.core.state import Frame, Snapshot, Step
from iqdebug.diagnosis.dataflow.arguments import is_passthrough
from iqdebug.diagnosis.dataflow.attributes import made_elsewhere, setters, without_support
from iqdebug.diagnosis.dataflow.backward_slice import is_delegate
from iqdebug.diagnosis.dataflow.classes import named_in_message
from iqdebug.diagnosis.dataflow.provenance import trace_from
from iqdebug.diagnosis.ranking.code_shape import conditions_around, is_generated
from iqdebug.diagnosis.ranking.failures import Failure, failures
from iqdebug.diagnosis.ranking.frames import FrameRanking, relevant_frames
from iqdebug.diagnosis.ranking.order import interleaved
from iqdebug.diagnosis.source.functions import Candidate, Function, own_expressions, unparsed
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Examined", "examined"]

CALLS_WITH_CONDITIONS = 4
CONDITION_FACTOR = 0.8
REACHED_FACTOR = 0.7
UNWEIGHED_FRAME = 0.3
RETURNED_FACTOR = 0.85
WRITES_CODE_WEIGHT = 0.7
_COMPILES = re.compile(r"\b(?:exec|compile)\(")


@dataclass(frozen=True, slots=True)
class Examined:
    """``places`` under suspicion, best first, a function's best line before its others;
    ``provenance`` of the values of the failure that came first."""

    places: list[Candidate]
    provenance: tuple[Step, ...]
    failures: list[Failure]


def examined(snapshot: Snapshot, texts: Texts) -> Examined:
    """What the exceptions of a crash say about where their cause lies."""
    candidates: dict[tuple[str, int], Candidate] = {}
    chain = failures(snapshot, texts)
    provenance: tuple[Step, ...] = ()
    for failure in chain:
        ranking = _Ranking(failure, texts)
        for candidate in ranking.candidates():
            candidate.weight *= failure.share
            known = candidates.get((candidate.path, candidate.line))
            if known is None or known.weight < candidate.weight:
                if known is not None:
                    candidate.reasons = list(dict.fromkeys([*candidate.reasons, *known.reasons]))
                candidates[candidate.path, candidate.line] = candidate
        provenance = provenance or ranking.provenance
    return Examined(interleaved(list(candidates.values())), provenance, chain)


class _Ranking:
    """The candidates of one failure."""

    def __init__(self, failure: Failure, texts: Texts) -> None:
        self.error = failure.error
        self.texts = texts
        self.frames = relevant_frames([f for f in failure.frames if f.kind != "label"])
        self.code = [i for i, f in enumerate(self.frames) if f.kind != "stdlib" and self._has_text(f)]
        self.functions = {i: Function.of(self.frames[i], texts) for i in self.code}
        self.provenance: tuple[Step, ...] = ()

    def _has_text(self, frame: Frame) -> bool:
        return bool(self.texts[frame.path].text(frame.line).strip())

    def candidates(self) -> list[Candidate]:
        if not self.code:
            return self._without_source()
        if self.error.type.endswith("RecursionError") and (cycle := self._recursion()):
            return cycle
        ranking = FrameRanking(self.error, self.frames, self.code, self.texts)
        first, deliberate = ranking.first, ranking.deliberate
        function = self.functions[first]
        named = self._named(function, deliberate)
        suspicious = self._suspicious(function, deliberate)
        trace = trace_from(self.frames, self.texts, first, suspicious, 1.0, self._conditions())
        self.provenance = trace.steps()
        weights = ranking.weights(suspicious)
        candidates: list[Candidate] = []
        for index, weight in weights.items():
            passed = self.functions[index]
            if deliberate:
                reached = max((t.weight for t in trace.candidates.values() if t.index == index), default=0.0)
                weight *= 1.0 + REACHED_FACTOR * reached
            path, line = passed.frame.path, passed.frame.line
            reasons = ranking.reasons(index)
            candidates.append(Candidate(path, line, passed.qualname, weight, reasons, [], index))
            candidates += self._guards(index, weight) if index == first else []
        for candidate in trace.candidates.values():
            if candidate.index is not None:
                around = weights.get(candidate.index, UNWEIGHED_FRAME)
                candidate.weight = min(candidate.weight, 1.0) * around * 0.9
            else:
                candidate.weight = min(candidate.weight, 0.9) * RETURNED_FACTOR
                if any(is_generated(f.path) for f in self.frames[: first + 1]):
                    candidate.weight = max(candidate.weight, self._generates(candidate))
            candidates.append(candidate)
        return [*candidates, *named]

    def _without_source(self) -> list[Candidate]:
        reason = message("reason.passed_through")
        return [
            Candidate(frame.path, frame.line, frame.name, 0.5 * 0.7**i, [reason], index=i)
            for i, frame in enumerate(self.frames[:5])
        ]

    def _named(self, function: Function, deliberate: bool) -> list[Candidate]:
        """Places that the error's words or the names of the innermost calls lead to."""
        named = named_in_message(self.error, self.frames, self.texts)
        named += setters(self.error, self.frames, self.texts)
        if deliberate:
            named += without_support(self.error, function)
        for one, other in zip(self.code[:3], self.code[1:4], strict=False):
            named += made_elsewhere(self.functions[one], self.functions[other], self.frames, self.texts)
        return named

    def _generates(self, candidate: Candidate) -> float:
        """The weight of a function that returned before generated code failed: nobody edits that code,
        but what wrote it can be mended, and it is in a file that compiles."""
        outline = self.texts[candidate.path]
        definition = outline.function_at(candidate.line)
        tree = outline.tree(definition) if definition is not None else None
        if tree is None or not any(_COMPILES.search(text) for text in outline.lines):
            return 0.0
        return WRITES_CODE_WEIGHT * (0.6 if is_delegate(tree) else 1.0)

    def _conditions(self) -> list[tuple[int, ast.AST, float]]:
        """What let the calls happen that led to the failure: a call that should not have been made is
        the fault of what decided for it."""
        conditions: list[tuple[int, ast.AST, float]] = []
        for place, index in enumerate(self.code[1:CALLS_WITH_CONDITIONS]):
            function = self.functions[index]
            if function.tree is not None:
                nearest = conditions_around(function.tree, function.frame.line)[:1]
                conditions += [(index, node, CONDITION_FACTOR * 0.8**place) for node in nearest]
        return conditions

    def _guards(self, index: int, weight: float) -> list[Candidate]:
        """The condition that let the failing line run is where a missing case belongs."""
        function = self.functions[index]
        if function.tree is None:
            return []
        tests = [t for t in conditions_around(function.tree, function.frame.line) if isinstance(t, ast.expr)]
        nearest = next((t for t in tests if t.lineno < function.frame.line), None)
        if nearest is None:
            return []
        reason = message("reason.let_line_run", code=unparsed(nearest))
        path = function.frame.path
        return [Candidate(path, nearest.lineno, function.qualname, weight * 0.66, [reason], [], index)]

    def _recursion(self) -> list[Candidate]:
        """Of a recursion without end the functions that go round, those first that decide
        something: one that only calls the next cannot end it."""
        counts: dict[tuple[str, str], int] = {}
        for index in self.code:
            key = (self.frames[index].path, self.functions[index].qualname)
            counts[key] = counts.get(key, 0) + 1
        most = max(counts.values())
        cycle: dict[tuple[str, str], Candidate] = {}
        for index in self.code:
            function = self.functions[index]
            key = (function.frame.path, function.qualname)
            if counts[key] * 4 < most or counts[key] < 2 or key in cycle:
                continue
            decides = function.body_size >= 4 and not is_passthrough(function)
            weight = (0.9 if decides else 0.4) * 0.96 ** len(cycle)
            reason = message("reason.goes_round", count=counts[key])
            cycle[key] = Candidate(key[0], function.frame.line, key[1], weight, [reason], [], index)
        return list(cycle.values())

    def _suspicious(self, function: Function, deliberate: bool) -> list[ast.AST]:
        """The expressions whose values made the failure."""
        if deliberate and function.tree is not None:
            return list(conditions_around(function.tree, function.frame.line))
        if function.failing is not None:
            return [function.failing]
        return list(own_expressions(function.statement)) if function.statement is not None else []
