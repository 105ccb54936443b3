"""Texts that could not be read as numbers, dates or JSON: which character it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
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
    fault = _number_fault(text, base)
    converted = _converted(context, at, text)
    if converted is None:
        whole_text = message("anomaly.unreadable_number.text", value=shown[:60], fault=fault)
        yield context.anomaly(AnomalyKind.UNREADABLE_NUMBER, whole_text, at, 0.9)
        return
    name, variable = converted
    named = message("anomaly.unreadable_number.named", name=name, value=shown[:60], fault=fault)
    yield context.anomaly(AnomalyKind.UNREADABLE_NUMBER, named, at, 0.9, variable)


def _number_fault(text: str, base: int) -> Message:
    stripped = text.strip()
    if not stripped:
        return message("number_fault.blank") if text else message("number_fault.empty")
    if stripped.lower() in ("none", "null", "nan", "na", "n/a", "-", "true", "false"):
        return message("number_fault.word")
    if base and re.fullmatch(r"[-+]?\d+\.\d*(e[-+]?\d+)?|[-+]?\d*e[-+]?\d+", stripped, re.IGNORECASE):
        return message("number_fault.fraction")
    if re.fullmatch(r"[-+]?\d{1,3}([ ,.'\u00a0\u202f]\d{3})+([.,]\d+)?", stripped):
        return message("number_fault.thousands")
    if re.fullmatch(r"[-+]?\d+,\d+", stripped):
        return message("number_fault.comma")
    if base == 10 and re.fullmatch(r"0[xob][0-9a-f]+", stripped, re.IGNORECASE):
        return message("number_fault.base", base=_BASES[stripped[1].lower()])
    if base == 10 and re.fullmatch(r"[0-9a-f]{2,}", stripped, re.IGNORECASE):
        return message("number_fault.hexadecimal")
    for at, letter in enumerate(text):
        if letter in "\u2212\u2013\u2014":
            return message("number_fault.dash", position=at)
        if letter == "\ufeff":
            return message("number_fault.byte_order_mark", position=at)
        if letter == "\x00":
            return message("number_fault.nul", position=at)
        if not (letter.isdigit() or letter.isspace() or letter in "+-._" or (not base and letter in "eE")):
            if at and text[:at].strip():
                return message("number_fault.letter", letter=repr(letter), position=at)
            return message("number_fault.first_letter", letter=repr(letter))
    inside = next(
        (at for at, c in enumerate(text) if c.isspace() and text[:at].strip() and text[at:].strip()), None
    )
    if inside is None:
        return message("number_fault.other")
    return message("number_fault.white_space", position=inside)


def _converted(context: CrashContext, at: int, text: str) -> tuple[str, Variable] | None:
    for node in context.expressions(at):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            value = context.value(at, node)
            text_value = text_of(value)
            if value is not None and text_value is not None and text_value.whole and text_value.start == text:
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
            misfit = message(
                "anomaly.unreadable_date.format",
                text=wrong[1][:60],
                format=wrong[2][:40],
                misfit=_left_format(text, form),
            )
            variable = _first_text(context, at, text)
            yield context.anomaly(AnomalyKind.UNREADABLE_DATE, misfit, at, 0.9, variable)
    elif rest is not None and any(f.path.endswith("_strptime.py") for f in context.frames[:3]):
        left = message("anomaly.unreadable_date.left", rest=repr(rest[1][:40]))
        yield context.anomaly(AnomalyKind.UNREADABLE_DATE, left, at, 0.9)
    elif iso is not None:
        text = quoted(iso[1])
        if isinstance(text, str) and text.rstrip().endswith("Z"):
            zulu = message("anomaly.unreadable_date.zulu", text=iso[1][:60])
            variable = _first_text(context, at, text)
            yield context.anomaly(AnomalyKind.UNREADABLE_DATE, zulu, at, 0.9, variable)


def _left_format(text: str, form: str) -> Message:
    """The directive that does not fit, tried one after the other as ``strptime`` reads them."""
    pattern = ""
    reached = begun = 0
    before = ""
    for part in re.findall(r"%.|\s+|.", form, re.DOTALL)[:60]:
        piece = r"\s+" if part.isspace() else re.escape(part)
        if part[0] == "%" and len(part) == 2:
            if part[1] not in _DIRECTIVES:
                return message("date_misfit.unknown")
            piece = f"(?:{_DIRECTIVES[part[1]]})"
        match = re.match(pattern + piece, text[:200], re.IGNORECASE)
        if match is None:
            digit_left = text[reached : reached + 1].isdigit() and before[-1:] in tuple("dmyHIMSj")
            if digit_left and part[0] != "%":
                # The number before went on: it is that one which is too large.
                part, reached = before, begun
            return _misfit(part, text[reached : reached + 12], reached)
        pattern += piece
        before, begun, reached = part, reached, match.end()
    if reached < len(text):
        return message("date_misfit.left", rest=repr(text[reached : reached + 20]))
    return message("date_misfit.no_such_day")


def _misfit(part: str, rest: str, at: int) -> Message:
    name = f"`{part}`" if part[0] == "%" else repr(part)
    if not rest:
        return message("date_misfit.ends", part=name)
    swapped = part == "%m" and re.match(r"(1[3-9]|2\d|3[01])(?!\d)", rest)
    guess = message("date_misfit.swapped") if swapped else None
    return message("date_misfit.part", part=name, rest=repr(rest), position=at, guess=guess)


def _first_text(context: CrashContext, at: int, text: str) -> Variable | None:
    converted = _converted(context, at, text)
    return converted[1] if converted is not None else None


_JSON = re.compile(r"^(.*): line (\d+) column (\d+) \(char (\d+)\)", re.DOTALL)


def unreadable_json(context: CrashContext) -> Iterator[Anomaly]:
    """What the text is instead of JSON: nothing, HTML, a Python literal, several documents; with the
    characters around the place."""
    at = context.own
    complaint = _JSON.match(context.message)
    if at is None or complaint is None or "JSONDecodeError" not in context.type:
        return
    value, text = _document(context)
    words, line, column, place = complaint[1], complaint[2], complaint[3], int(complaint[4])
    fault = _json_fault(words, text, place)
    if text is not None and place < len(text.start):
        shown = text.start[max(place - 20, 0) : place + 20]
        near = repr(shown)
        if fault is None:
            fault = message("anomaly.unreadable_json.other", words=words, near=near)
        else:
            fault = message("anomaly.unreadable_json", fault=fault, line=line, column=column, near=near)
    if fault is not None:
        weight = 0.9 if text is not None else 0.6
        yield context.anomaly(AnomalyKind.UNREADABLE_JSON, fault, at, weight, value)


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


def _json_fault(words: str, text: Text | None, place: int) -> Message | None:
    """:param words: what the parser of the standard library says."""
    start = text.start if text is not None else None
    if start is not None and not start.strip():
        return message("json_fault.blank") if start else message("json_fault.empty")
    if start is not None and start.startswith("\ufeff"):
        return message("json_fault.byte_order_mark")
    if start is not None and start.lstrip()[:1] == "<":
        return message("json_fault.html")
    here = start[place : place + 1] if start is not None else ""
    if here == "'" or ("double quotes" in words and start is not None and "'" in start[place : place + 2]):
        return message("json_fault.single_quotes")
    if ("double quotes" in words and here == "}") or "trailing comma" in words:
        return message("json_fault.comma")
    if "Extra data" in words:
        return message("json_fault.second_value")
    if start is not None and re.match(r"(None|True|False|nan|inf)\b", start[place:]):
        return message("json_fault.python_word")
    if "Unterminated string" in words or (text is not None and text.whole and place >= text.size):
        return message("json_fault.cut_off")
    if "Invalid control character" in words:
        return message("json_fault.control_character")
    if "escape" in words:
        return message("json_fault.backslash")
    return None
