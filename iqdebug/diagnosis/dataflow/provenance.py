"""Where a value came from: backwards through assignments, arguments and what calls returned.

Starting at the expression that failed, each step names the line that gave the value, the caller
that passed it, or the function that returned it, with the value as it still is in a frame.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from iqdebug.core.evidence import HopKind
from iqdebug.core.messages import Message, hop_message, message
from iqdebug.core.state import Frame, Variable
from iqdebug.diagnosis.dataflow.arguments import argument_of, is_passthrough
from iqdebug.diagnosis.dataflow.attribute_origins import AttributeOrigins
from iqdebug.diagnosis.dataflow.bindings import Binding, always_runs, assignments, next_line
from iqdebug.diagnosis.dataflow.prior_calls import done_before
from iqdebug.diagnosis.dataflow.returned_calls import ReturnedCalls, is_nothing
from iqdebug.diagnosis.dataflow.trace import MAX_DEPTH, Hop, Trace
from iqdebug.diagnosis.source.functions import Candidate, Function, calls_in, names_in, unparsed
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["trace_from"]

MAX_STEPS = 60
MAX_CALLEES = 6
"""Calls of one expression that are followed."""

MAX_CALLERS = 6
MIN_TEXT_LENGTH, MAX_TEXT_LENGTH = 8, 20_000
"""A failing text that is shorter tells nothing, a longer one too much."""

# How much of the suspicion stays on the way back, by the kind of step.
ASSIGNED_SHARE = 0.72
PASSED_SHARE = 0.8
RETURNED_SHARE = 0.85
ATTRIBUTE_SHARE = 0.6
SAME_VALUE_SHARE = 0.94
DONE_BEFORE_SHARE, SAME_CONSTANT_SHARE = 0.35, 0.6
OTHER_NAME_SHARE = 0.5
_PARTS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")


class _Walker:
    def __init__(self, frames: Sequence[Frame], texts: Texts) -> None:
        self.frames = frames
        self.texts = texts
        self.trace = Trace()
        self.returned = ReturnedCalls(frames, texts, self.trace)
        self.attributes = AttributeOrigins(frames, texts, self.trace)
        self._seen: set[tuple[int, str, int]] = set()
        self._steps = 0
        self._followed: Variable | None = None
        self._hint = ""  # the attribute whose origin is looked for

    def function(self, index: int) -> Function:
        return Function.of(self.frames[index], self.texts)

    def root(self, index: int, node: ast.AST, weight: float) -> None:
        """The failing expression itself, and its way."""
        function = self.function(index)
        frame = function.frame
        for name in names_in(node)[:8] or [""]:
            value = function.value(name) if name else None
            shown = name or unparsed(node)
            hop = Hop(shown, HopKind.FAILED, frame.path, frame.line, function.qualname, value, index)
            self.trace.roots.append(hop)
            if name:
                self._followed = value
                self.returned.failing_text = ""
                self.name(index, name, weight, 0, hop)
        self._followed = None
        for name, _ in calls_in(node)[:MAX_CALLEES]:
            self.returned.called(function, name, weight * RETURNED_SHARE, self.trace.roots[-1])

    def expression(
        self,
        index: int,
        node: ast.AST,
        weight: float,
        depth: int,
        hop: Hop,
        given: tuple[str, int] = ("", 0),
    ) -> None:
        """What an expression in a frame reads and calls. ``given`` is the variable that it was assigned
        to and the line: read in it, the variable is what it was before."""
        function = self.function(index)
        for name, _ in calls_in(node)[:MAX_CALLEES]:
            self.returned.called(function, name, weight * RETURNED_SHARE, hop)
        names = names_in(node)[:8]
        for name in names:
            share = OTHER_NAME_SHARE if self._hint in names and name != self._hint else 1.0
            self.name(index, name, weight * share, depth, hop, given[1] if name == given[0] else 0)

    def name(self, index: int, name: str, weight: float, depth: int, hop: Hop, before: int = 0) -> None:
        """Follow a variable of a frame back, from its line or an earlier one."""
        if (index, name, before) in self._seen or depth > MAX_DEPTH or self._steps > MAX_STEPS:
            return
        self._seen.add((index, name, before))
        self._steps += 1
        function = self.function(index)
        value = function.value(name) if not before else None
        if not self.returned.failing_text:
            self.returned.failing_text = _text_of(value)
        line = before or function.frame.line
        assigned = list(assignments(function.tree, name, line)) if function.tree else []
        certain = False
        for binding in assigned[:3]:
            statement = binding.statement
            reason = _gave_value(name, binding, function)
            self.candidate(function, index, statement.lineno, weight * ASSIGNED_SHARE, reason, value)
            here = self.hop(hop, name, binding.kind, function, statement.lineno, value, index, binding.method)
            if binding.source is not None:
                share = weight * self.kept(ASSIGNED_SHARE, value)
                self.given(index, binding.source, share, depth + 1, value, here, (name, statement.lineno))
            if depth == 0:
                self.unchecked(function, index, statement, weight, name, value)
            weight *= 0.8
            if binding.kind is not HopKind.CHANGED and always_runs(function.tree, statement, line):
                certain = True
                break
        if not certain and name in function.parameters:
            self.argument(index, name, weight, depth, hop)
        elif not assigned and (around := self._around(index, name)) is not None:
            self.name(around, name, weight, depth + 1, hop)
        elif not assigned and "." in name:
            self.attributes.of_attribute(function, name, weight * ATTRIBUTE_SHARE, hop)
            self.receiver(index, name.partition(".")[2], weight * PASSED_SHARE, depth, hop)
        elif not assigned:
            self.of_the_module(function, name, weight * ATTRIBUTE_SHARE, hop)

    def of_the_module(self, function: Function, name: str, weight: float, hop: Hop) -> None:
        """A table or constant of the module: what general code looks up in it is right or wrong there."""
        module = function.outline.module
        if function.definition is None or module is None:
            return
        for binding in assignments(module, name, len(function.outline.lines) + 1):
            if binding.source is None or isinstance(binding.source, ast.Call):
                return  # a compiled pattern, a logger, an instance: made elsewhere
            line, path = binding.statement.lineno, function.frame.path
            reason = _gave_value(name, binding, function)
            self.trace.add(Candidate(path, line, "<module>", weight, [reason]))
            hop.add(Hop(name, binding.kind, path, line, "<module>", detail=binding.method))
            return

    def _caller(self, index: int) -> int | None:
        """The next frame out whose code can be read: generated code in between only hands on."""
        for at in range(index + 1, len(self.frames)):
            if self.frames[at].kind != "label" and self.texts[self.frames[at].path].text(
                self.frames[at].line
            ):
                return at
        return None

    def _around(self, index: int, name: str) -> int | None:
        """The frame of the enclosing function that a free variable belongs to."""
        outer, nested, _ = self.function(index).qualname.rpartition(".<locals>.")
        while nested:
            for at in range(index + 1, len(self.frames)):
                function = self.function(at)
                if self.frames[at].path == self.frames[index].path and function.qualname == outer:
                    known = function.tree is not None and any(
                        assignments(function.tree, name, function.frame.line)
                    )
                    if known or name in function.parameters:
                        return at
                    break
            outer, nested, _ = outer.rpartition(".<locals>.")
        return None

    def kept(self, share: float, value: Variable | None) -> float:
        """The share of suspicion that a hop leaves. A hop that hands the failing value itself on
        leaves nearly all: what made the value is as suspicious as what it broke."""
        followed = self._followed
        same = (
            followed is not None
            and value is not None
            and (value.value, value.type) == (followed.value, followed.type)
        )
        return max(share, SAME_VALUE_SHARE) if same else share

    def given(
        self,
        index: int,
        source: ast.expr,
        weight: float,
        depth: int,
        value: Variable | None,
        hop: Hop,
        to: tuple[str, int],
    ) -> None:
        """The right side of an assignment. What a call returned on its own is the call's doing, and
        the more so when it is nothing at all."""
        if isinstance(source, ast.Call) and value is not None:
            more = 1.25 if is_nothing(value) else 1.0
            self.returned.called(self.function(index), unparsed(source.func), weight * more, hop, value)
        self.expression(index, source, weight, depth, hop, to)

    def unchecked(
        self,
        function: Function,
        index: int,
        statement: ast.stmt,
        weight: float,
        name: str,
        value: Variable | None,
    ) -> None:
        """The line after the one that gave the value: where a check of it would stand."""
        after = next_line(function.tree, statement)
        if after is not None and after < function.frame.line:
            reason = message("reason.unchecked", name=name, line=function.frame.line)
            self.candidate(function, index, after, weight * 0.6, reason, value)

    def argument(self, index: int, name: str, weight: float, depth: int, hop: Hop) -> None:
        """A parameter that was not assigned to: the call that passed it."""
        at = self._caller(index)
        if at is None:
            return
        function, caller = self.function(index), self.function(at)
        if function.frame.name.endswith(_PARTS) and function.definition == caller.definition:
            self.name(at, name, weight, depth, hop)  # a comprehension's own frame, up to Python 3.11
            return
        argument = argument_of(function, caller, name)
        while argument is None and is_passthrough(caller):
            # A wrapper passes on what it was given: what its own caller passed counts.
            above = self._caller(at)
            if above is None:
                break
            at, caller = above, self.function(above)
            argument = argument_of(function, caller, name)
        if argument is None:
            if caller.frame.kind != "stdlib" and caller.frame.line:
                reason = message("reason.call_with", function=function.qualname, name=name)
                self.candidate(caller, at, caller.frame.line, weight * 0.6, reason, None)
                self.hop(hop, name, HopKind.CALLED, caller, caller.frame.line, None, at)
            return
        passed = unparsed(argument)
        reason = message("reason.passed", name=name, function=function.qualname, passed=passed)
        values = [v for v in (caller.value(n) for n in names_in(argument)) if v is not None]
        value = values[0] if values else None
        self.candidate(caller, at, caller.frame.line, weight * PASSED_SHARE, reason, value)
        here = self.hop(hop, passed, HopKind.PASSED, caller, caller.frame.line, value, at, name)
        weight *= self.kept(PASSED_SHARE, value)
        self.expression(at, argument, weight, depth + 1, here)
        if caller.tree is None:
            return
        for before in done_before(caller.tree, argument, caller.frame.line):
            share = SAME_CONSTANT_SHARE if isinstance(argument, ast.Constant) else DONE_BEFORE_SHARE
            self.returned.called(caller, before, weight * share, here, effect=True)

    def receiver(self, index: int, attribute: str, weight: float, depth: int, hop: Hop) -> None:
        """The object whose attribute it is: what the frame that called a method of it made it from, an
        argument of the attribute's name before others."""
        name = self.function(index).qualname.rsplit(".", 1)[-1]
        for _ in range(MAX_CALLERS):
            at = self._caller(index)
            if at is None:
                return
            caller = self.function(at)
            calls = [c for s in [caller.statement] if s is not None for _, c in calls_in(s)]
            on = [c.func.value for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == name]
            if not on:
                return
            if not isinstance(on[0], ast.Name) or on[0].id not in ("self", "cls"):
                hint, self._hint = self._hint, attribute
                self.expression(at, on[0], weight, depth + 1, hop)
                self._hint = hint
                return
            index, name = at, caller.qualname.rsplit(".", 1)[-1]

    def hop(
        self,
        after: Hop,
        expression: str,
        kind: HopKind,
        function: Function,
        line: int,
        value: Variable | None,
        index: int,
        detail: str = "",
    ) -> Hop:
        path, qualname = function.frame.path, function.qualname
        return after.add(Hop(expression, kind, path, line, qualname, value, index, detail=detail))

    def candidate(
        self,
        function: Function,
        index: int,
        line: int,
        weight: float,
        reason: Message,
        value: Variable | None,
    ) -> None:
        proof = [value] if value is not None else []
        self.trace.add(
            Candidate(function.frame.path, line, function.qualname, weight, [reason], proof, index)
        )


def trace_from(
    frames: Sequence[Frame],
    texts: Texts,
    index: int,
    expressions: Sequence[ast.AST],
    weight: float,
    conditions: Sequence[tuple[int, ast.AST, float]] = (),
) -> Trace:
    """The steps back from expressions of the frame at ``index``, whose suspicion is ``weight``.

    ``conditions`` are those that let calls on the way happen, with their frames and suspicion: they
    weigh in as places, and are no hops of the value's way.
    """
    walker = _Walker(frames, texts)
    for node in expressions:
        walker.root(index, node, weight)
    for at, node, share in conditions:
        function = walker.function(at)
        aside = Hop(unparsed(node), HopKind.CONDITION, frames[at].path, frames[at].line, function.qualname)
        walker.expression(at, node, share, 0, aside)
    return walker.trace


def _text_of(value: Variable | None) -> str:
    """Of a text its characters, as far as they are known."""
    if value is None or value.type != "str" or not MIN_TEXT_LENGTH < len(value.value) < MAX_TEXT_LENGTH:
        return ""
    try:
        text = ast.literal_eval(value.value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value.value[1:-1]
    return text if isinstance(text, str) else ""


def _gave_value(name: str, binding: Binding, function: Function) -> Message:
    how = hop_message(binding.kind, binding.method)
    return message("reason.gave_value", name=name, how=how, code=_line(function, binding.statement))


def _line(function: Function, node: ast.stmt) -> str:
    return " ".join(function.outline.text(node.lineno).split())[:80]
