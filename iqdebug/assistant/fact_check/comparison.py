"""Whether a statement contradicts a value that was read: by what both mean, not by their texts."""

from __future__ import annotations

import re
from decimal import Decimal

from iqdebug.assistant.fact_check.claims import EMPTY, NO_LITERAL, ValueClaim, literal
from iqdebug.core.state import Variable

__all__ = ["contradicts"]

_NUMBER_TYPE = re.compile(r"(?:Decimal|np\.\w+|numpy\.\w+)\('?(-?[\d.eE+-]+)'?\)")
_BUILTIN = ("int", "float", "bool", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "NoneType")
_SEQUENCES = (list, tuple)


def contradicts(claim: ValueClaim, variable: Variable) -> bool:
    """False wherever the two may agree, or too little of the value is known."""
    if claim.relation == "len":
        return variable.size is not None and variable.size != claim.value
    if claim.relation == "is not":
        return claim.value is None and variable.value == "None"
    is_none = variable.value == "None" and variable.type in ("NoneType", "")
    if claim.value is EMPTY:
        return not is_none and bool(variable.size)
    if claim.value is None or is_none:
        return (claim.value is None) != is_none and bool(variable.type or variable.value)
    actual = _meaning(variable)
    if actual is NO_LITERAL:
        return _contradicts_part(claim.value, variable)
    return not _agree(claim, actual)


def _meaning(variable: Variable) -> object:
    if variable.state == "cut":
        return NO_LITERAL
    number = _NUMBER_TYPE.fullmatch(variable.value)
    if number:
        return Decimal(number[1])
    return literal(variable.value)


def _agree(claim: ValueClaim, actual: object) -> bool:
    said = claim.value
    if isinstance(said, int | float) and isinstance(actual, int | float | Decimal):
        return said == actual or _rounded(claim.written, actual)
    if isinstance(said, str) and isinstance(actual, str):
        return actual in (said, claim.written.strip("'\"")) or _is_elided(said)  # backslashes as they are
    if isinstance(said, str) or (isinstance(actual, str) and not claim.exact):
        # Quotation marks of prose are not always those of a text.
        return str(said) == str(actual) or _is_elided(claim.written)
    if isinstance(said, _SEQUENCES) and isinstance(actual, _SEQUENCES):
        return list(said) == list(actual) or _is_elided(claim.written)
    return said == actual or _is_elided(claim.written)


def _rounded(written: str, actual: float | Decimal) -> bool:
    """Whether the number as it is written is the actual one with fewer decimals, rounded or cut."""
    decimals = len(written.rpartition(".")[2]) if "." in written else 0
    try:
        return (
            decimals > 0
            and abs(Decimal(written.replace(",", "")) - Decimal(actual)) < Decimal(10) ** -decimals
        )
    except ArithmeticError:
        return True


def _is_elided(text: str) -> bool:
    return "..." in text or "…" in text


def _contradicts_part(said: object, variable: Variable) -> bool:
    """Of a value that is known in part, or of which only the type is."""
    kind = variable.type
    if kind not in _BUILTIN or _is_elided(repr(said)) or "Ellipsis" in repr(said):
        return False
    if isinstance(said, str):
        begun = literal(variable.value.rstrip("…") + variable.value[:1]) if kind == "str" else NO_LITERAL
        return isinstance(begun, str) and not said.startswith(begun[:40])
    if isinstance(said, list | tuple | dict | set | frozenset) and variable.size is not None:
        return kind == type(said).__name__ and variable.size != len(said)
    return isinstance(said, int | float) and kind in ("list", "tuple", "dict", "set", "frozenset")
