"""The hooks that record crashes: chained with those already installed, silent, never raising.

What a program prints and how it exits stays as it is: a hook records first and then calls the
one that was there before it.
"""

from __future__ import annotations

import atexit
import sys
import threading

from .codefile import file_name
from .frames import without_ours
from .imports import after_import
from .record import Occasion, record
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Dict, List, Optional, Tuple

_MOST_FILES = 30
_MOST_ALIKE = 3
_RESERVE = 1 << 20  # bytes let go of when memory has run out
_NOT_CRASHES = (SystemExit, KeyboardInterrupt, GeneratorExit)


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
            if isinstance(occasion.exc, MemoryError):
                self._reserve = bytearray(0)
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
        if len(self.recorded) >= _MOST_FILES:
            return False
        trace, code, line = occasion.traceback, "", 0
        while trace is not None:
            code, line, trace = file_name(trace.tb_frame.f_code), trace.tb_lineno, trace.tb_next
        key = (type(occasion.exc).__name__, code, line)
        self._alike[key] = times = self._alike.get(key, 0) + 1
        return times <= _MOST_ALIKE

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
        def excepthook(kind: Any, value: Any, trace: Any) -> Any:
            if isinstance(value, BaseException) and not isinstance(value, _NOT_CRASHES):
                self._seen = value
                trace = _cleaned(value, trace)
                self.record(Occasion("uncaught", value, trace))
            return before(kind, value, trace)

        return excepthook

    def _in_thread(self, before: Any) -> Any:
        def excepthook(args: Any) -> Any:
            value = args.exc_value
            if isinstance(value, BaseException) and not isinstance(value, _NOT_CRASHES):
                _cleaned(value, args.exc_traceback)
                name = getattr(args.thread, "name", "")
                self.record(Occasion("thread", value, args.exc_traceback, how="in thread %s" % name))
            return before(args)

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(args: Any) -> Any:
            value = args.exc_value
            if isinstance(value, BaseException) and not isinstance(value, _NOT_CRASHES):
                what = args.err_msg or "ignored in"
                where = getattr(args.object, "__qualname__", "")
                how = "%s %s" % (what, where if type(where) is str else "")
                self.record(Occasion("unraisable", value, args.exc_traceback, how=how.strip()))
            return before(args)

        return unraisablehook

    def _at_exit(self) -> None:
        """A crash that went to a hook of the program's own, which did not call the one before it."""
        value = getattr(sys, "last_value", None)
        if (
            isinstance(value, BaseException)
            and not isinstance(value, _NOT_CRASHES)
            and value is not self._seen
        ):
            trace = getattr(sys, "last_traceback", None)
            self.record(Occasion("uncaught", value, trace, how="after the program's own excepthook"))

    # asyncio reports through the loop

    def _watch_loops(self) -> None:
        self._undo.append(after_import("asyncio.base_events", self._patch_loops))

    def _patch_loops(self, module: Any) -> None:
        base = module.BaseEventLoop
        before = base.call_exception_handler

        def call_exception_handler(loop: Any, context: Any) -> Any:
            try:
                value = dict.get(context, "exception")
                if isinstance(value, BaseException) and not isinstance(value, _NOT_CRASHES):
                    self.record(Occasion("task", value, value.__traceback__, how=_told(context)))
            except Exception:
                pass
            return before(loop, context)

        base.call_exception_handler = call_exception_handler

        def undo() -> None:
            if base.__dict__.get("call_exception_handler") is call_exception_handler:
                base.call_exception_handler = before

        self._undo.append(undo)


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
        each.__traceback__ = without_ours(each.__traceback__)
        waiting += [each.__cause__, each.__context__]
    return trace


def _told(context: Any) -> str:
    """asyncio's message and the task it is about."""
    message = context.get("message")
    task = context.get("task") or context.get("future")
    name = getattr(task, "get_name", lambda: "")() if task is not None else ""
    coroutine = getattr(getattr(task, "get_coro", lambda: None)(), "__qualname__", "")
    words = [message if type(message) is str else "asyncio"]
    if type(name) is str and name:
        words.append("task %s" % name)
    if type(coroutine) is str and coroutine:
        words.append("(%s)" % coroutine)
    return " ".join(words)
