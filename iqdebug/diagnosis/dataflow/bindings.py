"""The statements of a function that give a name its value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from iqdebug.core.evidence import HopKind
from iqdebug.diagnosis.source.functions import own_expressions, unparsed

__all__ = ["Binding", "always_runs", "assignments", "next_line"]


@dataclass(frozen=True, slots=True)
class Binding:
    """A statement that gives a name its value: from ``source``, in the way that ``kind`` and, for a change
    in place, ``method`` say."""

    statement: ast.stmt
    source: ast.expr | None
    kind: HopKind
    method: str = ""


def assignments(tree: ast.AST, name: str, before: int) -> Iterator[Binding]:
    """The statements above a line that give the name a value, nearest first."""
    bindings: list[Binding] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or node is tree or node.lineno > before:
            continue
        if isinstance(node, ast.Assign):
            if any(_binds(target, name) for target in node.targets) and node.lineno < before:
                bindings.append(Binding(node, node.value, HopKind.ASSIGNED))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            if _binds(node.target, name) and node.lineno < before:
                bindings.append(Binding(node, node.value, HopKind.ASSIGNED))
        elif isinstance(node, ast.For | ast.AsyncFor):
            if _binds(node.target, name):
                bindings.append(Binding(node, node.iter, HopKind.LOOP_ELEMENT))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None and _binds(item.optional_vars, name):
                    bindings.append(Binding(node, item.context_expr, HopKind.BOUND))
        for expression in own_expressions(node):
            for each in ast.walk(expression):
                if isinstance(each, ast.NamedExpr) and _binds(each.target, name):
                    bindings.append(Binding(node, each.value, HopKind.ASSIGNED))
                elif isinstance(each, ast.comprehension) and _binds(each.target, name):
                    bindings.append(Binding(node, each.iter, HopKind.COMPREHENSION_ELEMENT))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.lineno < before:
            func = node.value.func
            if isinstance(func, ast.Attribute) and func.attr in _CHANGES and unparsed(func.value) == name:
                bindings.append(Binding(node, node.value, HopKind.CHANGED, func.attr))
    bindings.sort(key=lambda binding: -binding.statement.lineno)
    return iter(bindings)


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


def always_runs(tree: ast.AST | None, statement: ast.stmt, line: int) -> bool:
    """Whether every way to the line passes the statement: no branch or loop holds the one without
    the other."""
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.ExceptHandler):
            inside = node.lineno < statement.lineno <= (node.end_lineno or 0)
            if inside and not node.lineno <= line <= (node.end_lineno or 0):
                return False
    return True


def next_line(tree: ast.AST | None, statement: ast.stmt) -> int | None:
    """The first line of the statement that follows in the same block."""
    for node in ast.walk(tree) if tree is not None else ():
        for block in ("body", "orelse", "finalbody"):
            listed = getattr(node, block, None)
            if isinstance(listed, list) and statement in listed:
                at = listed.index(statement) + 1
                return listed[at].lineno if at < len(listed) else None
    return None
