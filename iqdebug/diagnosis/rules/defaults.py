"""Default values that calls share."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.dataflow.arguments import argument_of
from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.rules.context import CrashContext, method
from iqdebug.diagnosis.rules.literals import size_of
from iqdebug.diagnosis.rules.replacements import default_made_in_body
from iqdebug.diagnosis.source.functions import Function, FunctionTree, unparsed

__all__ = ["grown_default"]

_CACHE = re.compile(r"^_|cache|memo|seen|registry", re.IGNORECASE)
_GROWS = frozenset(("append", "extend", "insert", "add", "update", "setdefault", "appendleft"))


def grown_default(context: CrashContext) -> Iterator[Anomaly]:
    """A default value is made once, when ``def`` runs, and kept between the calls. A parameter that
    the caller did not pass, whose default is an empty list, and that holds more than this call can
    have put there, has kept what other calls left. Names that say cache are meant so."""
    code = [i for i in context.code if context.frames[i].kind != "stdlib"][:30]
    for at in code:
        function = context.function(at)
        if not isinstance(function.tree, FunctionTree):
            continue
        for name, default in _mutable_defaults(function.tree):
            value = function.value(name)
            size = size_of(value)
            if value is None or not size or _CACHE.search(name) or _given(context, at, function, name):
                continue
            grows, looped = _growth(function, name)
            if not grows or _rebound(function, name):
                continue
            definition = function.definition
            line = definition.line if definition is not None else 0
            text = message(
                "anomaly.grown_default",
                name=name,
                default=unparsed(default),
                count=size,
                value=value.value[:60],
            )
            sure = not looped and size > grows
            weight = 0.9 if sure else 0.3
            edit = default_made_in_body(context.statement_at(at, line), name)
            yield context.anomaly(AnomalyKind.GROWN_DEFAULT, text, at, weight, value, line=line, edit=edit)


def _rebound(function: Function, name: str) -> bool:
    """Whether the function gives the parameter a value of its own before the failing line."""
    tree = function.tree
    bindings = assignments(tree, name, function.frame.line) if tree is not None else iter(())
    statements = [binding.statement for binding in bindings]
    return any(isinstance(s, ast.Assign) and any(unparsed(t) == name for t in s.targets) for s in statements)


def _mutable_defaults(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    plain = [*tree.args.posonlyargs, *tree.args.args]
    pairs = list(zip(plain[len(plain) - len(tree.args.defaults) :], tree.args.defaults, strict=True))
    pairs += [
        (a, d) for a, d in zip(tree.args.kwonlyargs, tree.args.kw_defaults, strict=True) if d is not None
    ]
    for parameter, default in pairs:
        empty = isinstance(default, ast.List | ast.Dict | ast.Set) and not ast.dump(default).count("Constant")
        made = isinstance(default, ast.Call) and not default.args and not default.keywords
        if empty or (made and unparsed(default) in ("list()", "dict()", "set()", "deque()")):
            yield parameter.arg, default


def _given(context: CrashContext, at: int, function: Function, name: str) -> bool:
    """Whether the caller passes the parameter, or may: its call is not seen or unpacks something."""
    caller = context.caller(at)
    if caller is None or context.frames[caller].kind == "stdlib":
        return True
    above = context.function(caller)
    if argument_of(function, above, name) is not None or above.statement is None:
        return True
    last = function.qualname.rsplit(".", 1)[-1]
    calls = [n for n in context.written(caller) if isinstance(n, ast.Call)]
    named = [c for c in calls if unparsed(c.func).rsplit(".", 1)[-1] == last or last.startswith("__")]
    starred = any(isinstance(a, ast.Starred) for c in named for a in c.args)
    return not named or starred or any(k.arg is None for c in named for k in c.keywords)


def _growth(function: Function, name: str) -> tuple[int, bool]:
    """How many statements up to the failing line add an element, and whether any may add many."""
    tree = function.tree
    count, looped = 0, False
    loops = [n for n in (ast.walk(tree) if tree else ()) if isinstance(n, ast.For | ast.While | ast.AsyncFor)]
    for node in ast.walk(tree) if tree is not None else ():
        line = getattr(node, "lineno", 0)
        adds = isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Subscript) and unparsed(t.value) == name for t in node.targets
        )
        owner, called = method(node)
        if owner == name and called in _GROWS:
            adds = True
            looped = looped or called in ("extend", "update")
        if adds:
            count += 1
            looped = looped or any(lp.lineno <= line <= (lp.end_lineno or 0) for lp in loops)
    return count, looped
