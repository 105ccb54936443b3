"""Arrays and tables: dtype, shape, head and statistics, without running the program's code.

Only methods of the exact types of numpy and pandas are called, and only if the program has imported them.
Numbers are formatted here, because numpy's own formatting runs what the program has set with
``set_printoptions``. A pandas table is read only if it holds numpy's and pandas' own arrays. Arrays of more
than ``MAX_MEASURED_ELEMENTS`` elements are sampled, so that a gigabyte costs milliseconds.

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

MAX_MEASURED_ELEMENTS = 1_000_000
MAX_HEAD_ELEMENTS = 8  # first elements that become children
MAX_COLUMNS = 60
MAX_WHOLE_ELEMENTS = 24  # a larger array's text holds only its first elements
_KIND_NAMES = {
    "b": "bool",
    "i": "int",
    "u": "uint",
    "f": "float",
    "c": "complex",
    "M": "datetime64",
    "m": "timedelta64",
}
_STRUCT_FORMATS = {2: "e", 4: "f"}
_DEFAULT_DTYPES = ("bool", "int64", "float64", "complex128")
_NUMBER_KINDS = "biufc"
MAX_COMPLEX_SIZE = 16  # bytes: Python's ``complex`` holds no more


def _is(obj: Any, module: str, name: str) -> bool:
    cls = type(obj)
    if type_name(cls) != name or type_module(cls).partition(".")[0] != module:
        return False
    return of_module(module, name) is cls


def _is_array(obj: Any) -> bool:
    return _is(obj, "numpy", "ndarray")


def _is_series(obj: Any) -> bool:
    return _is(obj, "pandas", "Series") and _holds_library_arrays(obj)


def _is_frame(obj: Any) -> bool:
    return _is(obj, "pandas", "DataFrame") and _holds_library_arrays(obj)


def _holds_library_arrays(table: Any) -> bool:
    """Whether the table consists of numpy's and pandas' own types only, so that its methods run no code of
    the program's."""
    manager = (instance_dict(table) or {}).get("_mgr")
    if not _is_pandas(manager):
        return False
    blocks, axes = stored(manager, "blocks"), stored(manager, "axes")
    if blocks is None or axes is None:
        own = instance_dict(manager) or {}
        blocks, axes = blocks or own.get("blocks"), axes or own.get("axes")
    if type(blocks) is not tuple or type(axes) is not list:
        return False
    return all(_is_library_array(stored(block, "values")) for block in blocks) and all(
        _is_library_index(axis) for axis in axes
    )


def _is_pandas(obj: Any) -> bool:
    module = type_module(type(obj))
    return module.partition(".")[0] == "pandas" and really(type(obj))


def _is_library_array(array: Any) -> bool:
    return _is_array(array) or _is_pandas(array)


def _is_library_index(index: Any) -> bool:
    if not _is_pandas(index):
        return False
    own = instance_dict(index) or {}
    return type(own.get("_range")) is range or _is_library_array(own.get("_data"))


def described(obj: Any) -> Optional[Dict[str, Any]]:
    """``dtype``, ``shape`` and statistics of an array or table; None for anything else. Never raises."""
    try:
        if _is_array(obj):
            return _array(obj)
        if _is_series(obj):
            row = {"dtype": dtype_text(obj.dtype), "shape": list(obj.shape)}
            if _kind(obj.dtype) in "biuf" and _is_array(obj.values):
                row.update(_statistics(obj.values))
            return row
        if _is_frame(obj):
            return {"dtype": "table", "shape": list(obj.shape)}
        shape, dtype = measure(obj, "shape"), measure(obj, "dtype")
        if dtype is not None and issubclass(type(shape), tuple) and tuple.__len__(shape):
            row = {"dtype": dtype_text(dtype), "shape": _shape(shape)}
            device = measure(obj, "device")
            if device is not None:
                row["device"] = _library_text(device)
            return row
    except Exception:
        return None
    return None


def dtype_text(dtype: Any) -> str:
    """The name of an element type as its library writes it; the class name of one of the program's."""
    kind, code = _kind(dtype), stored(dtype, "str")
    if type(code) is str:
        size = stored(dtype, "itemsize")
        if kind in "iufc" and type(size) is int:
            return "%s%d" % (_KIND_NAMES[kind], size * 8)
        if kind in _KIND_NAMES:
            return _KIND_NAMES[kind] + code[3:].lstrip("0123456789")
        return "object" if kind == "O" else code
    return _library_text(dtype)


def _library_text(obj: Any) -> str:
    """``str`` of an object if that is the library's C code; else its class name."""
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
    """A scalar's or array's text on one line; "" for anything else."""
    shape, dtype = measure(obj, "shape"), measure(obj, "dtype")
    if dtype is None or not issubclass(type(shape), tuple):
        return ""
    cls, kind = type(obj), _kind(dtype)
    own = type_module(cls) == "numpy" and really(cls)
    size = stored(dtype, "itemsize")
    readable = (
        own
        and kind in _NUMBER_KINDS
        and type(size) is int
        and size <= (MAX_COMPLEX_SIZE if kind == "c" else 8)
    )
    if own and not shape and _is_array(obj) is False:
        if readable:
            return "%s(%s)" % (type_name(cls), _number_text(obj.item(), kind, size))
        return ""
    if _is_array(obj) and readable and obj.size <= MAX_WHOLE_ELEMENTS:
        name = dtype_text(dtype)
        last = "" if name in _DEFAULT_DTYPES and obj.size else ", dtype=" + name
        return "array(%s%s)" % (_list_text(obj.tolist(), kind, size), last)
    shown = "<%s %s %s" % (type_name(cls), text(tuple(_shape(shape))), dtype_text(dtype))
    device = measure(obj, "device")
    if device is not None and not own:
        shown += " on " + _library_text(device)
    if readable and _is_array(obj):
        first = obj.flat[:6].tolist()
        shown += ": " + ", ".join(_number_text(x, kind, size) for x in first)
        shown += ", …" if obj.size > 6 else ""
    return shown + ">"


def _list_text(element: Any, kind: str, size: int) -> str:
    if type(element) is list:
        return "[%s]" % ", ".join(_list_text(each, kind, size) for each in element)
    return _number_text(element, kind, size)


def _number_text(number: Any, kind: str, size: int) -> str:
    """The shortest text that gives the same number in the array's precision."""
    packed = _STRUCT_FORMATS.get(size) if kind == "f" else None
    if packed is None:
        return repr(number)
    for digits in (3, 6, 7, 8, 9):
        text = repr(float("%.*g" % (digits, number)))
        try:
            if struct.pack(packed, float(text)) == struct.pack(packed, number):
                return text
        except (OverflowError, struct.error):
            break
    return repr(number)


def text_of(obj: Any, text: Text) -> str:
    """A table or column on one line: size, and names or first values; "" for anything else. Never raises."""
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
    row = {"dtype": dtype_text(array.dtype), "shape": list(array.shape)}
    if _kind(array.dtype) in "biuf":
        row.update(_statistics(array))
    return row


def _statistics(array: Any) -> Dict[str, Any]:
    row: Dict[str, Any] = {}
    size = int(array.size)
    errstate, is_nan, is_inf = (of_module("numpy", name) for name in ("errstate", "isnan", "isinf"))
    if not size or not really(errstate) or not _is_ufunc(is_nan) or not _is_ufunc(is_inf):
        return row
    flat = array
    if size > MAX_MEASURED_ELEMENTS:
        row["sampled"] = True
        if not array.flags.c_contiguous:
            return row  # flattening would copy it
        flat = array.reshape(-1)[:: size // MAX_MEASURED_ELEMENTS + 1]
    with errstate(all="ignore"):  # the program may have set a callback for overflows
        if _kind(array.dtype) == "f":
            missing = is_nan(flat)
            count = int(missing.sum())
            row["nan"] = count
            if count:
                flat = flat[~missing]
            if not flat.size:
                return row
            row["inf"] = int(is_inf(flat).sum())
        for name in ("min", "max"):
            row[name] = _number(getattr(flat, name)())
        row["mean"] = _number(flat.mean(dtype="float64"))
    return row


def _is_ufunc(obj: Any) -> bool:
    return type(obj) is of_module("numpy", "ufunc")


def _number(value: Any) -> Any:
    """A JSON number; text for NaN and infinity."""
    plain = value.item()
    if type(plain) is float and (plain != plain or plain in (float("inf"), float("-inf"))):
        return str(plain)
    return plain


def columns(obj: Any, width: int, text: Text) -> Optional[Tuple[int, List[Tuple[str, str, Any]]]]:
    """The number of children and the first of them: a table's columns, an array's head. None for anything
    else."""
    if _is_frame(obj):
        count = int(obj.shape[1])
        listed = [
            ("item", text(obj.columns[i], 60), obj.iloc[:, i]) for i in range(min(count, MAX_COLUMNS, width))
        ]
        return count, listed
    if _is_series(obj):
        count = int(obj.shape[0])
        head = obj.iloc[:MAX_HEAD_ELEMENTS]
        return count, [("item", "[%s]" % text(key, 40), value) for key, value in zip(head.index, head.values)]
    if _is_array(obj):
        count = int(obj.size)
        if obj.ndim == 1:
            ends = [*range(min(count, MAX_HEAD_ELEMENTS)), *range(max(count - 2, MAX_HEAD_ELEMENTS), count)]
            return count, [("item", "[%d]" % i, obj[i]) for i in ends]
        if obj.ndim == 2:
            rows, wide = (min(n, MAX_HEAD_ELEMENTS // 2) for n in obj.shape)
            return count, [("item", "[%d, %d]" % (r, c), obj[r, c]) for r in range(rows) for c in range(wide)]
        return count, []
    return None
