"""Names that hide a builtin, a function or what is in a module."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext

__all__ = ["hidden_name"]

_NOT_CALLABLE = re.compile(r"'([\w.]+)' object is not callable")
_BUILTINS = frozenset(n for n in dir(builtins) if n.islower() and n[0] != "_")


def hidden_name(context: CrashContext) -> Iterator[Anomaly]:
    """A name that is called and holds a plain value: an assignment has hidden the builtin or the
    function of that name. And a module that is called, where the thing in it of the same name is
    meant (``datetime.datetime``)."""
    at = context.first
    wrong = _NOT_CALLABLE.search(context.message)
    if at is None or wrong is None or context.kind != "TypeError":
        return
    for node in context.operations(at):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        if wrong[1] == "module":
            if _is_module(context, at, name):
                text = message("anomaly.module_called", name=name)
                yield context.anomaly(AnomalyKind.MODULE_CALLED, text, at, 0.9)
            continue
        value = context.named(at, name)
        if value is not None and value.type.rsplit(".", 1)[-1] != wrong[1].rsplit(".", 1)[-1]:
            continue
        line, definition = _assigned(context, at, name), context.function(at).outline.named(name)
        holds = f"{value.type} {value.value[:40]}" if value is not None else wrong[1]
        if name in _BUILTINS and line:
            text = message("anomaly.hidden_builtin", name=name, value=holds, line=line)
            yield context.anomaly(AnomalyKind.HIDDEN_BUILTIN, text, at, 0.9, value, line=line)
        elif definition is not None and line and definition.line < line:
            text = message(
                "anomaly.hidden_name",
                name=name,
                value=holds,
                line=line,
                keyword=definition.kind,
                definition=definition.line,
            )
            yield context.anomaly(AnomalyKind.HIDDEN_NAME, text, at, 0.9, value, line=line)
        elif value is not None:
            text = message("anomaly.not_callable", name=name, value=holds)
            yield context.anomaly(AnomalyKind.NOT_CALLABLE, text, at, 0.6, value)


def _assigned(context: CrashContext, at: int, name: str) -> int:
    """The line that binds the name: in the function, as its parameter, or in the module."""
    function = context.function(at)
    bound = _bound(function.tree, name)
    if bound:
        return bound
    if name in function.parameters and function.definition is not None:
        return function.definition.line
    return _bound(function.outline.module, name)


def _bound(tree: ast.AST | None, name: str) -> int:
    lines = [
        n.lineno
        for n in (ast.walk(tree) if tree is not None else ())
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
    ]
    return min(lines, default=0)


def _is_module(context: CrashContext, at: int, name: str) -> bool:
    value = context.named(at, name)
    if value is not None:
        return value.value.startswith("<module ")
    module = context.function(at).outline.module
    for node in ast.walk(module) if module is not None else ():
        if isinstance(node, ast.Import) and any((a.asname or a.name) == name for a in node.names):
            return True
    return False
