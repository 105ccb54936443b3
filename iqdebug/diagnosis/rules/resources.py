"""Files, connections and sessions that are used after they were closed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.dataflow.returned import resolved
from iqdebug.diagnosis.rules.context import CrashContext, method
from iqdebug.diagnosis.source.functions import FunctionTree, unparsed

__all__ = ["used_after_close"]

_CLOSED = re.compile(
    r"(I/O operation on|read of|write to|seek of|readline of) closed file|on a closed (database|cursor)|"
    r"(connection|cursor|session|client|transport|file|handle|channel|pool|database|socket) "
    r"(is |has been |was )?(already |been )?closed|already closed|"
    r"This (Connection|result object|session) is closed|"
    r"handler is closed|Bad file descriptor|closed (database|connection|file)",
    re.IGNORECASE,
)
_ENDS = frozenset(("close", "aclose", "shutdown", "disconnect", "terminate", "release", "detach"))


def used_after_close(context: CrashContext) -> Iterator[Anomaly]:
    """What was closed cannot be read. The line that closed it stands above in the same function (a
    call of ``close``, or a ``with`` block that has ended), or in the function that opened it, gave
    it out and closed it on the way out."""
    at = context.own
    if at is None or not _CLOSED.search(context.message) or "loop is closed" in context.message:
        return
    tree = context.function(at).tree
    if tree is None:
        return
    for name in _used(context, at):
        closed = _closed_above(tree, name, context.frames[at].line)
        if closed is not None:
            line, how = closed
            text = message("anomaly.used_after_close", name=name, how=how, line=line)
            yield context.anomaly(AnomalyKind.USED_AFTER_CLOSE, text, at, 0.9, context.named(at, name))
            return
        given_out = _given_out(context, at, name)
        if given_out is not None:
            yield context.anomaly(AnomalyKind.USED_AFTER_CLOSE, given_out, at, 0.9, context.named(at, name))
            return


def _used(context: CrashContext, at: int) -> list[str]:
    """Names on the failing line, and what those were made of (``rows`` of ``csv.reader(f)``)."""
    names = dict.fromkeys(unparsed(n) for n in context.written(at) if isinstance(n, ast.Name | ast.Attribute))
    for name in list(names)[:12]:
        for node in context.assigned(at, name)[:1]:
            if isinstance(node.value, ast.Call):
                names.update(dict.fromkeys(unparsed(a) for a in node.value.args))
                names[method(node.value)[0]] = None
    return [n for n in names if n][:20]


def _closed_above(tree: ast.AST, name: str, here: int) -> tuple[int, Message] | None:
    """The last line above that closed the name, and how, unless it was bound again since."""
    last, how = 0, None
    bound = 0
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.With | ast.AsyncWith):
            end = node.end_lineno or node.lineno
            for item in node.items:
                opened = item.optional_vars is not None and unparsed(item.optional_vars) == name
                if (opened or unparsed(item.context_expr) == name) and last < end < here:
                    last, how = end, message("anomaly.used_after_close.with_ended", line=node.lineno)
                elif opened and node.lineno <= here <= end:
                    bound = max(bound, node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and line < here:
            if node.func.attr in _ENDS and unparsed(node.func.value) == name and line > last:
                last, how = line, message("anomaly.used_after_close.called", call=unparsed(node))
        elif isinstance(node, ast.Assign) and line <= here and any(unparsed(t) == name for t in node.targets):
            bound = max(bound, line)
    return (last, how) if how is not None and last > bound else None


def _given_out(context: CrashContext, at: int, name: str) -> Message | None:
    """The function that made the value closes what it reads from before anyone has read it: it
    returns something lazy out of its own ``with`` block."""
    function = context.function(at)
    for node in context.assigned(at, name)[:1]:
        if not isinstance(node.value, ast.Call):
            continue
        for path, definition in resolved(function, unparsed(node.value.func), context.texts):
            tree = context.texts[path].tree(definition)
            line = _returns_open(tree)
            if line:
                maker = definition.qualname
                return message("anomaly.used_after_close.given_out", name=name, function=maker, line=line)
    return None


_EAGER = frozenset(
    (
        *("list", "tuple", "set", "dict", "sum", "max", "min", "sorted", "len", "str"),
        *("read", "readlines", "fetchall", "fetchone", "load", "loads"),
    )
)


def _returns_open(tree: FunctionTree | None) -> int:
    for block in ast.walk(tree) if tree is not None else ():
        if not isinstance(block, ast.With):
            continue
        held = {unparsed(i.optional_vars) for i in block.items if i.optional_vars is not None}
        for node in ast.walk(block):
            if not isinstance(node, ast.Return) or node.value is None:
                continue
            value = node.value
            if isinstance(value, ast.Call) and unparsed(value.func).rsplit(".", 1)[-1] not in _EAGER:
                if any(unparsed(a) in held for a in value.args):
                    return node.lineno
            elif unparsed(value) in held or (
                isinstance(value, ast.GeneratorExp)
                and any(unparsed(g.iter) in held for g in value.generators)
            ):
                return node.lineno
    return 0
