"""Operands of two types: a number as text, text and bytes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.literals import literal
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["mixed_operands", "text_and_bytes"]

_OPERANDS = re.compile(
    r"unsupported operand type\(s\) for \S+ (?:or \S+ )?'(\w+)' and '(\w+)'"
    r"|not supported between instances of '(\w+)' and '(\w+)'"
    r"|can only concatenate (\w+) \(not \"(\w+)\"\) to"
)


def mixed_operands(context: CrashContext) -> Iterator[Anomaly]:
    """Operands of two types: which one is which. A text that looks like a number most often comes
    from input, a file or JSON, and was not converted."""
    operands = _OPERANDS.search(context.message)
    at = context.first
    if at is None or operands is None or context.kind != "TypeError":
        return
    types = [t for t in operands.groups() if t]
    if "NoneType" in types or "coroutine" in types or set(types) == {"str", "bytes"}:
        return
    for node in context.operations(at):
        sides = _sides(node)
        values = [(side, context.value(at, side)) for side in sides]
        known = [(side, value) for side, value in values if value is not None and value.type in types]
        if len({v.type for _, v in known}) < 2:
            continue
        numeric = [(s, v) for s, v in known if v.type in ("str", "bytes") and _looks_numeric(v)]
        if numeric and {v.type for _, v in known} & {"int", "float"}:
            side, value = numeric[0]
            text = message("anomaly.number_as_text", name=unparsed(side), value=value.value[:40])
            yield context.anomaly(AnomalyKind.NUMBER_AS_TEXT, text, at, 0.9, value)
            return
        parts = [
            message("anomaly.operand", name=unparsed(side), type=v.type, value=v.value[:40])
            for side, v in known[:2]
        ]
        odd = next((v for s, v in known if not isinstance(s, ast.Constant)), known[0][1])
        text = message("anomaly.mixed_operands", operands=parts)
        yield context.anomaly(AnomalyKind.MIXED_TYPES, text, at, 0.6, odd)
        return


def _sides(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.AugAssign):
        return [node.target, node.value]
    return [node.left, *node.comparators] if isinstance(node, ast.Compare) else []


def _looks_numeric(value: Variable) -> bool:
    text = literal(value)
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    return isinstance(text, str) and re.fullmatch(r"\s*[-+]?\d+([.,]\d+)?\s*", text[:40]) is not None


_TEXT_BYTES = re.compile(
    r"can't concat (str to bytes|bytes to str)|can only concatenate str \(not \"bytes\"\)|"
    r"a bytes-like object is required, not 'str'|(string|bytes) pattern on a (bytes-like|string)|"
    r"must be (str|bytes)[^,]*, not (bytes|str)\b|expected (str|bytes|a bytes-like object)[^,]*, "
    r"'?(bytes|str)'? found|should be integer or bytes-like object, not 'str'|"
    r"must be bytes or a tuple of bytes, not str|must be str or a tuple of str, not bytes|"
    r"(unsupported operand|not supported between).*'(?:str' and 'bytes|bytes' and 'str)'|"
    r"(Strings|Unicode-objects) must be encoded before hashing|requires string as left operand, not bytes"
)


def text_and_bytes(context: CrashContext) -> Iterator[Anomaly]:
    """Text and bytes do not mix: one of the two on this line was not decoded, or not encoded. The
    values say which is which."""
    at = context.own
    if at is None or context.kind != "TypeError" or not _TEXT_BYTES.search(context.message):
        return
    by_type: dict[str, dict[str, Variable]] = {"str": {}, "bytes": {}}
    for node in context.expressions(at):
        if isinstance(node, ast.Constant | ast.Name | ast.Attribute | ast.Subscript):
            value = context.value(at, node)
            if value is not None and value.type in by_type:
                by_type[value.type].setdefault(unparsed(node), value)
    texts, raw = by_type["str"], by_type["bytes"]
    named = {n: v for n, v in {**raw, **texts}.items() if n[:1] not in "'\"b" or n.isidentifier()}
    if texts and raw and named:
        first, second = next(iter(raw)), next(iter(texts))
        text = message("anomaly.text_and_bytes.both", bytes=first[:60], text=second[:60])
        yield context.anomaly(AnomalyKind.TEXT_AND_BYTES, text, at, 0.9, next(iter(named.values())))
    elif len(named) == 1 and not (texts and raw):
        name, value = next(iter(named.items()))
        if value.type == "str":
            text = message("anomaly.text_and_bytes.bytes_wanted", name=name)
        else:
            text = message("anomaly.text_and_bytes.text_wanted", name=name)
        yield context.anomaly(AnomalyKind.TEXT_AND_BYTES, text, at, 0.6, value)
