"""Saves the program's own tracers (coverage, another debugger, profilers) and restores them on detach.

Up to Python 3.11 a thread has one tracer, so pydevd takes the place of the program's. Before attaching,
each thread's tracer is saved with the trace functions of its frames; while attached, the program's
``sys.settrace`` and ``sys.gettrace`` work with its own tracer; on detach each living thread gets its tracer
back, and a thread started meanwhile gets what ``threading.settrace`` would have given it. From 3.12 on
pydevd works beside other tracers.

Only :func:`forbidden` may raise.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
import threading
import time
import types

from ..capture.original_functions import monotonic
from . import threadstates
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

    Stack = List[Tuple[int, Any, Any]]

_PYDEVD = ("pydevd", "_pydevd", "_pydev_", "debugpy", "_iqdebug_inside")
_LEGACY = sys.version_info < (3, 12)
LONG_SWITCH_INTERVAL = 0.5  # seconds
_BUSY_TRACER_TIMEOUT = 0.3  # seconds
_CALL, _RETURN = 0, 3  # PyTrace_CALL, PyTrace_RETURN of Include/cpython/pystate.h


def is_ours(tracer: Any) -> bool:
    """Whether a trace function belongs to pydevd or the agent. Runs no code of the program."""
    if type(tracer) is functools.partial:
        tracer = tracer.func
    if isinstance(tracer, types.MethodType):
        tracer = tracer.__func__
    if type(tracer) is types.FunctionType:
        module = tracer.__globals__.get("__name__")
    else:
        module = type.__dict__["__module__"].__get__(type(tracer))
    return type(module) is str and module.startswith(_PYDEVD)


def name_of(tracer: Any) -> str:
    """A tracer's name for a person: "coverage", or module and name such as "hooks.trace"."""
    if isinstance(tracer, types.MethodType):
        tracer = tracer.__func__
    if type(tracer) is types.FunctionType:
        module, name = tracer.__globals__.get("__name__"), tracer.__qualname__
    else:
        module, name = type.__dict__["__module__"].__get__(type(tracer)), type(tracer).__name__
    if type(module) is not str:
        module = "?"
    return "coverage" if module.split(".")[0] == "coverage" else "%s.%s" % (module, name)


def forbidden() -> Optional[Dict[str, Any]]:
    """Why the program cannot be traced, None if it can. Calls its audit hooks."""
    names = ("sys.settrace",) if _LEGACY else ("sys.monitoring.register_callback",)
    for name in names:
        try:
            sys.audit(name, *(() if _LEGACY else (None,)))
        except BaseException as error:
            return reason("agent.refused.audit_hook", event=name, error=type(error).__name__)
    return None


class Tracers:
    """The program's tracers, in one session."""

    def __init__(self) -> None:
        self._layout: Any = None
        self._threads: Dict[int, Tuple[int, Any]] = {}
        self._stacks: Dict[int, Stack] = {}
        self._hook: Any = None
        self._saved = False
        self._undo: List[Callable[[], None]] = []

    def describe(self) -> List[Dict[str, Any]]:
        """One :func:`.reason` for each other tool that traces or monitors the program."""
        lines = []
        seen = set()
        for tracer in self._foreign_tracers():
            seen.add(name_of(tracer))
        for name in sorted(seen):
            if _LEGACY:
                lines.append(reason("agent.tracer.replaced", name=name))
            else:
                lines.append(reason("agent.tracer.beside", name=name))
        for number in range(6) if not _LEGACY else ():
            monitoring: Any = getattr(sys, "monitoring")  # noqa: B009  (absent from older stubs)
            tool = monitoring.get_tool(number)
            if type(tool) is str and number != monitoring.DEBUGGER_ID:
                lines.append(reason("agent.tracer.monitoring", name=tool))
        return lines

    def _foreign_tracers(self) -> List[Any]:
        tracers = [getattr(threading, "_trace_hook", None)]
        try:
            layout = threadstates.layout()
            if layout is not None:
                tracers += [layout.tracer(state)[1] for state in threadstates.thread_states()]
        except Exception:
            pass
        return [t for t in tracers if t is not None and not is_ours(t)]

    def save(self) -> None:
        """Save and remove every tracer. Call it directly before pydevd sets its own."""
        if not _LEGACY or self._saved:
            return
        self._saved = True
        hook = getattr(threading, "_trace_hook", None)
        self._hook = None if hook is None or is_ours(hook) else hook
        try:
            self._layout = threadstates.layout()
            if self._layout is None:
                return
            deadline = monotonic() + _BUSY_TRACER_TIMEOUT
            while self._take_off(monotonic() > deadline):
                time.sleep(0.001)
        except Exception:
            pass

    def _take_off(self, at_once: bool) -> bool:
        """Remove the tracers that are not running in their threads right now; with ``at_once``, all.

        Returns whether any is left."""
        left = False
        with no_thread_switch():
            frames = sys._current_frames()
            for state in list(threadstates.thread_states()):
                function, tracer = self._layout.tracer(state)
                if not function or is_ours(tracer):
                    continue
                ident = self._layout.ident(state)
                if not at_once and _runs_tracer(tracer, frames.get(ident)):
                    left = True
                    continue
                self._threads[ident] = function, tracer
                self._stacks[ident] = _take_trace_functions(frames.get(ident))
                self._layout.set(state, 0, None)
        return left

    def take_over(self, tracing: Any, notify: Callable[[Dict[str, Any]], None]) -> None:
        """Replace the program's ``sys.settrace`` and ``sys.gettrace`` while attached.

        :param tracing: the module ``pydevd_tracing``, which replaces ``sys.settrace``.
        :param notify: called with a :func:`.reason` when the program sets a tracer.
        """
        if not _LEGACY:
            return
        current = sys.gettrace

        def settrace(function: Any) -> None:
            self._threads.pop(threading.get_ident(), None)
            if function is None and is_ours(current()):
                return  # the program's is already removed; keep ours
            if function is not None and not is_ours(function):
                notify(reason("agent.tracer.set", name=name_of(function)))
            (tracing.TracingFunctionHolder._original_tracing or sys.settrace)(function)

        def gettrace() -> Any:
            function = current()
            if function is not None and is_ours(function):
                return self._threads.get(threading.get_ident(), (0, None))[1]
            return function

        original = tracing._internal_set_trace
        tracing._internal_set_trace, sys.gettrace = settrace, gettrace

        def undo() -> None:
            tracing._internal_set_trace = original
            if sys.gettrace is gettrace:
                sys.gettrace = current

        self._undo.append(undo)

    def restore_calls(self) -> None:
        while self._undo:
            self._undo.pop()()

    def restore_hook(self) -> None:
        """Restore ``threading.settrace``'s hook, unless the program has set another meanwhile."""
        if _LEGACY and self._saved and is_ours(getattr(threading, "_trace_hook", None)):
            threading._trace_hook = self._hook  # type: ignore[attr-defined]

    def restore(self, in_child: bool = False) -> None:
        """Give each living thread its tracer back. pydevd's must be removed from every thread before.

        :param in_child: called in a forked child, whose only thread is the program's.
        """
        if not self._saved:
            return
        self._saved = False
        threads, self._threads = self._threads, {}
        stacks, self._stacks = self._stacks, {}
        if self._layout is None or not (threads or self._hook is not None):
            return
        try:
            with no_thread_switch():
                frames = sys._current_frames()
                for state in list(threadstates.thread_states()):
                    ident = self._layout.ident(state)
                    own = ident == threading.get_ident() and not in_child
                    if own or self._layout.tracer(state)[0]:
                        continue
                    if ident in threads:
                        function, tracer = threads[ident]
                        _catch_up(function, tracer, stacks.get(ident, []), frames.get(ident))
                        self._layout.set(state, function, tracer)
                    elif self._hook is not None and _started_by_threading(ident):
                        self._layout.set(state, self._layout.trampoline, self._hook)
        except Exception:
            pass


def reach_all_threads(tracing: Any) -> Callable[[], None]:
    """Make pydevd trace every thread where its compiled helper library cannot be loaded: in debug builds
    and on machines that debugpy ships none for. Returns a function that undoes it."""
    original = tracing.set_trace_to_threads
    if not _LEGACY or tracing._load_python_helper_lib() is not None:
        return lambda: None

    def set_trace_to_threads(
        function: Any, thread_idents: Any = None, create_dummy_thread: bool = True
    ) -> Any:
        result = original(function, thread_idents, create_dummy_thread)
        ours = {t.ident for t in threading._active.values() if getattr(t, "pydev_do_not_trace", False)}  # type: ignore[attr-defined]
        wanted = set(sys._current_frames()) - ours if thread_idents is None else set(thread_idents)
        try:
            layout = threadstates.layout()
            if layout is None:
                return result
            with no_thread_switch():
                for state in list(threadstates.thread_states()):
                    if layout.ident(state) in wanted and layout.ident(state) != threading.get_ident():
                        layout.set(state, layout.trampoline, function)
        except Exception:
            pass
        return result

    tracing.set_trace_to_threads = set_trace_to_threads

    def undo() -> None:
        tracing.set_trace_to_threads = original

    return undo


@contextlib.contextmanager
def no_thread_switch(seconds: float = LONG_SWITCH_INTERVAL) -> Iterator[None]:
    """Keep other threads from running between reading their stacks and acting on them.

    :param seconds: the switch interval meanwhile: more than the work takes.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        time.sleep(0.001)  # start a fresh turn, which no other thread has yet asked to end
        yield
    finally:
        sys.setswitchinterval(interval)


def _runs_tracer(tracer: Any, frame: Any) -> bool:
    """Whether the stack from ``frame`` runs the tracer's own code."""
    function = getattr(tracer, "__func__", tracer)
    code = function.__code__ if type(function) is types.FunctionType else None
    while frame is not None and code is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def _started_by_threading(ident: int) -> bool:
    thread = threading._active.get(ident)  # type: ignore[attr-defined]
    return (
        thread is not None
        and thread is not threading.main_thread()
        and not isinstance(thread, threading._DummyThread)
        and not getattr(thread, "is_pydev_daemon_thread", False)
    )


def _take_trace_functions(frame: Any) -> Stack:
    """Remove the trace functions of a thread's frames; returns identity, code and trace function of each,
    outermost first."""
    frames = []
    while frame is not None:
        trace = frame.f_trace
        if trace is not None:
            frame.f_trace = None
        frames.append((id(frame), frame.f_code, None if trace is None or is_ours(trace) else trace))
        frame = frame.f_back
    frames.reverse()
    return frames


def _catch_up(function: int, tracer: Any, before: Stack, frame: Any) -> None:
    """Restore the trace functions of the frames that are still there. coverage's tracers count calls and
    returns, so they are sent those that they have missed."""
    now: List[Any] = []
    while frame is not None:
        now.append(frame)
        frame = frame.f_back
    while len(now) > 1 and _is_our_frame(now[0]):
        del now[0]  # pydevd at work in the thread
    now.reverse()
    same = 0
    for (number, code, trace), standing in zip(before, now):
        if number != id(standing) or code is not standing.f_code:
            break
        same += 1
        if trace is not None and standing.f_trace is None:
            standing.f_trace = trace
    if name_of(tracer) != "coverage":
        return
    event = _event_sender(function, tracer)

    def resting() -> Any:
        yield

    # A frame suspended at a yield: coverage does not record it as a return.
    generator = resting()
    next(generator)
    for _, _, trace in before[same:]:
        if trace is not None:
            event(generator.gi_frame, "return")
    for entered in now[same:]:
        event(entered, "call")


def _is_our_frame(frame: Any) -> bool:
    module = frame.f_globals.get("__name__")
    return type(module) is str and module.startswith(_PYDEVD)


def _event_sender(function: int, tracer: Any) -> Callable[[Any, str], None]:
    """A function that sends an event ("call" or "return") of a frame to one of coverage's tracers."""
    if type(tracer).__name__ == "CTracer":
        arguments = (ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.py_object)
        call: Any = ctypes.PYFUNCTYPE(ctypes.c_int, *arguments)(function)
        numbers = {"call": _CALL, "return": _RETURN}
        return lambda frame, event: call(tracer, frame, numbers[event], None)

    def send(frame: Any, event: str) -> None:
        trace = tracer(frame, event, None)
        if event == "call":
            frame.f_trace = trace

    return send
