"""Frames, their locals, and asyncio's tasks, as they are; no code of the program is run."""

from __future__ import annotations

import sys
import types
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_PACKAGE = __name__.rpartition(".")[0]


def frame_locals(frame: types.FrameType) -> List[Tuple[str, Any, str]]:
    """Name, value and kind of a frame's locals: arguments first, then by order of the code."""
    names = frame.f_locals
    if not issubclass(type(names), dict) and type(names).__name__ != "FrameLocalsProxy":
        return []
    for _ in range(3):
        try:
            found = dict(names)
            break
        except RuntimeError:
            continue
    else:
        return []
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    arguments = code.co_varnames[:count]
    order = {name: i for i, name in enumerate(code.co_varnames + code.co_cellvars + code.co_freevars)}
    is_module = frame.f_locals is frame.f_globals or code.co_name == "<module>"
    listed = [
        (name, obj, "argument" if name in arguments else "local")
        for name, obj in found.items()
        if type(name) is str and not name.startswith(".") and not (is_module and is_dull(name, obj))
    ]
    listed.sort(key=lambda item: order.get(item[0], len(order)))
    return listed


def is_ours(frame: types.FrameType) -> bool:
    """Whether the frame is of this package, which programs call without knowing: a log call or a
    print that fails passes through :mod:`.tap`."""
    name = frame.f_globals.get("__name__")
    return type(name) is str and name.startswith(_PACKAGE + ".")


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


def all_tasks() -> List[Any]:
    if "asyncio" not in sys.modules:
        return []
    module: Any = sys.modules.get("asyncio.tasks")
    found: Dict[int, Any] = {}
    loops = {id(loop): loop for loop in running_loops()}
    for loop in loops.values():
        for _ in range(5):
            try:
                found.update((id(t), t) for t in module.all_tasks(loop))
                break
            except RuntimeError:
                continue
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"):
        for _ in range(5):
            try:
                found.update((id(t), t) for t in list(getattr(module, name, ())) if not t.done())
                break
            except RuntimeError:
                continue
    return list(found.values())


def running_loops() -> List[Any]:
    """The event loops that some thread is running, found in the stacks."""
    base: Optional[type] = getattr(sys.modules.get("asyncio.events"), "AbstractEventLoop", None)
    found: Dict[int, Any] = {}
    if base is None:
        return []
    for frame in sys._current_frames().values():
        walked: Any = frame
        while walked is not None:
            if walked.f_code.co_name in ("run_forever", "_run_once"):
                owner = walked.f_locals.get("self")
                if base in type.__dict__["__mro__"].__get__(type(owner)):
                    found[id(owner)] = owner
            walked = walked.f_back
    return list(found.values())


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
