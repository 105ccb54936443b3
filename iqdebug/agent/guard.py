"""Keeps what pydevd does, and what goes wrong in it, out of the program.

See :mod:`pydevd_output` for what it prints, :mod:`rewriting` for what it raises and cannot read,
:mod:`tracers` for the program's own tracers, :mod:`recursion_limit` for the recursion limit.
"""

from __future__ import annotations

import os
import sys
import threading

from . import pydevd_output, rewriting
from .recursion_limit import raise_limit
from .tracers import Tracers, reach_all_threads
from .untraced import hide_class_from_tracers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Tuple


def guard(pydevd: Any, debugpy: str, sink: pydevd_output.Sink, tracers: Tracers) -> Callable[[], None]:
    """Done before pydevd starts. Returns what undoes it.

    :param debugpy: the folder that holds the ``debugpy`` package.
    """
    import pydevd_tracing as tracing  # type: ignore[import-not-found]
    from _pydevd_bundle import pydevd_constants as constants  # type: ignore[import-not-found]
    from _pydevd_bundle.pydevd_daemon_thread import PyDBDaemonThread  # type: ignore[import-not-found]

    folder = os.path.join(debugpy, "debugpy", "")

    def foreign(error: BaseException) -> bool:
        return rewriting.foreign_exception(error, folder) is not None

    def failed(error: BaseException) -> None:
        programs = rewriting.foreign_exception(error, folder)
        if programs is not None:
            raise programs
        sink.failed(error)

    pydevd_output.silence_modules(folder, sink)
    rewriting.rewrite(folder, failed, sink)
    rewriting.release_locks_always(constants)
    tracers.take_over(tracing, sink.line)
    steps: List[Callable[[], None]] = [
        hide_class_from_tracers(PyDBDaemonThread),
        raise_limit(),
        tracers.restore_calls,
        reach_all_threads(tracing),
        _any_path(foreign),
        _known_to_all_threads(),
        _after_others(pydevd, tracers),
    ]

    def undo() -> None:
        for step in reversed(steps):
            try:
                step()
            except Exception:
                continue

    return undo


def forget_dummies() -> Callable[[], None]:
    """Returns what takes the threads off ``threading``'s list that pydevd has put there from now on, for
    each thread that was not begun by ``threading``, its own short ones included."""
    active: Any = threading._active  # type: ignore[attr-defined]
    before = set(active)

    def undo() -> None:
        # Without the list's lock: in a forked child a thread may hold it that the child does not have.
        for ident, thread in list(active.items()):
            if type(thread) is threading._DummyThread and ident not in before:
                active.pop(ident, None)

    return undo


def _known_to_all_threads() -> Callable[[], None]:
    """Give all threads the attributes that pydevd asks them for: asked for one that a thread has not, a
    subclass of the program's would run its ``__getattr__``."""
    asked = {
        "additional_info": None,
        "__pydevd_id__": None,
        "pydev_do_not_trace": False,
        "is_pydev_daemon_thread": False,
    }
    names = [name for name in asked if name not in vars(threading.Thread)]
    for name in names:
        setattr(threading.Thread, name, asked[name])
    from _pydevd_sys_monitoring import _pydevd_sys_monitoring as monitoring  # type: ignore[import-not-found]

    original = monitoring.ThreadInfo.__init__

    def noted(info: Any, thread: Any, thread_ident: int, trace: bool, additional_info: Any) -> None:
        info.thread, info.thread_ident, info.trace = thread, thread_ident, trace
        info.additional_info = additional_info
        info._use_is_stopped = info._use_on_thread_handle = False  # it asks as this version needs it

    monitoring.ThreadInfo.__init__ = noted

    def undo() -> None:
        monitoring.ThreadInfo.__init__ = original
        for name in names:
            delattr(threading.Thread, name)

    return undo


def _any_path(foreign: Callable[[BaseException], bool]) -> Callable[[], None]:
    """Have pydevd take a file name that is no path, or relative to a folder that is gone, as it is."""
    import pydevd_file_utils as files  # type: ignore[import-not-found]

    original = files._abs_and_canonical_path

    def paths(name: str) -> Tuple[str, str]:
        try:
            found: Tuple[str, str] = original(name)
        except Exception as error:
            if foreign(error):
                raise
            found = files.NORM_PATHS_CONTAINER[name] = name, name
        return found

    files._abs_and_canonical_path = paths
    return lambda: setattr(files, "_abs_and_canonical_path", original)


def _after_others(pydevd: Any, tracers: Tracers) -> Callable[[], None]:
    """Have the program's tracers noted and taken off directly before pydevd sets its own."""
    original = pydevd.PyDB.patch_threads

    def patch_threads(debugger: Any) -> None:
        if sys.version_info < (3, 12):
            tracers.save()
            original(debugger)
        else:  # sys.monitoring sees new threads by itself: nothing need run in them
            from _pydevd_sys_monitoring import pydevd_sys_monitoring  # type: ignore[import-not-found]

            pydevd_sys_monitoring.start_monitoring(all_threads=True)

    pydevd.PyDB.patch_threads = patch_threads
    return lambda: setattr(pydevd.PyDB, "patch_threads", original)
