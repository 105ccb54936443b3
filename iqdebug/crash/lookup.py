"""Expressions that a recording can answer: names, and paths of attributes and items below them.

The expression is taken apart as a syntax tree and looked up among the recorded values; nothing is
evaluated, neither the person's text nor the recording's.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Completion
from iqdebug.crash.crash import Crash
from iqdebug.crash.model import Child, RecordedFrame, Value
from iqdebug.crash.variables import is_field

__all__ = ["NeedsCode", "NotRecorded", "completions", "look_up"]

_MAX_EXPRESSION_LENGTH = 4_000
_MAX_COMPLETIONS = 500

Key = str | int | float | bytes | bool | None | tuple[object, ...]


class NotRecorded(LookupError):
    """The recording has no answer; ``why`` says why."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return render(self.why)


class NeedsCode(NotRecorded):
    """The expression is more than a name and a path."""

    def __init__(self) -> None:
        super().__init__(message("recorded.cannot_run"))


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclass(frozen=True, slots=True)
class _Item:
    key: Key

    def __str__(self) -> str:
        return f"[{self.key!r}]"


def look_up(crash: Crash, frame: RecordedFrame | None, expression: str) -> int:
    """The id of the value that the expression names in the frame.

    :raises NotRecorded: it is no such path, or the recording does not have it.
    """
    name, steps = _taken_apart(expression)
    if frame is None:
        raise NotRecorded(message("crash.lookup.no_frame"))
    number = names_of(frame).get(name)
    if number is None:
        raise NotRecorded(message("crash.lookup.no_variable", name=name, function=frame.function))
    path = name
    for step in steps:
        value = crash.values.get(number)
        if value is None:
            raise NotRecorded(message("crash.lookup.not_in_file", path=path))
        child = _child(value, step, path)
        if child.value is None:
            raise NotRecorded(message("crash.lookup.property", path=f"{path}{step}"))
        number = child.value
        path += str(step)
    if number not in crash.values:
        raise NotRecorded(message("crash.lookup.not_in_file", path=path))
    return number


def names_of(frame: RecordedFrame) -> dict[str, int]:
    """Locals before module variables, as Python looks them up."""
    names = dict(frame.globals)
    names.update((local.name, local.value) for local in frame.locals or ())
    return names


def _taken_apart(expression: str) -> tuple[str, list[_Attribute | _Item]]:
    node = _parsed(expression)
    steps: list[_Attribute | _Item] = []
    while True:
        if isinstance(node, ast.Attribute):
            steps.append(_Attribute(node.attr))
            node = node.value
        elif isinstance(node, ast.Subscript):
            steps.append(_Item(_constant(node.slice)))
            node = node.value
        elif isinstance(node, ast.Name):
            return node.id, steps[::-1]
        else:
            raise NeedsCode


def _parsed(expression: str) -> ast.expr:
    if len(expression) > _MAX_EXPRESSION_LENGTH:
        raise NotRecorded(message("crash.lookup.too_long"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        try:
            ast.parse(expression)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise NotRecorded(f"SyntaxError: {error.msg}") from None
        raise NeedsCode from None
    except (ValueError, RecursionError, MemoryError):
        raise NeedsCode from None


def _constant(node: ast.expr) -> Key:
    """A key that is written down: a literal, a negative number, or a tuple of those."""
    if isinstance(node, ast.Constant) and (
        node.value is None or isinstance(node.value, (str, int, float, bytes))
    ):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _constant(node.operand)
        if isinstance(number, (int, float)):
            return -number
    if isinstance(node, ast.Tuple):
        return tuple(_constant(part) for part in node.elts)
    raise NeedsCode


def _child(value: Value, step: _Attribute | _Item, path: str) -> Child:
    wanted = _wanted(value, step)
    for child in value.children:
        if child.name not in wanted:
            continue
        attribute = child.kind in ("attribute", "property") or is_field(child, value)
        if attribute == isinstance(step, _Attribute):
            return child
    if value.masked:
        raise NotRecorded(message("crash.lookup.masked", path=path))
    if value.left_out or (value.cut and not value.children):
        kept = len(value.children)
        part = message(
            "crash.lookup.left_out",
            wanted=f"{path}{step}",
            path=path,
            kept=f"{kept:,}",
            total=f"{kept + value.left_out:,}" if value.left_out else None,
        )
        raise NotRecorded(part)
    if isinstance(step, _Item):
        raise NotRecorded(message("crash.lookup.no_element", path=path, element=str(step)))
    raise NotRecorded(message("crash.lookup.no_attribute", path=path, attribute=str(step)))


def _wanted(value: Value, step: _Attribute | _Item) -> tuple[str, ...]:
    """The names that the step may go by."""
    if isinstance(step, _Attribute):
        return (step.name,)
    key = step.key
    try:
        if isinstance(key, tuple):
            return (repr(key), f"[{', '.join(map(repr, key))}]")
        if isinstance(key, int) and not isinstance(key, bool):
            at = key + value.size if key < 0 and value.size is not None else key
            return (f"[{at}]", repr(key))
        return (repr(key), f"[{key!r}]")
    except ValueError:  # a number of thousands of digits
        return ()


def completions(crash: Crash, frame: RecordedFrame | None, text: str, column: int) -> tuple[Completion, ...]:
    """Names of the frame, or of what the path before the last dot or bracket has."""
    before = text[:column]
    start = len(before)
    while start and (before[start - 1].isalnum() or before[start - 1] == "_"):
        start -= 1
    opening = before.rfind("[")
    try:
        if opening >= 0 and "]" not in before[opening:]:
            base = crash.values[look_up(crash, frame, before[:opening])]
            keys = (c for c in base.children if c.kind not in ("attribute", "property"))
            names = {f"{c.name.strip('[]')}]": _type_of(crash, c.value) for c in keys}
            start = opening + 1
        elif start and before[start - 1] == ".":
            base = crash.values[look_up(crash, frame, before[: start - 1])]
            names = {
                c.name: _type_of(crash, c.value)
                for c in base.children
                if c.kind in ("attribute", "property") or is_field(c, base)
            }
        elif frame is not None:
            names = {name: _type_of(crash, number) for name, number in names_of(frame).items()}
        else:
            names = {}
    except LookupError:
        return ()
    begun = before[start:]
    fitting = sorted(name for name in names if name.startswith(begun))[:_MAX_COMPLETIONS]
    return tuple(Completion(name, names[name], start, len(begun)) for name in fitting)


def _type_of(crash: Crash, number: int | None) -> str:
    value = crash.values.get(number) if number is not None else None
    return value.type if value is not None else ""
