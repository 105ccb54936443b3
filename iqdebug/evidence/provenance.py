"""Where a value came from: backwards through assignments, arguments and what calls returned.

Starting at the expression that failed, each step names the line that gave the value, the caller
that passed it, or the function that returned it, with the value as it still is in a frame.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from iqdebug.evidence.outline import Definition, Outline
from iqdebug.evidence.places import (
    Function,
    FunctionTree,
    Site,
    Texts,
    calls_in,
    names_in,
    own_expressions,
    unparsed,
)
from iqdebug.state import Frame, Step, Variable

__all__ = ["Trace", "breaks_contract", "senders", "trace_from"]

_DEEPEST = 7
_MOST_STEPS = 60
_CALLEES_EACH = 6
_MOST_ROOTS = 6
_MOST_BEFORE = 6

# How much of the suspicion stays on the way back, by the kind of step.
_ASSIGNED = 0.72
_PASSED = 0.8
_RETURNED = 0.85
_ATTRIBUTE = 0.6
_MENTIONED = 0.62


@dataclass
class Trace:
    """The steps back from a failure: as weighed places, where one that is reached twice keeps its
    greater weight, and as a tree of hops."""

    sites: dict[tuple[str, int], Site] = field(default_factory=dict)
    roots: list[_Hop] = field(default_factory=list)

    def add(self, site: Site) -> None:
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
        return tuple(hop.frozen(frozenset()) for hop in self.roots[:_MOST_ROOTS])


@dataclass
class _Hop:
    expression: str
    how: str
    path: str
    line: int
    function: str
    value: Variable | None = None
    index: int | None = None
    before: list[_Hop] = field(default_factory=list)

    def frozen(self, above: frozenset[tuple[str, int, str]]) -> Step:
        here = above | {(self.path, self.line, self.expression)}
        before = [h for h in self.before if (h.path, h.line, h.expression) not in here]
        return Step(
            expression=self.expression,
            how=self.how,
            path=self.path,
            line=self.line,
            function=self.function,
            value=self.value,
            frame_index=self.index,
            before=tuple(h.frozen(here) for h in before[:_MOST_BEFORE]) if len(here) < _DEEPEST else (),
        )


class _Walker:
    def __init__(self, frames: Sequence[Frame], texts: Texts) -> None:
        self.frames = frames
        self.texts = texts
        self.trace = Trace()
        self._seen: set[tuple[int, str]] = set()
        self._steps = 0

    def function(self, index: int) -> Function:
        return Function.of(self.frames[index], self.texts)

    def root(self, index: int, node: ast.AST, weight: float) -> None:
        """The failing expression itself, and its way."""
        function = self.function(index)
        frame = function.frame
        for name in names_in(node)[:8] or [""]:
            value = function.value(name) if name else None
            shown = name or unparsed(node)
            hop = _Hop(shown, "where it failed", frame.path, frame.line, function.qualname, value, index)
            self.trace.roots.append(hop)
            if name:
                self.name(index, name, weight, 0, hop)
        for name, _ in calls_in(node)[:_CALLEES_EACH]:
            self.called(function, name, weight * _RETURNED, self.trace.roots[-1])

    def expression(self, index: int, node: ast.AST, weight: float, depth: int, hop: _Hop) -> None:
        """What an expression in a frame reads and calls."""
        function = self.function(index)
        for name, _ in calls_in(node)[:_CALLEES_EACH]:
            self.called(function, name, weight * _RETURNED, hop)
        for name in names_in(node)[:8]:
            self.name(index, name, weight, depth, hop)

    def name(self, index: int, name: str, weight: float, depth: int, hop: _Hop) -> None:
        """Follow a variable of a frame back."""
        if (index, name) in self._seen or depth > _DEEPEST or self._steps > _MOST_STEPS:
            return
        self._seen.add((index, name))
        self._steps += 1
        function = self.function(index)
        value = function.value(name)
        line = function.frame.line
        assigned = list(_assignments(function.tree, name, line)) if function.tree else []
        certain = False
        for statement, source, how in assigned[:3]:
            words = f"`{name}` {how}: `{_line(function, statement)}`"
            self.site(function, index, statement.lineno, weight * _ASSIGNED, words, value)
            here = self.hop(hop, name, how, function, statement.lineno, value, index)
            if source is not None:
                self.given(index, source, weight * _ASSIGNED, depth + 1, value, here)
            if depth == 0:
                self.unchecked(function, index, statement, weight, name, value)
            weight *= 0.8
            if _always_runs(function.tree, statement, line):
                certain = True
                break
        if not certain and name in function.parameters:
            self.argument(index, name, weight, depth, hop)
        elif not assigned and "." in name:
            self.attribute(function, name, weight * _ATTRIBUTE, hop)

    def given(
        self, index: int, source: ast.expr, weight: float, depth: int, value: Variable | None, hop: _Hop
    ) -> None:
        """The right side of an assignment. What a call returned on its own is the call's doing, and
        the more so when it is nothing at all."""
        if isinstance(source, ast.Call) and value is not None and _is_nothing(value):
            name = unparsed(source.func)
            self.called(self.function(index), name, weight * 1.25, hop, value)
        self.expression(index, source, weight, depth, hop)

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
        after = _next_line(function.tree, statement)
        if after is not None and after < function.frame.line:
            words = f"`{name}` is not checked before it is used at line {function.frame.line}"
            self.site(function, index, after, weight * 0.6, words, value)

    def argument(self, index: int, name: str, weight: float, depth: int, hop: _Hop) -> None:
        """A parameter that was not assigned to: the call that passed it."""
        at = next((i for i in range(index + 1, len(self.frames)) if self.frames[i].kind != "label"), None)
        if at is None:
            return
        function, caller = self.function(index), self.function(at)
        found = _argument(function, caller, name)
        if found is None:
            if caller.frame.kind != "stdlib" and caller.frame.line:
                words = f"the call that led to `{function.qualname}` and its `{name}`"
                self.site(caller, at, caller.frame.line, weight * 0.6, words, None)
                self.hop(hop, name, "came with this call", caller, caller.frame.line, None, at)
            return
        passed = unparsed(found)
        words = f"`{name}` of {function.qualname} is `{passed}` here"
        values = [v for v in (caller.value(n) for n in names_in(found)) if v is not None]
        value = values[0] if values else None
        self.site(caller, at, caller.frame.line, weight * _PASSED, words, value)
        here = self.hop(hop, passed, f"is passed as `{name}`", caller, caller.frame.line, value, at)
        self.expression(at, found, weight * _PASSED, depth + 1, here)

    def attribute(self, function: Function, name: str, weight: float, hop: _Hop) -> None:
        """``self.x``: the methods of the class that assign it."""
        if function.definition is None:
            return
        owner = function.outline.class_of(function.definition)
        if owner is None or owner.end - owner.line > 6_000:
            return
        mark = name + " "
        for method in function.outline.methods(owner):
            for line in range(method.line, method.end + 1):
                text = function.outline.text(line).strip()
                if text.startswith((mark + "=", name + ":", name + "=")) or f" {name} = " in text:
                    words = f"`{name}` is set here: `{text[:80]}`"
                    site = Site(function.frame.path, line, method.qualname, weight, [words])
                    self.trace.add(site)
                    path = function.frame.path
                    hop.before.append(_Hop(name, f"is set: `{text[:60]}`", path, line, method.qualname))
                    weight *= 0.9
                    break

    def called(
        self, function: Function, name: str, weight: float, hop: _Hop, value: Variable | None = None
    ) -> None:
        """A function whose result is on the way: it has returned, and may have been wrong."""
        for path, definition in _resolved(function, name, self.texts):
            if not self._on_stack(path, definition):
                self.returned(path, definition, name, weight, hop, value, 0)

    def returned(
        self,
        path: str,
        definition: Definition,
        name: str,
        weight: float,
        hop: _Hop,
        value: Variable | None,
        depth: int,
    ) -> None:
        """A function that gave a value, and the one whose value it only passed on."""
        outline = self.texts[path]
        tree = outline.tree(definition)
        line, source = _returning(tree, definition, value)
        if any(b.path == path and b.line == line for b in hop.before):
            return
        words = f"`{name}(…)` gave the value: {definition.qualname} returns here"
        self.trace.add(Site(path, line, definition.qualname, weight, [words]))
        text = " ".join(outline.text(line).split())[:60]
        how = f"returned by `{text}`" if source is not None else "returned None: its end was reached"
        here = _Hop(f"{name}(…)", how, path, line, definition.qualname)
        hop.before.append(here)
        if isinstance(source, ast.Call) and depth < 3:
            inner = unparsed(source.func)
            for below in _in_same_file(outline, definition, inner):
                if not self._on_stack(path, below):
                    self.returned(path, below, inner, weight * 0.9, here, value, depth + 1)

    def _on_stack(self, path: str, definition: Definition) -> bool:
        return any(
            f.path == path and definition.holds(f.line) and f.name.endswith(definition.name)
            for f in self.frames
        )

    def hop(
        self,
        after: _Hop,
        expression: str,
        how: str,
        function: Function,
        line: int,
        value: Variable | None,
        index: int,
    ) -> _Hop:
        here = _Hop(expression, how, function.frame.path, line, function.qualname, value, index)
        after.before.append(here)
        return here

    def site(
        self, function: Function, index: int, line: int, weight: float, words: str, value: Variable | None
    ) -> None:
        proof = [value] if value is not None else []
        self.trace.add(Site(function.frame.path, line, function.qualname, weight, [words], proof, index))


def trace_from(
    frames: Sequence[Frame], texts: Texts, index: int, expressions: Sequence[ast.AST], weight: float
) -> Trace:
    """The steps back from expressions of the frame at ``index``, whose suspicion is ``weight``."""
    walker = _Walker(frames, texts)
    for node in expressions:
        walker.root(index, node, weight)
    return walker.trace


def _is_nothing(value: Variable) -> bool:
    return value.value in ("None", "[]", "{}", "()", "''", "set()", "b''", "nan", "0") or value.size == 0


def _always_runs(tree: ast.AST | None, statement: ast.stmt, line: int) -> bool:
    """Whether every way to the line passes the statement: no branch or loop holds the one without
    the other."""
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.ExceptHandler):
            inside = node.lineno < statement.lineno <= (node.end_lineno or 0)
            if inside and not node.lineno <= line <= (node.end_lineno or 0):
                return False
    return True


def _next_line(tree: ast.AST | None, statement: ast.stmt) -> int | None:
    """The first line of the statement that follows in the same block."""
    for node in ast.walk(tree) if tree is not None else ():
        for block in ("body", "orelse", "finalbody"):
            listed = getattr(node, block, None)
            if isinstance(listed, list) and statement in listed:
                at = listed.index(statement) + 1
                return listed[at].lineno if at < len(listed) else None
    return None


def senders(frames: Sequence[Frame], texts: Texts, index: int, name: str) -> list[int]:
    """The frames up which a parameter of the frame at ``index`` was handed: the last is the one
    that made the value, those before it only passed on a parameter of their own."""
    path: list[int] = []
    function = Function.of(frames[index], texts)
    while name in function.parameters and len(path) < 30:
        at = next((i for i in range(index + 1, len(frames)) if frames[i].kind != "label"), None)
        if at is None:
            break
        caller = Function.of(frames[at], texts)
        passed = _argument(function, caller, name)
        path.append(at)
        if not isinstance(passed, ast.Name) or passed.id not in caller.parameters:
            break
        if caller.tree is not None and any(_assignments(caller.tree, passed.id, caller.frame.line)):
            break
        index, function, name = at, caller, passed.id
    return path


def breaks_contract(function: Function, name: str) -> bool:
    """Whether a parameter's value is none that its annotation allows. In doubt it is not."""
    value = function.value(name)
    if value is None or not isinstance(function.tree, FunctionTree):
        return False
    args = function.tree.args
    annotation = next(
        (a.annotation for a in (*args.posonlyargs, *args.args, *args.kwonlyargs) if a.arg == name), None
    )
    if annotation is None:
        return False
    text = annotation.value if isinstance(annotation, ast.Constant) else unparsed(annotation, 300)
    words = {w.rsplit(".", 1)[-1] for w in re.findall(r"[\w.]+", str(text))}
    outer = {w for w in words if w not in _WRAPPING}
    families = {_FAMILY.get(w, "") for w in outer}
    if "" in families or value.type not in _FAMILY:
        return False
    if value.type == "NoneType" and "Optional" in words:
        return False
    return _FAMILY[value.type] not in families


_WRAPPING = frozenset(("Optional", "Union", "typing"))
_FAMILY = {
    "str": "text",
    "AnyStr": "text",
    "bytes": "bytes",
    "int": "number",
    "float": "number",
    "bool": "number",
    "None": "none",
    "NoneType": "none",
    "dict": "mapping",
    "Dict": "mapping",
    "Mapping": "mapping",
    "MutableMapping": "mapping",
    "list": "sequence",
    "List": "sequence",
    "tuple": "sequence",
    "Tuple": "sequence",
    "Sequence": "sequence",
    "set": "set",
    "Set": "set",
}


def _line(function: Function, node: ast.stmt) -> str:
    return " ".join(function.outline.text(node.lineno).split())[:80]


def _assignments(tree: ast.AST, name: str, before: int) -> Iterator[tuple[ast.stmt, ast.expr | None, str]]:
    """The statements above a line that give the name a value, nearest first: the statement, the
    expression that the value comes from, and words."""
    found: list[tuple[ast.stmt, ast.expr | None, str]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or node is tree or node.lineno > before:
            continue
        if isinstance(node, ast.Assign):
            if any(_binds(target, name) for target in node.targets) and node.lineno < before:
                found.append((node, node.value, "is assigned here"))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            if _binds(node.target, name) and node.lineno < before:
                found.append((node, node.value, "is assigned here"))
        elif isinstance(node, ast.For | ast.AsyncFor):
            if _binds(node.target, name):
                found.append((node, node.iter, "is an element of the loop"))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None and _binds(item.optional_vars, name):
                    found.append((node, item.context_expr, "is bound here"))
        for expression in own_expressions(node):
            for each in ast.walk(expression):
                if isinstance(each, ast.NamedExpr) and _binds(each.target, name):
                    found.append((node, each.value, "is assigned here"))
                elif isinstance(each, ast.comprehension) and _binds(each.target, name):
                    found.append((node, each.iter, "is an element of the comprehension"))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.lineno < before:
            func = node.value.func
            if isinstance(func, ast.Attribute) and func.attr in _CHANGES and unparsed(func.value) == name:
                found.append((node, node.value, f"is changed by `.{func.attr}`"))
    found.sort(key=lambda item: -item[0].lineno)
    return iter(found)


_CHANGES = frozenset(
    ("append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "add", "discard")
)


def _binds(target: ast.AST, name: str) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return any(_binds(each, name) for each in target.elts)
    if isinstance(target, ast.Starred):
        return _binds(target.value, name)
    if isinstance(target, ast.Subscript):
        return unparsed(target.value) == name
    if isinstance(target, ast.Name):
        return target.id == name
    if isinstance(target, ast.Attribute):
        return unparsed(target) == name
    return False


def _argument(function: Function, caller: Function, name: str) -> ast.expr | None:
    """The expression that a caller's line passes for a parameter."""
    if caller.tree is None or not isinstance(function.tree, FunctionTree) or caller.statement is None:
        return None
    args = function.tree.args
    names = [a.arg for a in (*args.posonlyargs, *args.args)]
    last = function.qualname.rsplit(".", 1)[-1]
    owner = function.qualname.rsplit(".", 2)[-2] if function.qualname.count(".") else ""
    calls = [c for e in own_expressions(caller.statement) for c in ast.walk(e) if isinstance(c, ast.Call)]
    if caller.failing is not None:
        exact = [c for c in ast.walk(caller.failing) if isinstance(c, ast.Call)]
        calls = exact[:1] or calls
    for call in calls:
        called = unparsed(call.func).rsplit(".", 1)[-1]
        is_method = bool(names) and names[0] in ("self", "cls")
        if called != last and last not in ("__init__", "__new__", "__call__") and len(calls) > 1:
            continue
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        positional = names[1:] if is_method and (called in (last, owner) or last.startswith("__")) else names
        if name in positional:
            at = positional.index(name)
            if at < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: at + 1]):
                return call.args[at]
        if name == (names[0] if is_method else "") and isinstance(call.func, ast.Attribute):
            return call.func.value
    return None


def _resolved(function: Function, name: str, texts: Texts) -> list[tuple[str, Definition]]:
    """The definitions that a called expression stands for: as recorded with the frame, else by the
    name in the same file."""
    found: list[tuple[str, Definition]] = []
    for call in function.frame.calls:
        if call.expression == name:
            definition = texts[call.path].starting(call.line)
            if definition is not None:
                found.append((call.path, definition))
    if found:
        return found[:3]
    path = function.frame.path
    if name.startswith(("self.", "cls.")) and name.count(".") == 1 and function.definition is not None:
        owner = function.outline.class_of(function.definition)
        method = name.split(".")[1]
        inside = function.outline.named(f"{owner.qualname}.{method}") if owner is not None else None
        return [(path, inside)] if inside is not None else []
    if "." not in name:
        nested = function.outline.named(f"{function.qualname}.<locals>.{name}")
        plain = nested or function.outline.named(name)
        if plain is not None and plain.kind == "class":
            plain = function.outline.named(f"{name}.__init__")
        return [(path, plain)] if plain is not None else []
    return []


def _in_same_file(outline: Outline, definition: Definition, name: str) -> list[Definition]:
    """What a name called in a function stands for, where its own file alone decides it: a function,
    a method of the same class, or the only method of that name."""
    last = name.rsplit(".", 1)[-1]
    if "." not in name:
        found = outline.named(f"{definition.qualname}.<locals>.{name}") or outline.named(name)
        return [found] if found is not None and found.kind == "def" else []
    if name.startswith(("self.", "cls.")) and name.count(".") == 1:
        owner = outline.class_of(definition)
        found = outline.named(f"{owner.qualname}.{last}") if owner is not None else None
        return [found] if found is not None else []
    alike = [d for d in outline.definitions if d.kind == "def" and d.name == last]
    return alike if len(alike) == 1 else []


def _returning(
    tree: FunctionTree | None, definition: Definition, value: Variable | None
) -> tuple[int, ast.expr | None]:
    """The line of a function that most likely gave the value, and its expression: for None a
    ``return`` of nothing, or the end of the body; else the last ``return``."""
    if tree is None:
        return definition.line, ast.Constant(value=None)
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return | ast.Yield)]
    if value is not None and value.value == "None":
        nothing = [
            n
            for n in returns
            if n.value is None or (isinstance(n.value, ast.Constant) and n.value.value is None)
        ]
        if nothing:
            last = max(nothing, key=lambda n: n.lineno)
            return last.lineno, last.value or ast.Constant(value=None)
        if not isinstance(tree.body[-1], ast.Return | ast.Raise | ast.While | ast.Try | ast.With):
            return tree.body[-1].lineno, None
    giving = [n for n in returns if n.value is not None]
    if not giving:
        return definition.line, ast.Constant(value=None)
    last = max(giving, key=lambda n: n.lineno)
    return last.lineno, last.value
