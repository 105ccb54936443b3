"""Reads asyncio's tasks and loops without running code of the program.

Tasks of asyncio's C class are read through that class's descriptors, those of the Python class from their
attribute dictionary: a subclass of either may override every attribute and method.
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

_COROUTINE_TYPES = (
    (types.CoroutineType, "cr_frame", "cr_await"),
    (types.GeneratorType, "gi_frame", "gi_yieldfrom"),
    (types.AsyncGeneratorType, "ag_frame", "ag_await"),
)
_MAX_CLASSES = 200  # subclasses of asyncio's task that are checked
_TASK_TABLES = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")


def all_tasks() -> List[Any]:
    """Every unfinished task of every loop."""
    if "asyncio" not in sys.modules:
        return []
    names = values.instance_dict(sys.modules.get("asyncio.tasks")) or {}
    tasks: Dict[int, Any] = {}
    for table in _TASK_TABLES:
        for task in _members(names.get(table)):
            if is_task(task) and not is_done(task):
                tasks[id(task)] = task
    known = names.get("all_tasks")
    if type(known) is types.BuiltinFunctionType:
        tasks.update((id(task), task) for task in _tasks_written_in_c(known, list(tasks.values())))
    return list(tasks.values())


def _tasks_written_in_c(c_all_tasks: Any, written: List[Any]) -> List[Any]:
    """The unfinished tasks of the C class, which from 3.14 on are listed only in C. The C function calls
    methods of tasks and hashes them; if the program overrides those, search the garbage collector's objects
    instead.

    :param written: the tasks known without it.
    """
    cls = _task_class()
    classes = [type(task) for task in written]
    waiting: List[type] = list(type.__subclasses__(cls)) if cls is not None else []
    while waiting and len(classes) < _MAX_CLASSES:
        classes.append(waiting.pop())
        waiting += type.__subclasses__(classes[-1])
    if not waiting and not any(_overrides_lookup(each) for each in classes):
        return [task for loop in running_loops() for task in c_all_tasks(loop)]
    if cls is None:
        return []
    return [each for each in gc.get_objects() if issubclass(type(each), cls) and not is_done(each)]


def _overrides_lookup(cls: type) -> bool:
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
    """The members of a set or a weak set."""
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
    members = [each() if type(each) is ref else each for each in listed]
    return [each for each in members if each is not None]


def _task_class() -> Optional[type]:
    """asyncio's C task class, if it is loaded."""
    cls = values.of_module("_asyncio", "Task")
    return cls if type(cls) is type else None


def is_task(task: Any) -> bool:
    """Whether it is a task of asyncio's C or Python class, or of a subclass: those can be read."""
    mro = class_mro(type(task))
    for cls in (_task_class(), values.of_module("asyncio.tasks", "_PyTask")):
        if cls is not None and values.one_of(cls, mro):
            return True
    return False


def _read(task: Any, method: str, stored: str) -> Any:
    """Read by the C class's method or getter, or else the attribute where the Python class stores it."""
    cls = _task_class()
    if cls is not None and values.one_of(cls, class_mro(type(task))):
        for base in class_mro(cls):
            descriptor = class_dict(base).get(method)
            if type(descriptor) is types.MethodDescriptorType:
                return descriptor.__get__(task)()
            if type(descriptor) is types.GetSetDescriptorType:
                return descriptor.__get__(task)
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
    """The attributes for its frame and what it waits for; None if it is no coroutine of Python's."""
    return next((kind for kind in _COROUTINE_TYPES if type(coroutine) is kind[0]), None)


def awaited(coroutine: Any, most: int) -> Tuple[List[Any], str]:
    """The frames of a coroutine and of what it waits for, outermost first, and the type of an awaitable
    without a Python frame at the end of that chain; "" if there is none."""
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
    """The event loops that the threads are running, found in their stacks."""
    base: Optional[type] = values.of_module("asyncio.events", "AbstractEventLoop")
    loops: Dict[int, Any] = {}
    if base is None:
        return []
    for frame in sys._current_frames().values():
        walked: Any = frame
        while walked is not None:
            if values.exact(walked.f_code.co_name) in ("run_forever", "_run_once"):
                owner = local_named(walked, "self")
                if values.one_of(base, class_mro(type(owner))):
                    loops[id(owner)] = owner
            walked = walked.f_back
    return list(loops.values())


def run_soon(loop: Any, callback: Callable[[], None]) -> bool:
    """Make the loop, which runs in another thread, call the function soon. If the loop's class overrides
    ``call_soon_threadsafe``, its method is not called.

    :returns: False if that is not possible.
    """
    own = next(
        (class_dict(c)["call_soon_threadsafe"] for c in class_mro(type(loop)) if _has_call_soon(c)), None
    )
    if type(own) is types.FunctionType and values.exact(own.__module__) == "asyncio.base_events":
        if not _overridden(loop):
            own(loop, callback)
            return True
    elif type(own) not in (types.FunctionType, property):
        loop.call_soon_threadsafe(callback)  # written in C, like uvloop's
        return True
    return _schedule_directly(loop, callback)


def _has_call_soon(cls: type) -> bool:
    return "call_soon_threadsafe" in class_dict(cls)


_WAKING_METHODS = ("_check_closed", "_check_callback", "_call_soon", "_write_to_self", "__getattribute__")


def _overridden(loop: Any) -> bool:
    """Whether a class outside asyncio overrides a method that wakes the loop."""
    for cls in class_mro(type(loop)):
        if values.type_module(cls).partition(".")[0] == "asyncio" or cls is object:
            continue
        if any(name in class_dict(cls) for name in _WAKING_METHODS):
            return True
    return False


def _schedule_directly(loop: Any, callback: Callable[[], None]) -> bool:
    """Do what ``call_soon_threadsafe`` of asyncio's selector loops does, on the loop's stored attributes."""
    import contextvars
    import socket

    own = values.instance_dict(loop) or {}
    ready: Any = own.get("_ready")
    wakes: Any = own.get("_csock")
    handle = values.of_module("asyncio.events", "Handle")
    if type(ready) is not deque or type(wakes) is not socket.socket or not values.really(handle):
        return False
    queued = object.__new__(handle)  # `__init__` would call a method of the loop
    for name, value in (("callback", callback), ("args", ()), ("loop", loop), ("cancelled", False)):
        setattr(queued, "_" + name, value)
    queued._context, queued._source_traceback, queued._repr = contextvars.copy_context(), None, None
    ready.append(queued)
    wakes.send(b"\0")
    return True
