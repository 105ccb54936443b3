"""The hooks that record crashes. They print nothing and never raise.

Each hook records first and then calls the one that was installed before it, so that what a program prints
and how it exits do not change.
"""

from __future__ import annotations

import atexit
import functools
import sys
import threading

from . import tasks
from .descriptors import class_dict
from .frames import without_ours
from .imports import after_import
from .record import Occasion, deliver, record
from .settings import Settings
from .stored_attributes import (
    cause_of,
    context_of,
    file_of,
    function_name,
    hook_arguments,
    is_a,
    texts,
    thread_name,
    traceback_of,
)
from .values import exact, instance_dict, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Dict, List, Optional, Tuple

MAX_FILES = 30  # of one process
MAX_SIMILAR_FILES = 3  # of exceptions of one type, raised in one line
_RESERVED_MEMORY = 1 << 20  # bytes, freed when memory has run out
_NOT_CRASHES = (SystemExit, KeyboardInterrupt, GeneratorExit)
_set_traceback = BaseException.__dict__["__traceback__"].__set__


class Recorder:
    """The hooks of this process.

    :param logs: has ``start()``, ``stop()`` and ``last(count)``; None to record no logs.
    """

    def __init__(self, settings: Settings, logs: Any = None) -> None:
        self.settings = settings
        self.logs = logs
        self.recorded: List[str] = []
        self._similar: Dict[Tuple[str, str, int], int] = {}
        self._busy = threading.local()
        self._seen: Optional[BaseException] = None  # the last exception passed to our excepthook
        self._undo: List[Callable[[], None]] = []
        self._reserve: Optional[bytearray] = bytearray(_RESERVED_MEMORY)

    def start(self) -> None:
        self._replace(sys, "excepthook", self._uncaught)
        self._replace(threading, "excepthook", self._in_thread)
        self._replace(sys, "unraisablehook", self._unraisable)
        self._watch_loops()
        atexit.register(self._at_exit)
        self._undo.append(lambda: atexit.unregister(self._at_exit))
        if self.logs is not None:
            self.logs.start()

    def stop(self) -> None:
        """Remove the hooks that are still ours. One that another hook wraps stays and does nothing."""
        while self._undo:
            self._undo.pop()()
        if self.logs is not None:
            self.logs.stop()
        self._reserve = None

    @property
    def stopped(self) -> bool:
        return self._reserve is None

    def record(self, occasion: Occasion) -> str:
        """Write a file and return its path; "" if it could not be written, there are enough already, or this
        thread is already recording. Never raises."""
        if getattr(self._busy, "now", False) or self.stopped:
            return ""
        try:
            self._busy.now = True
            if not self._wanted(occasion):
                return ""
            if is_a(occasion.exc, MemoryError):
                self._reserve = bytearray(0)
            if occasion.why == "task":  # reported in the thread of an event loop
                path = deliver(occasion, self.settings, self.logs)
                self.recorded.append(path)
                return path
            try:
                path = record(occasion, self.settings, self.logs)
            except RecursionError:
                path = self._record_in_thread(occasion)
            self.recorded.append(path)
            return path
        except BaseException:
            return ""
        finally:
            self._busy.now = False

    def _record_in_thread(self, occasion: Occasion) -> str:
        """Record in a new thread, where the recursion limit is not exhausted."""
        written: List[str] = []

        def work() -> None:
            try:
                written.append(record(occasion, self.settings, self.logs))
            except BaseException:
                pass

        thread = threading.Thread(target=work, name="iqdebug.capture", daemon=True)
        thread.start()
        thread.join(self.settings.seconds * 2)
        return written[0] if written else ""

    def _wanted(self, occasion: Occasion) -> bool:
        """Whether to write another file: a program that fails in a loop must not fill the disk."""
        if len(self.recorded) >= MAX_FILES:
            return False
        trace, code, line = occasion.traceback, "", 0
        while trace is not None:
            code, line, trace = file_of(trace.tb_frame.f_code), trace.tb_lineno, trace.tb_next
        key = (type_name(type(occasion.exc)), code, line)
        self._similar[key] = times = self._similar.get(key, 0) + 1
        return times <= MAX_SIMILAR_FILES

    def _replace(self, owner: ModuleType, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(owner, name, None)
        if before is None:
            return
        hook = make(before)
        setattr(owner, name, hook)

        def undo() -> None:
            if getattr(owner, name, None) is hook:
                setattr(owner, name, before)

        self._undo.append(undo)

    def _uncaught(self, before: Any) -> Any:
        def excepthook(*args: Any, **named: Any) -> Any:
            if len(args) == 3 and _is_crash(args[1]) and not self.stopped:
                kind, value, trace = args
                self._seen = value
                trace = _remove_our_frames(value, trace)
                self.record(Occasion("uncaught", value, trace))
                args = (kind, value, trace)
            return before(*args, **named)

        return excepthook

    def _in_thread(self, before: Any) -> Any:
        def excepthook(*args: Any, **named: Any) -> Any:
            fields = hook_arguments(args, 4)
            if fields is not None and _is_crash(fields[1]):
                _, value, trace, thread = fields[:4]
                _remove_our_frames(value, trace)
                self.record(Occasion("thread", value, trace, how="in thread %s" % thread_name(thread)))
            return before(*args, **named)

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(*args: Any, **named: Any) -> Any:
            fields = hook_arguments(args, 5)
            if fields is not None and _is_crash(fields[1]):
                how = "%s %s" % (exact(fields[3]) or "ignored in", function_name(fields[4]))
                self.record(Occasion("unraisable", fields[1], fields[2], how=how.strip()))
            return before(*args, **named)

        return unraisablehook

    def _at_exit(self) -> None:
        """Record a crash that a hook of the program's handled without calling ours."""
        value = getattr(sys, "last_value", None)
        if _is_crash(value) and value is not self._seen:
            trace = getattr(sys, "last_traceback", None)
            self.record(Occasion("uncaught", value, trace, how="after the program's own excepthook"))

    # asyncio reports through the loop

    def _watch_loops(self) -> None:
        for module, name in (("asyncio.base_events", "BaseEventLoop"), ("uvloop", "Loop")):
            self._undo.append(after_import(module, functools.partial(self._patch_loop, name)))

    def _patch_loop(self, name: str, module: Any) -> None:
        base: Any = (instance_dict(module) or {}).get(name)
        if not is_a(base, type):
            return
        own = "call_exception_handler" in class_dict(base)
        before = base.call_exception_handler

        def call_exception_handler(loop: Any, *args: Any, **named: Any) -> Any:
            try:
                context = texts(args[0] if args else named.get("context"))
                value: Any = context.get("exception")
                if _is_crash(value):
                    self.record(Occasion("task", value, traceback_of(value), how=_task_message(context)))
            except Exception:
                pass
            return before(loop, *args, **named)

        base.call_exception_handler = call_exception_handler

        def undo() -> None:
            if base.__dict__.get("call_exception_handler") is call_exception_handler:
                if own:
                    base.call_exception_handler = before
                else:
                    del base.call_exception_handler  # uvloop's is inherited from its class in C

        self._undo.append(undo)


def _is_crash(value: Any) -> bool:
    return is_a(value, BaseException) and not is_a(value, _NOT_CRASHES)


def _remove_our_frames(value: BaseException, trace: Any) -> Any:
    """Remove our frames from the tracebacks of an exception that passed through :mod:`.tap` and of its
    causes. Returns its own traceback."""
    trace = without_ours(trace)
    waiting: List[Any] = [value]
    seen: List[Any] = []
    while waiting and len(seen) < 50:
        each = waiting.pop()
        if each is None or any(each is other for other in seen):
            continue
        seen.append(each)
        trace_of_it = traceback_of(each)
        cleaned = without_ours(trace_of_it)
        if cleaned is not trace_of_it:
            _set_traceback(each, cleaned)
        waiting += [cause_of(each), context_of(each)]
    return trace


def _task_message(context: Dict[str, Any]) -> str:
    """asyncio's message and the task it is about."""
    words = [exact(context.get("message")) or "asyncio"]
    task = context.get("task", context.get("future"))
    name, function = tasks.name_of(task), tasks.function_of(task)
    if name:
        words.append("task %s" % name)
    if function:
        words.append("(%s)" % function)
    return " ".join(words)
