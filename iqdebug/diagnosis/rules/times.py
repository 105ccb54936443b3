"""Points in time with a time zone and without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["naive_and_aware"]

_MIX = re.compile(
    r"(offset|tz)-naive and (offset|tz)-aware|tz-aware and tz-naive|naive .*aware", re.IGNORECASE
)
_NAIVE_CALLS = frozenset(("utcnow", "utcfromtimestamp", "today"))
_NOW = frozenset(("now", "fromtimestamp"))


def naive_and_aware(context: CrashContext) -> Iterator[Anomaly]:
    """A datetime without a time zone cannot be compared with one that has one. Which is which is
    told by their values; ``datetime.now()`` and ``utcnow()`` give one without."""
    at = context.own
    if at is None or context.kind != "TypeError" or not _MIX.search(context.message):
        return
    naive: list[tuple[str, Variable | None]] = []
    aware: list[tuple[str, Variable | None]] = []
    for node in context.expressions(at):
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            continue
        value = context.value(at, node)
        zone = _has_zone(value) if value is not None else _made_with_zone(node)
        if zone is not None:
            (aware if zone else naive).append((unparsed(node), value))
    if not naive:
        return
    name, value = naive[0]
    line = _made_at(context, at, name)
    other = message("anomaly.naive_datetime.other", name=aware[0][0]) if aware else None
    made = message("anomaly.naive_datetime.made", line=line) if line else None
    text = message("anomaly.naive_datetime", name=name, other=other, made=made)
    yield context.anomaly(AnomalyKind.NAIVE_DATETIME, text, at, 0.9 if aware else 0.6, value, line=line)


def _has_zone(value: Variable) -> bool | None:
    """None for what is no datetime."""
    if value.type not in ("datetime.datetime", "datetime.time"):
        return None
    if value.value.startswith(("datetime.datetime(", "datetime.time(")):
        return "tzinfo=" in value.value
    return True  # only zones of the standard library's own are written out


def _made_with_zone(node: ast.AST) -> bool | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if "datetime" not in unparsed(node.func.value):
        return None
    if node.func.attr in _NAIVE_CALLS:
        return False
    if node.func.attr in _NOW:
        given = len(node.args) > (node.func.attr == "fromtimestamp") or any(
            k.arg == "tz" for k in node.keywords
        )
        return given
    return None


def _made_at(context: CrashContext, at: int, name: str) -> int:
    """The line above that gives the name a datetime without a zone, by a call that always does."""
    for node in context.assigned(at, name)[:1]:
        if node.value is not None and _made_with_zone(node.value) is False:
            return node.lineno
    return 0
