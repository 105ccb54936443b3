"""Pages of variables for the client, as plain dictionaries.

Keys: ``n`` name, ``v`` text, ``t`` type, ``r`` reference (0: no children), ``s`` size,
``st`` state, ``k`` kind, ``e`` expression that yields the value (absent where there is none).
"""

from __future__ import annotations

import sys
import types
from itertools import islice

from ..capture import values
from ..capture.descriptors import exception_args
from ..capture.frames import frame_locals, is_dull, list_items, local_names
from ..capture.stored_attributes import cause_of, context_of, is_a, texts
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_ATOMS = (int, float, complex, bool, str, bytes, bytearray, type(None))
_GLOBALS = "globals"


class _Globals:
    """Stands for a frame's module globals in the table of references."""

    def __init__(self, names: Dict[str, Any]) -> None:
        self.names = names


class References:
    """The objects that the client can expand, by number. A number is never reused: one from before
    :meth:`clear` gives None, not another object."""

    def __init__(self) -> None:
        self._objects: Dict[int, Tuple[Any, str]] = {}
        self._next = 1

    def add(self, obj: Any, expression: str) -> int:
        number = self._next
        self._next += 1
        self._objects[number] = (obj, expression)
        return number

    def get(self, number: int) -> Optional[Tuple[Any, str]]:
        return self._objects.get(number)

    def clear(self) -> None:
        self._objects.clear()


def entry(
    name: str, obj: Any, references: Optional[References], kind: str = "local", expression: str = ""
) -> Dict[str, Any]:
    """The row of one variable. Without ``references`` the client cannot expand it."""
    row: Dict[str, Any] = {"n": name, "v": values.text(obj), "t": values.qualified(type(obj)), "k": kind}
    size = values.size_of(obj)
    if size is not None:
        row["s"] = size
    if expression:
        row["e"] = expression
    if row["v"].endswith("…") or " long)" in row["v"][-12:]:
        row["st"] = "cut"
    if references is not None and has_children(obj):
        row["r"] = references.add(obj, expression)
    return row


def has_children(obj: Any) -> bool:
    cls = type(obj)
    if issubclass(cls, _ATOMS) and not values.instance_dict(obj):
        return False
    if values.one_of(cls, (types.BuiltinFunctionType, types.FunctionType, types.ModuleType)):
        return cls is types.ModuleType
    size = values.size_of(obj)
    if size:
        return True
    return bool(values.instance_dict(obj)) or bool(values.slots(obj)) or bool(values.properties(obj))


_RETURNED = "__pydevd_ret_val_dict"  # where pydevd keeps what calls of the last step returned
_RAISED = "__exception__"  # where pydevd puts the exception; the client gets it by another request


def locals_page(
    frame: types.FrameType, references: Optional[References], limit: int = 500
) -> List[Dict[str, Any]]:
    """The frame's locals, then one group for its globals."""
    rows = [
        entry("returned" if name == _RETURNED else name, obj, references, kind, name)
        for name, obj, kind in frame_locals(frame)[:limit]
        if name != _RAISED
    ]
    if references is not None and frame.f_globals is not local_names(frame):
        number = references.add(_Globals(frame.f_globals), "")
        size = dict.__len__(frame.f_globals)
        rows.append({"n": _GLOBALS, "v": "", "t": "", "k": "group", "r": number, "s": size})
    return rows


def children_page(references: References, number: int, start: int, count: int) -> List[Dict[str, Any]]:
    """Up to ``count`` children, from ``start``, of the object with that number; [] if there is none."""
    held = references.get(number)
    if held is None:
        return []
    obj, expression = held
    if type(obj) is _Globals:
        names = texts(obj.names)
        listed = sorted(k for k, v in list_items(names, sys.maxsize) if not is_dull(k, v))
        page = [(k, names.get(k)) for k in listed[start : start + count]]
        return [entry(k, v, references, "global", k) for k, v in page]
    rows: List[Dict[str, Any]] = []
    size = 0
    if not issubclass(type(obj), _ATOMS):
        size, rows = _items(obj, expression, references, start, count)
    if len(rows) < count:
        rest = _attributes(obj, expression, references)
        rows += rest[max(start - size, 0) : max(start - size, 0) + count - len(rows)]
    return rows


def _items(
    obj: Any, expression: str, references: References, start: int, count: int
) -> Tuple[int, List[Dict[str, Any]]]:
    cls = type(obj)
    rows = []
    if issubclass(cls, dict):
        for key, value in islice(list_items(obj, start + count), start, start + count):
            shown = values.text(key, 60)
            plain = values.one_of(type(key), (str, int, bool, bytes, float, type(None)))
            exact = plain and not shown.endswith("…") and not shown.startswith("<")  # a number too long
            path = "%s[%s]" % (expression, repr(key)) if exact and expression else ""
            rows.append(entry(shown, value, references, "item", path))
        return dict.__len__(obj), rows
    if issubclass(cls, (list, tuple)):
        base = list if issubclass(cls, list) else tuple
        fields = values.namedtuple_fields(cls)
        part = base.__getitem__(obj, slice(start, start + count))
        for i, value in enumerate(part, start):
            name = fields[i] if i < len(fields) else "[%d]" % i
            path = "%s[%d]" % (expression, i) if expression else ""
            rows.append(entry(name, value, references, "item", path))
        return base.__len__(obj), rows
    size = values.size_of(obj)
    if size and (issubclass(cls, (set, frozenset)) or values.is_deque(cls)):
        for i, value in enumerate(islice(values.elements(obj), start, start + count), start):
            path = "%s[%d]" % (expression, i) if expression and values.is_deque(cls) else ""
            rows.append(entry("[%d]" % i, value, references, "item", path))
        return size, rows
    return 0, rows


def _attributes(obj: Any, expression: str, references: References) -> List[Dict[str, Any]]:
    own = values.instance_dict(obj)
    pairs = [(k, v) for k, v in list_items(own, 10_000) if type(k) is str] if own else []
    pairs += values.slots(obj)
    if issubclass(type(obj), types.ModuleType):
        pairs = [(k, v) for k, v in pairs if not k.startswith("__")]
    rows = [
        entry(name, value, references, "attribute", "%s.%s" % (expression, name) if expression else "")
        for name, value in pairs
    ]
    for name in values.properties(obj):
        row = {"n": name, "v": reason("agent.not_read"), "t": "property", "k": "property", "st": "lazy"}
        if expression:
            row["e"] = "%s.%s" % (expression, name)
        rows.append(row)
    if is_a(obj, BaseException):
        for name, value in (
            ("args", exception_args(obj)),
            ("__cause__", cause_of(obj)),
            ("__context__", context_of(obj)),
        ):
            if value is not None:
                path = "%s.%s" % (expression, name) if expression else ""
                rows.append(entry(name, value, references, "attribute", path))
    return rows


def main_module_globals() -> Dict[str, Any]:
    main = sys.modules.get("__main__")
    return (values.instance_dict(main) or {}) if main is not None else {}
