"""Frames and their locals, as they are; no code of the program is run."""

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
_OPTIMIZED = 0x01  # of a function: its locals are not kept in a mapping
_PROXY = (lambda: type(sys._getframe().f_locals))()  # dict, from 3.13 on a view of the frame


def frame_locals(frame: types.FrameType) -> List[Tuple[str, Any, str]]:
    """Name, value and kind of a frame's locals: arguments first, then by order of the code."""
    found = local_names(frame)
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    arguments = code.co_varnames[:count]
    order = {name: i for i, name in enumerate(code.co_varnames + code.co_cellvars + code.co_freevars)}
    is_module = found is frame.f_globals or values.exact(code.co_name) == "<module>"
    listed = [
        (name, obj, "argument" if name in arguments else "local")
        for name, obj in list_items(found, sys.maxsize)
        if not name.startswith(".") and not (is_module and is_dull(name, obj))
    ]
    listed.sort(key=lambda item: order.get(item[0], len(order)))
    return listed


def local_named(frame: types.FrameType, name: str) -> Any:
    """One local's value, or None."""
    return local_names(frame).get(name)


def local_names(frame: types.FrameType) -> Dict[str, Any]:
    """The frame's locals; of a module its globals, themselves. {} where they lie in a mapping of the
    program's own that is no dict (a metaclass's ``__prepare__``, ``exec``)."""
    code = frame.f_code
    if not code.co_flags & _OPTIMIZED and code.co_cellvars and sys.version_info < (3, 13):
        return _class_body(frame)
    names: Any = frame.f_locals
    if _PROXY is not dict and type(names) is _PROXY:
        return {name: obj for name, obj in names.items() if type(name) is str}
    return texts(names)


def _class_body(frame: types.FrameType) -> Dict[str, Any]:
    """Of a class body whose functions share a cell with it. Up to 3.12 asking such a frame for its locals
    puts the cells into the class's namespace, by methods of that, which may be the program's. Its namespace
    is what the frame refers to and has a class body's first names; a frame that runs in 3.11 and 3.12 does
    not say what it refers to."""
    for each in gc.get_referents(frame):
        if issubclass(type(each), dict) and each is not frame.f_globals:
            found = texts(each)
            if "__module__" in found and "__qualname__" in found:
                return found
    return {}


def is_ours(frame: types.FrameType) -> bool:
    """Whether the frame is of this package, which programs call without knowing: a log call or a
    print that fails passes through :mod:`.tap`."""
    return module_of(frame).startswith(_PACKAGE + ".")


def without_ours(trace: Any) -> Any:
    """The traceback as it would be without us; changed in place."""
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
    """Module-level names that say nothing about state: dunders, imports, functions, classes."""
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
    """What the instruction at offset ``last`` was compiled from."""
    positions = getattr(code, "co_positions", None)
    if positions is None or last < 0:
        return None
    found = next(islice(positions(), last // 2, None), None)
    if found is None or any(part is None for part in found):
        return None
    line, end_line, column, end_column = found
    return [line, end_line, column, end_column]
