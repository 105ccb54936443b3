"""Holds a thread at the moment its exception turns out to be caught by nobody.

The thread waits in the hook that Python calls then, with the frames of the traceback alive, until
it is told to go on; the hooks that were there before are called afterwards. In the main thread a
hook that the program puts in place of ours is not in the way: what ours has not seen is held when
the interpreter ends, after its traceback has been printed.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
from _thread import allocate_lock, get_ident  # before the program can have replaced them

from ..capture import tasks
from ..capture.imports import after_import
from ..capture.stored_attributes import (
    function_name,
    hook_arguments,
    is_a,
    is_debuggers,
    texts,
    thread_name,
    threads_by_ident,
    traceback_of,
)
from ..capture.values import exact, instance_dict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

AGENT_POLL_INTERVAL = 0.5  # seconds between two looks whether the agent still turns
MAX_SILENT_POLLS = 40
EXIT_POLL_INTERVAL = 0.05
_NOT_CRASHES = (SystemExit, KeyboardInterrupt)
_FATAL = ("uncaught", "thread")


class Hold:
    """One thread that is being held. ``info`` is type, value and traceback."""

    def __init__(self, number: int, kind: str, info: Tuple[Any, Any, Any], how: str) -> None:
        self.number = number
        self.kind = kind
        self.info = info
        self.how = how
        self.ident = get_ident()
        self._waits = allocate_lock()
        self._waits.acquire()
        self.debugger: Any = None
        self.late = False  # the interpreter is ending: pydevd takes the main thread for dead

    def go_on(self) -> None:
        """End the wait of :meth:`wait`; safe to call twice."""
        try:
            self._waits.release()
        except RuntimeError:
            pass

    def wait(self, seconds: float) -> bool:
        """Whether it has been told to go on. The thread of the system waits, with all its greenlets."""
        return self._waits.acquire(True, seconds)

    def words(self) -> Dict[str, Any]:
        """``thread`` is Python's identifier of it; ``how`` says where, in words."""
        row: Dict[str, Any] = {"hold": self.number, "kind": self.kind, "how": self.how}
        return {**row, "thread": self.ident, "late": self.late}

    def frames(self) -> List[Tuple[Any, int]]:
        """Frames and lines from innermost to outermost: of the traceback, then what called it."""
        found: List[Tuple[Any, int]] = []
        trace = self.info[2]
        caller = trace.tb_frame.f_back if trace is not None else None
        while trace is not None:
            found.insert(0, (trace.tb_frame, trace.tb_lineno))
            trace = trace.tb_next
        while caller is not None:
            found.append((caller, caller.f_lineno))
            caller = caller.f_back
        return found


class Crashes:
    """:param held: told in the thread that raised, before it waits.
    :param passed: told there when it goes on.
    """

    own_thread = 0
    """The agent's thread, which must never wait for itself."""

    beat = 0
    """Raised by the agent at every turn: a thread that sees it stand still goes on."""

    def __init__(self, held: Callable[[Hold], None], passed: Callable[[Hold], None]) -> None:
        self._held = held
        self._passed = passed
        self._holds: Dict[int, Hold] = {}
        self._undo: List[Callable[[], None]] = []
        self._inside = threading.local()
        self._pid = os.getpid()
        self._number = 0
        self._over = False
        self._exiting = False

    def install(self) -> None:
        """Put the hooks in place, before those that are there."""
        self._replace(sys, "excepthook", self._uncaught)
        self._replace(threading, "excepthook", self._in_thread)
        self._replace(sys, "unraisablehook", self._unraisable)
        for module, name in (("asyncio.base_events", "BaseEventLoop"), ("uvloop", "Loop")):
            self._undo.append(after_import(module, functools.partial(self._patch_loop, name)))
        atexit.register(self._at_exit)
        self._undo.append(lambda: atexit.unregister(self._at_exit))

    def uninstall(self) -> None:
        """Take out what is still ours; what lies below somebody else's hook does nothing more."""
        self._over = True
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def holds(self) -> List[Hold]:
        return list(self._holds.values())

    def get(self, number: int) -> Optional[Hold]:
        return self._holds.get(number)

    def order(self, number: int, debugger: Any) -> bool:
        """Stop the held thread in the debugger, or with None let it go on; False when it has gone."""
        hold = self._holds.get(number)
        if hold is None:
            return False
        hold.debugger = debugger
        hold.go_on()
        return True

    def keep_open(self, debugger: Any) -> None:
        """pydevd ends its session when no thread but daemons is left: not while one is held, which
        the end of the main thread waits for."""
        alive = debugger.has_user_threads_alive if debugger is not None else None
        if alive is not None:
            debugger.has_user_threads_alive = lambda: bool(self._holds) or alive()

    def release_all(self) -> None:
        for hold in self.holds():
            self.order(hold.number, None)

    def hold(self, kind: str, info: Tuple[Any, Any, Any], how: str) -> None:
        """Return when the thread may go on. Never raises."""
        if not self._wanted(info):
            return
        self._inside.now = True
        hold = None
        try:
            if kind in _FATAL:  # the thread dies of it, and the reference with the thread
                self._inside.last = info[1]
            self._number += 1
            hold = Hold(self._number, kind, info, how)
            hold.late = not threading.main_thread().is_alive() or self._exiting
            self._holds[hold.number] = hold
            self._held(hold)
            self._wait(hold)
        except BaseException:
            pass  # an interrupt from the keyboard too lets the thread go on
        finally:
            self._inside.now = False
            if hold is not None:
                self._holds.pop(hold.number, None)
                try:
                    self._passed(hold)
                except Exception:
                    pass

    def _wanted(self, info: Tuple[Any, Any, Any]) -> bool:
        _, value, trace = info
        if self._over or os.getpid() != self._pid or sys.is_finalizing():
            return False
        if trace is None or not is_a(value, BaseException) or is_a(value, _NOT_CRASHES):
            return False
        ident = get_ident()
        if ident == self.own_thread or is_debuggers(threads_by_ident().get(ident)):
            return False
        return not getattr(self._inside, "now", False) and value is not getattr(self._inside, "last", None)

    def _wait(self, hold: Hold) -> None:
        beat, silent = self.beat, 0
        while not hold.wait(AGENT_POLL_INTERVAL):
            silent = silent + 1 if beat == self.beat else 0
            beat = self.beat
            if self._over or silent > MAX_SILENT_POLLS:
                return
        if hold.debugger is not None:
            hold.debugger.trigger_exception_handler(hold.info, as_uncaught=False)

    # the hooks

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
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
            if len(args) == 3:
                self.hold("uncaught", args, "")
            return before(*args, **named)

        return excepthook

    def _in_thread(self, before: Any) -> Any:
        def excepthook(*told: Any, **named: Any) -> Any:
            found = hook_arguments(told, 4)
            if found is not None:
                name = thread_name(found[3])
                self.hold("thread", found[:3], "in thread %s" % name if name else "in a thread")
            return before(*told, **named)

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(*told: Any, **named: Any) -> Any:
            found = hook_arguments(told, 5)
            if found is not None:
                where = function_name(found[4])
                self.hold("unraisable", found[:3], "ignored in " + where if where else "ignored by Python")
            return before(*told, **named)

        return unraisablehook

    def _at_exit(self) -> None:
        # The end of the main thread would take a daemon thread away from under the person's eyes.
        while self._holds and not self._over and os.getpid() == self._pid:
            time.sleep(EXIT_POLL_INTERVAL)
        self._exiting = True
        value = getattr(sys, "last_value", None)
        trace = getattr(sys, "last_traceback", None)
        if value is not None and trace is not None:
            self.hold("uncaught", (type(value), value, trace), "(after the program's own excepthook)")

    def _patch_loop(self, name: str, module: Any) -> None:
        base: Any = (instance_dict(module) or {}).get(name)
        if not is_a(base, type):
            return
        own = "call_exception_handler" in type.__dict__["__dict__"].__get__(base)
        before = base.call_exception_handler

        def call_exception_handler(loop: Any, *told: Any, **named: Any) -> Any:
            context = texts(told[0] if told else named.get("context"))
            value: Any = context.get("exception")
            if is_a(value, BaseException):
                self.hold("task", (type(value), value, traceback_of(value)), _task_words(context))
            return before(loop, *told, **named)

        base.call_exception_handler = call_exception_handler

        def undo() -> None:
            if base.__dict__.get("call_exception_handler") is call_exception_handler:
                if own:
                    base.call_exception_handler = before
                else:
                    del base.call_exception_handler  # uvloop's is inherited from its class in C

        self._undo.append(undo)


def _task_words(context: Dict[str, Any]) -> str:
    """asyncio's words and the task they are about; nothing of the program's is asked."""
    said = exact(context.get("message")) or "reported by asyncio"
    task = context.get("task", context.get("future"))
    if not tasks.is_task(task):
        return said
    return "%s: %s (%s)" % (said, tasks.name_of(task), tasks.function_of(task))
