"""What was done before with the same thing: calls that were given it, or made on it, and have returned."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from iqdebug.diagnosis.source.functions import FunctionTree, calls_in, unparsed

__all__ = ["done_before", "effects"]

MAX_CALLS_ABOVE = 2
MAX_EFFECTS = 8


def done_before(tree: ast.AST, thing: ast.expr, line: int) -> list[str]:
    """The calls above a line that were given the same variable, attribute or text constant, nearest
    first: a function that is called for its effect leaves it in what it was given, or behind the name
    that it was given (a file's, a key's)."""
    constant = isinstance(thing, ast.Constant) and isinstance(thing.value, str) and thing.value
    if not constant and not isinstance(thing, ast.Name | ast.Attribute):
        return []
    same = ast.dump(thing) if constant else ""
    name = "" if constant else unparsed(thing)
    calls_above: list[tuple[int, str]] = []
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            continue
        call = statement.value
        if (statement.end_lineno or statement.lineno) >= line:
            continue
        given = [*call.args, *(k.value for k in call.keywords)]
        if isinstance(call.func, ast.Attribute) and not constant:
            given.append(call.func.value)
        if any(ast.dump(g) == same if constant else unparsed(g) == name for g in given):
            calls_above.append((statement.lineno, unparsed(call.func)))
    return [called for _, called in sorted(calls_above, reverse=True) if called][:MAX_CALLS_ABOVE]


def effects(tree: FunctionTree) -> Iterator[str]:
    """What a function that is called for its effect calls to have it, each once."""
    called_names = dict.fromkeys(name for name, _ in calls_in(tree))
    yield from list(called_names)[:MAX_EFFECTS]
