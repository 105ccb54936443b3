"""Reads of code, globals, threads and exceptions by what they store, not by what their classes say.

A program may derive from all of these and override what is read here; none of it is run.
"""

from __future__ import annotations

import threading
import types

from .values import exact, instance_dict, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

_links = {
    name: BaseException.__dict__[name].__get__
    for name in ("__cause__", "__context__", "__suppress_context__", "__traceback__")
}


def is_a(obj: Any, kinds: Any) -> bool:
    """``isinstance`` by the object's real type: ``__class__`` is not asked.

    :param kinds: builtin classes, whose metaclass has no say in it.
    """
    return issubclass(type(obj), kinds)


# code and globals


def file_of(code: Any) -> str:
    """The file that the code names. Code may be compiled under a derived text, which has methods of
    its own."""
    return exact(code.co_filename)


def name_of(code: Any) -> str:
    """The function's qualified name where it is known. Libraries that carry tracebacks to another place
    (gevent's tblib) make code that has the function's name and a module's qualified one."""
    name = exact(code.co_name)
    full = exact(getattr(code, "co_qualname", name))
    return full if full.rpartition(".")[2] == name else name


def texts(names: Any) -> Dict[str, Any]:
    """The pairs of a namespace whose keys are exact texts, so that looking one up enters no ``__eq__``; {}
    for one that is no dict. Of an exact dict with no other keys: itself."""
    if type(names) is dict:
        try:
            for name in names:
                if type(name) is not str:
                    break
            else:
                return names
        except RuntimeError:  # it is being changed
            pass
    elif not issubclass(type(names), dict):
        return {}
    for _ in range(3):
        try:
            return {name: value for name, value in list(dict.items(names)) if type(name) is str}
        except RuntimeError:
            continue
    return {}


def looked_up(names: Any, wanted: str) -> Any:
    """What a dict has under a text, or None, without comparing it with keys of other types."""
    if not issubclass(type(names), dict):
        return None
    for _ in range(3):
        try:
            for name, value in dict.items(names):
                if type(name) is str and name == wanted:
                    return value
            return None
        except RuntimeError:
            continue
    return None


def module_of(frame: Any) -> str:
    """``__name__`` of the frame's globals; "" without one."""
    found = looked_up(frame.f_globals, "__name__")
    return found if type(found) is str else ""


# exceptions


def cause_of(exc: BaseException) -> Optional[BaseException]:
    found: Optional[BaseException] = _links["__cause__"](exc)
    return found


def context_of(exc: BaseException) -> Optional[BaseException]:
    found: Optional[BaseException] = _links["__context__"](exc)
    return found


def hides_context(exc: BaseException) -> bool:
    return bool(_links["__suppress_context__"](exc))


def traceback_of(exc: BaseException) -> Any:
    return _links["__traceback__"](exc)


# threads


def threads_by_ident() -> Dict[int, Any]:
    """``threading``'s own table: its ``enumerate`` and the threads' ``ident`` may be anybody's. For the
    agent it is the table of the ``threading`` that it was given, whose identifiers are the system's."""
    found = texts(instance_dict(threading)).get("_active")
    if type(found) is not dict:
        return {thread._ident: thread for thread in threading.enumerate() if type(thread) is threading.Thread}  # type: ignore[attr-defined]
    for _ in range(5):
        try:
            return {ident: thread for ident, thread in found.items() if type(ident) is int}
        except RuntimeError:
            continue
    return {}


def of_thread(thread: Any, name: str) -> Any:
    """What a thread stores under the name (``_name``, ``_native_id``, ``_daemonic``, or a debugger's
    mark), or None."""
    return texts(instance_dict(thread)).get(name)


def thread_name(thread: Any, ident: int = 0) -> str:
    return exact(of_thread(thread, "_name")) or ("thread %d" % ident if ident else "")


def native_id(thread: Any) -> Optional[int]:
    found = of_thread(thread, "_native_id")
    return found if type(found) is int else None


def is_debuggers(thread: Any) -> bool:
    """Whether pydevd or we marked the thread as the debugger's own."""
    return of_thread(thread, "is_pydev_daemon_thread") is True


def place(trace: Any) -> Tuple[str, int, str]:
    """File, line and function of the innermost step of a traceback; "" and 0 without one."""
    found = ("", 0, "")
    while trace is not None:
        code = trace.tb_frame.f_code
        found = (file_of(code), trace.tb_lineno or 0, name_of(code))
        trace = trace.tb_next
    return found


# what hooks are told


def hook_arguments(told: Tuple[Any, ...], count: int) -> Any:
    """The fields of the one argument that Python gives ``threading.excepthook`` (4) and
    ``sys.unraisablehook`` (5), a tuple with names; None where a program calls the hook otherwise."""
    if len(told) != 1 or not issubclass(type(told[0]), tuple) or tuple.__len__(told[0]) < count:
        return None
    return tuple(tuple.__iter__(told[0]))


_NAMED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)


def function_name(obj: Any) -> str:
    """The qualified name of a function, method, generator or class; "" of anything else."""
    if type(obj) is types.MethodType:
        return function_name(obj.__func__)
    if issubclass(type(obj), type):
        return type_name(obj)
    return exact(obj.__qualname__) if any(type(obj) is kind for kind in _NAMED) else ""
