"""NaN and infinity in calculations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["not_a_number"]

_ABOUT_NAN = re.compile(r"\bNaN\b|\bnan\b|\binfinity\b|\binf\b|not finite|out of range float", re.IGNORECASE)


def not_a_number(context: CrashContext) -> Iterator[Anomaly]:
    """NaN goes through arithmetic unseen, and every comparison with it is false; what fails in the
    end is a conversion or a check. Infinity is ordinary as a starting value, and is named only
    where the message speaks of it."""
    at = context.own
    named = _ABOUT_NAN.search(context.message) is not None
    if at is None or not (named or context.kind in ("AssertionError", "FloatingPointError", "OverflowError")):
        return
    seen: set[str] = set()
    for node in context.written(at):
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        value = context.value(at, node)
        if value is None or value.name in seen:
            continue
        seen.add(value.name)
        text = re.sub(r"^(?:np\.)?float\d*\((.*)\)$", r"\1", value.value)
        if text == "nan" or (named and text in ("inf", "-inf")):
            if text == "nan":
                used = message("anomaly.nan_used", name=unparsed(node))
            else:
                used = message("anomaly.infinity_used", name=unparsed(node))
            yield context.anomaly(AnomalyKind.NOT_A_NUMBER, used, at, 0.9 if named else 0.6, value)
        elif named and value.type in ("list", "tuple"):
            odd = next((e for e in context.elements(value) if e.value in ("nan", "inf", "-inf")), None)
            if odd is not None:
                element = message("anomaly.nan_element", name=unparsed(node) + odd.name, value=odd.value)
                yield context.anomaly(AnomalyKind.NOT_A_NUMBER, element, at, 0.9, odd)
