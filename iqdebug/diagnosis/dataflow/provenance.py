"""Where a value came from: backwards through assignments, arguments and what calls returned.

Starting at the expression that failed, each step names the line that gave the value, the caller
that passed it, or the function that returned it, with the value as it still is in a frame.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from iqdebug.core.evidence import HopKind
from iqdebug.core.messages import Message, hop_message, message
from iqdebug.core.state import Frame, Step, Variable
from iqdebug.diagnosis.dataflow.arguments import argument_of, hands_on
from iqdebug.diagnosis.dataflow.backward_slice import decorators, hands_over, shaping
from iqdebug.diagnosis.dataflow.bindings import Binding, always_runs, assignments, next_line
from iqdebug.diagnosis.dataflow.classes import class_of_type
from iqdebug.diagnosis.dataflow.message_templates import made_by
from iqdebug.diagnosis.dataflow.prior_calls import done_before, effects
from iqdebug.diagnosis.dataflow.returned import in_same_file, resolved, returning
from iqdebug.diagnosis.source.functions import Candidate, Function, calls_in, names_in, unparsed
from iqdebug.diagnosis.source.outline import Definition
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Trace", "trace_from"]

_DEEPEST = 7
_MAX_STEPS = 60
_CALLEES_EACH = 6
_MAX_ROOTS = 6
_MAX_BEFORE = 6

# How much of the suspicion stays on the way back, by the kind of step.
_ASSIGNED = 0.72
_PASSED = 0.8
_RETURNED = 0.85
_ATTRIBUTE = 0.6
_SAME = 0.94
_DECORATED = 0.6
_DONE_BEFORE, _BEHIND_A_NAME = 0.35, 0.6
_EFFECT = 0.8
_MADE, _MADE_EACH, _MADE_MOST = 0.2, 0.07, 0.65
_HANDS_OVER = 0.5
_STORED = 0.5
_DECLARED = 0.7
_OTHER = 0.5
_LEAST_TEXT = 8
_MAX_MAKERS = 5
_MAX_CALLERS = 6
_MAX_FILES = 12
_LONGEST_TEXT = 20_000
_DEEPEST_INSIDE = 4
_STORES = re.compile(r"^self\.(\w+)(?::[^=]+)? = \w+( or .*)?$")
_TABLE = re.compile(r"=\s*(?:[\[({\"'\d-]|None|True|False|frozenset\(|dict\(|set\()")
_PARTS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")


@dataclass
class Trace:
    """The steps back from a failure: as weighed places, where one that is reached twice keeps its
    greater weight, and as a tree of hops."""

    sites: dict[tuple[str, int], Candidate] = field(default_factory=dict)
    roots: list[_Hop] = field(default_factory=list)

    def add(self, site: Candidate) -> None:
        key = (site.path, site.line)
        known = self.sites.get(key)
        if known is None:
            self.sites[key] = site
            return
        if site.weight > known.weight:
            site.reasons = list(dict.fromkeys([*site.reasons, *known.reasons]))
            site.proof = site.proof or known.proof
            self.sites[key] = site
        else:
            known.reasons = list(dict.fromkeys([*known.reasons, *site.reasons]))

    def steps(self) -> tuple[Step, ...]:
        """The hops, frozen; each line once on a way."""
        return tuple(hop.frozen(frozenset()) for hop in self.roots[:_MAX_ROOTS])


@dataclass
class _Hop:
    expression: str
    kind: HopKind
    path: str
    line: int
    function: str
    value: Variable | None = None
    index: int | None = None
    before: list[_Hop] = field(default_factory=list)
    detail: str = ""

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
            before=tuple(h.frozen(here) for h in before[:_MAX_BEFORE]) if len(here) < _DEEPEST else (),
            detail=self.detail,
        )


class _Walker:
    def __init__(self, frames: Sequence[Frame], texts: Texts) -> None:
        self.frames = frames
        self.texts = texts
        self.trace = Trace()
        self._seen: set[tuple[int, str, int]] = set()
        self._steps = 0
        self._followed: Variable | None = None
        self._hint = ""  # the attribute whose origin is looked for
        self._text = ""  # the failing value, where it is a text

    def function(self, index: int) -> Function:
        return Function.of(self.frames[index], self.texts)

    def root(self, index: int, node: ast.AST, weight: float) -> None:
        """The failing expression itself, and its way."""
        function = self.function(index)
        frame = function.frame
        for name in names_in(node)[:8] or [""]:
            value = function.value(name) if name else None
            shown = name or unparsed(node)
            hop = _Hop(shown, HopKind.FAILED, frame.path, frame.line, function.qualname, value, index)
            self.trace.roots.append(hop)
            if name:
                self._followed = value
                self._text = ""
                self.name(index, name, weight, 0, hop)
        self._followed = None
        for name, _ in calls_in(node)[:_CALLEES_EACH]:
            self.called(function, name, weight * _RETURNED, self.trace.roots[-1])

    def expression(
        self,
        index: int,
        node: ast.AST,
        weight: float,
        depth: int,
        hop: _Hop,
        given: tuple[str, int] = ("", 0),
    ) -> None:
        """What an expression in a frame reads and calls. ``given`` is the variable that it was assigned
        to and the line: read in it, the variable is what it was before."""
        function = self.function(index)
        for name, _ in calls_in(node)[:_CALLEES_EACH]:
            self.called(function, name, weight * _RETURNED, hop)
        names = names_in(node)[:8]
        for name in names:
            share = _OTHER if self._hint in names and name != self._hint else 1.0
            self.name(index, name, weight * share, depth, hop, given[1] if name == given[0] else 0)

    def name(self, index: int, name: str, weight: float, depth: int, hop: _Hop, before: int = 0) -> None:
        """Follow a variable of a frame back, from its line or an earlier one."""
        if (index, name, before) in self._seen or depth > _DEEPEST or self._steps > _MAX_STEPS:
            return
        self._seen.add((index, name, before))
        self._steps += 1
        function = self.function(index)
        value = function.value(name) if not before else None
        if not self._text:
            self._text = _text_of(value)
        line = before or function.frame.line
        assigned = list(assignments(function.tree, name, line)) if function.tree else []
        certain = False
        for binding in assigned[:3]:
            statement = binding.statement
            reason = _gave_value(name, binding, function)
            self.site(function, index, statement.lineno, weight * _ASSIGNED, reason, value)
            here = self.hop(hop, name, binding.kind, function, statement.lineno, value, index, binding.method)
            if binding.source is not None:
                share = weight * self.kept(_ASSIGNED, value)
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
            self.attribute(function, name, weight * _ATTRIBUTE, hop)
            self.receiver(index, name.partition(".")[2], weight * _PASSED, depth, hop)
        elif not assigned:
            self.of_the_module(function, name, weight * _ATTRIBUTE, hop)

    def of_the_module(self, function: Function, name: str, weight: float, hop: _Hop) -> None:
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
            hop.before.append(_Hop(name, binding.kind, path, line, "<module>", detail=binding.method))
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
        return max(share, _SAME) if same else share

    def given(
        self,
        index: int,
        source: ast.expr,
        weight: float,
        depth: int,
        value: Variable | None,
        hop: _Hop,
        to: tuple[str, int],
    ) -> None:
        """The right side of an assignment. What a call returned on its own is the call's doing, and
        the more so when it is nothing at all."""
        if isinstance(source, ast.Call) and value is not None:
            more = 1.25 if _is_nothing(value) else 1.0
            self.called(self.function(index), unparsed(source.func), weight * more, hop, value)
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
            self.site(function, index, after, weight * 0.6, reason, value)

    def argument(self, index: int, name: str, weight: float, depth: int, hop: _Hop) -> None:
        """A parameter that was not assigned to: the call that passed it."""
        at = self._caller(index)
        if at is None:
            return
        function, caller = self.function(index), self.function(at)
        if function.frame.name.endswith(_PARTS) and function.definition == caller.definition:
            self.name(at, name, weight, depth, hop)  # a comprehension's own frame, up to Python 3.11
            return
        found = argument_of(function, caller, name)
        while found is None and hands_on(caller):
            # A wrapper passes on what it was given: what its own caller passed counts.
            above = self._caller(at)
            if above is None:
                break
            at, caller = above, self.function(above)
            found = argument_of(function, caller, name)
        if found is None:
            if caller.frame.kind != "stdlib" and caller.frame.line:
                reason = message("reason.call_with", function=function.qualname, name=name)
                self.site(caller, at, caller.frame.line, weight * 0.6, reason, None)
                self.hop(hop, name, HopKind.CALLED, caller, caller.frame.line, None, at)
            return
        passed = unparsed(found)
        reason = message("reason.passed", name=name, function=function.qualname, passed=passed)
        values = [v for v in (caller.value(n) for n in names_in(found)) if v is not None]
        value = values[0] if values else None
        self.site(caller, at, caller.frame.line, weight * _PASSED, reason, value)
        here = self.hop(hop, passed, HopKind.PASSED, caller, caller.frame.line, value, at, name)
        weight *= self.kept(_PASSED, value)
        self.expression(at, found, weight, depth + 1, here)
        for before in done_before(caller.tree, found, caller.frame.line) if caller.tree is not None else ():
            share = _BEHIND_A_NAME if isinstance(found, ast.Constant) else _DONE_BEFORE
            self.called(caller, before, weight * share, here, effect=True)

    def receiver(self, index: int, attribute: str, weight: float, depth: int, hop: _Hop) -> None:
        """The object whose attribute it is: what the frame that called a method of it made it from, an
        argument of the attribute's name before others."""
        name = self.function(index).qualname.rsplit(".", 1)[-1]
        for _ in range(_MAX_CALLERS):
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

    def attribute(self, function: Function, name: str, weight: float, hop: _Hop) -> None:
        """``self.x``: the methods of the class that assign it."""
        if function.definition is None:
            return
        owner = function.outline.class_of(function.definition)
        if owner is None or owner.end - owner.line > 6_000:
            return
        self.of_the_class(function, name.partition(".")[2], weight * _DECLARED, hop)
        mark = name + " "
        for method in function.outline.methods(owner):
            for line in range(method.line, method.end + 1):
                text = function.outline.text(line).strip()
                if text.startswith((mark + "=", name + ":", name + "=")) or f" {name} = " in text:
                    reason = message("reason.set", name=name, code=text[:80])
                    kept = _STORED if method.name == "__init__" and _STORES.search(text) else 1.0
                    path, qualname = function.frame.path, method.qualname
                    self.trace.add(Candidate(path, line, qualname, weight * kept, [reason]))
                    hop.before.append(_Hop(name, HopKind.SET, path, line, qualname, detail=text[:60]))
                    weight *= 0.9
                    break

    def of_the_class(self, function: Function, attribute: str, weight: float, hop: _Hop) -> None:
        """``self.x``: the class body that gives it its value; of the object's own class before that of the
        method, as a subclass is made to differ."""
        own = function.value("self") or function.value("cls")
        there = class_of_type(own.type, self.frames, self.texts) if own is not None else None
        places = [there] if there is not None else []
        owner = function.outline.class_of(function.definition) if function.definition is not None else None
        if owner is not None:
            places.append((function.frame.path, owner))
        for path, definition in places:
            outline = self.texts[path]
            line = outline.declares(definition, attribute)
            if line and _TABLE.search(outline.text(line)):
                text = " ".join(outline.text(line).split())[:80]
                qualname = f"{definition.qualname}.<class>"
                reason = message("reason.declared", name=attribute, code=text)
                self.trace.add(Candidate(path, line, qualname, weight, [reason]))
                hop.before.append(_Hop(attribute, HopKind.DECLARED, path, line, qualname))
                return

    def called(
        self,
        function: Function,
        name: str,
        weight: float,
        hop: _Hop,
        value: Variable | None = None,
        effect: bool = False,
    ) -> None:
        """A function whose result, or effect, is on the way: it has returned, and may have been wrong."""
        for path, definition in resolved(function, name, self.texts):
            if not self._on_stack(path, definition):
                self.returned(path, definition, name, weight, hop, value, 0, effect)

    def returned(
        self,
        path: str,
        definition: Definition,
        name: str,
        weight: float,
        hop: _Hop,
        value: Variable | None,
        depth: int,
        effect: bool = False,
    ) -> None:
        """A function that gave a value, and the one whose value it only passed on. With ``effect`` it was
        called for what it does: then whatever it calls may have done that."""
        outline = self.texts[path]
        tree = outline.tree(definition)
        line, source = returning(tree, definition, value)
        makers = made_by(tree, self._text) if tree is not None and self._text else []
        maker = makers[0] if makers else None
        if maker is not None:
            line, source = maker[0].lineno, maker[0]
            weight = max(weight, min(_MADE + _MADE_EACH * maker[1], _MADE_MOST))
        own = weight
        if maker is None and tree is not None and hands_over(tree) and not (value and _is_nothing(value)):
            own *= _HANDS_OVER  # with nothing in its hands it should have looked
        if any(b.path == path and b.line == line for b in hop.before):
            return
        reason = message("reason.returned", name=name, function=definition.qualname)
        qualname = definition.qualname
        if maker is not None:
            qualname = (outline.function_at(line) or definition).qualname
            reason = message("reason.writes_text", code=unparsed(maker[0], 60))
        self.trace.add(Candidate(path, line, qualname, own, [reason]))
        text = " ".join(outline.text(line).split())[:60]
        kind, detail = (HopKind.RETURNED, text) if source is not None else (HopKind.RETURNED_NOTHING, "")
        here = _Hop(f"{name}(…)", kind, path, line, qualname, detail=detail)
        hop.before.append(here)
        if tree is None or depth >= _DEEPEST_INSIDE:
            return
        sources = [m for m, _ in makers[:_MAX_MAKERS]]
        if not sources and isinstance(source, ast.expr) and hasattr(source, "lineno"):
            sources = [source]
        shaped = [each for s in sources for each in shaping(tree, s)]
        inside = list({name: (name, share) for name, share in reversed(shaped)}.values())[::-1]
        if effect and not inside:
            inside = [(each, _EFFECT) for each in effects(tree)]
        for inner, share in inside:
            for file, below in self._known_in(path, definition, inner):
                if not self._on_stack(file, below):
                    self.returned(file, below, inner, weight * share, here, value, depth + 1, effect)
        for inner in decorators(tree):
            for file, below in self._known_in(path, definition, inner):
                if not self._on_stack(file, below):
                    self.returned(file, below, inner, weight * _DECORATED, here, None, depth + 1)

    def _known_in(self, path: str, definition: Definition, name: str) -> list[tuple[str, Definition]]:
        """What a name stands for in a function that has returned: as its file alone decides it, or
        as a frame of the same file recorded it."""
        found = [(path, d) for d in in_same_file(self.texts[path], definition, name)]
        if found:
            return found
        for frame in self.frames:
            if frame.path == path:
                for call in frame.calls:
                    if call.expression == name:
                        there = self.texts[call.path].starting(call.line)
                        return [(call.path, there)] if there is not None else []
        return self._in_a_module_of_the_stack(name) if "." in name else []

    def _in_a_module_of_the_stack(self, name: str) -> list[tuple[str, Definition]]:
        """``package.function``, where one file alone of those on the stack has a function of that name."""
        owner, _, last = name.rpartition(".")
        if owner.split(".")[0] in ("self", "cls"):
            return []
        paths = dict.fromkeys(f.path for f in self.frames if f.kind not in ("stdlib", "label"))
        named = [(path, self.texts[path].named(last)) for path in list(paths)[:_MAX_FILES]]
        found = [(path, d) for path, d in named if d is not None and d.kind == "def"]
        return found if len(found) == 1 else []

    def _on_stack(self, path: str, definition: Definition) -> bool:
        return any(
            f.path == path and definition.holds(f.line) and f.name.endswith(definition.name)
            for f in self.frames
        )

    def hop(
        self,
        after: _Hop,
        expression: str,
        kind: HopKind,
        function: Function,
        line: int,
        value: Variable | None,
        index: int,
        detail: str = "",
    ) -> _Hop:
        here = _Hop(expression, kind, function.frame.path, line, function.qualname, value, index)
        here.detail = detail
        after.before.append(here)
        return here

    def site(
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
        aside = _Hop(unparsed(node), HopKind.CONDITION, frames[at].path, frames[at].line, function.qualname)
        walker.expression(at, node, share, 0, aside)
    return walker.trace


def _is_nothing(value: Variable) -> bool:
    return value.value in ("None", "[]", "{}", "()", "''", "set()", "b''", "nan", "0") or value.size == 0


def _text_of(value: Variable | None) -> str:
    """Of a text its characters, as far as they are known."""
    if value is None or value.type != "str" or not _LEAST_TEXT < len(value.value) < _LONGEST_TEXT:
        return ""
    try:
        found = ast.literal_eval(value.value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value.value[1:-1]
    return found if isinstance(found, str) else ""


def _gave_value(name: str, binding: Binding, function: Function) -> Message:
    how = hop_message(binding.kind, binding.method)
    return message("reason.gave_value", name=name, how=how, code=_line(function, binding.statement))


def _line(function: Function, node: ast.stmt) -> str:
    return " ".join(function.outline.text(node.lineno).split())[:80]
