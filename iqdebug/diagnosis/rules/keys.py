"""Keys that are not there, and those that nearly are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.literals import literal, size_of
from iqdebug.diagnosis.rules.replacements import other_key
from iqdebug.diagnosis.rules.similar_names import near_key
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["keys_of", "missing_key"]


def missing_key(context: CrashContext) -> Iterator[Anomaly]:
    """A key that is nearly there was meant to be found: it is written otherwise, or of another type,
    than where the mapping was filled. What differs is said; the keys are when nothing is near."""
    at = context.first
    if at is None or context.kind != "KeyError" or context.raised(at):
        return
    wanted = context.message.strip()
    for owner, key in _looked_up(context, at):
        known = context.value(at, key)
        if known is not None and known.state == "ok" and known.value != wanted:
            continue
        value = context.value(at, owner)
        keys = keys_of(context, value)
        if value is None or not keys or wanted in keys:
            continue
        name = unparsed(owner)
        near = near_key(wanted, keys)
        if near is not None:
            text = message(
                "anomaly.near_key",
                name=name,
                wanted=wanted[:60],
                near=near.name[:60],
                difference=near.difference,
            )
            weight = 0.9 if near.sure else 0.6
            edit = other_key(context.statement_at(at), wanted, near.name)
            yield context.anomaly(AnomalyKind.NEAR_KEY, text, at, weight, value, edit=edit)
            continue
        incomplete = _incomplete_row(context, at, owner, wanted)
        if incomplete is not None:
            yield context.anomaly(AnomalyKind.SIBLING_KEY, incomplete, at, 0.6, value)
        elif len(keys) == size_of(value) and len(keys) <= 8:
            text = message("anomaly.missing_key", name=name, wanted=wanted[:60], keys=[k[:30] for k in keys])
            yield context.anomaly(AnomalyKind.MISSING_KEY, text, at, 0.3, value)


def _looked_up(context: CrashContext, at: int) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in context.operations(at):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            yield node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            yield from [(node.func.value, node.args[0])] if node.func.attr in ("pop", "remove") else []


_KEY = re.compile(r"[{,] ?(b?'(?:[^'\\]|\\.){0,80}'|-?\d+): ")


def keys_of(context: CrashContext, value: Variable | None) -> list[str]:
    """The keys of a builtin mapping (or the elements of a set), as they are written in source; those
    that were recorded."""
    if value is None or "{" not in value.value[:60]:
        return []
    is_set = value.type.rsplit(".", 1)[-1] in ("set", "frozenset")
    listed = [c for c in context.children(value) if c.kind == "item"]
    if listed:
        return [c.value if is_set else c.name for c in listed]
    whole = literal(value)
    if isinstance(whole, dict | set | frozenset):
        return [repr(k) for k in whole]
    return [] if is_set else _KEY.findall(value.value)


def _incomplete_row(context: CrashContext, at: int, owner: ast.expr, wanted: str) -> Message | None:
    """The other rows of the list that the loop runs over have the key: this one is incomplete."""
    for loop in context.loops(at):
        if isinstance(loop, ast.While) or unparsed(loop.target) != unparsed(owner):
            continue
        rows = context.elements(context.value(at, loop.iter))
        known = [(r, keys_of(context, r)) for r in rows]
        having = [r for r, keys in known if wanted in keys]
        lacking = [r for r, keys in known if keys and wanted not in keys]
        if len(having) >= 2 and lacking and len(having) >= 3 * len(lacking):
            which = [message("quoted", text=unparsed(loop.iter) + row.name) for row in lacking[:3]]
            return message("anomaly.sibling_key", rows=which, wanted=wanted[:60], count=len(having))
    return None
