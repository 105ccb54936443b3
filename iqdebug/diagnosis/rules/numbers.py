"""NaN and infinity in calculations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
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
    told = _ABOUT_NAN.search(context.message) is not None
    if at is None or not (told or context.kind in ("AssertionError", "FloatingPointError", "OverflowError")):
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
        if text == "nan" or (told and text in ("inf", "-inf")):
            word = "NaN" if text == "nan" else "infinite"
            said = f"`{unparsed(node)}` is {word}, and it is used in a calculation here"
            yield context.anomaly(AnomalyKind.NOT_A_NUMBER, said, at, 0.9 if told else 0.6, value)
        elif told and value.type in ("list", "tuple"):
            odd = next((e for e in context.elements(value) if e.value in ("nan", "inf", "-inf")), None)
            if odd is not None:
                said = f"`{unparsed(node)}{odd.name}` is {odd.value}"
                yield context.anomaly(AnomalyKind.NOT_A_NUMBER, said, at, 0.9, odd)
