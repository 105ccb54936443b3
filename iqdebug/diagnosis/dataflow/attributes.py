"""Where attributes come to be: who sets or deletes one that is missing, what a name of a class stands for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from iqdebug.core.messages import message
from iqdebug.core.state import ExceptionInfo, Frame
from iqdebug.diagnosis.dataflow.classes import class_of_type
from iqdebug.diagnosis.source.functions import Candidate, Function, calls_in
from iqdebug.diagnosis.source.outline import Definition, Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["made_elsewhere", "setters", "without_support"]

_MISSING = re.compile(r"object has no attribute '(\w+)'")
_UNSUPPORTED = re.compile(
    r"not (?:yet )?(?:supported|implemented)|unsupported|no (?:handler|visitor|converter)", re.I
)
_REFUSING = re.compile(r"NotImplemented|NotSupported|Unsupported")
MAX_FILES = 16
MAX_SETTERS = 3
MAX_LINES = 60_000  # of a file
DELETED_WEIGHT, SET_WEIGHT, ALIAS_WEIGHT, MISSING_CASE_WEIGHT = 0.45, 0.4, 0.5, 0.5
_BASES = re.compile(r"class\s+\w+\s*\(([^)]*)\)")


def setters(error: ExceptionInfo, frames: Sequence[Frame], texts: Texts) -> list[Candidate]:
    """Of an attribute that an object lacks: the functions that delete or set it in the files of the stack
    and of what they call. An object that is there but lacks an attribute was not filled, or emptied."""
    missing = _MISSING.search(error.message)
    if missing is None:
        return []
    name = missing[1]
    removes = re.compile(rf"\bdel\b.*\.{name}\b|\bdelattr\(.*['\"]{name}['\"]")
    sets = re.compile(rf"\.{name}\s*(?::[^=]+)?=(?!=)|\bsetattr\(.*['\"]{name}['\"]")
    candidates: dict[tuple[str, str], Candidate] = {}
    for path in list(_files(frames))[:MAX_FILES]:
        outline = texts[path]
        for line, text in enumerate(outline.lines[:MAX_LINES], 1):
            if name not in text:
                continue
            weight = DELETED_WEIGHT if removes.search(text) else SET_WEIGHT if sets.search(text) else 0.0
            definition = outline.function_at(line) if weight else None
            if definition is None:
                continue
            code = text.strip()[:80]
            if weight == DELETED_WEIGHT:
                reason = message("reason.deleted", name=name, code=code)
            else:
                reason = message("reason.set", name=name, code=code)
            known = candidates.get((path, definition.qualname))
            if known is None or known.weight < weight:
                candidate = Candidate(path, line, definition.qualname, weight, [reason])
                candidates[path, definition.qualname] = candidate
    return sorted(candidates.values(), key=lambda c: -c.weight)[:MAX_SETTERS]


def _files(frames: Sequence[Frame]) -> dict[str, None]:
    own = [f for f in frames if f.kind not in ("stdlib", "label")]
    called = [c.path for f in own for c in f.calls]
    return dict.fromkeys([*(f.path for f in own), *called])


def without_support(error: ExceptionInfo, function: Function) -> list[Candidate]:
    """The class whose method says that something is not supported: a case is missing in it."""
    kind = error.type.rsplit(".", 1)[-1]
    if function.definition is None or not (_REFUSING.search(kind) or _UNSUPPORTED.search(error.message)):
        return []
    owner = function.outline.class_of(function.definition)
    if owner is None:
        return []
    reason = message("reason.add_support", name=owner.name)
    return [
        Candidate(function.frame.path, owner.line, f"{owner.qualname}.<class>", MISSING_CASE_WEIGHT, [reason])
    ]


def made_elsewhere(
    function: Function, caller: Function, frames: Sequence[Frame], texts: Texts
) -> list[Candidate]:
    """The line of a class body that gives a called name another function: ``old = wrapped(new)``. Where
    what runs has not the name that was called, that line decided it."""
    if caller.statement is None or function.definition is None:
        return []
    for _, call in calls_in(caller.statement):
        called = call.func
        if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
            continue
        value = caller.value(called.value.id)
        if called.attr == function.definition.name or value is None:
            continue
        there = class_of_type(value.type, frames, texts)
        for path, owner in _with_bases(there, texts) if there is not None else ():
            line = texts[path].declares(owner, called.attr)
            if line:
                text = " ".join(texts[path].text(line).split())[:80]
                reason = message("reason.made", name=called.attr, code=text)
                return [Candidate(path, line, f"{owner.qualname}.<class>", ALIAS_WEIGHT, [reason])]
    return []


def _with_bases(there: tuple[str, Definition], texts: Texts) -> Iterator[tuple[str, Definition]]:
    """The class and its bases, as far as they are in the same file."""
    path, first = there
    outline, todo, seen = texts[path], [first], set[int]()
    while todo:
        definition = todo.pop(0)
        if definition.line in seen:
            continue
        seen.add(definition.line)
        yield path, definition
        todo += _bases(outline, definition)


def _bases(outline: Outline, definition: Definition) -> list[Definition]:
    head = _BASES.search(outline.text(definition.line))
    names = [n.strip().rsplit(".", 1)[-1] for n in head[1].split(",")] if head else []
    definitions = [outline.named(n) for n in names if n.isidentifier()]
    return [d for d in definitions if d is not None and d.kind == "class"]
