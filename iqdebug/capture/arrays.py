"""Arrays and tables: dtype, shape, head and statistics, without the program's code.

Only exact types of numpy and pandas are asked, and only when the program had imported them. Numbers are
taken out of the array and put into words here: numpy's own text for them runs what the program has set with
``set_printoptions``. Of pandas only what holds numpy's and pandas' own arrays is asked. An array of more
than ``_EXACT`` elements is sampled, so that a gigabyte costs milliseconds.

``text`` is :func:`.values.text`, which in turn uses this module.
"""

from __future__ import annotations

import struct

from .object_attributes import exact, instance_dict, measure, of_module, really, type_module, type_name
from .standard_types import stored, written_in_c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Text = Callable[..., str]

_EXACT = 1_000_000
_HEAD = 8
_COLUMNS = 60
_WHOLE = 24  # elements of an array whose text holds all of them
_NAMES = {
    "b": "bool",
    "i": "int",
    "u": "uint",
    "f": "float",
    "c": "complex",
    "M": "datetime64",
    "m": "timedelta64",
}
_PACKED = {2: "e", 4: "f"}
_USUAL = ("bool", "int64", "float64", "complex128")
_NUMBERS = "biufc"
_WIDEST = 16  # bytes of a number that Python has a type for


def _is(obj: Any, module: str, name: str) -> bool:
    cls = type(obj)
    if type_name(cls) != name or type_module(cls).partition(".")[0] != module:
        return False
    return of_module(module, name) is cls


def _is_array(obj: Any) -> bool:
    return _is(obj, "numpy", "ndarray")


def _is_series(obj: Any) -> bool:
    return _is(obj, "pandas", "Series") and _pandas_own(obj)


def _is_frame(obj: Any) -> bool:
    return _is(obj, "pandas", "DataFrame") and _pandas_own(obj)


def _pandas_own(table: Any) -> bool:
    """Whether all that the table is made of is of numpy's and pandas' own types, so that its methods run
    none of the program's."""
    manager = (instance_dict(table) or {}).get("_mgr")
    if not _of_pandas(manager):
        return False
    blocks, axes = stored(manager, "blocks"), stored(manager, "axes")
    if blocks is None or axes is None:
        own = instance_dict(manager) or {}
        blocks, axes = blocks or own.get("blocks"), axes or own.get("axes")
    if type(blocks) is not tuple or type(axes) is not list:
        return False
    return all(_array_own(stored(block, "values")) for block in blocks) and all(
        _index_own(axis) for axis in axes
    )


def _of_pandas(obj: Any) -> bool:
    module = type_module(type(obj))
    return module.partition(".")[0] == "pandas" and really(type(obj))


def _array_own(array: Any) -> bool:
    return _is_array(array) or _of_pandas(array)


def _index_own(index: Any) -> bool:
    if not _of_pandas(index):
        return False
    own = instance_dict(index) or {}
    return type(own.get("_range")) is range or _array_own(own.get("_data"))


def described(obj: Any) -> Optional[Dict[str, Any]]:
    """``dtype``, ``shape`` and statistics; None for what is neither array nor table. Never raises."""
    try:
        if _is_array(obj):
            return _array(obj)
        if _is_series(obj):
            found = {"dtype": dtype_text(obj.dtype), "shape": list(obj.shape)}
            if _kind(obj.dtype) in "biuf" and _is_array(obj.values):
                found.update(_statistics(obj.values))
            return found
        if _is_frame(obj):
            return {"dtype": "table", "shape": list(obj.shape)}
        shape, dtype = measure(obj, "shape"), measure(obj, "dtype")
        if dtype is not None and issubclass(type(shape), tuple) and tuple.__len__(shape):
            found = {"dtype": dtype_text(dtype), "shape": _shape(shape)}
            device = measure(obj, "device")
            if device is not None:
                found["device"] = _library_text(device)
            return found
    except Exception:
        return None
    return None


def dtype_text(dtype: Any) -> str:
    """The name of an element type, as its library writes it; of one that the program made, its class's."""
    kind, code = _kind(dtype), stored(dtype, "str")
    if type(code) is str:
        size = stored(dtype, "itemsize")
        if kind in "iufc" and type(size) is int:
            return "%s%d" % (_NAMES[kind], size * 8)
        if kind in _NAMES:
            return _NAMES[kind] + code[3:].lstrip("0123456789")
        return "object" if kind == "O" else code
    return _library_text(dtype)


def _library_text(obj: Any) -> str:
    """``str`` of an object whose own text is C code of the library that the object's array is from."""
    cls = type(obj)
    for method in ("__str__", "__repr__"):
        if written_in_c(cls, method) and really(cls):
            return exact(str(obj))[:80]
    return type_name(cls)


def _kind(dtype: Any) -> str:
    kind = stored(dtype, "kind")
    return kind if type(kind) is str and len(kind) == 1 else "?"


def _shape(shape: Any) -> List[int]:
    return [n for n in tuple.__iter__(shape) if type(n) is int]


def array_text(obj: Any, text: Text) -> str:
    """A scalar's or array's text on one line; "" for what is neither."""
    shape, dtype = measure(obj, "shape"), measure(obj, "dtype")
    if dtype is None or not issubclass(type(shape), tuple):
        return ""
    cls, kind = type(obj), _kind(dtype)
    own = type_module(cls) == "numpy" and really(cls)
    size = stored(dtype, "itemsize")
    readable = own and kind in _NUMBERS and type(size) is int and size <= (_WIDEST if kind == "c" else 8)
    if own and not shape and _is_array(obj) is False:
        if readable:
            return "%s(%s)" % (type_name(cls), _number_text(obj.item(), kind, size))
        return ""
    if _is_array(obj) and readable and obj.size <= _WHOLE:
        name = dtype_text(dtype)
        last = "" if name in _USUAL and obj.size else ", dtype=" + name
        return "array(%s%s)" % (_nested(obj.tolist(), kind, size), last)
    shown = "<%s %s %s" % (type_name(cls), text(tuple(_shape(shape))), dtype_text(dtype))
    device = measure(obj, "device")
    if device is not None and not own:
        shown += " on " + _library_text(device)
    if readable and _is_array(obj):
        first = obj.flat[:6].tolist()
        shown += ": " + ", ".join(_number_text(x, kind, size) for x in first)
        shown += ", …" if obj.size > 6 else ""
    return shown + ">"


def _nested(found: Any, kind: str, size: int) -> str:
    if type(found) is list:
        return "[%s]" % ", ".join(_nested(each, kind, size) for each in found)
    return _number_text(found, kind, size)


def _number_text(number: Any, kind: str, size: int) -> str:
    """The shortest text that gives the same number in the array's own precision."""
    packed = _PACKED.get(size) if kind == "f" else None
    if packed is None:
        return repr(number)
    for digits in (3, 6, 7, 8, 9):
        said = repr(float("%.*g" % (digits, number)))
        try:
            if struct.pack(packed, float(said)) == struct.pack(packed, number):
                return said
        except (OverflowError, struct.error):
            break
    return repr(number)


def text_of(obj: Any, text: Text) -> str:
    """A table or column on one line: its size, and the names or the first values; "" for others.
    Never raises."""
    try:
        if _is_frame(obj):
            rows, wide = obj.shape
            names = ", ".join(text(name, 30) for name in list(obj.columns[:12]))
            return "<DataFrame %d x %d: %s%s>" % (rows, wide, names, ", …" if wide > 12 else "")
        if _is_series(obj):
            first = ", ".join(text(value, 30) for value in list(obj.iloc[:6].values))
            more = ", …" if obj.shape[0] > 6 else ""
            return "<Series %s %d: %s%s>" % (dtype_text(obj.dtype), obj.shape[0], first, more)
    except Exception:
        return ""
    return ""


def _array(array: Any) -> Dict[str, Any]:
    found = {"dtype": dtype_text(array.dtype), "shape": list(array.shape)}
    if _kind(array.dtype) in "biuf":
        found.update(_statistics(array))
    return found


def _statistics(array: Any) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    size = int(array.size)
    quiet, is_nan, is_inf = (of_module("numpy", name) for name in ("errstate", "isnan", "isinf"))
    if not size or not really(quiet) or not _is_ufunc(is_nan) or not _is_ufunc(is_inf):
        return found
    flat = array
    if size > _EXACT:
        found["sampled"] = True
        if not array.flags.c_contiguous:
            return found  # flattening would copy it
        flat = array.reshape(-1)[:: size // _EXACT + 1]
    with quiet(all="ignore"):  # a program may have a function called at each overflow
        if _kind(array.dtype) == "f":
            missing = is_nan(flat)
            count = int(missing.sum())
            found["nan"] = count
            if count:
                flat = flat[~missing]
            if not flat.size:
                return found
            found["inf"] = int(is_inf(flat).sum())
        for name in ("min", "max"):
            found[name] = _number(getattr(flat, name)())
        found["mean"] = _number(flat.mean(dtype="float64"))
    return found


def _is_ufunc(obj: Any) -> bool:
    return type(obj) is of_module("numpy", "ufunc")


def _number(value: Any) -> Any:
    """A JSON number, or text for what JSON has no number for."""
    plain = value.item()
    if type(plain) is float and (plain != plain or plain in (float("inf"), float("-inf"))):
        return str(plain)
    return plain


def columns(obj: Any, width: int, text: Text) -> Optional[Tuple[int, List[Tuple[str, str, Any]]]]:
    """A table's columns or the head of an array, as children; None for other values."""
    if _is_frame(obj):
        count = int(obj.shape[1])
        listed = [
            ("item", text(obj.columns[i], 60), obj.iloc[:, i]) for i in range(min(count, _COLUMNS, width))
        ]
        return count, listed
    if _is_series(obj):
        count = int(obj.shape[0])
        head = obj.iloc[:_HEAD]
        return count, [("item", "[%s]" % text(key, 40), value) for key, value in zip(head.index, head.values)]
    if _is_array(obj):
        count = int(obj.size)
        if obj.ndim == 1:
            ends = [*range(min(count, _HEAD)), *range(max(count - 2, _HEAD), count)]
            return count, [("item", "[%d]" % i, obj[i]) for i in ends]
        if obj.ndim == 2:
            rows, wide = (min(n, _HEAD // 2) for n in obj.shape)
            return count, [("item", "[%d, %d]" % (r, c), obj[r, c]) for r in range(rows) for c in range(wide)]
        return count, []
    return None
