"""None and emptiness where something is due."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
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
    is_explained = False
    for node in context.operations(at):
        for base, use in _bases(context, at, node):
            value = context.value(at, base)
            if is_none(value) and not isinstance(base, ast.Constant):
                is_explained = True
                text = message("anomaly.none_used", name=unparsed(base), use=use)
                yield context.anomaly(AnomalyKind.NONE_USED, text, at, 0.9, value)
            elif value is None and context.is_exact(at) and isinstance(base, ast.Call) and _definite(node):
                is_explained = True
                text = message("anomaly.none_returned", call=unparsed(base), use=use)
                yield context.anomaly(AnomalyKind.NONE_USED, text, at, 0.9)
    if not is_explained:
        yield from _passed_none(context)


def _bases(context: CrashContext, at: int, node: ast.AST) -> Iterator[tuple[ast.expr, Message]]:
    """What of an expression must not be None, and how it is used."""
    text = context.message
    attribute = _NO_ATTRIBUTE.search(text)
    if attribute is not None:
        taken = node.func if isinstance(node, ast.Call) and context.is_exact(at) else node
        if isinstance(taken, ast.Attribute) and taken.attr == attribute[1]:
            yield taken.value, message("use.attribute", attribute=taken.attr)
    elif "not subscriptable" in text or "item assignment" in text or "item deletion" in text:
        if isinstance(node, ast.Subscript):
            yield node.value, message("use.subscripted")
    elif "not callable" in text:
        if isinstance(node, ast.Call):
            yield node.func, message("use.called")
    elif "iterable" in text or "iterator" in text:
        yield from _iterated(context, at, node)
    elif isinstance(node, ast.BinOp):
        yield from ((side, message("use.used_in", code=unparsed(node))) for side in (node.left, node.right))
    elif isinstance(node, ast.AugAssign):
        yield from ((side, message("use.used_in", code=unparsed(node))) for side in (node.target, node.value))
    elif isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        yield from ((side, message("use.compared_in", code=unparsed(node))) for side in sides)
    elif isinstance(node, ast.Call):
        for argument in (*node.args, *(k.value for k in node.keywords)):
            yield argument, message("use.passed_to", function=unparsed(node.func))
    elif isinstance(node, ast.Subscript):
        yield node.slice, message("use.index_in", code=unparsed(node))
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from ((item.context_expr, message("use.entered")) for item in node.items)


def _iterated(context: CrashContext, at: int, node: ast.AST) -> Iterator[tuple[ast.expr, Message]]:
    statement = context.statement(at)
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.iter, message("use.looped")
    elif isinstance(node, ast.Call):
        yield from ((a, message("use.passed_to", function=unparsed(node.func))) for a in node.args)
    elif isinstance(node, ast.Starred):
        yield node.value, message("use.unpacked")
    elif isinstance(node, ast.Compare):
        yield from ((c, message("use.searched")) for c in node.comparators)
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(statement, ast.Assign):
        yield statement.value, message("use.unpacked")
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        yield node.value, message("use.unpacked")
    elif isinstance(node, ast.expr) and context.is_exact(at):
        yield node, message("use.looped")


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
            use = message("use.passed_to", function=unparsed(call.func))
            text = message("anomaly.none_used", name=unparsed(node), use=use)
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
                text = message("anomaly.empty_used", name=unparsed(base), use=use)
                yield context.anomaly(AnomalyKind.EMPTY_USED, text, at, 0.9, value)


def _taken_from(node: ast.AST) -> Iterator[tuple[ast.expr, Message]]:
    use = message("use.takes_element", code=unparsed(node))
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
            yield inner, message("use.needs_element", code=unparsed(node))
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        yield node.value, message("use.elements_unpacked")


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
        divisor = unparsed(right)
        if isinstance(right, ast.Call) and unparsed(right.func) in ("len", "sum") and len(right.args) == 1:
            value = context.value(at, right.args[0])
            if value is not None and size_of(value) == 0:
                empty = message("anomaly.zero_divisor.empty", name=value.name)
                text = message("anomaly.zero_divisor", divisor=divisor, reason=empty)
                yield context.anomaly(AnomalyKind.ZERO_DIVISOR, text, at, 0.9, value)
            continue
        value = context.value(at, right)
        if value is not None and _is_zero(value) and not isinstance(right, ast.Constant):
            text = message("anomaly.zero_divisor", divisor=divisor, reason=_counted(context, at, right))
            yield context.anomaly(AnomalyKind.ZERO_DIVISOR, text, at, 0.9, value)


def _divisor(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
        return node.right if isinstance(node, ast.BinOp) else node.value
    if isinstance(node, ast.Call) and unparsed(node.func) == "divmod" and len(node.args) == 2:
        return node.args[1]
    return None


def _is_zero(value: Variable) -> bool:
    return value.state == "ok" and value.value in ("0", "0.0", "-0.0", "0j", "False")


def _counted(context: CrashContext, at: int, right: ast.expr) -> Message | None:
    """What the zero is the size or the sum of, where it was assigned as that."""
    for node in context.assigned(at, unparsed(right))[:1]:
        call = node.value
        if isinstance(call, ast.Call) and call.args and unparsed(call.func) in ("len", "sum"):
            counted = context.value(at, call.args[0])
            if counted is not None and size_of(counted) == 0:
                return message("anomaly.zero_divisor.counted", line=node.lineno, name=counted.name)
    return None
