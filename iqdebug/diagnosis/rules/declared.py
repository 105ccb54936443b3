"""Values of a type that the parameter's annotation does not allow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.dataflow.arguments import senders
from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.functions import FunctionTree, unparsed

__all__ = ["against_annotation"]

_CONCERNED = frozenset(("TypeError", "AttributeError", "ValueError", "KeyError", "IndexError"))
MAX_FRAMES = 8
_NUMBER = frozenset(("int", "bool"))
_SIZED = frozenset(("str", "bytes", "bytearray", "list", "tuple", "dict", "set", "frozenset"))
_BUILTIN = _SIZED | frozenset(("int", "float", "complex", "bool", "NoneType"))
_ACCEPTS: dict[str, frozenset[str]] = {
    "int": _NUMBER,
    "float": frozenset(("float", "int", "bool")),
    "complex": frozenset(("complex", "float", "int", "bool")),
    "bool": _NUMBER,
    "str": frozenset(("str",)),
    "bytes": frozenset(("bytes", "bytearray")),
    "list": frozenset(("list",)),
    "tuple": frozenset(("tuple",)),
    "dict": frozenset(("dict",)),
    "set": frozenset(("set", "frozenset")),
    "frozenset": frozenset(("set", "frozenset")),
    "Mapping": frozenset(("dict",)),
    "Sequence": frozenset(("list", "tuple", "str", "bytes", "bytearray")),
    "Iterable": _SIZED,
    "Collection": _SIZED,
    "None": frozenset(("NoneType",)),
    # Classes that no builtin value is an instance of.
    **dict.fromkeys(
        ("datetime", "date", "time", "timedelta", "Path", "PurePath", "Decimal", "UUID", "Fraction"),
        frozenset[str](),
    ),
}
_ALIAS = {
    "List": "list",
    "Tuple": "tuple",
    "Dict": "dict",
    "DefaultDict": "dict",
    "MutableMapping": "Mapping",
    "MutableSequence": "list",
    "Set": "set",
    "AbstractSet": "set",
    "FrozenSet": "frozenset",
    "Text": "str",
}


def against_annotation(context: CrashContext) -> Iterator[Anomaly]:
    """A parameter that holds none of what its annotation allows was passed wrongly: the call is to
    blame, not the function. Only builtin values are judged, only where the parameter still holds
    what was passed, and only where the failure speaks of that type or of that parameter's line. A
    default of None means None is allowed, as it did before annotations said so."""
    if context.kind not in _CONCERNED:
        return
    for at in [i for i in context.code if context.frames[i].kind != "stdlib"][:MAX_FRAMES]:
        function = context.function(at)
        tree = function.tree
        if not isinstance(tree, FunctionTree):
            continue
        for parameter, default in _annotated(tree):
            value = function.value(parameter.arg)
            if value is None or value.type not in _BUILTIN or value.state not in ("ok", "cut"):
                continue
            allowed = _allowed(parameter.annotation)
            if allowed is None or value.type in allowed:
                continue
            if value.type == "NoneType" and isinstance(default, ast.Constant) and default.value is None:
                continue
            if any(assignments(tree, parameter.arg, context.frames[at].line)):
                continue
            named = f"'{value.type}'" in context.message or f"not {value.type}" in context.message
            used = at == context.own and any(
                isinstance(n, ast.Name) and n.id == parameter.arg for n in context.expressions(at)
            )
            if not named and not used:
                continue
            yield _wrongly_passed(context, at, parameter, value, 0.9 if named and used else 0.6)


def _annotated(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    args = tree.args
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    defaults += args.defaults
    for parameter, default in [
        *zip(plain, defaults, strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]:
        if parameter.annotation is not None:
            yield parameter, default


def _wrongly_passed(
    context: CrashContext, at: int, parameter: ast.arg, value: Variable, weight: float
) -> Anomaly:
    """At the call that made the value; those between only handed it on."""
    function = context.function(at)
    annotation = unparsed(parameter.annotation).strip("'") if parameter.annotation is not None else ""
    declared = message(
        "anomaly.against_annotation.declared",
        name=parameter.arg,
        function=function.qualname,
        annotation=annotation,
    )
    shown = value.value[:60]
    way = senders(context.frames, context.texts, at, parameter.arg)
    if not way or context.frames[way[-1]].kind == "stdlib":
        text = message("anomaly.against_annotation.holds", declared=declared, type=value.type, value=shown)
        return context.anomaly(AnomalyKind.AGAINST_ANNOTATION, text, at, weight, value)
    text = message("anomaly.against_annotation.passes", declared=declared, type=value.type, value=shown)
    return context.anomaly(AnomalyKind.AGAINST_ANNOTATION, text, way[-1], weight, value)


def _allowed(annotation: ast.expr | None) -> frozenset[str] | None:
    """Builtin types that an annotation allows; None where it names anything that is not known."""
    if isinstance(annotation, ast.Constant):
        if annotation.value is None:
            return _ACCEPTS["None"]
        if not isinstance(annotation.value, str) or len(annotation.value) > 200:
            return None
        try:
            return _allowed(ast.parse(annotation.value, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _union([annotation.left, annotation.right])
    if isinstance(annotation, ast.Subscript):
        outer = unparsed(annotation.value).rsplit(".", 1)[-1]
        if outer in ("Optional", "Union"):
            inner = annotation.slice
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            allowed = _union(parts)
            return allowed | {"NoneType"} if allowed is not None and outer == "Optional" else allowed
        return _allowed(annotation.value)
    if isinstance(annotation, ast.Name | ast.Attribute):
        name = unparsed(annotation).rsplit(".", 1)[-1]
        return _ACCEPTS.get(_ALIAS.get(name, name))
    return None


def _union(parts: list[ast.expr]) -> frozenset[str] | None:
    types: frozenset[str] = frozenset()
    for part in parts:
        allowed = _allowed(part)
        if allowed is None:
            return None
        types |= allowed
    return types
