"""Holds a thread when nothing has caught its exception.

The thread waits in Python's hook for uncaught exceptions, with the frames of the traceback alive,
until the client releases it; then the hooks that were installed before are called. If the program
replaces our hook in the main thread, the exception is held when the interpreter exits, after its
traceback has been printed.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
from _thread import allocate_lock, get_ident  # imported before the program can replace them

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
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

AGENT_POLL_INTERVAL = 0.5  # seconds between two checks that the agent is still alive
MAX_SILENT_POLLS = 40  # checks in a row without a heartbeat, after which a held thread goes on
EXIT_POLL_INTERVAL = 0.05  # seconds
_NOT_CRASHES = (SystemExit, KeyboardInterrupt)
_FATAL = ("uncaught", "thread")


class Hold:
    """One held thread. ``info`` is the exception's type, value and traceback."""

    def __init__(self, number: int, kind: str, info: Tuple[Any, Any, Any], how: Any) -> None:
        self.number = number
        self.kind = kind
        self.info = info
        self.how = how
        self.ident = get_ident()
        self._waits = allocate_lock()
        self._waits.acquire()
        self.debugger: Any = None
        self.exiting = False  # the interpreter is exiting: pydevd considers the main thread dead

    def go_on(self) -> None:
        """End :meth:`wait`. Safe to call twice."""
        try:
            self._waits.release()
        except RuntimeError:
            pass

    def wait(self, seconds: float) -> bool:
        """Wait for :meth:`go_on`; False on timeout. Blocks the system thread with all its greenlets."""
        return self._waits.acquire(True, seconds)

    def summary(self) -> Dict[str, Any]:
        """For the client. ``thread`` is Python's identifier; ``how`` says where it was raised:
        a text or a :func:`.reason`; "" where nothing is known."""
        row: Dict[str, Any] = {"hold": self.number, "kind": self.kind, "how": self.how}
        return {**row, "thread": self.ident, "late": self.exiting}

    def frames(self) -> List[Tuple[Any, int]]:
        """Frames and lines, innermost first: those of the traceback, then their callers."""
        frames: List[Tuple[Any, int]] = []
        trace = self.info[2]
        caller = trace.tb_frame.f_back if trace is not None else None
        while trace is not None:
            frames.insert(0, (trace.tb_frame, trace.tb_lineno))
            trace = trace.tb_next
        while caller is not None:
            frames.append((caller, caller.f_lineno))
            caller = caller.f_back
        return frames


class Crashes:
    """Installs the hooks and keeps the threads that they hold.

    :param on_held: called in the thread that raised, before it waits.
    :param on_passed: called in that thread when it goes on.
    """

    own_thread = 0
    """Identifier of the agent's thread, which is never held: it would wait for itself."""

    heartbeat = 0
    """Incremented by the agent in each turn of its loop: if it stops changing, held threads go on."""

    def __init__(self, on_held: Callable[[Hold], None], on_passed: Callable[[Hold], None]) -> None:
        self._on_held = on_held
        self._on_passed = on_passed
        self._holds: Dict[int, Hold] = {}
        self._undo: List[Callable[[], None]] = []
        self._local = threading.local()
        self._pid = os.getpid()
        self._number = 0
        self._uninstalled = False
        self._exiting = False

    def install(self) -> None:
        """Install the hooks in front of those that exist."""
        self._replace(sys, "excepthook", self._uncaught)
        self._replace(threading, "excepthook", self._in_thread)
        self._replace(sys, "unraisablehook", self._unraisable)
        for module, name in (("asyncio.base_events", "BaseEventLoop"), ("uvloop", "Loop")):
            self._undo.append(after_import(module, functools.partial(self._patch_loop, name)))
        atexit.register(self._at_exit)
        self._undo.append(lambda: atexit.unregister(self._at_exit))

    def uninstall(self) -> None:
        """Remove the hooks that are still ours. One that another hook wraps stays and does nothing."""
        self._uninstalled = True
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def holds(self) -> List[Hold]:
        return list(self._holds.values())

    def get(self, number: int) -> Optional[Hold]:
        return self._holds.get(number)

    def release(self, number: int, debugger: Any) -> bool:
        """End the hold: stop the thread in ``debugger`` or, with None, let it go on.

        False if there is no such hold."""
        hold = self._holds.get(number)
        if hold is None:
            return False
        hold.debugger = debugger
        hold.go_on()
        return True

    def keep_open(self, debugger: Any) -> None:
        """Keep pydevd's session open while a thread is held: it ends when only daemon threads are left,
        but a held thread keeps the main thread from ending."""
        alive = debugger.has_user_threads_alive if debugger is not None else None
        if alive is not None:
            debugger.has_user_threads_alive = lambda: bool(self._holds) or alive()

    def release_all(self) -> None:
        for hold in self.holds():
            self.release(hold.number, None)

    def hold(self, kind: str, info: Tuple[Any, Any, Any], how: Any) -> None:
        """Hold the calling thread until it may go on. Never raises."""
        if not self._wanted(info):
            return
        self._local.now = True
        hold = None
        try:
            if kind in _FATAL:  # the thread ends because of it, and so does this reference
                self._local.last = info[1]
            self._number += 1
            hold = Hold(self._number, kind, info, how)
            hold.exiting = not threading.main_thread().is_alive() or self._exiting
            self._holds[hold.number] = hold
            self._on_held(hold)
            self._wait(hold)
        except BaseException:
            pass  # a keyboard interrupt, too, lets the thread go on
        finally:
            self._local.now = False
            if hold is not None:
                self._holds.pop(hold.number, None)
                try:
                    self._on_passed(hold)
                except Exception:
                    pass

    def _wanted(self, info: Tuple[Any, Any, Any]) -> bool:
        _, value, trace = info
        if self._uninstalled or os.getpid() != self._pid or sys.is_finalizing():
            return False
        if trace is None or not is_a(value, BaseException) or is_a(value, _NOT_CRASHES):
            return False
        ident = get_ident()
        if ident == self.own_thread or is_debuggers(threads_by_ident().get(ident)):
            return False
        return not getattr(self._local, "now", False) and value is not getattr(self._local, "last", None)

    def _wait(self, hold: Hold) -> None:
        heartbeat, silent = self.heartbeat, 0
        while not hold.wait(AGENT_POLL_INTERVAL):
            silent = silent + 1 if heartbeat == self.heartbeat else 0
            heartbeat = self.heartbeat
            if self._uninstalled or silent > MAX_SILENT_POLLS:
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
        def excepthook(*args: Any, **named: Any) -> Any:
            fields = hook_arguments(args, 4)
            if fields is not None:
                name = thread_name(fields[3])
                how = reason("agent.how.thread", name=name) if name else reason("agent.how.a_thread")
                self.hold("thread", fields[:3], how)
            return before(*args, **named)

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(*args: Any, **named: Any) -> Any:
            fields = hook_arguments(args, 5)
            if fields is not None:
                where = function_name(fields[4])
                how = reason("agent.how.ignored_in", where=where) if where else reason("agent.how.ignored")
                self.hold("unraisable", fields[:3], how)
            return before(*args, **named)

        return unraisablehook

    def _at_exit(self) -> None:
        # Exiting now would end held daemon threads while somebody looks at them.
        while self._holds and not self._uninstalled and os.getpid() == self._pid:
            time.sleep(EXIT_POLL_INTERVAL)
        self._exiting = True
        value = getattr(sys, "last_value", None)
        trace = getattr(sys, "last_traceback", None)
        if value is not None and trace is not None:
            self.hold("uncaught", (type(value), value, trace), reason("agent.how.at_exit"))

    def _patch_loop(self, name: str, module: Any) -> None:
        base: Any = (instance_dict(module) or {}).get(name)
        if not is_a(base, type):
            return
        own = "call_exception_handler" in type.__dict__["__dict__"].__get__(base)
        before = base.call_exception_handler

        def call_exception_handler(loop: Any, *args: Any, **named: Any) -> Any:
            context = texts(args[0] if args else named.get("context"))
            value: Any = context.get("exception")
            if is_a(value, BaseException):
                self.hold("task", (type(value), value, traceback_of(value)), _task_words(context))
            return before(loop, *args, **named)

        base.call_exception_handler = call_exception_handler

        def undo() -> None:
            if base.__dict__.get("call_exception_handler") is call_exception_handler:
                if own:
                    base.call_exception_handler = before
                else:
                    del base.call_exception_handler  # uvloop's is inherited from its class in C

        self._undo.append(undo)


def _task_words(context: Dict[str, Any]) -> Any:
    """asyncio's message and the task it is about. Runs no code of the program."""
    message = exact(context.get("message"))
    task = context.get("task", context.get("future"))
    if not tasks.is_task(task):
        return message or reason("agent.how.asyncio")
    name, function = tasks.name_of(task), tasks.function_of(task)
    if not message:
        return reason("agent.how.asyncio_task", name=name, function=function)
    return "%s: %s (%s)" % (message, name, function)
