"""What callers pass: the expression behind a parameter, who made the value, and whether it keeps the
parameter's annotation."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from iqdebug.core.state import Frame
from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.source.functions import Function, FunctionTree, calls_in, own_expressions, unparsed
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["argument_of", "breaks_contract", "is_passthrough", "senders"]


def argument_of(function: Function, caller: Function, name: str) -> ast.expr | None:
    """The expression that a caller's line passes for a parameter."""
    if caller.tree is None or not isinstance(function.tree, FunctionTree) or caller.statement is None:
        return None
    args = function.tree.args
    names = [a.arg for a in (*args.posonlyargs, *args.args)]
    last = function.qualname.rsplit(".", 1)[-1]
    owner = function.qualname.rsplit(".", 2)[-2] if function.qualname.count(".") else ""
    calls = [c for e in own_expressions(caller.statement) for c in ast.walk(e) if isinstance(c, ast.Call)]
    if caller.failing is not None:
        exact = [c for c in ast.walk(caller.failing) if isinstance(c, ast.Call)]
        calls = exact[:1] or calls
    for call in calls:
        called = unparsed(call.func).rsplit(".", 1)[-1]
        is_method = bool(names) and names[0] in ("self", "cls")
        if called != last and last not in ("__init__", "__new__", "__call__") and len(calls) > 1:
            continue
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        positional = names[1:] if is_method and (called in (last, owner) or last.startswith("__")) else names
        if name in positional:
            at = positional.index(name)
            if at < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: at + 1]):
                return call.args[at]
        if name == (names[0] if is_method else "") and isinstance(call.func, ast.Attribute):
            return call.func.value
    return None


def senders(frames: Sequence[Frame], texts: Texts, index: int, name: str) -> list[int]:
    """The frames up which a parameter of the frame at ``index`` was handed: the last is the one
    that made the value, those before it only passed on a parameter of their own."""
    path: list[int] = []
    function = Function.of(frames[index], texts)
    while name in function.parameters and len(path) < 30:
        at = next((i for i in range(index + 1, len(frames)) if frames[i].kind != "label"), None)
        if at is None:
            break
        caller = Function.of(frames[at], texts)
        passed = argument_of(function, caller, name)
        if passed is None and _has_default(function, name):
            break  # nobody sent it
        path.append(at)
        if not isinstance(passed, ast.Name) or passed.id not in caller.parameters:
            break
        if caller.tree is not None and any(assignments(caller.tree, passed.id, caller.frame.line)):
            break
        index, function, name = at, caller, passed.id
    return path


def _has_default(function: Function, name: str) -> bool:
    if not isinstance(function.tree, FunctionTree):
        return False
    args = function.tree.args
    plain = [a.arg for a in (*args.posonlyargs, *args.args)]
    given = {
        a.arg for a, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is not None
    }
    return name in given or name in plain[len(plain) - len(args.defaults) :]


def is_passthrough(function: Function) -> bool:
    """A wrapper: takes any arguments and passes them on as they are."""
    tree = function.tree
    if not isinstance(tree, FunctionTree) or tree.args.vararg is None or tree.args.kwarg is None:
        return False
    if function.statement is None:
        return False
    star, stars = tree.args.vararg.arg, tree.args.kwarg.arg
    for expression in own_expressions(function.statement):
        for _, call in calls_in(expression):
            starred = {unparsed(a.value) for a in call.args if isinstance(a, ast.Starred)}
            doubled = {unparsed(k.value) for k in call.keywords if k.arg is None}
            if star in starred and stars in doubled:
                return True
    return False


def breaks_contract(function: Function, name: str) -> bool:
    """Whether a parameter's value is none that its annotation allows. In doubt it is not."""
    value = function.value(name)
    if value is None or not isinstance(function.tree, FunctionTree):
        return False
    args = function.tree.args
    annotation = next(
        (a.annotation for a in (*args.posonlyargs, *args.args, *args.kwonlyargs) if a.arg == name), None
    )
    if annotation is None:
        return False
    text = annotation.value if isinstance(annotation, ast.Constant) else unparsed(annotation, 300)
    words = {w.rsplit(".", 1)[-1] for w in re.findall(r"[\w.]+", str(text))}
    outer = {w for w in words if w not in _WRAPPING}
    families = {_FAMILY.get(w, "") for w in outer}
    if "" in families or value.type not in _FAMILY:
        return False
    if value.type == "NoneType" and "Optional" in words:
        return False
    return _FAMILY[value.type] not in families


_WRAPPING = frozenset(("Optional", "Union", "typing"))
_FAMILY = {
    "str": "text",
    "AnyStr": "text",
    "bytes": "bytes",
    "int": "number",
    "float": "number",
    "bool": "number",
    "None": "none",
    "NoneType": "none",
    "dict": "mapping",
    "Dict": "mapping",
    "Mapping": "mapping",
    "MutableMapping": "mapping",
    "list": "sequence",
    "List": "sequence",
    "tuple": "sequence",
    "Tuple": "sequence",
    "Sequence": "sequence",
    "set": "set",
    "Set": "set",
}
