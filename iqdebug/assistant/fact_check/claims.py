"""Reads statements about values and places out of one sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "NameClaim",
    "PlaceClaim",
    "ValueClaim",
    "functions_named",
    "literal",
    "place_claims",
    "value_claims",
]

MAX_LITERAL = 500

_PATH = r"(?:[\w.+-]*/)*[\w.+-]*\w\.pyi?"
_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:-?\d{1,6}|'[^'\]`]{0,60}'|\"[^\"\]`]{0,60}\")\])*"
_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_NUMBER = r"-?\d[\d_]*(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w%])"
_VALUE = (
    rf"(?:`(?P<code>[^`]{{1,{MAX_LITERAL}}})`|(?P<word>None|True|False)\b|(?P<number>{_NUMBER})|"
    r"(?P<text>\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')|"
    r"(?P<empty>(?:an? )?empty(?: (?:list|dict|dictionary|string|tuple|set))?)\b)"
)
_IS = (
    r"(?:is|==?|equals|is (?:equal to|currently|actually|now)|has (?:the |a )?value(?: of)?|"
    r"currently (?:is|holds)|holds)"
)
_NOUN = r"(?: (?:variable|argument|parameter|list|tuple|dict|dictionary|set|string|object))?"
_SUBJECT = rf"(?:`(?P<quoted>{_NAME})`{_NOUN}|(?P<plain>{_NAME}))"
_ITEMS = r"(?:elements?|items?|entries|entry|keys?|members?)"

_VALUE_OF = re.compile(
    rf"(?:(?P<of>\bvalue of )(?:the )?(?:variable )?)?{_SUBJECT}\s+{_IS}\s+(?:{_VALUE}|(?P<open>[\[{{(]))"
)
_IS_NOT_NONE = re.compile(rf"{_SUBJECT}\s+is not\s+`?(?P<none>None)\b`?")
_AS_CODE = re.compile(
    rf"`(?P<quoted>{_NAME})\s*(?P<sign>==?|is(?: not)?)\s*(?P<code>[^`=]{{1,{MAX_LITERAL}}})`"
)
_WRITTEN = ("code", "word", "number", "text", "empty", "whole")
_ITEM = re.compile(r"^(?:[-*+]|\d+\.)\s+")
_LISTED = re.compile(
    rf"^(?:[-*+]|\d+\.)\s+{_SUBJECT}\s*[:=]\s*(?:{_VALUE}|(?P<whole>[\[{{(].{{0,{MAX_LITERAL}}}[\]}})]))\s*\.?$"
)
_LENGTH = re.compile(
    rf"(?:`len\((?P<a>{_NAME})\)`\s+(?:is|==?|equals|returns)\s+`?(?P<n1>\d{{1,9}})`?"
    rf"|\blen\((?P<b>{_NAME})\)\s+(?:is|==?|equals)\s+(?P<n2>\d{{1,9}})"
    rf"|`len\((?P<c>{_NAME})\)\s*==?\s*(?P<n3>\d{{1,9}})`"
    rf"|\blength of `(?P<d>{_NAME})` (?:is|equals) `?(?P<n4>\d{{1,9}})`?"
    rf"|`(?P<e>{_NAME})` (?:has|contains|holds) (?:only |exactly |just )?`?(?P<n5>\d{{1,9}})`? {_ITEMS}\b)"
)
_VARIABLE = re.compile(rf"(?<!environment )(?<!env )\bvariables? `(?P<quoted>{_NAME})`", re.IGNORECASE)

_MAY_STAND_BEFORE = re.compile(
    r"(?:^|[,;:(—–]|\b(?:variable|local|argument|parameter|and|but|so|because|since|that|where|while|here|"
    r"now|with|dictionary|dict|list|tuple|string|object|integer|number|as|has|have|currently|value of|the|"
    r"(?:this|the) (?:point|moment|stop)))"
    r"\s*$",
    re.IGNORECASE,
)
_MAY_STAND_BEHIND = re.compile(
    r"\s*(?:$|[.,;:!)—–]|(?:here|at|in|on|which|so|and|but|because|since|while|not|rather|as|due|making|"
    r"causing|leading)\b)"
)
_DENIED = re.compile(
    r"\b(?:not|no|never|neither|nor|without|false|wrong|incorrect|than|of)\b|n't\b", re.IGNORECASE
)

_WITH_LINE = re.compile(
    rf"(?<![\w/])(?P<f1>{_PATH}):(?P<l1>\d{{1,7}})(?!\w)"
    rf"|\bline (?P<l2>\d{{1,7}})`? (?:of|in) (?:the )?(?:file )?`?(?P<f2>{_PATH})\b"
    rf"|(?<![\w/])(?P<f3>{_PATH})[`\"]?,? (?:at |on )?line `?(?P<l3>\d{{1,7}})\b"
)
_LINE_ALONE = re.compile(
    r"\b(?:at|on|in) line `?(?P<line>\d{1,7})\b`?"
    r"(?=[.,;:)]|$| in (?:the )?(?:function |method )?`[\w.]+(?:\(\))?`)"
)
_FILE_ALONE = re.compile(rf"`(?P<file>{_PATH})`")
_FUNCTION = rf"`(?P<name>{_DOTTED})(?P<call>\(\))?`"
_AT = rf"`?(?P<file>{_PATH})(?::(?P<line>\d{{1,7}}))?\b`?"
_FUNCTION_IN_FILE = re.compile(
    rf"(?P<before>\b(?:function|method) )?{_FUNCTION}(?P<after> (?:function|method))?"
    rf"(?: (?:in|of|at|from) (?:the )?(?:file )?| \(){_AT}"
)
_FILE_IN_FUNCTION = re.compile(
    rf"{_AT},? in (?:the )?(?:function |method )?{_FUNCTION}"
    rf"|File \"(?P<file2>{_PATH})\", line (?P<line2>\d{{1,7}}), in (?P<name2>{_DOTTED})"
)
_NAMED_FUNCTION = re.compile(rf"`({_DOTTED})(?:\([^`]*\))?`|\b({_DOTTED})\(\)")


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """``relation``: the expression "is" a value, "is not" it, or has so many elements ("len"). ``exact``: the
    value is written as code. ``as_code``: the whole statement is, so that it may quote the program."""

    words: str
    expression: str
    relation: Literal["is", "is not", "len"]
    value: object
    written: str
    exact: bool
    is_quoted: bool
    as_code: bool = False


@dataclass(frozen=True, slots=True)
class NameClaim:
    """That there is something of that name."""

    words: str
    name: str


@dataclass(frozen=True, slots=True)
class PlaceClaim:
    """That there is such a file, any where ``file`` is ""; with that line, where it is not 0; with that
    function, where it names one."""

    words: str
    file: str
    line: int = 0
    function: str = ""
    surely_a_function: bool = False


class _NoLiteral:
    pass


NO_LITERAL = _NoLiteral()
EMPTY = _NoLiteral()


def literal(text: str) -> object:
    """What the text means as a Python literal; :data:`NO_LITERAL` where it is none."""
    if len(text) > 100_000:
        return NO_LITERAL
    try:
        value: object = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return NO_LITERAL
    return value


def functions_named(text: str) -> frozenset[str]:
    """The last names of what may be a function, in backticks or with ``()``."""
    return frozenset((m[1] or m[2]).rpartition(".")[2] for m in _NAMED_FUNCTION.finditer(text))


def value_claims(text: str) -> Iterator[ValueClaim | NameClaim]:
    """Statements about values, for a sentence that speaks of what is."""
    for match in _VARIABLE.finditer(text):
        yield NameClaim(match[0], match["quoted"])
    listed = _LISTED.match(text)
    if listed:
        name = listed["quoted"] or listed["plain"]
        yield from _claim(listed, name, "is", is_quoted=bool(listed["quoted"]))
        return
    text = _ITEM.sub("", text)
    for match in _LENGTH.finditer(text):
        name = next(match[g] for g in "abcde" if match[g])
        size = next(match[f"n{n}"] for n in range(1, 6) if match[f"n{n}"])
        if _stands_alone(text, match):
            yield ValueClaim(match[0], name, "len", int(size), size, True, match["b"] is None)
    for match in _IS_NOT_NONE.finditer(text):
        if _stands_alone(text, match):
            name = match["quoted"] or match["plain"]
            yield ValueClaim(match[0], name, "is not", None, "None", True, bool(match["quoted"]))
    for match in _AS_CODE.finditer(text):
        if _stands_alone(text, match):
            relation: Literal["is", "is not"] = "is not" if match["sign"] == "is not" else "is"
            yield from _claim(match, match["quoted"], relation, is_quoted=True, as_code=True)
    for match in _VALUE_OF.finditer(text):
        plain = match["plain"]
        if plain and not match["of"] and text[: match.start()].lower().endswith("the "):
            continue  # an English noun, as likely as a name
        name, end = match["quoted"] or plain, match.end()
        if match["open"]:
            end = _bracket_end(text, match.start("open"))
            written = text[match.start("open") : end]
            if end and _stands_alone(text, match, end) and literal(written) is not NO_LITERAL:
                words = text[match.start() : end]
                yield ValueClaim(words, name, "is", literal(written), written, True, not plain)
        elif _stands_alone(text, match):
            yield from _claim(match, name, "is", is_quoted=not plain)


def _claim(
    match: re.Match[str],
    name: str,
    relation: Literal["is", "is not"],
    *,
    is_quoted: bool,
    as_code: bool = False,
) -> Iterator[ValueClaim]:
    groups = match.groupdict()
    written = next(groups[g] for g in _WRITTEN if groups.get(g))
    if groups.get("number"):
        value = literal(written.replace(",", ""))
    else:
        value = EMPTY if groups.get("empty") else literal(written)
    if value is not NO_LITERAL:
        exact = bool(groups.get("code") or groups.get("whole"))
        yield ValueClaim(match[0], name, relation, value, written, exact, is_quoted, as_code)


def _bracket_end(text: str, start: int) -> int:
    """Behind the bracket that closes the one at ``start``; 0 where none does."""
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + MAX_LITERAL)):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in "]})":
            depth -= 1
            if not depth:
                return at + 1
    return 0


def _stands_alone(text: str, match: re.Match[str], end: int = 0) -> bool:
    """Whether the match is a statement by itself, neither denied nor part of a longer expression.

    :param end: where the statement ends, if not with the match.
    """
    before, behind = text[: match.start()], text[end or match.end() :]
    clause = re.split(r"[,;:.(](?=\s)", before)[-1]
    return (
        _MAY_STAND_BEFORE.search(before) is not None
        and _MAY_STAND_BEHIND.match(behind) is not None
        and not _DENIED.search(clause)
    )


def place_claims(text: str, of_now: bool) -> Iterator[PlaceClaim]:
    """Places that the sentence names; with their functions, and files alone, only where it speaks of
    what is."""
    lines: set[int] = set()
    for match in _WITH_LINE.finditer(text):
        file = next(match[g] for g in ("f1", "f2", "f3") if match[g])
        line = int(next(match[g] for g in ("l1", "l2", "l3") if match[g]))
        lines.add(line)
        yield PlaceClaim(match[0], file, line)
    if not of_now:
        return
    for match in _LINE_ALONE.finditer(text):
        if int(match["line"]) not in lines:
            yield PlaceClaim(match[0], "", int(match["line"]))
    for match in _FILE_ALONE.finditer(text):
        yield PlaceClaim(match[0], match["file"])
    for match in _FUNCTION_IN_FILE.finditer(text):
        surely = bool(match["before"] or match["after"] or match["call"])
        yield PlaceClaim(match[0], match["file"], int(match["line"] or 0), match["name"], surely)
    for match in _FILE_IN_FUNCTION.finditer(text):
        if match["line"] or match["line2"]:
            file, line = match["file"] or match["file2"], int(match["line"] or match["line2"])
            yield PlaceClaim(match[0], file, line, match["name"] or match["name2"], True)
