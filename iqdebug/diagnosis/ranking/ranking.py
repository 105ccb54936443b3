"""Where the cause of an exception most likely lies: the ranking of places.

Three kinds of places are weighed: the frames that the exception passed through, the lines that
gave the failing value, and functions that returned before the failure and shaped it. Every rule
below says why it holds for code in general.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from iqdebug.core.messages import Text, message
from iqdebug.core.state import ExceptionInfo, Frame, Snapshot, Step
from iqdebug.diagnosis.dataflow.arguments import breaks_contract, hands_on, senders
from iqdebug.diagnosis.dataflow.attributes import made_elsewhere, setters, without_support
from iqdebug.diagnosis.dataflow.backward_slice import hands_over
from iqdebug.diagnosis.dataflow.classes import named_in_message
from iqdebug.diagnosis.dataflow.none_values import surely_none
from iqdebug.diagnosis.dataflow.provenance import trace_from
from iqdebug.diagnosis.source.functions import (
    Candidate,
    Function,
    FunctionTree,
    names_in,
    own_expressions,
    package_of,
    unparsed,
)
from iqdebug.diagnosis.source.texts import Texts

__all__ = [
    "Examined",
    "Failure",
    "examined",
    "failures",
    "generated",
    "with_one_that_returned",
    "with_second_lines",
]

_MAX_FRAMES = 80
_BEFORE = 10
_CALLS_WITH_CONDITIONS = 4
_CONDITION = 0.8
_AGAIN, _FURTHER_LINE, _FUNCTIONS_FIRST = 0.62, 0.76, 3
_FURTHER = 0.7
_RETURNED = 0.85
_LACKS_A_CASE = 1.1
_FIRST, _WORTH_A_LOOK = 5, 0.15
_COMPLAINS_OF_OTHERS, _ASKED_WRONGLY = 0.5, 1.0
_GENERATED, _WRITES_CODE = 0.5, 0.7
_COMPILES = re.compile(r"\b(?:exec|compile)\(")


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception and its frames, innermost first. ``share`` says how much of the suspicion is
    its own, where others are chained to it."""

    error: ExceptionInfo
    frames: tuple[Frame, ...]
    share: float


def failures(snapshot: Snapshot, texts: Texts) -> list[Failure]:
    """The exceptions of a crash, the first cause first."""
    error = snapshot.exception
    if error is None:
        return []
    thread = snapshot.focused
    frames = error.frames or (_before_labels(thread.frames) if thread is not None else ())
    return _unfolded(error, frames, 1.0, texts)


def _before_labels(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    cut = next((i for i, f in enumerate(frames) if f.kind == "label"), len(frames))
    return tuple(frames[:cut])


def _unfolded(error: ExceptionInfo, frames: tuple[Frame, ...], share: float, texts: Texts) -> list[Failure]:
    found: list[Failure] = []
    if error.members:
        # A group only says that its members failed.
        for member in error.members[:8]:
            found += _unfolded(member, member.frames, share, texts)
        return [*found, Failure(error, frames, share * 0.3)]
    own = share
    for before in error.chain[:1]:
        # `raise X from e`, or a raise in an except block, reports a failure that came first. An
        # error of another kind inside the handler is a failure of the handler's own.
        reported = before.link == "cause" or _raised_on_purpose(frames, texts)
        if not before.frames:
            continue
        frames_below = _continued(before.frames, frames)
        nested = ExceptionInfo(before.type, before.message, chain=error.chain[1:], members=before.members)
        found += _unfolded(nested, frames_below, share * (1.0 if reported else 0.55), texts)
        own = share * (0.62 if reported else 1.0)
        if (before.type, before.message) == (error.type, error.message):
            own = share * 0.3  # one failure, raised again as it came: out of a worker's process, mostly
    return sorted([*found, Failure(error, frames, own)], key=lambda f: -f.share)


def _continued(frames: tuple[Frame, ...], outer: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """A traceback that ends where its exception was caught, and the calls that led there: those of
    the exception raised in its place, from the same function on."""
    if not frames:
        return frames
    last = frames[-1]
    at = next((i for i, f in enumerate(outer) if (f.path, f.name) == (last.path, last.name)), None)
    return frames if at is None else (*frames, *outer[at + 1 :])


def _raised_on_purpose(frames: Sequence[Frame], texts: Texts) -> bool:
    site = next((f for f in frames if f.kind not in ("stdlib", "label")), None)
    if site is None:
        return False
    return isinstance(Function.of(site, texts).statement, ast.Raise | ast.Assert)


@dataclass(frozen=True, slots=True)
class Examined:
    """``places`` under suspicion, best first, a function's best line before its others;
    ``provenance`` of the values of the failure that came first."""

    places: list[Candidate]
    provenance: tuple[Step, ...]
    failures: list[Failure]


def examined(snapshot: Snapshot, texts: Texts) -> Examined:
    """What the exceptions of a crash say about where their cause lies."""
    sites: dict[tuple[str, int], Candidate] = {}
    chain = failures(snapshot, texts)
    provenance: tuple[Step, ...] = ()
    for failure in chain:
        ranking = _Ranking(failure, texts)
        found = ranking.sites()
        provenance = provenance or ranking.provenance
        for site in found:
            site.weight *= failure.share
            known = sites.get((site.path, site.line))
            if known is None or known.weight < site.weight:
                if known is not None:
                    site.reasons = list(dict.fromkeys([*site.reasons, *known.reasons]))
                sites[site.path, site.line] = site
    return Examined(_interleaved(list(sites.values())), provenance, chain)


def with_one_that_returned(
    places: list[Candidate], failures: Sequence[Failure], texts: Texts
) -> list[Candidate]:
    """Of the first five places one lies off the stack, where any is suspect at all: a quarter of the
    causes do, and the further out a frame is, the less often it holds one."""
    frames = [f for failure in failures for f in failure.frames[:_MAX_FRAMES] if f.kind != "label"]
    on_stack = {(f.path, Function.of(f, texts).qualname) for f in frames}
    off = [s for s in places if s.index is None and (s.path, s.function) not in on_stack]
    if not off or off[0].weight < _WORTH_A_LOOK or any(site in off for site in places[:_FIRST]):
        return places
    last = places[_FIRST - 1]
    off[0].weight = max(off[0].weight, last.weight)
    rest = [site for site in places if site is not off[0]]
    return [*rest[: _FIRST - 1], off[0], *rest[_FIRST - 1 :]]


def with_second_lines(places: list[Candidate]) -> list[Candidate]:
    """The first three are of three functions where they can be; behind them a further line of a function
    that is strongly suspected comes before a function that hardly is: the line is what a person mends."""
    times: dict[tuple[str, str], int] = {}
    first, rest = places[:_FUNCTIONS_FIRST], places[_FUNCTIONS_FIRST:]
    for place, site in enumerate(places):
        key = (site.path, site.function)
        before = times.get(key, 0)
        times[key] = before + 1
        if place >= _FUNCTIONS_FIRST:
            site.weight = min(site.weight * (_FURTHER_LINE / _AGAIN) ** before, first[-1].weight)
    return [*first, *sorted(rest, key=lambda site: -site.weight)]


def _interleaved(sites: list[Candidate]) -> list[Candidate]:
    """A second line of a function is worth less than the first of another: it is found at once
    when the function is opened."""
    best: dict[tuple[str, str], int] = {}
    ordered = []
    for site in sorted(sites, key=lambda s: (-s.weight, s.path, s.line)):
        times = best.get((site.path, site.function), 0)
        best[site.path, site.function] = times + 1
        site.weight *= _AGAIN**times
        ordered.append(site)
    return sorted(ordered, key=lambda site: -site.weight)


class _Ranking:
    """The places of one failure."""

    def __init__(self, failure: Failure, texts: Texts) -> None:
        self.error = failure.error
        self.texts = texts
        self.frames = _worth_a_look([f for f in failure.frames if f.kind != "label"])
        self.code = [i for i, f in enumerate(self.frames) if f.kind != "stdlib" and self._has_text(f)]
        self.functions = {i: Function.of(self.frames[i], texts) for i in self.code}
        self.provenance: tuple[Step, ...] = ()

    def _has_text(self, frame: Frame) -> bool:
        return bool(self.texts[frame.path].text(frame.line).strip())

    def sites(self) -> list[Candidate]:
        if not self.code:
            return [
                Candidate(f.path, f.line, f.name, 0.5 * 0.7**i, [message("reason.passed_through")], index=i)
                for i, f in enumerate(self.frames[:5])
            ]
        first = self.code[0]
        function = self.functions[first]
        deliberate = isinstance(function.statement, ast.Raise | ast.Assert)
        if self.error.type.endswith("RecursionError") and (round_ := self._recursion()):
            return round_
        named = named_in_message(self.error, self.frames, self.texts)
        named += setters(self.error, self.frames, self.texts)
        if deliberate:
            named += without_support(self.error, function)
        for one, other in zip(self.code[:3], self.code[1:4], strict=False):
            named += made_elsewhere(self.functions[one], self.functions[other], self.frames, self.texts)
        suspicious = self._suspicious(function, deliberate)
        trace = trace_from(self.frames, self.texts, first, suspicious, 1.0, self._conditions())
        self.provenance = trace.steps()
        weights = self._frame_weights(deliberate, suspicious)
        sites = []
        for index, weight in weights.items():
            found = self.functions[index]
            reached = max((t.weight for t in trace.sites.values() if t.index == index), default=0.0)
            if deliberate:
                weight *= 1.0 + 0.7 * reached
            reasons = self._reasons(index, first, deliberate)
            sites.append(
                Candidate(found.frame.path, found.frame.line, found.qualname, weight, reasons, [], index)
            )
            sites += self._guards(index, weight) if index == first else []
        for site in trace.sites.values():
            if site.index is not None:
                around = weights.get(site.index, 0.3)
                site.weight = min(site.weight, 1.0) * around * 0.9
            else:
                site.weight = min(site.weight, 0.9) * _RETURNED
                if any(generated(f.path) for f in self.frames[: first + 1]):
                    site.weight = max(site.weight, self._generates(site))
            sites.append(site)
        return [*sites, *named]

    def _generates(self, site: Candidate) -> float:
        """The share of a function that returned before generated code failed: nobody edits that code, but
        whoever wrote it can be mended, and that is a file which compiles."""
        outline = self.texts[site.path]
        definition = outline.function_at(site.line)
        tree = outline.tree(definition) if definition is not None else None
        if tree is None or not any(_COMPILES.search(text) for text in outline.lines):
            return 0.0
        return _WRITES_CODE * (0.6 if hands_over(tree) else 1.0)

    def _conditions(self) -> list[tuple[int, ast.AST, float]]:
        """What let the calls happen that led to the failure: a call that should not have been made is
        the fault of what decided for it."""
        found: list[tuple[int, ast.AST, float]] = []
        for place, index in enumerate(self.code[1:_CALLS_WITH_CONDITIONS]):
            function = self.functions[index]
            if function.tree is not None:
                nearest = _conditions_around(function.tree, function.frame.line)[:1]
                found += [(index, node, _CONDITION * 0.8**place) for node in nearest]
        return found

    def _guards(self, index: int, weight: float) -> list[Candidate]:
        """The condition that let the failing line run is where a missing case belongs."""
        function = self.functions[index]
        if function.tree is None:
            return []
        tests = [t for t in _conditions_around(function.tree, function.frame.line) if isinstance(t, ast.expr)]
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
        found: dict[tuple[str, str], Candidate] = {}
        for index in self.code:
            function = self.functions[index]
            key = (function.frame.path, function.qualname)
            if counts[key] * 4 < most or counts[key] < 2 or key in found:
                continue
            decides = function.body_size >= 4 and not hands_on(function)
            weight = (0.9 if decides else 0.4) * 0.96 ** len(found)
            reason = message("reason.goes_round", count=counts[key])
            found[key] = Candidate(*key[:1], function.frame.line, key[1], weight, [reason], [], index)
        return list(found.values())

    def _suspicious(self, function: Function, deliberate: bool) -> list[ast.AST]:
        """The expressions whose values made the failure."""
        if deliberate and function.tree is not None:
            return list(_conditions_around(function.tree, function.frame.line))
        if function.failing is not None:
            return [function.failing]
        return list(own_expressions(function.statement)) if function.statement is not None else []

    def _frame_weights(self, deliberate: bool, suspicious: Sequence[ast.AST]) -> dict[int, float]:
        weights: dict[int, float] = {}
        seen: set[tuple[str, str]] = set()
        start = self.code[0]
        home = self._package(start)
        handing_out = not deliberate
        place, lift = 0, 1.0
        for index in self.code:
            function = self.functions[index]
            key = (function.frame.path, function.qualname)
            weight = self._prior(place, deliberate) * lift
            lift = 1.0
            if hands_on(function):
                # A wrapper runs what it was given, whatever that does.
                weights[index] = weight * 0.3
                lift = 1.15
                continue
            place += 1
            if key in seen:
                weight *= 0.3
            seen.add(key)
            if deliberate and index == start and _is_no_case_left(function):
                # What tells cases apart and has none for this value lacks one.
                weight = _LACKS_A_CASE
            elif deliberate and _raises_for_others(function):
                # A function that checks and complains is right more often than who called it.
                weight *= 0.4
                lift = 1.3
            elif handing_out and _only_hands_out(function):
                # One line that looks something up does what it is told: the caller asked wrongly.
                weight *= 0.45
                lift = 1.65
            else:
                handing_out = False
            if function.frame.kind == "user" and home not in ("user", "stdlib") and not deliberate:
                weight *= 0.6
            if generated(function.frame.path):
                weight *= _GENERATED
            weights[index] = weight * self._rarity(index)
        if deliberate:
            self._blame_who_called_the_package(weights)
        self._blame_senders(weights, suspicious, deliberate)
        return weights

    def _blame_who_called_the_package(self, weights: dict[int, float]) -> None:
        """An installed package that complains on purpose is used by many who do not make it complain:
        between two of them, what the first of the other's frames handed over is at fault."""
        home = self._package(self.code[0])
        border = next((i for i in self.code if self._package(i) != home), None)
        if border is None or any(self.frames[i].kind != "library" for i in (self.code[0], border)):
            return
        most = max((weights[i] for i in self.code if i < border and i in weights), default=0.0)
        for index in self.code:
            if index < border:
                weights[index] *= _COMPLAINS_OF_OTHERS
        weights[border] = max(weights[border], most * _ASKED_WRONGLY)

    def _package(self, index: int) -> str:
        return package_of(self.frames[index].path, self.frames[index].kind)

    @staticmethod
    def _prior(place: int, deliberate: bool) -> float:
        """Where nothing else is known: an error that arises by itself most often has its cause
        where it arises; one that is raised on purpose tells about its callers."""
        if deliberate:
            return 0.7 * 0.88**place
        return 1.0 if place == 0 else 0.6 * _FURTHER ** (place - 1)

    def _rarity(self, index: int) -> float:
        """In a deep stack of one general file, the one frame from a file of special cases stands
        out: the general code serves everybody and is proven by it."""
        if len(self.code) < 8:
            return 1.0
        path = self.frames[index].path
        alike = sum(self.frames[i].path == path for i in self.code)
        same_package = self._package(index) == self._package(self.code[0])
        return 1.4 if alike == 1 and same_package and self.frames[index].kind != "user" else 1.0

    def _blame_senders(
        self, weights: dict[int, float], suspicious: Sequence[ast.AST], deliberate: bool
    ) -> None:
        """A value that breaks the contract of the function that received it is the fault of who
        made it; those in between only handed it on."""
        first = self.code[0]
        function = self.functions[first]
        for name in [n for node in suspicious for n in names_in(node)][:6]:
            path = senders(self.frames, self.texts, first, name)
            value = function.value(name)
            if not path or value is None:
                continue
            for between in path[:-1]:
                if between in weights:
                    weights[between] *= 0.6
            origin = path[-1]
            told = deliberate or "None" in self.error.message  # else it is another value that failed
            foreign = told and self._package(first) != self._package(origin) and value.value == "None"
            # Nothing where something is due within one package is as often the receiver's case to
            # handle; across packages the receiver's contract is what others rely upon.
            broken = value.value != "None" and breaks_contract(function, name)
            if not (foreign or broken) or origin not in weights:
                continue
            if self.frames[origin].kind == "user" and self.frames[first].kind != "user" and not foreign:
                continue
            weights[first] *= 0.55
            weights[origin] = max(weights[origin] * 1.5, 0.95)
            return

    def _reasons(self, index: int, first: int, deliberate: bool) -> list[Text]:
        if index != first:
            return [message("reason.passed_through_call")]
        kind = self.error.type.rsplit(".", 1)[-1]
        if deliberate:
            return [message("reason.raised_on_purpose", exception=kind)]
        if first:
            return [message("reason.came_out_of_call", exception=kind)]
        none = surely_none(self.functions[index], self.error.message)
        reasons: list[Text] = [message("reason.arises", exception=kind)]
        return [*reasons, message("reason.is_none", name=none)] if none else reasons


def _conditions_around(tree: ast.AST, line: int) -> list[ast.AST]:
    """The tests that led to a line."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.Assert) and node.lineno <= line <= (
            node.end_lineno or 0
        ):
            found.append(node.test)
    found.reverse()
    return found[:3]


_COMPLAINS = re.compile(
    r"_?(raise|error|fail|abort|check|validate|assert|ensure|require|verify|expect|invalid|reject|die)"
)


def _raises_for_others(function: Function) -> bool:
    name = function.qualname.rsplit(".", 1)[-1].lower()
    if _COMPLAINS.match(name) or name.endswith(("_error", "_failed")):
        return True
    raises = isinstance(function.statement, ast.Raise | ast.Assert)
    return raises and isinstance(function.tree, FunctionTree) and function.body_size <= 3


def _is_no_case_left(function: Function) -> bool:
    """Whether the failing ``raise`` is what remains after at least two tests of one thing."""
    tree, raised = function.tree, function.statement
    if not isinstance(raised, ast.Raise) or not isinstance(tree, FunctionTree):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and node.orelse == [raised]:
            tests = [node.test, *_tests_before(tree, node)]
            return _of_one_thing(tests)
    if raised is not tree.body[-1]:
        return False
    return _of_one_thing([s.test for s in tree.body[:-1] if isinstance(s, ast.If) and _leaves(s.body)])


def _tests_before(tree: ast.AST, last: ast.If) -> list[ast.expr]:
    """Of the ``if`` whose ``elif`` it is, and so on."""
    found: list[ast.expr] = []
    at: ast.If | None = last
    while at is not None:
        at = next((n for n in ast.walk(tree) if isinstance(n, ast.If) and n.orelse == [at]), None)
        if at is not None:
            found.append(at.test)
    return found


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Continue | ast.Raise)


def _of_one_thing(tests: Sequence[ast.expr]) -> bool:
    counts: dict[str, int] = {}
    for test in tests:
        for name in {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}:
            counts[name] = counts.get(name, 0) + 1
    builtin = {"isinstance", "type", "len", "issubclass", "callable", "hasattr", "str", "int", "dict", "list"}
    return max((n for name, n in counts.items() if name not in builtin), default=0) >= 2


def _worth_a_look(frames: list[Frame]) -> list[Frame]:
    """The innermost ones; where they are all of the standard library, those around the first that are
    not."""
    first = next((i for i, f in enumerate(frames) if f.kind != "stdlib"), 0)
    start = first - _BEFORE if first >= _MAX_FRAMES else 0
    return frames[start : start + _MAX_FRAMES]


def generated(path: str) -> bool:
    """Code that was made while the program ran, kept for tracebacks under a name that is no file."""
    return path.startswith("<") and path not in ("<stdin>", "<string>") and not path.startswith("<frozen")


_LOOKS_UP = {
    *("__getitem__", "__setitem__", "__delitem__", "__missing__", "__contains__", "__iter__", "__next__"),
    *("__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__get__", "__reversed__"),
    *("__enter__", "__exit__"),
}


def _only_hands_out(function: Function) -> bool:
    if not isinstance(function.tree, FunctionTree) or function.body_size > 2:
        return False
    return function.qualname.rsplit(".", 1)[-1] in _LOOKS_UP
