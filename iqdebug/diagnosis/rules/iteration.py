"""Iterators that are used up, and containers that change under a loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.rules.context import CrashContext, Loop, method
from iqdebug.diagnosis.source.functions import calls_in, own_expressions, unparsed

__all__ = ["changed_while_iterating", "exhausted"]

_ONE_SHOT = frozenset(
    ("generator", "map", "filter", "zip", "enumerate", "reversed", "list_iterator", "_csv.reader", "islice")
)
_CAME_OUT_EMPTY = re.compile(
    r"an empty (sequence|iterable)|iterable argument is empty|index out of range|division by zero|got 0\)|"
    r"at least (one|two) data|of empty (iterable|sequence)|Cannot choose from an empty"
)
_KEEPS = frozenset(("iter", "next", "tee", "print", "repr", "type", "id", "isinstance", "enumerate", "zip"))
MAX_NODES = 20_000


def exhausted(context: CrashContext) -> Iterator[Anomaly]:
    """An iterator gives its elements once. A generator that has finished, and is read again, gives
    nothing: the second loop runs no round, the second ``list`` is empty. Speaks where the failure
    is one of emptiness, and a use of the same name above has read the iterator to its end."""
    if context.kind != "StopIteration" and not _CAME_OUT_EMPTY.search(context.message):
        return
    at = context.own
    if at is None:
        return
    for name in _read_here(context, at):
        value = context.named(at, name)
        if value is None or value.type.rsplit(".", 1)[-1] not in {t.rsplit(".", 1)[-1] for t in _ONE_SHOT}:
            continue
        finished = value.value.endswith(", finished>")
        if value.type == "generator" and not finished:
            continue
        line = _read_before(context, at, name)
        if line:
            text = message("anomaly.exhausted.read", name=name, line=line)
            yield context.anomaly(AnomalyKind.EXHAUSTED_ITERATOR, text, at, 0.9 if finished else 0.6, value)
        elif finished and context.kind != "StopIteration":
            text = message("anomaly.exhausted.finished", name=name)
            yield context.anomaly(AnomalyKind.EXHAUSTED_ITERATOR, text, at, 0.3, value)


def _read_here(context: CrashContext, at: int) -> list[str]:
    """The names that the failing statement reads, and those that its operands were made of."""
    names = dict.fromkeys(n.id for n in context.written(at) if isinstance(n, ast.Name))
    tree = context.function(at).tree
    for name in list(names)[:8] if tree is not None else ():
        assert tree is not None
        for binding in list(assignments(tree, name, context.frames[at].line))[:2]:
            if binding.source is not None:
                names.update(dict.fromkeys(n.id for n in ast.walk(binding.source) if isinstance(n, ast.Name)))
    return list(names)


def _read_before(context: CrashContext, at: int, name: str) -> int:
    """The first line that reads the iterator to its end, where another line reads it later."""
    tree, here = context.function(at).tree, context.frames[at].line
    bound, consuming, later = 0, 0, False
    for node in _in_order(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno < here:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(unparsed(t) == name for t in targets):
                bound, consuming, later = node.lineno, 0, False
        reads = _consumes(node, name)
        if reads and bound <= reads <= here:
            if consuming and reads != consuming:
                later = True
            consuming = consuming or reads
    return consuming if later else 0


def _in_order(tree: ast.AST | None) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    for node in ast.walk(tree) if tree is not None else ():
        nodes.append(node)
        if len(nodes) > MAX_NODES:
            break
    return sorted(nodes, key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0)))


def _consumes(node: ast.AST, name: str) -> int:
    if isinstance(node, ast.For) and unparsed(node.iter) == name:
        # A loop that is left early has not read to the end.
        left = any(isinstance(n, ast.Break | ast.Return) for n in ast.walk(node))
        return 0 if left else node.lineno
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return node.lineno if any(unparsed(g.iter) == name for g in node.generators) else 0
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in _KEEPS:
        return node.lineno if any(unparsed(a) == name for a in node.args[:1]) else 0
    if isinstance(node, ast.Starred) and unparsed(node.value) == name:
        return node.lineno
    return 0


_CHANGED = re.compile(r"changed size during iteration|keys changed during|mutated during iteration")
_CHANGES = frozenset(
    (
        *("pop", "popitem", "clear", "update", "setdefault", "add", "discard", "remove"),
        *("append", "appendleft", "extend", "popleft", "insert"),
    )
)


def changed_while_iterating(context: CrashContext) -> Iterator[Anomaly]:
    """A mapping, set or deque must keep its size while a loop runs over it. The line inside the loop
    that changes it is to blame; where none does, a function that the loop calls may."""
    at = context.own
    if at is None or context.kind != "RuntimeError" or not _CHANGED.search(context.message):
        return
    for loop, over in _loops_over(context, at):
        value = context.value(at, over)
        name = unparsed(over)
        line = _changes(loop, name)
        if line:
            text = message("anomaly.changed_in_loop", name=name, line=loop.lineno)
            yield context.anomaly(AnomalyKind.CHANGED_IN_LOOP, text, at, 0.9, value, line=line)
            return
        yield from _changed_by_call(context, at, loop, name, value)


def _loops_over(context: CrashContext, at: int) -> Iterator[tuple[Loop, ast.expr]]:
    for loop in context.loops(at):
        if isinstance(loop, ast.While) or loop.lineno != context.frames[at].line:
            continue
        over = loop.iter
        while isinstance(over, ast.Call):
            if isinstance(over.func, ast.Attribute) and over.func.attr in ("items", "keys", "values"):
                over = over.func.value
            elif isinstance(over.func, ast.Name) and over.func.id == "enumerate" and over.args:
                over = over.args[0]
            else:
                break
        if isinstance(over, ast.Name | ast.Attribute | ast.Subscript):
            yield loop, over


def _changes(tree: ast.AST, name: str) -> int:
    """The line below the tree that adds to the named container or takes from it."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Delete | ast.Assign):
            targets = node.targets
        for target in targets:
            if isinstance(target, ast.Subscript) and unparsed(target.value) == name:
                return target.lineno
        if isinstance(node, ast.Call) and method(node)[0] == name and method(node)[1] in _CHANGES:
            return node.lineno
    return 0


def _changed_by_call(
    context: CrashContext, at: int, loop: Loop, name: str, value: Variable | None
) -> Iterator[Anomaly]:
    """A function of the same file that the loop calls, and that changes the same attribute of its
    object, or the same module variable, or what it was handed."""
    function = context.function(at)
    for called, call in [c for s in loop.body for c in _calls_of(s)][:30]:
        definition = None
        last = called.rsplit(".", 1)[-1]
        if called.startswith("self.") and called.count(".") == 1 and function.definition is not None:
            owner = function.outline.class_of(function.definition)
            definition = function.outline.named(f"{owner.qualname}.{last}") if owner is not None else None
        elif "." not in called:
            definition = function.outline.named(called)
        tree = (
            function.outline.tree(definition) if definition is not None and definition.kind == "def" else None
        )
        if tree is None:
            continue
        alias = name
        given = [unparsed(a) for a in call.args]
        parameters = [a.arg for a in tree.args.args]
        if name in given and given.index(name) < len(parameters):
            alias = parameters[given.index(name)]
        elif not name.startswith("self.") and name in function.parameters:
            continue
        line = _changes(tree, alias)
        if line:
            text = message("anomaly.changed_by_call", name=name, function=called, line=loop.lineno)
            yield context.anomaly(AnomalyKind.CHANGED_IN_LOOP, text, at, 0.9, value, line=line)
            return


def _calls_of(statement: ast.stmt) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(statement):
        if isinstance(node, ast.stmt):
            for expression in own_expressions(node):
                yield from calls_in(expression)
