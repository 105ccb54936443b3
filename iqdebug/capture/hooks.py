"""The hooks that record crashes: chained with those already installed, silent, never raising.

What a program prints and how it exits stays as it is: a hook records first and then calls the
one that was there before it.
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

MAX_FILES = 30
MAX_ALIKE = 3
_RESERVE = 1 << 20  # bytes let go of when memory has run out
_NOT_CRASHES = (SystemExit, KeyboardInterrupt, GeneratorExit)
_set_traceback = BaseException.__dict__["__traceback__"].__set__


class Recorder:
    """The hooks of this process.

    :param logs: has ``start()``, ``stop()`` and ``last(count)``; None for no records.
    """

    def __init__(self, settings: Settings, logs: Any = None) -> None:
        self.settings = settings
        self.logs = logs
        self.recorded: List[str] = []
        self._alike: Dict[Tuple[str, str, int], int] = {}
        self._busy = threading.local()
        self._seen: Optional[BaseException] = None  # the last that came to our own excepthook
        self._undo: List[Callable[[], None]] = []
        self._reserve: Optional[bytearray] = bytearray(_RESERVE)

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
        """Take out what is still ours; a hook that somebody has put over ours stays, and ours below
        it does nothing more."""
        while self._undo:
            self._undo.pop()()
        if self.logs is not None:
            self.logs.stop()
        self._reserve = None

    @property
    def stopped(self) -> bool:
        return self._reserve is None

    def record(self, occasion: Occasion) -> str:
        """The path of the file; "" when it could not be written, is one too many, or this thread is
        recording already. Never raises."""
        if getattr(self._busy, "now", False) or self.stopped:
            return ""
        try:
            self._busy.now = True
            if not self._wanted(occasion):
                return ""
            if is_a(occasion.exc, MemoryError):
                self._reserve = bytearray(0)
            if occasion.why == "task":  # told of in the thread of an event loop
                path = deliver(occasion, self.settings, self.logs)
                self.recorded.append(path)
                return path
            try:
                path = record(occasion, self.settings, self.logs)
            except RecursionError:
                path = self._in_fresh_stack(occasion)
            self.recorded.append(path)
            return path
        except BaseException:
            return ""
        finally:
            self._busy.now = False

    def _in_fresh_stack(self, occasion: Occasion) -> str:
        """In a thread, whose recursion begins anew."""
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
        """A program that fails in a loop does not fill the disk."""
        if len(self.recorded) >= MAX_FILES:
            return False
        trace, code, line = occasion.traceback, "", 0
        while trace is not None:
            code, line, trace = file_of(trace.tb_frame.f_code), trace.tb_lineno, trace.tb_next
        key = (type_name(type(occasion.exc)), code, line)
        self._alike[key] = times = self._alike.get(key, 0) + 1
        return times <= MAX_ALIKE

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
                trace = _cleaned(value, trace)
                self.record(Occasion("uncaught", value, trace))
                args = (kind, value, trace)
            return before(*args, **named)

        return excepthook

    def _in_thread(self, before: Any) -> Any:
        def excepthook(*told: Any, **named: Any) -> Any:
            found = hook_arguments(told, 4)
            if found is not None and _is_crash(found[1]):
                _, value, trace, thread = found[:4]
                _cleaned(value, trace)
                self.record(Occasion("thread", value, trace, how="in thread %s" % thread_name(thread)))
            return before(*told, **named)

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(*told: Any, **named: Any) -> Any:
            found = hook_arguments(told, 5)
            if found is not None and _is_crash(found[1]):
                how = "%s %s" % (exact(found[3]) or "ignored in", function_name(found[4]))
                self.record(Occasion("unraisable", found[1], found[2], how=how.strip()))
            return before(*told, **named)

        return unraisablehook

    def _at_exit(self) -> None:
        """A crash that went to a hook of the program's own, which did not call the one before it."""
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

        def call_exception_handler(loop: Any, *told: Any, **named: Any) -> Any:
            try:
                context = texts(told[0] if told else named.get("context"))
                value: Any = context.get("exception")
                if _is_crash(value):
                    self.record(Occasion("task", value, traceback_of(value), how=_told(context)))
            except Exception:
                pass
            return before(loop, *told, **named)

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


def _cleaned(value: BaseException, trace: Any) -> Any:
    """The traceback of an exception that passed through :mod:`.tap`, and those of what it was
    raised from, as they would be without us."""
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


def _told(context: Dict[str, Any]) -> str:
    """asyncio's message and the task it is about."""
    words = [exact(context.get("message")) or "asyncio"]
    task = context.get("task", context.get("future"))
    name, function = tasks.name_of(task), tasks.function_of(task)
    if name:
        words.append("task %s" % name)
    if function:
        words.append("(%s)" % function)
    return " ".join(words)
