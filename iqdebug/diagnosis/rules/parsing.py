"""Texts that could not be read as numbers, dates or JSON: which character it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.literals import Text, quoted, text_of
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["unreadable_date", "unreadable_json", "unreadable_number"]

_BASES = {"x": 16, "o": 8, "b": 2}
_INT = re.compile(r"invalid literal for int\(\) with base (\d+): (.+)$", re.DOTALL)
_FLOAT = re.compile(r"could not convert string to float: (.+)$", re.DOTALL)


def unreadable_number(context: CrashContext) -> Iterator[Anomaly]:
    """What of the text is no part of a number, and where such texts come from."""
    at = context.own
    if at is None or context.kind != "ValueError" or context.raised(at):
        return
    whole, broken = _INT.search(context.message), _FLOAT.search(context.message)
    shown = whole[2] if whole is not None else broken[1] if broken is not None else ""
    text = quoted(shown)
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str):
        return
    base = int(whole[1]) if whole is not None else 0
    why = _number_fault(text, base)
    name = _converted(context, at, text)
    said = f"`{name[0]}` is {shown[:60]}" if name is not None else f"the text is {shown[:60]}"
    yield context.anomaly(
        AnomalyKind.UNREADABLE_NUMBER, f"{said}: {why}", at, 0.9, name[1] if name is not None else None
    )


def _number_fault(text: str, base: int) -> str:
    stripped = text.strip()
    if not stripped:
        return "it is empty" if not text else "it is white space alone"
    if stripped.lower() in ("none", "null", "nan", "na", "n/a", "-", "true", "false"):
        return "a word for a missing or logical value, not a number"
    if base and re.fullmatch(r"[-+]?\d+\.\d*(e[-+]?\d+)?|[-+]?\d*e[-+]?\d+", stripped, re.IGNORECASE):
        return "it has a fraction: `int(float(…))` reads it, `int` does not"
    if re.fullmatch(r"[-+]?\d{1,3}([ ,.'\u00a0\u202f]\d{3})+([.,]\d+)?", stripped):
        return "it has separators between thousands"
    if re.fullmatch(r"[-+]?\d+,\d+", stripped):
        return "it has a decimal comma"
    if base == 10 and re.fullmatch(r"0[xob][0-9a-f]+", stripped, re.IGNORECASE):
        return f"it is written with base {_BASES[stripped[1].lower()]}: `int(text, 0)` reads it"
    if base == 10 and re.fullmatch(r"[0-9a-f]{2,}", stripped, re.IGNORECASE):
        return "it has letters of base 16"
    for at, letter in enumerate(text):
        if letter in "\u2212\u2013\u2014":
            return f"the character at position {at} is a dash of typography, not a minus sign"
        if letter == "\ufeff":
            return f"a byte order mark is at position {at}: the file is to be read as utf-8-sig"
        if letter == "\x00":
            return f"a NUL character is at position {at}"
        if not (letter.isdigit() or letter.isspace() or letter in "+-._" or (not base and letter in "eE")):
            if at and text[:at].strip():
                return f"{letter!r} at position {at} does not belong to a number"
            return f"it begins with {letter!r}, which does not belong to a number"
    inside = next(
        (at for at, c in enumerate(text) if c.isspace() and text[:at].strip() and text[at:].strip()), None
    )
    return (
        "it is not written as a number" if inside is None else f"white space is inside, at position {inside}"
    )


def _converted(context: CrashContext, at: int, text: str) -> tuple[str, Variable] | None:
    for node in context.expressions(at):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            value = context.value(at, node)
            found = text_of(value)
            if value is not None and found is not None and found.whole and found.start == text:
                return unparsed(node), value
    return None


_DATE = re.compile(r"time data ('.*'|\".*\") does not match format ('.*'|\".*\")$", re.DOTALL)
_REMAINS = re.compile(r"unconverted data remains: ?(.*)$", re.DOTALL)
_ISO = re.compile(r"Invalid isoformat string: ('.*')$", re.DOTALL)
_DIRECTIVES: dict[str, str] = {
    "d": r"3[01]|[12]\d|0[1-9]|[1-9]| [1-9]",
    "m": r"1[0-2]|0[1-9]|[1-9]",
    "Y": r"\d{4}",
    "y": r"\d\d",
    "H": r"2[0-3]|[01]\d|\d",
    "I": r"1[0-2]|0[1-9]|[1-9]",
    "M": r"[0-5]\d|\d",
    "S": r"6[01]|[0-5]\d|\d",
    "f": r"\d{1,6}",
    "j": r"36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]",
    "z": r"[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z",
    "Z": r"[A-Za-z]+",
    "p": r"[AaPp]\.?[Mm]\.?",
    "a": r"[^\W\d]{2,4}\.?",
    "A": r"[^\W\d]{4,}",
    "b": r"[^\W\d]{3,4}\.?",
    "B": r"[^\W\d]{3,}",
    "%": "%",
}


def unreadable_date(context: CrashContext) -> Iterator[Anomaly]:
    """How far the text follows the format, and what stands where it leaves it."""
    at = context.own
    if at is None or context.kind != "ValueError":
        return
    wrong, rest, iso = (p.search(context.message) for p in (_DATE, _REMAINS, _ISO))
    if wrong is not None:
        text, form = quoted(wrong[1]), quoted(wrong[2])
        if isinstance(text, str) and isinstance(form, str):
            said = f"{wrong[1][:60]} is read by {wrong[2][:40]}: {_left_format(text, form)}"
            yield context.anomaly(AnomalyKind.UNREADABLE_DATE, said, at, 0.9, _first_text(context, at, text))
    elif rest is not None and any(f.path.endswith("_strptime.py") for f in context.frames[:3]):
        said = f"the format ends before the text does: {rest[1][:40]!r} is left over"
        yield context.anomaly(AnomalyKind.UNREADABLE_DATE, said, at, 0.9)
    elif iso is not None:
        text = quoted(iso[1])
        if isinstance(text, str) and text.rstrip().endswith("Z"):
            said = f"{iso[1][:60]} ends in Z, which `fromisoformat` reads since Python 3.11"
            yield context.anomaly(AnomalyKind.UNREADABLE_DATE, said, at, 0.9, _first_text(context, at, text))


def _left_format(text: str, form: str) -> str:
    """The directive that does not fit, tried one after the other as ``strptime`` reads them."""
    pattern = ""
    reached = begun = 0
    before = ""
    for part in re.findall(r"%.|\s+|.", form, re.DOTALL)[:60]:
        piece = r"\s+" if part.isspace() else re.escape(part)
        if part[0] == "%" and len(part) == 2:
            if part[1] not in _DIRECTIVES:
                return "it does not follow the format"
            piece = f"(?:{_DIRECTIVES[part[1]]})"
        found = re.match(pattern + piece, text[:200], re.IGNORECASE)
        if found is None:
            digit_left = text[reached : reached + 1].isdigit() and before[-1:] in tuple("dmyHIMSj")
            if digit_left and part[0] != "%":
                # The number before went on: it is that one which is too large.
                part, reached = before, begun
            return _misfit(part, text[reached : reached + 12], reached)
        pattern += piece
        before, begun, reached = part, reached, found.end()
    return f"{text[reached : reached + 20]!r} is left over" if reached < len(text) else "no such day exists"


def _misfit(part: str, rest: str, at: int) -> str:
    name = f"`{part}`" if part[0] == "%" else repr(part)
    if not rest:
        return f"it ends before {name}"
    swapped = part == "%m" and re.match(r"(1[3-9]|2\d|3[01])(?!\d)", rest)
    other = " (day and month the other way round?)" if swapped else ""
    return f"{name} does not fit {rest!r} at position {at}{other}"


def _first_text(context: CrashContext, at: int, text: str) -> Variable | None:
    found = _converted(context, at, text)
    return found[1] if found is not None else None


_JSON = re.compile(r"^(.*): line (\d+) column (\d+) \(char (\d+)\)", re.DOTALL)


def unreadable_json(context: CrashContext) -> Iterator[Anomaly]:
    """What the text is instead of JSON: nothing, HTML, a Python literal, several documents; with the
    characters around the place."""
    at = context.own
    said = _JSON.match(context.message)
    if at is None or said is None or "JSONDecodeError" not in context.type:
        return
    value, text = _document(context)
    place = int(said[4])
    why = _json_fault(said[1], text, place)
    if text is not None and place < len(text.start):
        shown = text.start[max(place - 20, 0) : place + 20]
        why = f"{why} (at line {said[2]}, column {said[3]}: {shown!r})" if why else f"{said[1]} at {shown!r}"
    elif not why:
        return
    yield context.anomaly(AnomalyKind.UNREADABLE_JSON, why, at, 0.9 if text is not None else 0.6, value)


def _document(context: CrashContext) -> tuple[Variable | None, Text | None]:
    """The text that was parsed, as json's own frames or the person's line have it."""
    for index in context.code[:5]:
        frame = context.frames[index]
        if frame.kind == "stdlib" and re.search(r"json[/\\](decoder|__init__)\.py$", frame.path):
            for value in frame.locals or ():
                text = text_of(value) if value.name in ("s", "doc") else None
                if text is not None:
                    return value, text
    return None, None


def _json_fault(words: str, text: Text | None, place: int) -> str:
    start = text.start if text is not None else None
    if start is not None and not start.strip():
        return "the text is empty" if not start else "the text is white space alone"
    if start is not None and start.startswith("\ufeff"):
        return "the text begins with a byte order mark: utf-8-sig reads it away"
    if start is not None and start.lstrip()[:1] == "<":
        return "the text is HTML or XML, not JSON: an error page perhaps"
    here = start[place : place + 1] if start is not None else ""
    if here == "'" or ("double quotes" in words and start is not None and "'" in start[place : place + 2]):
        return "the text has single quotes: it is a Python value's text, not JSON"
    if ("double quotes" in words and here == "}") or "trailing comma" in words:
        return "a comma stands before the closing bracket, which JSON does not allow"
    if "Extra data" in words:
        return "a second value follows the first: several JSON documents, a line each perhaps"
    if start is not None and re.match(r"(None|True|False|nan|inf)\b", start[place:]):
        return "the text has a word of Python's that JSON does not have"
    if "Unterminated string" in words or (text is not None and text.whole and place >= text.size):
        return "the text ends in the middle: it was cut off"
    if "Invalid control character" in words:
        return "a line break or tab stands inside a string, where JSON wants an escape"
    if "escape" in words:
        return "a backslash stands inside a string, which JSON wants doubled"
    return ""
