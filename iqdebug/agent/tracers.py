"""Other tracers of the program (coverage, a debugger of its own, profilers): seen, kept and given back.

Up to Python 3.11 a thread has one tracer, so pydevd takes the place of the program's while it is
attached. Before, each thread's tracer is noted, with the trace functions of the frames that stand; while
attached, the program's ``sys.settrace`` and ``sys.gettrace`` speak of the program's tracer; afterwards
each thread that still lives has its own again, and a thread begun meanwhile gets what
``threading.settrace`` would have given it. From 3.12 on pydevd works beside other tracers.

Nothing here raises, but for :func:`forbidden`.
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Tuple

    Stack = List[Tuple[int, Any, Any]]

_PYDEVD = ("pydevd", "_pydevd", "_pydev_", "debugpy", "_iqdebug_inside")
_LEGACY = sys.version_info < (3, 12)
LONG_SWITCH_INTERVAL = 0.5  # seconds
_INSIDE_TIMEOUT = 0.3  # seconds
_CALL, _RETURN = 0, 3  # PyTrace_CALL, PyTrace_RETURN of Include/cpython/pystate.h


def is_ours(tracer: Any) -> bool:
    """Whether a trace function belongs to pydevd or to the agent; runs none of the program's code."""
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
    """A tracer in words for a person: "coverage" or "a tracer of its own (hooks.trace)"."""
    if isinstance(tracer, types.MethodType):
        tracer = tracer.__func__
    if type(tracer) is types.FunctionType:
        module, name = tracer.__globals__.get("__name__"), tracer.__qualname__
    else:
        module, name = type.__dict__["__module__"].__get__(type(tracer)), type(tracer).__name__
    if type(module) is not str:
        module = "?"
    return "coverage" if module.split(".")[0] == "coverage" else "%s.%s" % (module, name)


def forbidden() -> str:
    """Why the program does not let itself be traced, "" where it does. Asks its audit hooks."""
    names = ("sys.settrace",) if _LEGACY else ("sys.monitoring.register_callback",)
    for name in names:
        try:
            sys.audit(name, *(() if _LEGACY else (None,)))
        except BaseException as error:
            return "an audit hook of the program forbids %s (%s)" % (name, type(error).__name__)
    return ""


class Tracers:
    """The program's tracers. One for each session."""

    def __init__(self) -> None:
        self._layout: Any = None
        self._threads: Dict[int, Tuple[int, Any]] = {}
        self._stacks: Dict[int, Stack] = {}
        self._hook: Any = None
        self._saved = False
        self._undo: List[Callable[[], None]] = []

    def look(self) -> List[str]:
        """What else traces or watches the program, in words for a person."""
        found = []
        seen = set()
        for tracer in self._present():
            seen.add(name_of(tracer))
        for name in sorted(seen):
            if _LEGACY:
                found.append(
                    "%s traces this program: what runs while iqdebug is attached is missing from its result; "
                    "it goes on after detach" % name
                )
            else:
                found.append("%s traces this program too and goes on meanwhile" % name)
        for number in range(6) if not _LEGACY else ():
            monitoring: Any = getattr(sys, "monitoring")  # noqa: B009  (absent from older stubs)
            tool = monitoring.get_tool(number)
            if type(tool) is str and number != monitoring.DEBUGGER_ID:
                found.append("%s watches this program (sys.monitoring) and goes on meanwhile" % tool)
        return found

    def _present(self) -> List[Any]:
        tracers = [getattr(threading, "_trace_hook", None)]
        try:
            found = threadstates.layout()
            if found is not None:
                tracers += [found.tracer(state)[1] for state in threadstates.thread_states()]
        except Exception:
            pass
        return [t for t in tracers if t is not None and not is_ours(t)]

    def save(self) -> None:
        """Note every tracer and take it off, directly before pydevd takes its place."""
        if not _LEGACY or self._saved:
            return
        self._saved = True
        hook = getattr(threading, "_trace_hook", None)
        self._hook = None if hook is None or is_ours(hook) else hook
        try:
            self._layout = threadstates.layout()
            if self._layout is None:
                return
            deadline = monotonic() + _INSIDE_TIMEOUT
            while self._take_off(monotonic() > deadline):
                time.sleep(0.001)
        except Exception:
            pass

    def _take_off(self, at_once: bool) -> bool:
        """Take off the tracers that are not at work in their threads at the moment, or, ``at_once``, all.
        Whether any is left."""
        left = False
        with _undisturbed():
            frames = sys._current_frames()
            for state in list(threadstates.thread_states()):
                function, tracer = self._layout.tracer(state)
                if not function or is_ours(tracer):
                    continue
                ident = self._layout.ident(state)
                if not at_once and _inside(tracer, frames.get(ident)):
                    left = True
                    continue
                self._threads[ident] = function, tracer
                self._stacks[ident] = _taken(frames.get(ident))
                self._layout.set(state, 0, None)
        return left

    def take_over(self, tracing: Any, say: Callable[[str], None]) -> None:
        """Answer the program's ``sys.settrace`` and ``sys.gettrace`` while attached.

        :param tracing: the module ``pydevd_tracing``, which puts its own in place of ``sys.settrace``.
        :param say: told in words when the program sets a tracer.
        """
        if not _LEGACY:
            return
        current = sys.gettrace

        def settrace(function: Any) -> None:
            self._threads.pop(threading.get_ident(), None)
            if function is None and is_ours(current()):
                return  # its own is gone already; ours goes on
            if function is not None and not is_ours(function):
                say(
                    "%s has been set as the tracer of a thread: breakpoints and pauses do not reach it "
                    "until it is removed" % name_of(function)
                )
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
        """Give ``threading.settrace``'s hook back, unless the program has set another meanwhile."""
        if _LEGACY and self._saved and is_ours(getattr(threading, "_trace_hook", None)):
            threading._trace_hook = self._hook  # type: ignore[attr-defined]

    def restore(self, in_child: bool = False) -> None:
        """Give each thread that lives its tracer back. pydevd's is off every thread before.

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
            with _undisturbed():
                frames = sys._current_frames()
                for state in list(threadstates.thread_states()):
                    ident = self._layout.ident(state)
                    own = ident == threading.get_ident() and not in_child
                    if own or self._layout.tracer(state)[0]:
                        continue
                    if ident in threads:
                        function, tracer = threads[ident]
                        _follow(function, tracer, stacks.get(ident, []), frames.get(ident))
                        self._layout.set(state, function, tracer)
                    elif self._hook is not None and _of_threading(ident):
                        self._layout.set(state, self._layout.trampoline, self._hook)
        except Exception:
            pass


def reach_all_threads(tracing: Any) -> Callable[[], None]:
    """Have pydevd trace every thread where the compiled library by which it does so cannot be loaded:
    in debug builds and on machines for which debugpy brings none. Returns what undoes it."""
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
            with _undisturbed():
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
def _undisturbed() -> Iterator[None]:
    """No other thread runs between a look at its stack and what is set or told according to it."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(LONG_SWITCH_INTERVAL)
    try:
        time.sleep(0.001)  # a turn of its own, to which no other thread has set an end yet
        yield
    finally:
        sys.setswitchinterval(interval)


def _inside(tracer: Any, frame: Any) -> bool:
    """Whether a thread is in its tracer's own code."""
    function = getattr(tracer, "__func__", tracer)
    code = function.__code__ if type(function) is types.FunctionType else None
    while frame is not None and code is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def _of_threading(ident: int) -> bool:
    thread = threading._active.get(ident)  # type: ignore[attr-defined]
    return (
        thread is not None
        and thread is not threading.main_thread()
        and not isinstance(thread, threading._DummyThread)
        and not getattr(thread, "is_pydev_daemon_thread", False)
    )


def _taken(frame: Any) -> Stack:
    """A thread's frames from the outermost on: which they are, and the trace functions taken off them."""
    frames = []
    while frame is not None:
        trace = frame.f_trace
        if trace is not None:
            frame.f_trace = None
        frames.append((id(frame), frame.f_code, None if trace is None or is_ours(trace) else trace))
        frame = frame.f_back
    frames.reverse()
    return frames


def _follow(function: int, tracer: Any, before: Stack, frame: Any) -> None:
    """Give the frames that have stood all the time their trace functions back, and tell coverage's tracers,
    which count calls and returns, of those that they have missed."""
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
    event = _telling(function, tracer)

    def resting() -> Any:
        yield

    # A frame that rests at a yield: it is recorded as no return of any function.
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


def _telling(function: int, tracer: Any) -> Callable[[Any, str], None]:
    """How one of coverage's tracers is told of an event."""
    if type(tracer).__name__ == "CTracer":
        arguments = (ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.py_object)
        call: Any = ctypes.PYFUNCTYPE(ctypes.c_int, *arguments)(function)
        numbers = {"call": _CALL, "return": _RETURN}
        return lambda frame, event: call(tracer, frame, numbers[event], None)

    def told(frame: Any, event: str) -> None:
        trace = tracer(frame, event, None)
        if event == "call":
            frame.f_trace = trace

    return told
