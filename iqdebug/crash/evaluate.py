"""Expressions over recorded values, computed by the reader that also works in live targets.

The names of an expression are rebuilt as plain values and stand-ins, which have attributes and no code;
what was not recorded whole, or was masked, cannot be touched.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from iqdebug.agent.pure_evaluation import MAX_TEXT, Pure, settled
from iqdebug.agent.reading import CONTAINERS, SafeReader
from iqdebug.capture import values
from iqdebug.core.errors import RunsCode
from iqdebug.core.expressions import Plan, plan_of
from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import EvaluateResult
from iqdebug.crash.crash import Crash
from iqdebug.crash.lookup import names_of
from iqdebug.crash.model import RecordedFrame, Value
from iqdebug.crash.variables import is_field

__all__ = ["computed"]

_MAX_REBUILT_VALUES = 50_000
_MAX_DEPTH = 30
_LITERALS = ("int", "float", "complex", "bool", "str", "bytes", "NoneType")
_SEQUENCES: dict[str, Callable[[list[object]], object]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def computed(crash: Crash, frame: RecordedFrame | None, expression: str) -> EvaluateResult:
    """The value, or the reason why there is none.

    :raises RunsCode: it would have run code of the program.
    """
    try:
        plan = plan_of(expression)
    except SyntaxError as error:
        return EvaluateResult(f"SyntaxError: {error.msg}", failed=True)
    rebuilt = _ValueBuilder(crash)
    known = names_of(frame) if frame is not None else {}
    try:
        scope = {name: rebuilt.value(known[name], 0) for name in _names(plan) if name in known}
        kind, value = settled(Pure(_RecordedReader(), [scope], dict(vars(builtins))), plan)
    except _NotRecorded as error:
        return _failed(message("crash.evaluate.not_recorded", reason=error.why))
    if kind == "runs":
        raise RunsCode(message("crash.evaluate.runs_code"), value)
    if kind:
        return _failed(value if kind == "failed" else message("crash.evaluate.not_read", reason=value))
    cls = _Missing if isinstance(value, _Missing) else type(value)
    if cls is _Missing:
        return _failed(message("crash.evaluate.not_recorded", reason=value.why))
    return EvaluateResult(values.text(value, MAX_TEXT, 3), values.qualified(cls))


def _failed(reason: Text) -> EvaluateResult:
    return EvaluateResult(render(reason), failed=True)


def _names(plan: Plan) -> set[str]:
    """The names that the plan may look up."""
    names: set[str] = set()
    waiting: list[object] = [plan]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            if len(part) == 2 and part[0] == "name" and isinstance(part[1], str):
                names.add(part[1])
            if len(part) == 4 and part[0] == "call":
                names.add(part[1])
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
    return names


class _NotRecorded(Exception):
    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


class _Missing:
    """A value that the file does not have; ``why`` is shown within the value that holds it."""

    def __init__(self, why: Text) -> None:
        self.why = render(why)


class _RecordedReader(SafeReader):
    """Reads as in a live target, but raises for values that the file does not have."""

    def of_class(self, cls: type, name: str) -> object:
        if cls is _Missing:
            raise _NotRecorded(message("crash.evaluate.not_whole"))
        return super().of_class(cls, name)

    def base_of(self, obj: object, kinds: tuple[type, ...] = CONTAINERS) -> type | None:
        if type(obj) is _Missing:
            raise _NotRecorded(obj.why)
        return super().base_of(obj, kinds)


class _ValueBuilder:
    """Rebuilds recorded values as objects; each value once."""

    def __init__(self, crash: Crash) -> None:
        self._crash = crash
        self._made: dict[int, object] = {}
        self._classes: dict[str, type] = {}

    def value(self, number: int, depth: int) -> object:
        if number not in self._made:
            value = self._crash.values.get(number)
            if value is None or len(self._made) > _MAX_REBUILT_VALUES or depth > _MAX_DEPTH:
                return _Missing(message("crash.evaluate.not_in_file"))
            self._made[number] = _Missing(message("crash.evaluate.holds_itself"))
            self._made[number] = self._built(number, value, depth + 1)
        return self._made[number]

    def _built(self, number: int, value: Value, depth: int) -> object:
        if value.masked:
            return _Missing(message("crash.evaluate.masked"))
        if value.type in _LITERALS:
            return _literal(value)
        if value.left_out or value.array:
            return _Missing(message("crash.evaluate.part_of", value=value.text[:60]))
        below = [(child, child.value) for child in value.children]
        if value.type in _SEQUENCES and not value.cut | any(c.kind != "item" for c, _ in below):
            kept = [self._below(each, depth) for _, each in below]
            if value.size is not None and value.size != len(kept):
                return _Missing(message("crash.evaluate.part"))
            try:
                return _SEQUENCES[value.type](kept)
            except TypeError:
                return _Missing(message("crash.evaluate.holds"))
        if value.type == "dict":
            return self._dict(value, depth)
        own = [(c, each) for c, each in below if c.kind == "attribute" and not _dunder(c.name)]
        attributes = {c.name: self._below(each, depth) for c, each in own}
        if not attributes or any(c.kind == "item" or is_field(c, value) for c, _ in below):
            return _Missing(message("crash.evaluate.not_rebuilt", value=value.text[:60]))
        made: object = object.__new__(self._class(value))
        made.__dict__.update(attributes)
        return made

    def _below(self, number: int | None, depth: int) -> object:
        if number is None:
            return _Missing(message("crash.evaluate.property"))
        return self.value(number, depth)

    def _dict(self, value: Value, depth: int) -> object:
        made: dict[object, object] = {}
        for child in value.children:
            try:
                made[ast.literal_eval(child.name)] = self._below(child.value, depth)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                return _Missing(message("crash.evaluate.key"))
        whole = value.size is None or value.size == len(made)
        return made if whole else _Missing(message("crash.evaluate.part"))

    def _class(self, value: Value) -> type:
        """A class of that name, with the properties that were seen."""
        if value.type not in self._classes:
            module, _, name = value.type.rpartition(".")
            names: dict[str, object] = {
                c.name: property() for c in value.children if c.kind == "property" and not _dunder(c.name)
            }
            try:
                made = type(name or "object", (), {**names, "__module__": module or "__main__"})
            except (ValueError, UnicodeError):
                made = type("object", (), {})
            self._classes[value.type] = made
        return self._classes[value.type]


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _literal(value: Value) -> object:
    if value.type == "str" and value.long:
        whole = value.size is None or value.size == len(value.long)
        return value.long if whole else _Missing(message("crash.evaluate.part_of_text"))
    if value.cut:
        return _Missing(message("crash.evaluate.part"))
    if value.type == "float" and value.text in ("inf", "-inf", "nan"):
        return float(value.text)
    try:
        return ast.literal_eval(value.text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _Missing(message("crash.evaluate.text"))
