"""Values of the target as bounded text, and their elements and attributes, without running its code.

Guarantee: calls no ``__repr__``, ``__str__``, ``__len__``, ``__iter__``, ``__getattr__``, ``__class__`` or
property of the target. Containers are read through the methods of the builtin type that they derive from,
attributes through CPython's own descriptors, and standard library types from what they store
(:mod:`.standard_types`). Anything else is shown by its type's name.
"""

from __future__ import annotations

import types
from collections import deque
from itertools import islice

from . import arrays, standard_types
from .descriptors import class_dict, class_mro, exception_args
from .object_attributes import (
    exact as exact,
)
from .object_attributes import (
    instance_dict as instance_dict,
)
from .object_attributes import (
    measure as measure,
)
from .object_attributes import (
    of_module as of_module,
)
from .object_attributes import (
    one_of as one_of,
)
from .object_attributes import (
    qualified as qualified,
)
from .object_attributes import (
    really as really,
)
from .object_attributes import (
    type_module as type_module,
)
from .object_attributes import (
    type_name as type_name,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

MAX_TEXT = 200
"""Characters of one value's text."""

own_text: Optional[Callable[[Any], Optional[str]]] = None
"""Calls objects' own ``repr`` (see :mod:`.reprs`); None unless a person has allowed it."""

_MAX_ITEMS_SHOWN = 8
_MAX_TEXT_DEPTH = 2
_MAX_INT_BITS = 4096
_MEMBER = types.MemberDescriptorType
_SEQUENCES = (list, tuple)
_SETS = (set, frozenset)
_SIZED: Any = (list, tuple, dict, set, frozenset, str, bytes, bytearray)


def slots(obj: Any) -> List[Tuple[str, Any]]:
    """Names and values of the ``__slots__`` attributes that are set."""
    pairs = []
    seen = set()
    for cls in class_mro(type(obj)):
        if "__slots__" not in class_dict(cls):
            continue
        for name, descriptor in list(class_dict(cls).items()):
            if type(descriptor) is _MEMBER and name not in seen:
                seen.add(name)
                try:
                    pairs.append((name, descriptor.__get__(obj)))
                except AttributeError:
                    continue
    return pairs


def properties(obj: Any) -> List[str]:
    """The names of the object's properties. Their values are not read."""
    names = {}
    for cls in class_mro(type(obj)):
        for name, attribute in list(class_dict(cls).items()):
            if type(name) is str and name not in names and not name.startswith("__"):
                names[name] = type(attribute) is property or type_name(type(attribute)) == "cached_property"
    own = instance_dict(obj) or {}
    return sorted(name for name, is_property in names.items() if is_property and name not in own)


def size_of(obj: Any) -> Optional[int]:
    """The number of elements of a container, text or array; None for anything else."""
    cls = type(obj)
    for base in _SIZED:
        if issubclass(cls, base):
            return int(base.__len__(obj))
    if issubclass(cls, deque):
        return int(deque.__len__(obj))
    shape = measure(obj, "shape")
    if issubclass(type(shape), tuple) and tuple.__len__(shape) and measure(obj, "dtype") is not None:
        first = tuple.__getitem__(shape, 0)
        return first if type(first) is int else None
    return None


def text(obj: Any, limit: int = MAX_TEXT, depth: int = _MAX_TEXT_DEPTH) -> str:
    """The value as text of at most ``limit`` characters, with "…" at the end if it was cut. Shows ``depth``
    levels of nested values."""
    return cut(_text(obj, limit, depth), limit)


def cut(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1] + "…"


def _text(obj: Any, limit: int, depth: int) -> str:
    try:
        return _text_of(obj, limit, depth)
    except RuntimeError:
        return "<%s: changing while read>" % type_name(type(obj))
    except Exception:
        return "<%s: not readable>" % type_name(type(obj))


def _text_of(obj: Any, limit: int, depth: int) -> str:
    cls = type(obj)
    if obj is None or obj is Ellipsis or obj is NotImplemented or cls is bool:
        return repr(obj)
    if own_text is not None:
        own = own_text(obj)
        if own is not None:
            return own
    if _enum_class(cls):
        return _enum_text(obj)
    if issubclass(cls, int):
        bits = int.bit_length(obj)
        return int.__repr__(obj) if bits <= _MAX_INT_BITS else "<%s of %d bits>" % (type_name(cls), bits)
    if issubclass(cls, float):
        return float.__repr__(obj)
    if issubclass(cls, complex):
        return complex.__repr__(obj)
    if issubclass(cls, str):
        return _sliced(str.__repr__, str.__getitem__(obj, slice(0, limit)), str.__len__(obj), limit)
    if issubclass(cls, bytes):
        return _sliced(bytes.__repr__, bytes.__getitem__(obj, slice(0, limit)), bytes.__len__(obj), limit)
    if issubclass(cls, bytearray):
        part = bytes(bytearray.__getitem__(obj, slice(0, limit)))
        return "bytearray(" + _sliced(bytes.__repr__, part, bytearray.__len__(obj), limit) + ")"
    if issubclass(cls, tuple) and namedtuple_fields(cls):
        return _pairs(type_name(cls), zip(namedtuple_fields(cls), tuple.__iter__(obj)), limit, depth, "=")
    if issubclass(cls, _SEQUENCES) or issubclass(cls, _SETS) or is_deque(cls):
        return _items_text(obj, cls, limit, depth)
    if issubclass(cls, dict):
        return _dict_text(obj, cls, limit, depth)
    if issubclass(cls, BaseException):
        args = exception_args(obj)
        shown = [_text(arg, limit, depth - 1) for arg in args[:_MAX_ITEMS_SHOWN]]
        return "%s(%s)" % (type_name(cls), ", ".join(shown))
    standard = standard_types.text_of(
        obj, type_module(cls), type_name(cls), lambda part: _text(part, limit, depth - 1)
    )
    if standard is not None:
        return standard
    described = _described(obj, cls)
    if described:
        return described
    return _object_text(obj, cls, limit, depth)


def _sliced(represent: Any, part: Any, size: int, limit: int) -> str:
    shown = represent(part)
    if size > len(part) or len(shown) > limit:
        return "%s… (%s long)" % (shown[: max(limit - 24, 8)], format(size, ","))
    return str(shown)


def namedtuple_fields(cls: type) -> Tuple[str, ...]:
    """The names of a named tuple's fields; () for any other class."""
    fields = next((class_dict(c)["_fields"] for c in class_mro(cls) if "_fields" in class_dict(c)), None)
    return fields if type(fields) is tuple and all(type(f) is str for f in fields) else ()


def is_deque(cls: type) -> bool:
    """Whether the class is ``collections.deque`` or derives from it."""
    return issubclass(cls, deque)


def _enum_class(cls: type) -> bool:
    if type(cls) is type:
        return False  # an enumeration has a metaclass
    base = of_module("enum", "Enum")
    return base is not None and one_of(base, class_mro(cls))


def _enum_text(obj: Any) -> str:
    own = instance_dict(obj) or {}
    name = own.get("_name_")
    shown = name if type(name) is str else "?"
    return "<%s.%s: %s>" % (type_name(type(obj)), shown, _text(own.get("_value_"), 60, 0))


_BRACKETS: Dict[type, Tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
}


def elements(obj: Any) -> Iterator[Any]:
    """The elements of a list, tuple, set, frozenset or deque, or of an instance of a subclass."""
    cls = type(obj)
    for base in (list, tuple, set, frozenset):
        if issubclass(cls, base):
            return base.__iter__(obj)
    return iter(deque.__iter__(obj))


def _items_text(obj: Any, cls: type, limit: int, depth: int) -> str:
    size = size_of(obj) or 0
    base = next((b for b in _BRACKETS if issubclass(cls, b)), None)
    opening, closing = _BRACKETS[base] if base else ("[", "]")
    prefix = "" if one_of(cls, (list, tuple, set)) else type_name(cls)
    if prefix and (base in (set, frozenset) or base is None):
        opening, closing = "(" + opening, closing + ")"
    if size == 0:
        return prefix + (opening + closing if cls is not set else "set()")
    if depth <= 0:
        return "%s%s…%s (%s)" % (prefix, opening, closing, format(size, ","))
    parts: List[str] = []
    used = 0
    for item in islice(elements(obj), _MAX_ITEMS_SHOWN):
        part = _text(item, max(limit // 2, 20), depth - 1)
        parts.append(part)
        used += len(part) + 2
        if used > limit:
            break
    if len(parts) < size:
        parts.append("… %s items" % format(size, ","))
    elif base is tuple and size == 1:
        return prefix + "(" + parts[0] + ",)" if not prefix else prefix + "(" + parts[0] + ")"
    return prefix + opening + ", ".join(parts) + closing


def _dict_text(obj: Any, cls: type, limit: int, depth: int) -> str:
    size = dict.__len__(obj)
    prefix = "" if cls is dict else type_name(cls)
    if depth <= 0 and size:
        return "%s{…} (%s)" % (prefix, format(size, ","))
    pairs = ((_text(k, 60, 0), v) for k, v in islice(dict.items(obj), _MAX_ITEMS_SHOWN))
    body = _joined(pairs, limit, depth, ": ", size)
    return prefix + "{" + body + "}"


def _joined(pairs: Any, limit: int, depth: int, between: str, size: int) -> str:
    parts: List[str] = []
    used = 0
    for name, value in pairs:
        part = name + between + _text(value, max(limit // 2, 20), depth - 1)
        parts.append(part)
        used += len(part) + 2
        if used > limit:
            break
    if len(parts) < size:
        parts.append("… %s items" % format(size, ","))
    return ", ".join(parts)


def _pairs(name: str, pairs: Any, limit: int, depth: int, between: str) -> str:
    listed = list(islice(pairs, _MAX_ITEMS_SHOWN))
    return name + "(" + _joined(listed, limit, depth, between, len(listed)) + ")"


def _described(obj: Any, cls: type) -> str:
    if issubclass(cls, type):
        return type.__repr__(obj)
    if cls is types.FunctionType:
        code = obj.__code__
        return "<function %s, line %d>" % (exact(obj.__qualname__), code.co_firstlineno)
    if cls is types.MethodType:
        owner, function = obj.__self__, obj.__func__
        name = exact(function.__qualname__) if type(function) is types.FunctionType else "?"
        return "<method %s of %s>" % (name, type_name(type(owner)))
    if cls is types.BuiltinFunctionType:
        return "<builtin %s>" % obj.__name__
    if issubclass(cls, types.ModuleType):
        own = (instance_dict(obj) or {}).get("__name__")
        return "<module %s>" % own if type(own) is str else "<module>"
    for kind, attribute in (
        (types.GeneratorType, "gi"),
        (types.CoroutineType, "cr"),
        (types.AsyncGeneratorType, "ag"),
    ):
        if cls is kind:
            frame = getattr(obj, attribute + "_frame")
            name = exact(obj.__qualname__)
            where = "at line %d" % (frame.f_lineno or 0) if frame is not None else "finished"
            return "<%s %s, %s>" % (type_name(cls), name, where)
    return arrays.array_text(obj, text)


def _object_text(obj: Any, cls: type, limit: int, depth: int) -> str:
    name = qualified(cls)
    own = instance_dict(obj)
    pairs = list(islice(own.items(), _MAX_ITEMS_SHOWN + 1)) if own else []
    if len(pairs) <= _MAX_ITEMS_SHOWN:
        pairs += slots(obj)[:_MAX_ITEMS_SHOWN]
    named = [(k, v) for k, v in pairs if type(k) is str]
    if depth <= 0 or not named:
        return "<%s>" % name
    if own_text is not None:
        name += " object:"  # like the text of ``object.__repr__``
    size = len(own or ()) + (len(named) - len(own or ()) if len(named) > len(own or ()) else 0)
    body = _joined(iter(named[:_MAX_ITEMS_SHOWN]), max(limit - len(name) - 2, 20), depth, "=", size)
    return "<%s %s>" % (name, body)
