"""Which functions a frame's code calls, according to the objects that it holds.

A function that has returned is in no traceback, and the source alone does not say which method
``shape.area()`` is. The crashing process still knows: look the names in the code up in the frame's globals
and on the types of its variables. Nothing is run.
"""

from __future__ import annotations

import os
import types

from . import values
from .descriptors import class_dict, class_mro, getset_value
from .original_functions import system
from .stored_attributes import file_of, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple

MAX_CALLS = 80
"""Entries for one frame."""

_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


def is_standard(path: str) -> bool:
    """Whether it is a file of the standard library or of the interpreter's own frames."""
    if path.startswith("<frozen"):
        return True
    return path.startswith(_STANDARD) and "-packages" not in path


def calls_of(frame: Any, local_values: Iterable[Tuple[str, Any]]) -> List[List[Any]]:
    """Rows ``[expression, file, first line, qualified name]`` of the Python functions outside the standard
    library that the frame's code may call."""
    code = frame.f_code
    names = code.co_names
    calls = _Calls()
    scope = texts(frame.f_globals)
    for name in names:
        if name in scope:
            calls.add(name, scope[name])
            if type(scope[name]) is types.ModuleType:
                inside = values.instance_dict(scope[name]) or {}
                for below in names:
                    if below in inside:
                        calls.add("%s.%s" % (name, below), inside[below])
    for name, obj in local_values:
        calls.add(name, obj)
        _add_members(calls, name, obj, names, True)
        if len(calls.rows) >= MAX_CALLS:
            break
    return calls.rows[:MAX_CALLS]


def _add_members(calls: _Calls, name: str, obj: Any, names: Tuple[str, ...], deeper: bool) -> None:
    cls = type(obj)
    bases = class_mro(obj) if issubclass(cls, type) else class_mro(cls)
    for below in names:
        for base in bases:
            attribute = class_dict(base).get(below)
            if attribute is not None:
                calls.add("%s.%s" % (name, below), attribute)
                break
    own = values.instance_dict(obj) if deeper and not issubclass(cls, type) else None
    for below in names if own else ():
        if own is not None and below in own:
            calls.add("%s.%s" % (name, below), own[below])
            _add_members(calls, "%s.%s" % (name, below), own[below], names, False)


class _Calls:
    def __init__(self) -> None:
        self.rows: List[List[Any]] = []
        # By identity: hashing code objects hashes their constants.
        self._seen: Dict[Tuple[str, int], Any] = {}

    def add(self, expression: str, obj: Any) -> None:
        for function in _functions(obj):
            code = function.__code__
            if (expression, id(code)) in self._seen or len(self.rows) >= MAX_CALLS:
                continue
            self._seen[expression, id(code)] = code
            path = file_of(code)
            if path.startswith(("<", _STANDARD)) and "-packages" not in path:
                continue
            qualified = values.exact(function.__qualname__)
            self.rows.append([expression, system.absolute(path), code.co_firstlineno, qualified])


def _functions(obj: Any, depth: int = 0) -> List[Any]:
    """The Python functions that calling or reading the object runs."""
    cls = type(obj)
    if depth > 3:
        return []
    if cls is types.FunctionType:
        inner = (values.instance_dict(obj) or {}).get("__wrapped__")
        return [obj, *(_functions(inner, depth + 1) if inner is not None else [])]
    if cls is types.MethodType:
        return _functions(obj.__func__, depth + 1)
    if cls is staticmethod or cls is classmethod:
        return _functions(obj.__func__, depth + 1)
    if cls is property:
        return _functions(obj.fget, depth + 1)
    if values.type_name(cls) in ("cached_property", "singledispatchmethod"):
        return _functions((values.instance_dict(obj) or {}).get("func"), depth + 1)
    if values.type_name(cls) == "partial" and values.type_module(cls) == "functools":
        return _functions(getset_value(obj, "func"), depth + 1)
    if issubclass(cls, type) and depth == 0:
        return [f for f in (_constructor(obj, name) for name in ("__init__", "__new__")) if f is not None]
    return []


def _constructor(cls: type, name: str) -> Optional[Any]:
    for base in class_mro(cls):
        function = class_dict(base).get(name)
        if function is not None:
            function = function.__func__ if type(function) is staticmethod else function
            return function if type(function) is types.FunctionType else None
    return None
