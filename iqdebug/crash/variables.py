"""Recorded values as variables. A reference encodes what it refers to, so that it means the same in a
snapshot and in a session: a value, a frame's module variables, an exception's attributes, or an
array's statistics.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import Literal

from iqdebug.core.messages import message, render
from iqdebug.core.state import Variable
from iqdebug.crash.model import Child, CrashContents, RecordedFrame, Value

__all__ = [
    "NOT_READ",
    "attributes_reference",
    "child_path",
    "children_of",
    "full_text",
    "global_variables",
    "globals_reference",
    "is_field",
    "left_out_row",
    "local_variables",
    "opened",
    "value_reference",
    "variable_of",
]

What = Literal["value", "globals", "attributes", "array"]
Kind = Literal["local", "argument", "global", "item", "attribute", "property", "group"]

_REFERENCE_KINDS: tuple[What, ...] = ("value", "globals", "attributes", "array")
_MAX_LOCALS = 5_000
NOT_READ = "<property>"
_STATISTICS = ("dtype", "shape", "device", "min", "max", "mean", "nan", "inf")


def _reference(number: int, what: What) -> int:
    return number * len(_REFERENCE_KINDS) + _REFERENCE_KINDS.index(what) + 1


def opened(reference: int) -> tuple[What, int]:
    """What a reference refers to, and its id."""
    number, what = divmod(max(reference, 1) - 1, len(_REFERENCE_KINDS))
    return _REFERENCE_KINDS[what], number


def value_reference(number: int) -> int:
    return _reference(number, "value")


def globals_reference(frame: int) -> int:
    return _reference(frame, "globals")


def attributes_reference(exception: int) -> int:
    return _reference(exception, "attributes")


def variable_of(
    crash: CrashContents, name: str, kind: Kind, number: int | None, path: str | None = None
) -> Variable:
    """The value of that id under a name. ``path`` is an expression that leads to it."""
    if number is None:
        return Variable(name, NOT_READ, "property", state="lazy", kind="property")
    value = crash.values.get(number)
    if value is None:
        return Variable(name, render(message("crash.variable.not_in_file")), kind=kind)
    has_more = bool(value.children or value.array or value.left_out)
    return Variable(
        name=name,
        value=value.text,
        type=value.type,
        reference=value_reference(number) if has_more else 0,
        size=value.size,
        state="cut" if value.cut else "ok",
        kind=kind,
        evaluate_name=path,
    )


def local_variables(crash: CrashContents, frame: RecordedFrame) -> tuple[Variable, ...] | None:
    """The frame's locals; None when the file does not have them."""
    if frame.locals is None:
        return None
    return tuple(
        variable_of(
            crash,
            local.name,
            "argument" if local.kind == "argument" else "local",
            local.value,
            local.name if local.name.isidentifier() else None,
        )
        for local in frame.locals[:_MAX_LOCALS]
    )


def global_variables(crash: CrashContents, frame: RecordedFrame) -> tuple[Variable, ...]:
    """The module variables that the function's code names."""
    return tuple(
        variable_of(crash, name, "global", number, name if name.isidentifier() else None)
        for name, number in frame.globals[:_MAX_LOCALS]
    )


def children_of(crash: CrashContents, reference: int, path: str | None = None) -> Iterator[Variable]:
    """The children of a reference, and a last row that says how many were not recorded."""
    what, number = opened(reference)
    if what == "globals":
        frame = crash.frames.get(number)
        yield from global_variables(crash, frame) if frame is not None else ()
    elif what == "attributes":
        raised = crash.exceptions.get(number)
        for name, value in raised.attributes if raised is not None else ():
            yield variable_of(crash, name, "attribute", value)
    elif what == "array":
        yield from _statistics(crash.values.get(number))
    else:
        yield from _below(crash, number, path)


def _below(crash: CrashContents, number: int, path: str | None) -> Iterator[Variable]:
    value = crash.values.get(number)
    if value is None:
        return
    if value.array:
        yield Variable("array", _array_words(value), reference=_reference(number, "array"), kind="attribute")
    for child in value.children:
        kind: Kind = "item"
        if child.kind in ("attribute", "property"):
            kind = "attribute" if child.kind == "attribute" else "property"
        below = child_path(path, child, value) if path is not None and child.value is not None else None
        yield variable_of(crash, child.name, kind, child.value, below)
    if value.left_out:
        yield left_out_row(value.left_out)


def left_out_row(count: int) -> Variable:
    words = message("crash.variable.left_out", shown=f"{count:,}", count=count)
    return Variable(render(words), "", kind="group")


def _array_words(value: Value) -> str:
    shape = value.array.get("shape")
    dims = " x ".join(_plain(n) for n in shape[:12]) if type(shape) is list else ""
    return " ".join(part for part in (_plain(value.array.get("dtype", "")), dims) if part)


def _statistics(value: Value | None) -> Iterator[Variable]:
    array = value.array if value is not None else {}
    known = [key for key in _STATISTICS if key in array]
    for key in [*known, *(k for k in list(array)[:20] if k not in _STATISTICS)]:
        statistic = array[key]
        words = (
            f"({', '.join(_plain(n) for n in statistic[:20])})"
            if type(statistic) is list
            else _plain(statistic)
        )
        yield Variable(key, words, kind="attribute")


def _plain(value: object) -> str:
    return (
        value[:200] if type(value) is str else repr(value)[:200] if type(value) in (int, float, bool) else "?"
    )


def child_path(path: str, child: Child, value: Value) -> str | None:
    """An expression for a child, which :mod:`~iqdebug.crash.lookup` reads again."""
    name = child.name
    if child.kind == "attribute" or is_field(child, value):
        return f"{path}.{name}" if name.isidentifier() else None
    if child.kind == "property":
        return None
    if name.startswith("[") and name.endswith("]"):
        return f"{path}{name}"
    return f"{path}[{name}]"


def is_field(child: Child, value: Value) -> bool:
    """Whether an item is a named tuple's field. The keys of a dict are written as Python writes
    them: texts have quotes, and a dict's own text has braces."""
    if child.kind != "item" or not child.name.isidentifier() or keyword.iskeyword(child.name):
        return False
    return "(" in value.text[:80].partition("{")[0]


def full_text(value: Value) -> str:
    """A value's text as far as it was recorded, and a note if it is not all."""
    if not value.long:
        note = message("crash.variable.cut")
        return f"{value.text}\n\n{render(note)}" if value.cut else value.text
    if value.size is not None and value.size > len(value.long):
        kept, size = f"{len(value.long):,}", f"{value.size:,}"
        note = message("crash.variable.first_characters", kept=kept, size=size)
        return f"{value.long}\n\n{render(note)}"
    return value.long
