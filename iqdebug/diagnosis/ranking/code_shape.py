"""What the form of code says about its part in a failure: checks, look-ups, generated code."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from iqdebug.diagnosis.source.functions import Function, FunctionTree

__all__ = ["conditions_around", "is_generated", "is_lookup", "is_no_case_left", "raises_for_others"]

MAX_CONDITIONS = 3


def conditions_around(tree: ast.AST, line: int) -> list[ast.AST]:
    """The tests that led to a line, innermost first."""
    conditions: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.Assert) and node.lineno <= line <= (
            node.end_lineno or 0
        ):
            conditions.append(node.test)
    conditions.reverse()
    return conditions[:MAX_CONDITIONS]


def is_generated(path: str) -> bool:
    """Code that was made while the program ran, kept for tracebacks under a name that is no file."""
    return path.startswith("<") and path not in ("<stdin>", "<string>") and not path.startswith("<frozen")


_COMPLAINS = re.compile(
    r"_?(raise|error|fail|abort|check|validate|assert|ensure|require|verify|expect|invalid|reject|die)"
)


def raises_for_others(function: Function) -> bool:
    """Whether the function is there to check and complain, by its name or its size."""
    name = function.qualname.rsplit(".", 1)[-1].lower()
    if _COMPLAINS.match(name) or name.endswith(("_error", "_failed")):
        return True
    raises = isinstance(function.statement, ast.Raise | ast.Assert)
    return raises and isinstance(function.tree, FunctionTree) and function.body_size <= 3


def is_no_case_left(function: Function) -> bool:
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
    tests: list[ast.expr] = []
    at: ast.If | None = last
    while at is not None:
        at = next((n for n in ast.walk(tree) if isinstance(n, ast.If) and n.orelse == [at]), None)
        if at is not None:
            tests.append(at.test)
    return tests


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Continue | ast.Raise)


def _of_one_thing(tests: Sequence[ast.expr]) -> bool:
    counts: dict[str, int] = {}
    for test in tests:
        for name in {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}:
            counts[name] = counts.get(name, 0) + 1
    builtin = {"isinstance", "type", "len", "issubclass", "callable", "hasattr", "str", "int", "dict", "list"}
    return max((n for name, n in counts.items() if name not in builtin), default=0) >= 2


_LOOKS_UP = {
    *("__getitem__", "__setitem__", "__delitem__", "__missing__", "__contains__", "__iter__", "__next__"),
    *("__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__get__", "__reversed__"),
    *("__enter__", "__exit__"),
}


def is_lookup(function: Function) -> bool:
    """Whether the function only hands out what it is asked for: a look-up of a line or two."""
    if not isinstance(function.tree, FunctionTree) or function.body_size > 2:
        return False
    return function.qualname.rsplit(".", 1)[-1] in _LOOKS_UP
