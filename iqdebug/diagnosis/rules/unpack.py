"""Names on the left and elements on the right that differ in number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.keys import keys_of
from iqdebug.diagnosis.rules.literals import literal, number_of, quoted, size_of, text_of
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["unpacking"]

_COUNTS = re.compile(r"(too many|not enough) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?")


def unpacking(context: CrashContext) -> Iterator[Anomaly]:
    """Names on the left and elements on the right differ in number. What is unpacked is shown with
    its size; looping over a mapping gives its keys alone, and ``split`` gives what the text has."""
    at = context.first
    counts = _COUNTS.search(context.message)
    if at is None or counts is None or context.kind != "ValueError":
        return
    wanted = int(counts[2])
    for source, looped in _unpacked(context, at):
        value = context.value(at, source)
        if isinstance(source, ast.Call) and not looped:
            yield from _split(context, at, source, wanted)
        if value is None:
            continue
        name = unparsed(source)
        if looped and value.value.startswith("{") and value.type in ("dict", ""):
            keys = keys_of(context, value)
            first = quoted(keys[0]) if keys else None
            if wanted == 2 and keys and not (isinstance(first, tuple) and len(first) == 2):
                text = message("anomaly.unpacking.keys", name=name, key=keys[0][:40])
                yield context.anomaly(AnomalyKind.UNPACKING, text, at, 0.9, value)
        elif looped:
            odd = [
                e for e in context.elements(value) if (size_of(e) or 0) != wanted and size_of(e) is not None
            ]
            if odd:
                text = message(
                    "anomaly.unpacking.element", name=name + odd[0].name, count=size_of(odd[0]), wanted=wanted
                )
                yield context.anomaly(AnomalyKind.UNPACKING, text, at, 0.9, odd[0])
        elif size_of(value) not in (None, wanted):
            text = message("anomaly.unpacking.count", name=name, count=size_of(value), wanted=wanted)
            yield context.anomaly(AnomalyKind.UNPACKING, text, at, 0.9, value)


def _unpacked(context: CrashContext, at: int) -> Iterator[tuple[ast.expr, bool]]:
    """What is unpacked, and whether it is the elements of a loop."""
    statement = context.statement(at)
    if isinstance(statement, ast.Assign):
        if any(isinstance(t, ast.Tuple | ast.List) for t in statement.targets):
            yield statement.value, False
    elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple | ast.List):
        yield statement.iter, True
    for node in context.written(at):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            for part in node.generators:
                if isinstance(part.target, ast.Tuple | ast.List):
                    yield part.iter, True


def _split(context: CrashContext, at: int, call: ast.Call, wanted: int) -> Iterator[Anomaly]:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("split", "rsplit"):
        return
    text = text_of(context.value(at, call.func.value))
    separator = literal(context.value(at, call.args[0])) if call.args else None
    most = number_of(context.value(at, call.args[1])) if len(call.args) > 1 else -1
    if text is None or not text.whole or most is None or call.keywords:
        return
    if isinstance(separator, bytes):
        separator = separator.decode("latin-1")
    if not isinstance(separator, str | None) or separator == "":
        return
    parts = text.start.split(separator, most)
    if len(parts) != wanted:
        split = message(
            "anomaly.unpacking.split",
            name=unparsed(call.func.value),
            value=repr(text.start[:60]),
            separator=message("anomaly.white_space") if separator is None else repr(separator),
            count=len(parts),
            wanted=wanted,
        )
        yield context.anomaly(AnomalyKind.UNPACKING, split, at, 0.9, context.value(at, call.func.value))
