"""Take a debugger's tracing off every thread of the target, blocked threads included.

Up to 3.11 tracing belongs to each thread state, and ``sys.settrace`` reaches the calling thread
only. CPython 3.9 to 3.11 export ``_PyEval_SetTrace(tstate, func, arg)``; 3.8 has no such
function, so there the four fields of its (final) ``PyThreadState`` layout are cleared. From 3.12
on pydevd uses ``sys.monitoring``; its events are switched off and the tool id is given back.
"""

from __future__ import annotations

import ctypes
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


class _ThreadState38(ctypes.Structure):
    # cpython 3.8, Include/cpython/pystate.h, struct _ts up to c_traceobj
    _fields_ = [
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("interp", ctypes.c_void_p),
        ("frame", ctypes.c_void_p),
        ("recursion_depth", ctypes.c_int),
        ("overflowed", ctypes.c_char),
        ("recursion_critical", ctypes.c_char),
        ("stackcheck_counter", ctypes.c_int),
        ("tracing", ctypes.c_int),
        ("use_tracing", ctypes.c_int),
        ("c_profilefunc", ctypes.c_void_p),
        ("c_tracefunc", ctypes.c_void_p),
        ("c_profileobj", ctypes.c_void_p),
        ("c_traceobj", ctypes.c_void_p),
    ]


def _thread_states() -> Iterator[int]:
    api: Any = ctypes.pythonapi
    for name, arguments in (
        ("PyInterpreterState_Main", []),
        ("PyInterpreterState_ThreadHead", [ctypes.c_void_p]),
        ("PyThreadState_Next", [ctypes.c_void_p]),
    ):
        function = getattr(api, name)
        function.restype, function.argtypes = ctypes.c_void_p, arguments
    state = api.PyInterpreterState_ThreadHead(api.PyInterpreterState_Main())
    while state:
        yield state
        state = api.PyThreadState_Next(state)


def _clear_tracing() -> None:
    api: Any = ctypes.pythonapi
    if hasattr(api, "_PyEval_SetTrace"):
        set_trace = api._PyEval_SetTrace
        set_trace.restype = ctypes.c_int
        set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        for state in _thread_states():
            set_trace(state, None, None)
        return
    for state in _thread_states():
        fields = _ThreadState38.from_address(state)
        fields.use_tracing = 1 if fields.c_profilefunc else 0
        fields.c_tracefunc = None
        fields.c_traceobj = None  # one reference stays counted: the trace function's


def _reset_count() -> None:
    """Set 3.8's and 3.9's count of traced threads to none. While it is not 0 every thread runs
    each instruction more slowly, and a thread that ended while traced is never taken off it.

    The count stands behind the recursion limit (Include/internal, struct _ceval_runtime_state
    or _ceval_state); it is written only where it was seen to follow ``sys.settrace``.
    """
    api: Any = ctypes.pythonapi
    if sys.version_info < (3, 9):
        start, size = ctypes.addressof(ctypes.c_char.in_dll(api, "_PyRuntime")), 350
    else:
        api.PyInterpreterState_Main.restype = ctypes.c_void_p
        start, size = api.PyInterpreterState_Main(), 60
    words = (ctypes.c_int * size).from_address(start)
    limit = sys.getrecursionlimit()
    for at in [i + 1 for i in range(size - 1) if words[i] == limit]:
        untraced = words[at]
        sys.settrace(lambda *event: None)
        traced = words[at]
        sys.settrace(None)
        if traced == untraced + 1 and words[at] == untraced:
            words[at] = 0


def _settrace_everywhere() -> None:
    # The list of thread states is walked while this thread keeps the interpreter lock: a longer
    # switch interval and a fresh turn make a hand-over in the middle of the walk impossible
    # in practice (the walk takes microseconds).
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.05)
    try:
        time.sleep(0.001)
        _clear_tracing()
        if sys.version_info < (3, 10):
            sys.settrace(None)
            _reset_count()
    finally:
        sys.setswitchinterval(interval)
    frames: Any = list(sys._current_frames().values())
    while frames:
        frame = frames.pop()
        while frame is not None:
            if frame.f_trace is not None:
                frame.f_trace = None
            frame = frame.f_back


def _stop_monitoring() -> None:
    from _pydevd_sys_monitoring import pydevd_sys_monitoring as module  # type: ignore[import-not-found]

    monitoring: Any = getattr(sys, "monitoring")  # noqa: B009  (absent from older stubs)
    tool = monitoring.DEBUGGER_ID
    if monitoring.get_tool(tool) != "pydevd":
        return
    monitoring.set_events(tool, 0)
    for code in list(_instrumented(module)):
        monitoring.set_local_events(tool, code, 0)
    for event in ("PY_START", "PY_RESUME", "LINE", "JUMP", "PY_RETURN", "RAISE", "PY_UNWIND"):
        monitoring.register_callback(tool, getattr(monitoring.events, event), None)
    monitoring.free_tool_id(tool)


def _instrumented(module: Any) -> Any:
    """The code objects in which pydevd may have switched local events on."""
    cache = getattr(module, "_code_to_func_code_info_cache", None) or {}
    return [code for code in cache if hasattr(code, "co_code")]


def untrace_all() -> None:
    """Leave no thread of the process traced. The caller has disposed the debugger before."""
    if sys.version_info >= (3, 12):
        _stop_monitoring()
    _settrace_everywhere() if sys.version_info < (3, 12) else sys.settrace(None)


def untrace_for_good(folder: str, seconds: float = 0.5) -> None:
    """:func:`untrace_all`, again until no thread is inside the debugger's own code any more: one
    that is puts its tracing back on its way out. What sits there longer than ``seconds`` (a
    condition of a person's that takes its time) is left to itself.
    """
    deadline = time.monotonic() + seconds
    untrace_all()
    while _anyone_inside(folder) and time.monotonic() < deadline:
        time.sleep(0.001)
    untrace_all()


def _anyone_inside(folder: str) -> bool:
    own = sys._getframe()
    for frame in list(sys._current_frames().values()):
        walked: Any = frame
        while walked is not None and frame is not own:
            path = walked.f_code.co_filename
            # pydev_monkey stands at the outer end of every thread begun under the debugger.
            if path.startswith(folder) and not path.endswith("pydev_monkey.py"):
                return True
            walked = walked.f_back
    return False
