"""asyncio's tasks and loops as they are; no code of the program is run.

Tasks of asyncio's own class in C are read through that class's descriptors, those written in Python by
their attribute dictionary: a class that derives from either may override all that it is asked by name.
"""

from __future__ import annotations

import gc
import sys
import types
from _weakref import ref
from collections import deque

from . import values
from .descriptors import class_dict, class_mro
from .frames import local_named
from .stored_attributes import is_a

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

_KINDS = (
    (types.CoroutineType, "cr_frame", "cr_await"),
    (types.GeneratorType, "gi_frame", "gi_yieldfrom"),
    (types.AsyncGeneratorType, "ag_frame", "ag_await"),
)
_CLASSES = 200  # derived from asyncio's that are looked at
_TABLES = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")


def all_tasks() -> List[Any]:
    """Every unfinished task of every loop."""
    if "asyncio" not in sys.modules:
        return []
    names = values.instance_dict(sys.modules.get("asyncio.tasks")) or {}
    found: Dict[int, Any] = {}
    for table in _TABLES:
        for task in _members(names.get(table)):
            if is_task(task) and not is_done(task):
                found[id(task)] = task
    known = names.get("all_tasks")
    if type(known) is types.BuiltinFunctionType:
        found.update((id(task), task) for task in _of_c(known, list(found.values())))
    return list(found.values())


def _of_c(known: Any, written: List[Any]) -> List[Any]:
    """The unfinished tasks of the class in C, which from 3.14 on only C code has a list of. Its function asks
    tasks written in Python, and the hash of all; where the program has a say in that, the garbage collector's
    list is gone through instead.

    :param written: the tasks that are known without it.
    """
    cls = _task_class()
    asked = [type(task) for task in written]
    waiting: List[type] = list(type.__subclasses__(cls)) if cls is not None else []
    while waiting and len(asked) < _CLASSES:
        asked.append(waiting.pop())
        waiting += type.__subclasses__(asked[-1])
    if not waiting and not any(_has_a_say(each) for each in asked):
        return [task for loop in running_loops() for task in known(loop)]
    if cls is None:
        return []
    return [each for each in gc.get_objects() if issubclass(type(each), cls) and not is_done(each)]


def _has_a_say(cls: type) -> bool:
    for base in class_mro(cls):
        if base is _task_class() or base is values.of_module("asyncio.tasks", "_PyTask"):
            break
        if any(
            name in class_dict(base)
            for name in ("__hash__", "__eq__", "__getattribute__", "done", "get_loop")
        ):
            return True
    return False


def _members(table: Any) -> List[Any]:
    """Of a set, or of a weak set."""
    if not is_a(table, set):
        table = (values.instance_dict(table) or {}).get("data")
        if not is_a(table, set):
            return []
    for _ in range(5):
        try:
            listed = list(set.__iter__(table))
            break
        except RuntimeError:
            continue
    else:
        return []
    found = [each() if type(each) is ref else each for each in listed]
    return [each for each in found if each is not None]


def _task_class() -> Optional[type]:
    """asyncio's task in C, where it is used."""
    cls = values.of_module("_asyncio", "Task")
    return cls if type(cls) is type else None


def is_task(task: Any) -> bool:
    """Whether it can be read: a task of asyncio's class in C or in Python, or derived from one."""
    mro = class_mro(type(task))
    for cls in (_task_class(), values.of_module("asyncio.tasks", "_PyTask")):
        if cls is not None and values.one_of(cls, mro):
            return True
    return False


def _read(task: Any, method: str, stored: str) -> Any:
    """By the C class's method or getter of that name, else the attribute in which Python's keeps it."""
    cls = _task_class()
    if cls is not None and values.one_of(cls, class_mro(type(task))):
        for base in class_mro(cls):
            found = class_dict(base).get(method)
            if type(found) is types.MethodDescriptorType:
                return found.__get__(task)()
            if type(found) is types.GetSetDescriptorType:
                return found.__get__(task)
        return None
    return (values.instance_dict(task) or {}).get(stored)


def is_done(task: Any) -> bool:
    state = _read(task, "_state", "_state")
    return type(state) is str and state != "PENDING"


def is_waiting(task: Any) -> bool:
    return _read(task, "_fut_waiter", "_fut_waiter") is not None


def name_of(task: Any) -> str:
    return values.exact(_read(task, "get_name", "_name")) if is_task(task) else ""


def coroutine_of(task: Any) -> Any:
    return _read(task, "get_coro", "_coro") if is_task(task) else None


def function_of(task: Any) -> str:
    """The qualified name of the coroutine function; "" for coroutines of other kinds."""
    coroutine = coroutine_of(task)
    return values.exact(coroutine.__qualname__) if _kind(coroutine) is not None else ""


def _kind(coroutine: Any) -> Any:
    """The names under which it keeps its frame and what it waits for; None where it is none of Python's."""
    return next((kind for kind in _KINDS if type(coroutine) is kind[0]), None)


def awaited(coroutine: Any, most: int) -> Tuple[List[Any], str]:
    """The frames of a coroutine and of what it waits for, the outermost first, and the type of what ends the
    chain without a frame of Python's; "" where it ends by itself."""
    frames: List[Any] = []
    while coroutine is not None and len(frames) < most:
        kind = _kind(coroutine)
        frame = getattr(coroutine, kind[1]) if kind is not None else None
        if kind is None or frame is None:
            return frames, values.qualified(type(coroutine))
        frames.append(frame)
        coroutine = getattr(coroutine, kind[2])
    return frames, ""


# loops


def running_loops() -> List[Any]:
    """The event loops that some thread is running, found in the stacks."""
    base: Optional[type] = values.of_module("asyncio.events", "AbstractEventLoop")
    found: Dict[int, Any] = {}
    if base is None:
        return []
    for frame in sys._current_frames().values():
        walked: Any = frame
        while walked is not None:
            if values.exact(walked.f_code.co_name) in ("run_forever", "_run_once"):
                owner = local_named(walked, "self")
                if values.one_of(base, class_mro(type(owner))):
                    found[id(owner)] = owner
            walked = walked.f_back
    return list(found.values())


def turn(loop: Any, callback: Callable[[], None]) -> bool:
    """Have the loop call the function at its next turn, from another thread. A loop whose class has replaced
    asyncio's way of being told is told without it.

    :returns: False where that cannot be done.
    """
    own = next((class_dict(c)["call_soon_threadsafe"] for c in class_mro(type(loop)) if _has(c)), None)
    if type(own) is types.FunctionType and values.exact(own.__module__) == "asyncio.base_events":
        if not _overridden(loop):
            own(loop, callback)
            return True
    elif type(own) not in (types.FunctionType, property):
        loop.call_soon_threadsafe(callback)  # in C, as uvloop's
        return True
    return _by_hand(loop, callback)


def _has(cls: type) -> bool:
    return "call_soon_threadsafe" in class_dict(cls)


_TOLD_BY = ("_check_closed", "_check_callback", "_call_soon", "_write_to_self", "__getattribute__")


def _overridden(loop: Any) -> bool:
    """Whether a class outside asyncio has a part in waking the loop."""
    for cls in class_mro(type(loop)):
        if values.type_module(cls).partition(".")[0] == "asyncio" or cls is object:
            continue
        if any(name in class_dict(cls) for name in _TOLD_BY):
            return True
    return False


def _by_hand(loop: Any, callback: Callable[[], None]) -> bool:
    """What ``call_soon_threadsafe`` of asyncio's selector loops does, on what they store."""
    import contextvars
    import socket

    own = values.instance_dict(loop) or {}
    ready: Any = own.get("_ready")
    wakes: Any = own.get("_csock")
    handle = values.of_module("asyncio.events", "Handle")
    if type(ready) is not deque or type(wakes) is not socket.socket or not values.really(handle):
        return False
    told = object.__new__(handle)  # its own `__init__` would ask the loop
    for name, value in (("callback", callback), ("args", ()), ("loop", loop), ("cancelled", False)):
        setattr(told, "_" + name, value)
    told._context, told._source_traceback, told._repr = contextvars.copy_context(), None, None
    ready.append(told)
    wakes.send(b"\0")
    return True
