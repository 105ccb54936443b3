"""What shaped the result of a function that has returned: a slice of its text alone.

Its variables are gone, so nothing but names can be followed: the calls in what it returned or
yielded, and those that gave the variables in it their values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.source.functions import FunctionTree, calls_in, names_in, unparsed

__all__ = ["decorators", "is_delegate", "shaping"]

MAX_CALLS = 8
MAX_YIELDS = 6
DIRECT_SHARE, THROUGH_NAME_SHARE, PASSED_ON_SHARE = 0.9, 0.75, 0.7


def shaping(tree: FunctionTree, source: ast.expr) -> list[tuple[str, float]]:
    """What is called, or handed over to be called, for the value of ``source`` in the function, with
    the share of suspicion that each keeps. Of a generator all that it yields, as each element counts.
    """
    sources = [source, *_yielded(tree, source)]
    shares: dict[str, float] = {}
    for expression in sources:
        for name, share in _within(tree, expression, expression.lineno):
            shares[name] = max(share, shares.get(name, 0.0))
    return sorted(shares.items(), key=lambda item: -item[1])[:MAX_CALLS]


def is_delegate(tree: FunctionTree) -> bool:
    """Whether the function is two statements at most, one of them a call: what it gives is the doing of
    what it calls."""
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    plain = all(isinstance(s, ast.Return | ast.Assign | ast.Expr) for s in body)
    return plain and len(body) <= 2 and any(isinstance(n, ast.Call) for s in body for n in ast.walk(s))


def decorators(tree: FunctionTree) -> list[str]:
    """What wraps the function: a call of its name is a call of what they made of it."""
    return [unparsed(d.func if isinstance(d, ast.Call) else d) for d in tree.decorator_list[:4]]


def _yielded(tree: FunctionTree, source: ast.expr) -> list[ast.expr]:
    yielded = [n.value for n in ast.walk(tree) if isinstance(n, ast.Yield | ast.YieldFrom) and n.value]
    with_calls = [e for e in yielded if any(isinstance(n, ast.Call) for n in ast.walk(e))]
    return [e for e in with_calls if e is not source][:MAX_YIELDS]


def _within(tree: FunctionTree, expression: ast.expr, line: int) -> Iterator[tuple[str, float]]:
    for name, call in calls_in(expression):
        yield name, DIRECT_SHARE
        for argument in (*call.args, *(k.value for k in call.keywords)):
            if isinstance(argument, ast.Name):
                yield argument.id, PASSED_ON_SHARE
    for name in names_in(expression)[:6]:
        yield name, PASSED_ON_SHARE  # a function that is given out, as a decorator does
        for binding in list(assignments(tree, name, line))[:3]:
            if binding.source is not None:
                yield from ((n, THROUGH_NAME_SHARE) for n, _ in calls_in(binding.source)[:4])
