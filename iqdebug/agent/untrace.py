"""Removes the debugger's tracing from every thread of the target, blocked threads included.

Up to 3.11 each thread state has its own tracer, and ``sys.settrace`` reaches only the calling thread;
:mod:`threadstates` reaches all. Suspended frames of greenlets and generators keep their trace functions, so
these are removed too. Tracers that are not the debugger's stay. From 3.12 on pydevd uses ``sys.monitoring``:
its events are switched off and the tool id is freed.
"""

from __future__ import annotations

import gc
import sys
import time
import types

from ..capture.original_functions import monotonic
from ..capture.stored_attributes import file_of
from . import threadstates
from .greenlets import Greenlets
from .tracers import is_ours, no_thread_switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHORT_SWITCH_INTERVAL = 0.05  # seconds
_FRAME_ATTRIBUTES = {
    types.GeneratorType: "gi_frame",
    types.CoroutineType: "cr_frame",
    types.AsyncGeneratorType: "ag_frame",
}


def _clear_tracing() -> None:
    layout = threadstates.layout()
    if layout is None:
        return
    for state in threadstates.thread_states():
        function, tracer = layout.tracer(state)
        if function and is_ours(tracer):
            layout.set(state, 0, None)


def _reset_count() -> None:
    """Set the count of traced threads in 3.8 and 3.9 to those that the program's own tracers trace: a thread
    that ends while traced is never subtracted."""
    layout = threadstates.layout()
    if layout is None:
        return
    traced = sum(1 for state in threadstates.thread_states() if layout.tracer(state)[0])
    for counter in threadstates.counters():
        counter[0] = traced


def _untrace_threads() -> None:
    with no_thread_switch(SHORT_SWITCH_INTERVAL):  # while the list of thread states is walked
        _clear_tracing()
        if sys.version_info < (3, 10):
            threadstates.settrace(None)
            _reset_count()
    for frame in list(sys._current_frames().values()):
        _untrace_stack(frame)


def _untrace_stack(frame: Any) -> None:
    while frame is not None:
        trace = frame.f_trace
        if trace is not None and is_ours(trace):
            frame.f_trace = None
        frame = frame.f_back


def _untrace_suspended() -> None:
    greenlets = Greenlets()
    greenlets.suspended()
    suspended = [each for each in gc.get_objects() if type(each) in _FRAME_ATTRIBUTES]
    with no_thread_switch(
        SHORT_SWITCH_INTERVAL
    ):  # else a generator could start or suspend between the two loops
        for greenlet in greenlets.suspended(live=True):
            _untrace_stack(greenlet.frame)
        for each in suspended:
            _untrace_stack(getattr(each, _FRAME_ATTRIBUTES[type(each)]))
        for frame in list(sys._current_frames().values()):
            _untrace_stack(frame)


def _stop_monitoring() -> None:
    from _pydevd_sys_monitoring import _pydevd_sys_monitoring as module  # type: ignore[import-not-found]

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
    # Its entries are versioned by breakpoint changes, which the next session counts from the start.
    module._code_to_func_code_info_cache.clear()


def _instrumented(module: Any) -> Any:
    """The code objects for which pydevd may have enabled local events."""
    cache = getattr(module, "_code_to_func_code_info_cache", None) or {}
    return [code for code in cache if hasattr(code, "co_code")]


def untrace_all() -> None:
    """Leave no thread of the process traced. The debugger must be disposed before."""
    if sys.version_info >= (3, 12):
        _stop_monitoring()
    _untrace_threads() if sys.version_info < (3, 12) else threadstates.settrace(None)


def untrace_for_good(folder: str, seconds: float = 0.5) -> None:
    """:func:`untrace_all`, repeated when no thread is in the debugger's own code any more: a thread in it
    puts its tracing back on its way out. Gives up after ``seconds``, for example on a slow breakpoint
    condition.
    """
    deadline = monotonic() + seconds
    untrace_all()
    while _any_thread_in(folder) and monotonic() < deadline:
        time.sleep(0.001)
    untrace_all()
    if sys.version_info < (3, 12):
        _untrace_suspended()


def _any_thread_in(folder: str) -> bool:
    own = sys._getframe()
    for frame in list(sys._current_frames().values()):
        walked: Any = frame
        while walked is not None and frame is not own:
            path = file_of(walked.f_code)
            # pydev_monkey is the outermost frame of every thread started under the debugger.
            if path.startswith(folder) and not path.endswith("pydev_monkey.py"):
                return True
            walked = walked.f_back
    return False
