"""Recorded values as Python source that makes equal ones, or the reason why that cannot be.

Nothing is evaluated here: the texts of a recording are parsed, and only what is data is written down.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from iqdebug.capture.mask import MASK
from iqdebug.core.messages import Message, message
from iqdebug.crash import Crash
from iqdebug.crash.model import Child, Value
from iqdebug.crash.variables import is_field

__all__ = ["CannotRebuild", "Rebuilder", "Rebuilt"]

_LITERALS = frozenset({"int", "str", "bytes", "bool", "NoneType", "complex", "float", "bytearray", "range"})
_SEQUENCES = {"list": "[{}]", "tuple": "({},)", "set": "{{{}}}", "frozenset": "frozenset({{{}}})"}
_EMPTY = {"list": "[]", "tuple": "()", "set": "set()", "frozenset": "frozenset()"}
_DICTS = {"collections.OrderedDict": "collections.OrderedDict", "collections.Counter": "collections.Counter"}
# Types whose recorded text is the call that makes them: the text's callee → what to write.
_CALLS = {
    "datetime.datetime": ("datetime", "datetime.datetime"),
    "datetime.date": ("datetime", "datetime.date"),
    "datetime.time": ("datetime", "datetime.time"),
    "datetime.timedelta": ("datetime", "datetime.timedelta"),
    "datetime.timezone": ("datetime", "datetime.timezone"),
    "decimal.Decimal": ("decimal", "decimal.Decimal"),
    "fractions.Fraction": ("fractions", "fractions.Fraction"),
    "uuid.UUID": ("uuid", "uuid.UUID"),
    "pathlib.PosixPath": ("pathlib", "pathlib.Path"),
    "pathlib._local.PosixPath": ("pathlib", "pathlib.Path"),
    "pathlib.PurePosixPath": ("pathlib", "pathlib.PurePosixPath"),
    "pathlib._local.PurePosixPath": ("pathlib", "pathlib.PurePosixPath"),
    "zoneinfo.ZoneInfo": ("zoneinfo", "zoneinfo.ZoneInfo"),
}
_CALLEES = frozenset(name.rpartition(".")[2] for name in _CALLS)
_ENUM = re.compile(r"<(\w+)\.(\w+): .*>\Z", re.S)
_ZONE = re.compile(r"zoneinfo\.ZoneInfo\(key=('[^'\\]+')\)\Z")
MAX_DEPTH = 12
MAX_SOURCE = 20_000  # characters of one value's source
_MODULES_OF_STATE = frozenset(
    {"_io", "_thread", "threading", "socket", "sqlite3", "asyncio", "subprocess", "generator", "select"}
    | {"ssl", "weakref", "types", "functools", "itertools", "_asyncio", "tempfile", "queue", "contextlib"}
    | {"logging", "concurrent", "multiprocessing", "selectors", "email", "http", "urllib", "wsgiref"}
)
_OPAQUE = frozenset(
    {"function", "method", "builtin_function_or_method", "module", "type", "generator", "coroutine", "object"}
    | {"list_iterator", "dict_keys", "dict_values", "dict_items", "map", "filter", "zip", "enumerate"}
    | {"memoryview", "traceback", "frame", "code", "cell", "wrapper_descriptor", "property", "iterator"}
)


class CannotRebuild(ValueError):
    """``message`` says of which part of a value, and why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """``source`` is an expression. ``imports`` are modules that it names; ``classes`` are the program's
    own types in it, ``{module: names}`` with "" for the main program; ``made`` says that it uses the
    helper ``made(cls, **attributes)``."""

    source: str
    imports: frozenset[str] = frozenset()
    classes: frozenset[tuple[str, str]] = frozenset()
    made: bool = False


@dataclass(slots=True)
class _Needs:
    imports: set[str] = field(default_factory=set)
    classes: set[tuple[str, str]] = field(default_factory=set)
    made: bool = False
    around: set[int] = field(default_factory=set)


class Rebuilder:
    """:param crash: the recording whose values are rebuilt."""

    def __init__(self, crash: Crash) -> None:
        self._crash = crash

    def rebuilt(self, number: int, name: str) -> Rebuilt:
        """Source for the value of that id.

        :param name: what it is called, for words.
        :raises CannotRebuild: the recording does not hold enough of it, or it is no data.
        """
        needs = _Needs()
        source = self._source(number, name, needs)
        if len(source) > MAX_SOURCE:
            raise CannotRebuild(
                message("assistant.actions.value.too_large", name=name, size=f"{len(source):,}")
            )
        return Rebuilt(source, frozenset(needs.imports), frozenset(needs.classes), needs.made)

    def _source(self, number: int, path: str, needs: _Needs) -> str:
        value = self._crash.values.get(number)
        if value is None:
            raise CannotRebuild(message("assistant.actions.value.not_in_file", name=path))
        if value.masked or MASK in value.text or MASK in value.long:
            raise CannotRebuild(message("assistant.actions.value.masked", name=path))
        if number in needs.around:
            raise CannotRebuild(message("assistant.actions.value.contains_itself", name=path))
        if len(needs.around) > MAX_DEPTH:
            raise CannotRebuild(message("assistant.actions.value.too_deep", name=path))
        needs.around.add(number)
        try:
            return self._of_type(value, path, needs)
        finally:
            needs.around.discard(number)

    def _of_type(self, value: Value, path: str, needs: _Needs) -> str:
        kind = value.type
        if kind in _LITERALS:
            return _literal(value, path)
        if kind in _SEQUENCES:
            inner = [self._source(_id(c, path), path + c.name, needs) for c in _whole(value, path)]
            return _SEQUENCES[kind].format(", ".join(inner)) if inner else _EMPTY[kind]
        if kind == "collections.deque":
            inner = [self._source(_id(c, path), path + c.name, needs) for c in _whole(value, path)]
            needs.imports.add("collections")
            return f"collections.deque([{', '.join(inner)}])"
        if kind == "dict" or kind in _DICTS:
            body = self._dict(value, path, needs)
            if kind == "dict":
                return body
            needs.imports.add("collections")
            return f"{_DICTS[kind]}({body})"
        if kind in _CALLS:
            return _call(value, path, needs)
        return self._own(value, path, needs)

    def _dict(self, value: Value, path: str, needs: _Needs) -> str:
        pairs = []
        for child in _whole(value, path):
            key = child.name
            try:
                key = repr(ast.literal_eval(key))
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                raise CannotRebuild(message("assistant.actions.value.key", name=path, key=key[:60])) from None
            pairs.append(f"{key}: {self._source(_id(child, path), f'{path}[{key}]', needs)}")
        return "{" + ", ".join(pairs) + "}"

    def _own(self, value: Value, path: str, needs: _Needs) -> str:
        """An object of the program's own: its class is imported, its attributes are put in place."""
        module, _, name = value.type.rpartition(".")
        if not all(part.isidentifier() for part in module.split(".") if module):
            raise CannotRebuild(message("assistant.actions.value.class_nowhere", name=path))
        state = module.partition(".")[0] in _MODULES_OF_STATE or (not module and hasattr(builtins, name))
        if not name or value.type in _OPAQUE or state or not name.isidentifier() or value.array:
            raise CannotRebuild(
                message("assistant.actions.value.no_data", name=path, type=value.type)
                if value.type
                else message("assistant.actions.value.no_type", name=path)
            )
        enum = _ENUM.match(value.text)
        if enum is not None and enum[1] == name:
            needs.classes.add((module, name))
            return f"{name}.{enum[2]}"
        children = [c for c in value.children if c.value is not None]
        fields = [c for c in children if is_field(c, value)]
        if fields and len(fields) == len(children) and value.size == len(fields):
            needs.classes.add((module, name))
            given = ", ".join(
                f"{c.name}={self._source(_id(c, path), f'{path}.{c.name}', needs)}" for c in fields
            )
            return f"{name}({given})"
        if any(c.kind != "attribute" for c in children) or value.size is not None:
            raise CannotRebuild(message("assistant.actions.value.own_container", name=path, type=value.type))
        if value.left_out or (value.cut and not children):
            raise CannotRebuild(message("assistant.actions.value.cut", name=path, text=value.text[:60]))
        if not children and not value.text.startswith(f"<{name}"):
            raise CannotRebuild(message("assistant.actions.value.no_attributes", name=path, type=value.type))
        needs.classes.add((module, name))
        needs.made = True
        parts = [name]
        for child in children:
            if not child.name.isidentifier():
                raise CannotRebuild(
                    message("assistant.actions.value.attribute", name=path, attribute=repr(child.name))
                )
            parts.append(f"{child.name}={self._source(_id(child, path), f'{path}.{child.name}', needs)}")
        return f"made({', '.join(parts)})"


def _id(child: Child, path: str) -> int:
    if child.value is None:
        raise CannotRebuild(message("assistant.actions.value.property", name=path))
    return child.value


def _whole(value: Value, path: str) -> Iterator[Child]:
    if value.left_out or (value.size is not None and value.size != len(value.children)):
        kept, size = len(value.children), value.size or len(value.children) + value.left_out
        raise CannotRebuild(
            message("assistant.actions.value.elements", name=path, kept=f"{kept:,}", size=f"{size:,}")
        )
    return iter(value.children)


def _literal(value: Value, path: str) -> str:
    if value.type == "float" and value.text in ("nan", "inf", "-inf"):
        return f'float("{value.text}")'
    if value.type == "str" and value.cut and value.long and value.size == len(value.long):
        return repr(value.long)
    if value.cut:
        raise CannotRebuild(message("assistant.actions.value.cut", name=path, text=value.text[:40]))
    text = value.text
    inner = text[len(value.type) + 1 : -1] if value.type in ("bytearray", "range") else text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            literal = ast.literal_eval(f"({inner},)" if value.type == "range" else inner)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise _recorded_as(path, text) from None
    if value.type == "float" and not math.isfinite(literal):
        return f'float("{literal}")'
    if value.type == "range":
        return f"range({', '.join(map(repr, literal))})"
    return f"bytearray({literal!r})" if value.type == "bytearray" else repr(literal)


def _call(value: Value, path: str, needs: _Needs) -> str:
    module, callee = _CALLS[value.type]
    zone = _ZONE.match(value.text)
    if zone is not None:
        needs.imports.add(module)
        return f"zoneinfo.ZoneInfo({zone[1]})"
    try:
        tree = ast.parse(value.text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _recorded_as(path, value.text) from None
    if isinstance(tree, ast.Attribute) and ast.unparse(tree) == "datetime.timezone.utc":
        needs.imports.add("datetime")
        return "datetime.timezone.utc"
    if not isinstance(tree, ast.Call) or not _is_data(tree):
        raise _recorded_as(path, value.text)
    needs.imports.add(module)
    given = [ast.unparse(a) for a in tree.args]
    given += [f"{k.arg}={ast.unparse(k.value)}" for k in tree.keywords]
    return f"{callee}({', '.join(given)})"


def _recorded_as(path: str, text: str) -> CannotRebuild:
    return CannotRebuild(message("assistant.actions.value.recorded_as", name=path, text=text[:60]))


def _is_data(call: ast.Call) -> bool:
    """Whether a call has literals, and datetime's own values, as its only arguments."""
    callee = ast.unparse(call.func)
    if callee.rpartition(".")[2] not in _CALLEES or callee.count(".") > 1:
        return False
    for part in (*call.args, *(k.value for k in call.keywords)):
        if isinstance(part, ast.Call):
            if not _is_data(part):
                return False
        elif isinstance(part, ast.Attribute):
            if ast.unparse(part) != "datetime.timezone.utc":
                return False
        elif not all(isinstance(n, ast.Constant | ast.UnaryOp | ast.USub) for n in ast.walk(part)):
            return False
    return True
