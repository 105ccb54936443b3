"""Reads code, globals, threads and exceptions as they are stored, bypassing their classes.

A program may subclass all of these and override what is read here; none of its code runs.
"""

from __future__ import annotations

import threading
import types

from .values import exact, instance_dict, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

_getters = {
    name: BaseException.__dict__[name].__get__
    for name in ("__cause__", "__context__", "__suppress_context__", "__traceback__")
}


def is_a(obj: Any, kinds: Any) -> bool:
    """``isinstance`` by the object's real type: ``__class__`` is not read.

    :param kinds: classes whose metaclass is ``type``.
    """
    return issubclass(type(obj), kinds)


# code and globals


def file_of(code: Any) -> str:
    """The code's file name as a plain ``str``: it may be an instance of a subclass with its own methods."""
    return exact(code.co_filename)


def name_of(code: Any) -> str:
    """The function's qualified name, if known. Libraries that rebuild tracebacks (gevent's tblib) make code
    with the function's name but a module's qualified name."""
    name = exact(code.co_name)
    full = exact(getattr(code, "co_qualname", name))
    return full if full.rpartition(".")[2] == name else name


def texts(names: Any) -> Dict[str, Any]:
    """The items of a namespace whose keys are exact ``str``, so that a lookup calls no ``__eq__``; {} if it
    is no dict. A plain dict with only such keys is returned itself."""
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


def lookup(names: Any, wanted: str) -> Any:
    """The dict's value for a text key, or None, without comparing it with keys of other types."""
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
    name = lookup(frame.f_globals, "__name__")
    return name if type(name) is str else ""


# exceptions


def cause_of(exc: BaseException) -> Optional[BaseException]:
    cause: Optional[BaseException] = _getters["__cause__"](exc)
    return cause


def context_of(exc: BaseException) -> Optional[BaseException]:
    context: Optional[BaseException] = _getters["__context__"](exc)
    return context


def hides_context(exc: BaseException) -> bool:
    return bool(_getters["__suppress_context__"](exc))


def traceback_of(exc: BaseException) -> Any:
    return _getters["__traceback__"](exc)


# threads


def threads_by_ident() -> Dict[int, Any]:
    """``threading``'s own table of threads: ``enumerate`` and the threads' ``ident`` may be patched. The
    agent gets the table of its private ``threading``, whose identifiers are the system's."""
    threads = texts(instance_dict(threading)).get("_active")
    if type(threads) is not dict:
        return {thread._ident: thread for thread in threading.enumerate() if type(thread) is threading.Thread}  # type: ignore[attr-defined]
    for _ in range(5):
        try:
            return {ident: thread for ident, thread in threads.items() if type(ident) is int}
        except RuntimeError:
            continue
    return {}


def of_thread(thread: Any, name: str) -> Any:
    """An attribute that the thread stores (``_name``, ``_native_id``, ``_daemonic``, a debugger's mark), or
    None."""
    return texts(instance_dict(thread)).get(name)


def thread_name(thread: Any, ident: int = 0) -> str:
    return exact(of_thread(thread, "_name")) or ("thread %d" % ident if ident else "")


def native_id(thread: Any) -> Optional[int]:
    number = of_thread(thread, "_native_id")
    return number if type(number) is int else None


def is_debuggers(thread: Any) -> bool:
    """Whether pydevd or iqdebug marked the thread as the debugger's own."""
    return of_thread(thread, "is_pydev_daemon_thread") is True


def place(trace: Any) -> Tuple[str, int, str]:
    """File, line and function of the innermost frame of a traceback; "" and 0 if it is empty."""
    innermost = ("", 0, "")
    while trace is not None:
        code = trace.tb_frame.f_code
        innermost = (file_of(code), trace.tb_lineno or 0, name_of(code))
        trace = trace.tb_next
    return innermost


# arguments of hooks


def hook_arguments(args: Tuple[Any, ...], count: int) -> Any:
    """The fields of the named tuple that Python passes to ``threading.excepthook`` (4) and
    ``sys.unraisablehook`` (5); None if a program calls the hook with other arguments."""
    if len(args) != 1 or not issubclass(type(args[0]), tuple) or tuple.__len__(args[0]) < count:
        return None
    return tuple(tuple.__iter__(args[0]))


_NAMED_TYPES = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)


def function_name(obj: Any) -> str:
    """The qualified name of a function, method, generator or class; "" for anything else."""
    if type(obj) is types.MethodType:
        return function_name(obj.__func__)
    if issubclass(type(obj), type):
        return type_name(obj)
    return exact(obj.__qualname__) if any(type(obj) is kind for kind in _NAMED_TYPES) else ""
