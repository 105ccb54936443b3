"""Makes pydevd trace greenlets. It knows only the system thread in which they all run."""

from __future__ import annotations

import sys

from .greenlets import Greenlets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def trace_suspended(debugger: Any, ident: int) -> None:
    """Make pydevd trace the functions that suspended greenlets have already entered.

    pydevd looks for such frames in the current stacks of the threads, which do not include those of
    suspended greenlets.

    :param ident: of a thread that runs greenlets.
    """
    before = debugger.set_tracing_for_untraced_contexts
    greenlets = Greenlets()

    def set_tracing(*arguments: Any, **named: Any) -> None:
        for each in greenlets.suspended():
            try:
                debugger.set_trace_for_frame_and_parents(ident, each.frame)
            except Exception:
                continue
        before(*arguments, **named)

    debugger.set_tracing_for_untraced_contexts = set_tracing


def trace_replaced_threads(debugger: Any, threading: Any) -> None:
    """Up to 3.11: trace the program's threads that gevent or eventlet runs as greenlets.

    pydevd recognises a thread by ``self`` in the frame of ``threading`` that runs it, and does not
    trace one that another ``threading`` module than its own has started.

    :param threading: pydevd's private copy of the module.
    """
    original = getattr(debugger, "fix_top_level_trace_and_get_trace_func", None)
    if sys.version_info >= (3, 12) or original is None:
        return
    # Either the compiled module or the one in Python, which have the same names.
    module: Any = sys.modules[original.__module__]
    wrapped = getattr(module, "SafeCallWrapper", lambda function: function)

    def traced(debugger: Any, frame: Any) -> Any:
        result = original(debugger, frame)
        first = _first_of_replaced_thread(frame) if result[0] is None else None
        thread = threading._active.get(threading.get_ident())
        if first is None or thread is None or getattr(thread, "pydev_do_not_trace", False):
            return result
        info = debugger.set_additional_thread_info(thread)
        arguments = (debugger, thread, info, module.global_cache_skips, module.global_cache_frame_skips)
        if info.top_level_thread_tracer_unhandled is None:
            info.top_level_thread_tracer_unhandled = module.TopLevelThreadTracerOnlyUnhandledExceptions(
                arguments
            )
        first.f_trace = wrapped(info.top_level_thread_tracer_unhandled.get_trace_dispatch_func())
        if info.thread_tracer is None or info.thread_tracer._args[0] is not debugger:
            info.thread_tracer = module.ThreadTracer(arguments)
        return wrapped(info.thread_tracer), True

    debugger.fix_top_level_trace_and_get_trace_func = traced


def _first_of_replaced_thread(frame: Any) -> Any:
    """The frame of the program's ``threading`` that runs the thread of ``frame``; None if there is none."""
    names = vars(sys.modules["threading"])
    while frame is not None:
        if frame.f_code.co_name == "_bootstrap_inner" and frame.f_globals is names:
            return frame
        frame = frame.f_back
    return None
