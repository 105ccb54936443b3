"""None and emptiness where something is due."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.literals import is_none, size_of
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["empty_used", "none_used", "zero_divisor"]

_NO_ATTRIBUTE = re.compile(r"'NoneType' object has no attribute '([^']+)'")


def none_used(context: CrashContext) -> Iterator[Anomaly]:
    """None has no attributes, elements or operators of its own use. When Python complains about
    NoneType, the operand on the failing line that is None is the one: a look-up found nothing, or a
    function ended without ``return``. Where the interpreter names the very expression, its base
    needs no value to be known."""
    at = context.first
    if at is None or context.kind not in ("AttributeError", "TypeError"):
        return
    # Before Python 3.11 `re` did not say of which type it was.
    if "NoneType" not in context.message and context.message != "expected string or bytes-like object":
        return
    if context.frames[at].kind == "stdlib":
        yield from _passed_none(context)
        return
    found = False
    for node in context.operations(at):
        for base, use in _bases(context, at, node):
            value = context.value(at, base)
            named = f"`{unparsed(base)}`"
            if is_none(value) and not isinstance(base, ast.Constant):
                found = True
                yield context.anomaly(AnomalyKind.NONE_USED, f"{named} is None, and {use}", at, 0.9, value)
            elif value is None and context.is_exact(at) and isinstance(base, ast.Call) and _definite(node):
                found = True
                yield context.anomaly(AnomalyKind.NONE_USED, f"{named} returned None, and {use}", at, 0.9)
    if not found:
        yield from _passed_none(context)


def _bases(context: CrashContext, at: int, node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What of an expression must not be None, and how it is used."""
    said = context.message
    attribute = _NO_ATTRIBUTE.search(said)
    if attribute is not None:
        taken = node.func if isinstance(node, ast.Call) and context.is_exact(at) else node
        if isinstance(taken, ast.Attribute) and taken.attr == attribute[1]:
            yield taken.value, f"`.{taken.attr}` is taken from it"
    elif "not subscriptable" in said or "item assignment" in said or "item deletion" in said:
        if isinstance(node, ast.Subscript):
            yield node.value, "it is subscripted"
    elif "not callable" in said:
        if isinstance(node, ast.Call):
            yield node.func, "it is called"
    elif "iterable" in said or "iterator" in said:
        yield from _iterated(context, at, node)
    elif isinstance(node, ast.BinOp):
        yield from ((side, f"it is used in `{unparsed(node)}`") for side in (node.left, node.right))
    elif isinstance(node, ast.AugAssign):
        yield from ((side, f"it is used in `{unparsed(node)}`") for side in (node.target, node.value))
    elif isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        yield from ((side, f"it is compared in `{unparsed(node)}`") for side in sides)
    elif isinstance(node, ast.Call):
        for argument in (*node.args, *(k.value for k in node.keywords)):
            yield argument, f"it is passed to `{unparsed(node.func)}`"
    elif isinstance(node, ast.Subscript):
        yield node.slice, f"it is the index in `{unparsed(node)}`"
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from ((item.context_expr, "it is entered with `with`") for item in node.items)


def _iterated(context: CrashContext, at: int, node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    statement = context.statement(at)
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.iter, "it is looped over"
    elif isinstance(node, ast.Call):
        yield from ((a, f"it is passed to `{unparsed(node.func)}`") for a in node.args)
    elif isinstance(node, ast.Starred):
        yield node.value, "it is unpacked"
    elif isinstance(node, ast.Compare):
        yield from ((c, "it is searched with `in`") for c in node.comparators)
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(statement, ast.Assign):
        yield statement.value, "it is unpacked"
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        yield node.value, "it is unpacked"
    elif isinstance(node, ast.expr) and context.is_exact(at):
        yield node, "it is looped over"


def _definite(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Subscript)


def _passed_none(context: CrashContext) -> Iterator[Anomaly]:
    """A library complains about None that the person's own line passed: the only None there."""
    at = context.user
    if at is None or at == context.first or context.raised(at):
        return
    calls = [n for n in context.operations(at) if isinstance(n, ast.Call)][:1]
    for call in calls:
        passed = [*call.args, *(k.value for k in call.keywords)]
        nothing = [(a, v) for a in passed if is_none(v := context.value(at, a))]
        if len(nothing) == 1 and not isinstance(nothing[0][0], ast.Constant):
            node, value = nothing[0]
            text = f"`{unparsed(node)}` is None, and it is passed to `{unparsed(call.func)}`"
            yield context.anomaly(AnomalyKind.NONE_USED, text, at, 0.6, value)


_WANTS_SOME = re.compile(
    r"index out of range|^'?pop(item)?(\(\))?:? ?(from (an )?empty|.*is empty)|(arg|argument) is an empty|"
    r"iterable argument is empty|of empty (iterable|sequence)|[Cc]annot choose from an empty|"
    r"requires at least (one|two) data|no median for empty|out of bounds for axis|"
    r"single positional indexer is out-of-bounds|zero-size array|an empty (sequence|iterable)|got 0\)"
)
_TAKES = frozenset(("pop", "popleft", "popitem", "get_nowait"))


def empty_used(context: CrashContext) -> Iterator[Anomaly]:
    """An empty container has no first, last, greatest or random element. When Python misses one,
    an empty operand of the failing expression is why; where it was filled is another question."""
    wanted = _WANTS_SOME.search(context.message) or (context.kind == "StopIteration" and not context.message)
    at = context.own
    if at is None or not wanted or context.kind in ("AttributeError", "SyntaxError"):
        return
    for node in context.operations(at):
        for base, use in _taken_from(node):
            value = context.value(at, base)
            if value is not None and size_of(value) == 0 and not isinstance(base, ast.Constant):
                yield context.anomaly(
                    AnomalyKind.EMPTY_USED, f"`{unparsed(base)}` is empty, and {use}", at, 0.9, value
                )


def _taken_from(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    use = f"`{unparsed(node)}` takes an element from it"
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        yield node.value, use
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _TAKES:
            yield node.func.value, use
        for argument in node.args:
            inner = argument
            while isinstance(inner, ast.Call) and len(inner.args) == 1 and isinstance(inner.func, ast.Name):
                inner = inner.args[0]
            if isinstance(inner, ast.GeneratorExp | ast.ListComp):
                inner = inner.generators[0].iter
            yield inner, f"`{unparsed(node)}` needs an element of it"
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        yield node.value, "its elements are unpacked"


def zero_divisor(context: CrashContext) -> Iterator[Anomaly]:
    """A divisor that is zero because there is nothing to count is the usual way to divide by zero:
    the mean of an empty list."""
    at = context.first
    if at is None or context.kind != "ZeroDivisionError" or context.raised(at):
        return
    for node in context.operations(at):
        right = _divisor(node)
        if right is None:
            continue
        shown = f"the divisor `{unparsed(right)}` is zero"
        if isinstance(right, ast.Call) and unparsed(right.func) in ("len", "sum") and len(right.args) == 1:
            value = context.value(at, right.args[0])
            if value is not None and size_of(value) == 0:
                yield context.anomaly(
                    AnomalyKind.ZERO_DIVISOR, f"{shown}: `{value.name}` is empty", at, 0.9, value
                )
            continue
        value = context.value(at, right)
        if value is not None and _is_zero(value) and not isinstance(right, ast.Constant):
            yield context.anomaly(
                AnomalyKind.ZERO_DIVISOR, shown + _counted(context, at, right), at, 0.9, value
            )


def _divisor(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
        return node.right if isinstance(node, ast.BinOp) else node.value
    if isinstance(node, ast.Call) and unparsed(node.func) == "divmod" and len(node.args) == 2:
        return node.args[1]
    return None


def _is_zero(value: Variable) -> bool:
    return value.state == "ok" and value.value in ("0", "0.0", "-0.0", "0j", "False")


def _counted(context: CrashContext, at: int, right: ast.expr) -> str:
    """What the zero is the size or the sum of, where it was assigned as that."""
    for node in context.assigned(at, unparsed(right))[:1]:
        call = node.value
        if isinstance(call, ast.Call) and call.args and unparsed(call.func) in ("len", "sum"):
            counted = context.value(at, call.args[0])
            if counted is not None and size_of(counted) == 0:
                return f": line {node.lineno} counts `{counted.name}`, which is empty"
    return ""
