"""Take a debugger's tracing off every thread of the target, blocked threads included.

Up to 3.11 tracing belongs to each thread state, and ``sys.settrace`` reaches the calling thread
only; :mod:`threadstates` reaches all. A frame that rests, of a greenlet or a generator, keeps the trace
function that it had: it is taken off too. Tracers that are not the debugger's are left alone. From 3.12 on
pydevd uses ``sys.monitoring``; its events are switched off and the tool id is given back.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import time
import types

from ..capture.original_functions import monotonic
from ..capture.stored_attributes import file_of
from . import threadstates
from .greenlets import Greenlets
from .tracers import is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

_RESTING = {
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
    """Set 3.8's and 3.9's count of traced threads to none but those of the program's own tracers: a thread
    that ended while traced is never taken off it."""
    layout = threadstates.layout()
    if layout is None:
        return
    traced = sum(1 for state in threadstates.thread_states() if layout.tracer(state)[0])
    for counter in threadstates.counters():
        counter[0] = traced


@contextlib.contextmanager
def _undivided() -> Iterator[None]:
    """A longer switch interval and a fresh turn: the interpreter lock is not handed over in the midst of
    what takes a few milliseconds at most."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.05)
    try:
        time.sleep(0.001)
        yield
    finally:
        sys.setswitchinterval(interval)


def _settrace_everywhere() -> None:
    with _undivided():  # while the list of thread states is walked
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


def _untrace_resting() -> None:
    greenlets = Greenlets()
    greenlets.suspended()
    resting = [each for each in gc.get_objects() if type(each) in _RESTING]
    with _undivided():  # else one that rests could run, and one that runs rest, between the two looks
        for greenlet in greenlets.suspended(live=True):
            _untrace_stack(greenlet.frame)
        for each in resting:
            _untrace_stack(getattr(each, _RESTING[type(each)]))
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
    # What is kept by the number of a change of breakpoints, which the next session counts anew.
    module._code_to_func_code_info_cache.clear()


def _instrumented(module: Any) -> Any:
    """The code objects in which pydevd may have switched local events on."""
    cache = getattr(module, "_code_to_func_code_info_cache", None) or {}
    return [code for code in cache if hasattr(code, "co_code")]


def untrace_all() -> None:
    """Leave no thread of the process traced. The caller has disposed the debugger before."""
    if sys.version_info >= (3, 12):
        _stop_monitoring()
    _settrace_everywhere() if sys.version_info < (3, 12) else threadstates.settrace(None)


def untrace_for_good(folder: str, seconds: float = 0.5) -> None:
    """:func:`untrace_all`, again until no thread is inside the debugger's own code any more: one
    that is puts its tracing back on its way out. What sits there longer than ``seconds`` (a
    condition of a person's that takes its time) is left to itself.
    """
    deadline = monotonic() + seconds
    untrace_all()
    while _anyone_inside(folder) and monotonic() < deadline:
        time.sleep(0.001)
    untrace_all()
    if sys.version_info < (3, 12):
        _untrace_resting()


def _anyone_inside(folder: str) -> bool:
    own = sys._getframe()
    for frame in list(sys._current_frames().values()):
        walked: Any = frame
        while walked is not None and frame is not own:
            path = file_of(walked.f_code)
            # pydev_monkey stands at the outer end of every thread begun under the debugger.
            if path.startswith(folder) and not path.endswith("pydev_monkey.py"):
                return True
            walked = walked.f_back
    return False
