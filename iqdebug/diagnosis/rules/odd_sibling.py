"""The element that is unlike its siblings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["odd_sibling"]


def odd_sibling(context: CrashContext) -> Iterator[Anomaly]:
    """In a list (or a column of rows) where nearly every element is of one type, the one of another
    type is the one that the failing line cannot take."""
    at = context.own
    if at is None or context.kind not in ("TypeError", "AttributeError", "ValueError"):
        return
    for node in context.written(at):
        value = context.value(at, node) if isinstance(node, ast.Name | ast.Attribute) else None
        if value is not None and value.type in ("list", "tuple"):
            yield from _odd(context, at, unparsed(node), [("", e) for e in context.elements(value)], value)
    for loop in context.loops(at):
        if isinstance(loop, ast.While) or not isinstance(loop.target, ast.Name):
            continue
        rows = context.value(at, loop.iter)
        if rows is None or rows.type not in ("list", "tuple"):
            continue
        listed, shown = context.elements(rows), unparsed(loop.iter)
        if loop.target.id in {n.id for n in context.written(at) if isinstance(n, ast.Name)}:
            yield from _odd(context, at, shown, [("", e) for e in listed], rows)
        for part in {unparsed(p): p for p in _parts(context, at, loop.target.id)}.values():
            column = [(e.name, _below(context, e, part)) for e in listed]
            known = [(name, cell) for name, cell in column if cell is not None]
            yield from _odd(context, at, shown, known, rows)


def _parts(context: CrashContext, at: int, name: str) -> list[ast.Subscript | ast.Attribute]:
    """``row["price"]`` and ``row.price`` on the failing line."""
    return [
        n
        for n in context.written(at)
        if isinstance(n, ast.Subscript | ast.Attribute)
        and isinstance(n.value, ast.Name)
        and n.value.id == name
        and (isinstance(n, ast.Attribute) or isinstance(n.slice, ast.Constant))
    ]


def _below(context: CrashContext, row: Variable, part: ast.Subscript | ast.Attribute) -> Variable | None:
    if isinstance(part, ast.Attribute):
        return next((c for c in context.children(row) if c.name == part.attr), None)
    key = part.slice.value if isinstance(part.slice, ast.Constant) else None
    return context.item(row, Variable("", repr(key), type(key).__name__))


def _odd(
    context: CrashContext, at: int, shown: str, cells: list[tuple[str, Variable]], owner: Variable
) -> Iterator[Anomaly]:
    """One or two of another type among at least three of one, where the failure names that type or
    the odd one is None."""
    types = Counter("int" if c.type == "bool" else c.type for _, c in cells if c.type)
    if len(types) != 2 or {"int", "float"} == set(types):
        return
    (usual, many), (odd, few) = types.most_common(2)
    named = re.search(rf"\b{re.escape(odd.rsplit('.', 1)[-1])}\b", context.message)
    if many < 3 or few > max(1, many // 5) or named is None:
        return
    name, cell = next((n, c) for n, c in cells if c.type == odd or (odd == "int" and c.type == "bool"))
    where = f"{shown}{name}" + (f"[{cell.name}]" if name and cell.name and cell.name[0] in "'\"" else "")
    where += cell.name if not name else f".{cell.name}" if cell.name.isidentifier() else ""
    text = message(
        "anomaly.odd_sibling", name=where, type=odd, value=cell.value[:40], count=many, usual=usual
    )
    yield context.anomaly(AnomalyKind.ODD_SIBLING, text, at, 0.9, cell)
