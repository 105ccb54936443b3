"""Keeps the agent's and pydevd's own threads and functions out of what tracers of the program measure.

A thread of ours begins below the hooks of ``threading.settrace`` and ``threading.setprofile`` and runs
where no tool of ``sys.monitoring`` sees it; code of ours that runs in threads of the program has a file
name that is no file, which coverage does not measure.
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
"""How the file names of such code begin."""

_PACKAGE = __name__.partition(".")[0]
_WRAPPED = ("__func__", "fget", "__wrapped__")  # of methods of classes, properties, decorated functions


def _private_bootstrap() -> Any:
    """``Thread._bootstrap_inner`` without the hooks of ``threading.settrace`` and ``setprofile``."""
    original: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
    names = dict(original.__globals__)
    names.update(_trace_hook=None, _profile_hook=None)
    return types.FunctionType(
        original.__code__, names, original.__name__, original.__defaults__, original.__closure__
    )


def nameless(function: Any) -> Any:
    """The function, its code under a name that is no file: coverage does not measure such code. For
    what runs, or begins, in sight of the program's tracers."""
    function.__code__ = _renamed(function.__code__)
    return function


def _renamed(code: types.CodeType) -> types.CodeType:
    name = NAMELESS + code.co_filename.rpartition("/")[2]
    inner = tuple(_renamed(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=name, co_consts=inner)


def nameless_package() -> None:
    """All functions of the modules of ours that are loaded so: many run in threads of the program."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(_PACKAGE + ".") or module is None:
            continue
        for value in list(vars(module).values()):
            members = list(vars(value).values()) if isinstance(value, type) else [value]
            for member in members:
                for function in (getattr(member, each, member) for each in _WRAPPED):
                    # What was compiled by itself, to be seen, has another name.
                    if isinstance(function, types.FunctionType) and _is_of_file(function, module):
                        nameless(function)


def _is_of_file(function: Any, module: Any) -> bool:
    return bool(function.__code__.co_filename == vars(module).get("__file__"))


nameless(run_unmonitored)


def hide_from_tracers(thread: Any) -> Any:
    """The thread, not begun yet, so that nothing of the program's traces or watches it."""
    run = thread.run

    def run_and_leave() -> None:
        try:
            run_unmonitored(run)
        finally:
            vars(thread).pop("_bootstrap_inner", None)  # each holds the thread, which holds it
            vars(thread).pop("run", None)
            _drop(thread)

    thread._bootstrap_inner = types.MethodType(_private_bootstrap(), thread)
    thread.run = nameless(run_and_leave)
    return thread


def hide_class_from_tracers(kind: Any) -> Callable[[], None]:
    """The same for all threads of a class. Returns what undoes it."""
    bootstrap, run = _private_bootstrap(), kind.run

    def run_and_leave(thread: Any) -> None:
        try:
            run_unmonitored(lambda: run(thread))
        finally:
            _drop(thread)

    kind._bootstrap_inner = bootstrap
    kind.run = nameless(run_and_leave)

    def undo() -> None:
        kind.run = run
        if kind.__dict__.get("_bootstrap_inner") is bootstrap:
            del kind._bootstrap_inner

    return undo


def _drop(thread: Any) -> None:
    """Take an ending thread out of ``threading``'s weak set of all threads. The set's callback would run when
    the program's garbage collection frees the thread: what a signal handler of the program raises in such a
    callback is lost."""
    threading._dangling.discard(thread)  # type: ignore[attr-defined]
