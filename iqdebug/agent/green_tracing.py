"""Has pydevd see what runs in greenlets. To it they are all one thread: the system's in which they run."""

from __future__ import annotations

import sys

from .greenlets import Greenlets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def trace_suspended(debugger: Any, ident: int) -> None:
    """Have pydevd see what suspended greenlets do in functions that they have entered already.

    pydevd looks for such frames in the stacks that threads have now; a greenlet's is not among them.

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
    """Up to 3.11: trace what the program takes for threads and something runs as greenlets.

    pydevd knows a thread by ``self`` in the frame of ``threading`` in which it began, and does not
    trace one that begins there and is not of its own ``threading``.

    :param threading: pydevd's private one.
    """
    original = getattr(debugger, "fix_top_level_trace_and_get_trace_func", None)
    if sys.version_info >= (3, 12) or original is None:
        return
    # Either the compiled module or the one in Python, which have the same names.
    module: Any = sys.modules[original.__module__]
    wrapped = getattr(module, "SafeCallWrapper", lambda function: function)

    def traced(debugger: Any, frame: Any) -> Any:
        found = original(debugger, frame)
        first = _first_of_replaced_thread(frame) if found[0] is None else None
        thread = threading._active.get(threading.get_ident())
        if first is None or thread is None or getattr(thread, "pydev_do_not_trace", False):
            return found
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
    """The frame of ``threading`` that runs the whole of a thread, below ``frame``; None if none does."""
    names = vars(sys.modules["threading"])
    while frame is not None:
        if frame.f_code.co_name == "_bootstrap_inner" and frame.f_globals is names:
            return frame
        frame = frame.f_back
    return None
