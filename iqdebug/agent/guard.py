"""Keeps pydevd's side effects and failures out of the program.

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
    """Call before pydevd starts. Returns a function that undoes it all.

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
    tracers.take_over(tracing, sink.say)
    steps: List[Callable[[], None]] = [
        hide_class_from_tracers(PyDBDaemonThread),
        raise_limit(),
        tracers.restore_calls,
        reach_all_threads(tracing),
        _accept_any_path(foreign),
        _default_thread_attributes(),
        _save_tracers_first(pydevd, tracers),
    ]

    def undo() -> None:
        for step in reversed(steps):
            try:
                step()
            except Exception:
                continue

    return undo


def forget_dummies() -> Callable[[], None]:
    """Returns a function that removes the dummy threads added to ``threading``'s list from now on.

    pydevd adds one for each thread that ``threading`` did not start, short-lived ones of its own included.
    """
    active: Any = threading._active  # type: ignore[attr-defined]
    before = set(active)

    def undo() -> None:
        # Without the list's lock: in a forked child its holder may be a thread that does not exist there.
        for ident, thread in list(active.items()):
            if type(thread) is threading._DummyThread and ident not in before:
                active.pop(ident, None)

    return undo


def _default_thread_attributes() -> Callable[[], None]:
    """Give ``Thread`` the attributes that pydevd reads: reading a missing one would run the ``__getattr__``
    of the program's subclass."""
    defaults = {
        "additional_info": None,
        "__pydevd_id__": None,
        "pydev_do_not_trace": False,
        "is_pydev_daemon_thread": False,
    }
    names = [name for name in defaults if name not in vars(threading.Thread)]
    for name in names:
        setattr(threading.Thread, name, defaults[name])
    from _pydevd_sys_monitoring import _pydevd_sys_monitoring as monitoring  # type: ignore[import-not-found]

    original = monitoring.ThreadInfo.__init__

    def init(info: Any, thread: Any, thread_ident: int, trace: bool, additional_info: Any) -> None:
        info.thread, info.thread_ident, info.trace = thread, thread_ident, trace
        info.additional_info = additional_info
        info._use_is_stopped = info._use_on_thread_handle = False  # pydevd_is_thread_alive decides

    monitoring.ThreadInfo.__init__ = init

    def undo() -> None:
        monitoring.ThreadInfo.__init__ = original
        for name in names:
            delattr(threading.Thread, name)

    return undo


def _accept_any_path(foreign: Callable[[BaseException], bool]) -> Callable[[], None]:
    """Make pydevd accept as is a file name that is no path, or is relative to a deleted folder."""
    import pydevd_file_utils as files  # type: ignore[import-not-found]

    original = files._abs_and_canonical_path

    def paths(name: str) -> Tuple[str, str]:
        try:
            result: Tuple[str, str] = original(name)
        except Exception as error:
            if foreign(error):
                raise
            result = files.NORM_PATHS_CONTAINER[name] = name, name
        return result

    files._abs_and_canonical_path = paths
    return lambda: setattr(files, "_abs_and_canonical_path", original)


def _save_tracers_first(pydevd: Any, tracers: Tracers) -> Callable[[], None]:
    """Save and remove the program's tracers directly before pydevd sets its own."""
    original = pydevd.PyDB.patch_threads

    def patch_threads(debugger: Any) -> None:
        if sys.version_info < (3, 12):
            tracers.save()
            original(debugger)
        else:  # sys.monitoring covers new threads by itself
            from _pydevd_sys_monitoring import pydevd_sys_monitoring  # type: ignore[import-not-found]

            pydevd_sys_monitoring.start_monitoring(all_threads=True)

    pydevd.PyDB.patch_threads = patch_threads
    return lambda: setattr(pydevd.PyDB, "patch_threads", original)
