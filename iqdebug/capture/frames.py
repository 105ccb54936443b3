"""Reads frames and their locals without running code of the program."""

from __future__ import annotations

import gc
import sys
import types
from itertools import islice

from . import values
from .stored_attributes import module_of, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_PACKAGE = __name__.rpartition(".")[0]
_CO_OPTIMIZED = 0x01  # flag of functions, whose locals are not in a mapping
_LOCALS_TYPE = (lambda: type(sys._getframe().f_locals))()  # dict; from 3.13 on a proxy of the frame


def frame_locals(frame: types.FrameType) -> List[Tuple[str, Any, str]]:
    """Name, value and kind of a frame's locals: arguments first, then in the order of the code."""
    names = local_names(frame)
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    arguments = code.co_varnames[:count]
    order = {name: i for i, name in enumerate(code.co_varnames + code.co_cellvars + code.co_freevars)}
    is_module = names is frame.f_globals or values.exact(code.co_name) == "<module>"
    listed = [
        (name, obj, "argument" if name in arguments else "local")
        for name, obj in list_items(names, sys.maxsize)
        if not name.startswith(".") and not (is_module and is_dull(name, obj))
    ]
    listed.sort(key=lambda item: order.get(item[0], len(order)))
    return listed


def local_named(frame: types.FrameType, name: str) -> Any:
    """One local's value, or None."""
    return local_names(frame).get(name)


def local_names(frame: types.FrameType) -> Dict[str, Any]:
    """The frame's locals; of a module, the globals dict itself. {} if they are in a mapping of the program's
    that is no dict (from a metaclass's ``__prepare__``, or ``exec``)."""
    code = frame.f_code
    if not code.co_flags & _CO_OPTIMIZED and code.co_cellvars and sys.version_info < (3, 13):
        return _class_body(frame)
    names: Any = frame.f_locals
    if _LOCALS_TYPE is not dict and type(names) is _LOCALS_TYPE:
        return {name: obj for name, obj in names.items() if type(name) is str}
    return texts(names)


def _class_body(frame: types.FrameType) -> Dict[str, Any]:
    """The namespace of a class body whose functions share a cell with it.

    Up to 3.12 reading ``f_locals`` of such a frame stores the cells in the class's namespace by that
    namespace's methods, which may be the program's. So it is searched for among the frame's referents, by the
    names that every class body starts with. {} for a running frame in 3.11 and 3.12, which has no referents.
    """
    for each in gc.get_referents(frame):
        if issubclass(type(each), dict) and each is not frame.f_globals:
            names = texts(each)
            if "__module__" in names and "__qualname__" in names:
                return names
    return {}


def is_ours(frame: types.FrameType) -> bool:
    """Whether the frame belongs to this package. Programs call it unknowingly: a log call or print that fails
    passes through :mod:`.tap`."""
    return module_of(frame).startswith(_PACKAGE + ".")


def without_ours(trace: Any) -> Any:
    """Remove the frames of this package from a traceback, in place."""
    while trace is not None and is_ours(trace.tb_frame):
        trace = trace.tb_next
    step = trace
    while step is not None and step.tb_next is not None:
        if is_ours(step.tb_next.tb_frame):
            step.tb_next = step.tb_next.tb_next
        else:
            step = step.tb_next
    return trace


def is_dull(name: str, obj: Any) -> bool:
    """Whether a module-level name says nothing about state: dunders, imports, functions, classes."""
    return name.startswith("__") or issubclass(
        type(obj), (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    )


def list_items(obj: Any, stop: int) -> List[Tuple[Any, Any]]:
    """The first ``stop`` items of a dict that other threads may be changing."""
    for _ in range(3):
        try:
            return list(islice(dict.items(obj), stop))
        except RuntimeError:
            continue
    return []


def span_of(code: Any, last: int) -> Optional[List[int]]:
    """Line, end line, column and end column of the instruction at offset ``last``; None if not known."""
    positions = getattr(code, "co_positions", None)
    if positions is None or last < 0:
        return None
    position = next(islice(positions(), last // 2, None), None)
    if position is None or any(part is None for part in position):
        return None
    line, end_line, column, end_column = position
    return [line, end_line, column, end_column]
