"""Arrays and tables: dtype, shape, head and statistics, by the libraries' own methods.

Only exact types of numpy and pandas are asked, and only when the program had imported them. An
array of more than ``_EXACT`` elements is sampled, so that a gigabyte costs milliseconds.
"""

from __future__ import annotations

import sys

from . import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_EXACT = 1_000_000
_HEAD = 8
_COLUMNS = 60


def _is(obj: Any, module: str, name: str) -> bool:
    return obj is not None and type(obj) is getattr(sys.modules.get(module), name, None)


def _is_array(obj: Any) -> bool:
    return _is(obj, "numpy", "ndarray")


def _is_series(obj: Any) -> bool:
    return _is(obj, "pandas", "Series")


def _is_frame(obj: Any) -> bool:
    return _is(obj, "pandas", "DataFrame")


def described(obj: Any) -> Optional[Dict[str, Any]]:
    """``dtype``, ``shape`` and statistics; None for what is neither array nor table. Never raises."""
    try:
        if _is_array(obj):
            return _array(obj)
        if _is_series(obj):
            found = {"dtype": str(obj.dtype), "shape": list(obj.shape)}
            if getattr(obj.dtype, "kind", "O") in "biuf" and _is_array(obj.values):
                found.update(_statistics(obj.values))
            return found
        if _is_frame(obj):
            return {"dtype": "table", "shape": list(obj.shape)}
        shape, dtype = values._getset(obj, "shape"), values._getset(obj, "dtype")
        if dtype is not None and issubclass(type(shape), tuple) and tuple.__len__(shape):
            found = {"dtype": str(dtype), "shape": [int(n) for n in tuple.__iter__(shape)]}
            device = values._getset(obj, "device")
            if device is not None:
                found["device"] = str(device)
            return found
    except Exception:
        return None
    return None


def text_of(obj: Any) -> str:
    """A table or column on one line: its size, and the names or the first values; "" for others.
    Never raises."""
    try:
        if _is_frame(obj):
            rows, wide = obj.shape
            names = ", ".join(values.text(name, 30) for name in list(obj.columns[:12]))
            return "<DataFrame %d x %d: %s%s>" % (rows, wide, names, ", …" if wide > 12 else "")
        if _is_series(obj):
            first = ", ".join(values.text(value, 30) for value in list(obj.iloc[:6].values))
            more = ", …" if obj.shape[0] > 6 else ""
            return "<Series %s %d: %s%s>" % (obj.dtype, obj.shape[0], first, more)
    except Exception:
        return ""
    return ""


def _array(array: Any) -> Dict[str, Any]:
    found = {"dtype": str(array.dtype), "shape": list(array.shape)}
    if array.dtype.kind in "biuf":
        found.update(_statistics(array))
    return found


def _statistics(array: Any) -> Dict[str, Any]:
    numpy = sys.modules["numpy"]
    found: Dict[str, Any] = {}
    size = int(array.size)
    if not size:
        return found
    flat = array
    if size > _EXACT:
        found["sampled"] = True
        if not array.flags.c_contiguous:
            return found  # flattening would copy it
        flat = array.reshape(-1)[:: size // _EXACT + 1]
    if array.dtype.kind == "f":
        missing = numpy.isnan(flat)
        count = int(missing.sum())
        found["nan"] = count
        if count:
            flat = flat[~missing]
        if not flat.size:
            return found
        found["inf"] = int(numpy.isinf(flat).sum())
    for name in ("min", "max"):
        found[name] = _number(getattr(flat, name)())
    with numpy.errstate(all="ignore"):
        found["mean"] = _number(flat.mean(dtype="float64"))
    return found


def _number(value: Any) -> Any:
    """A JSON number, or text for what JSON has no number for."""
    plain = value.item()
    if type(plain) is float and (plain != plain or plain in (float("inf"), float("-inf"))):
        return str(plain)
    return plain


def columns(obj: Any, width: int) -> Optional[Tuple[int, List[Tuple[str, str, Any]]]]:
    """A table's columns or the head of an array, as children; None for other values."""
    if _is_frame(obj):
        count = int(obj.shape[1])
        listed = [
            ("item", values.text(obj.columns[i], 60), obj.iloc[:, i])
            for i in range(min(count, _COLUMNS, width))
        ]
        return count, listed
    if _is_series(obj):
        count = int(obj.shape[0])
        head = obj.iloc[:_HEAD]
        return count, [
            ("item", "[%s]" % values.text(key, 40), value) for key, value in zip(head.index, head.values)
        ]
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
