"""Keeps the threads and functions of the agent and pydevd out of what the program's tracers measure.

Our threads bypass the hooks of ``threading.settrace`` and ``threading.setprofile`` and run unseen by the
tools of ``sys.monitoring``. Our code that runs in threads of the program gets a file name that is no file,
which coverage does not measure.
"""

from __future__ import annotations

import sys
import threading
import types

from .unmonitored import run_unmonitored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

NAMELESS = "<iqdebug>/"
"""Prefix of the file names of such code."""

_PACKAGE = __name__.partition(".")[0]
_FUNCTION_ATTRIBUTES = ("__func__", "fget", "__wrapped__")  # of methods, properties and decorated functions


def _private_bootstrap() -> Any:
    """``Thread._bootstrap_inner`` without the hooks of ``threading.settrace`` and ``setprofile``."""
    original: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
    names = dict(original.__globals__)
    names.update(_trace_hook=None, _profile_hook=None)
    return types.FunctionType(
        original.__code__, names, original.__name__, original.__defaults__, original.__closure__
    )


def nameless(function: Any) -> Any:
    """Give the function's code a file name that is no file, which coverage does not measure, and return it.
    For functions that the program's tracers see."""
    function.__code__ = _renamed(function.__code__)
    return function


def _renamed(code: types.CodeType) -> types.CodeType:
    name = NAMELESS + code.co_filename.rpartition("/")[2]
    inner = tuple(_renamed(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=name, co_consts=inner)


def nameless_package() -> None:
    """Make all functions of our loaded modules :func:`nameless`: many run in threads of the program."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(_PACKAGE + ".") or module is None:
            continue
        for value in list(vars(module).values()):
            members = list(vars(value).values()) if isinstance(value, type) else [value]
            for member in members:
                for function in (getattr(member, each, member) for each in _FUNCTION_ATTRIBUTES):
                    # Code compiled separately, to be traced on purpose, has another file name.
                    if isinstance(function, types.FunctionType) and _is_from_file(function, module):
                        nameless(function)


def _is_from_file(function: Any, module: Any) -> bool:
    return bool(function.__code__.co_filename == vars(module).get("__file__"))


nameless(run_unmonitored)


def hide_from_tracers(thread: Any) -> Any:
    """Make sure that no tracer or monitor of the program sees the thread, which is not started yet."""
    run = thread.run

    def run_and_leave() -> None:
        try:
            run_unmonitored(run)
        finally:
            vars(thread).pop("_bootstrap_inner", None)  # reference cycles
            vars(thread).pop("run", None)
            _remove_from_dangling(thread)

    thread._bootstrap_inner = types.MethodType(_private_bootstrap(), thread)
    thread.run = nameless(run_and_leave)
    return thread


def hide_class_from_tracers(kind: Any) -> Callable[[], None]:
    """:func:`hide_from_tracers` for all threads of a class. Returns a function that undoes it."""
    bootstrap, run = _private_bootstrap(), kind.run

    def run_and_leave(thread: Any) -> None:
        try:
            run_unmonitored(lambda: run(thread))
        finally:
            _remove_from_dangling(thread)

    kind._bootstrap_inner = bootstrap
    kind.run = nameless(run_and_leave)

    def undo() -> None:
        kind.run = run
        if kind.__dict__.get("_bootstrap_inner") is bootstrap:
            del kind._bootstrap_inner

    return undo


def _remove_from_dangling(thread: Any) -> None:
    """Remove an ending thread from ``threading``'s weak set of all threads. Else the set's callback runs when
    the thread is freed, and what a signal handler of the program raises in such a callback is lost."""
    threading._dangling.discard(thread)  # type: ignore[attr-defined]
