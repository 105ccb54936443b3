"""Starts pydevd in this process on an open socket, and removes it again.

Uses the internals of the debugpy release that iqdebug pins and ships; a debugpy installed in the
target is never used.
"""

from __future__ import annotations

import _socket
import builtins
import os
import sys
import threading
import time

from ..capture.original_functions import monotonic
from . import pydevd_output
from .green_tracing import trace_replaced_threads, trace_suspended
from .guard import forget_dummies, guard
from .reasons import reason
from .thread_replacement import ThreadReplacement
from .tracers import Tracers, forbidden
from .unpatched import locks_replaced
from .untrace import untrace_all, untrace_for_good
from .untraced import NAMELESS, hide_from_tracers, nameless, nameless_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from .unpatched import Importer

MIN_FREE_MEMORY = 120 << 20  # bytes
_FORK_MARK = "_iqdebug_after_fork"


class Refused(Exception):
    """The target cannot be debugged now; the argument is the :func:`.reason`, for a person."""


class _SkipsOneSleep:
    """Replaces pydevd's ``time`` while it connects, to skip its sleep of 0.1 s after it has started its
    reader and writer, which do not need that time."""

    def __init__(self, pydevd: Any) -> None:
        self._pydevd = pydevd
        self._clock = pydevd.time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)

    def sleep(self, seconds: float) -> None:
        self._pydevd.time = self._clock


class Link:
    """pydevd in this process: started by :meth:`open`, removed without a trace by :meth:`close`.

    :param debugpy: the folder that holds the ``debugpy`` package.
    :param own: the agent's folders, whose frames are never traced.
    :param importer: returns the importer that loads pydevd.
    """

    def __init__(self, debugpy: str, own: Tuple[str, ...], importer: Callable[[], Importer]) -> None:
        self._folder = debugpy
        self._importer = importer
        self._own = own
        self._undo: List[Callable[[], None]] = []
        self._settrace: Optional[threading.Thread] = None
        self.debugger: Any = None
        self.thread_replacement = ThreadReplacement()
        self._shared = False  # whether pydevd uses the program's `threading`
        self.close_in_child: List[Any] = []
        self.sink = pydevd_output.Sink()
        self.tracers = Tracers()

    def check(self) -> None:
        """:raises Refused: the process cannot be debugged now, for example by a second debugger."""
        pydevd = sys.modules.get("pydevd")
        if pydevd is not None:
            debugger = pydevd.get_global_debugger()
            if debugger is not None and not debugger.pydb_disposed:
                raise Refused(reason("agent.refused.debugger"))
        if sys.version_info >= (3, 12):
            monitoring: Any = getattr(sys, "monitoring")  # noqa: B009  (absent from older stubs)
            holder = monitoring.get_tool(monitoring.DEBUGGER_ID)
            if holder not in (None, "pydevd"):
                raise Refused(reason("agent.refused.slot", holder="%r" % (holder,)))
        why = forbidden() or _no_memory()
        if why:
            raise Refused(why)

    def open(self, connection: Any, token: str) -> None:
        """Start pydevd on ``connection``. Returns at once; the handshake continues in a thread."""
        self._save_hooks()
        nameless_package()
        importer = self._importer()
        pydevd = self._import(importer)
        self._shared = "threading" not in importer.private
        if self._shared:
            self.thread_replacement.watch()
            self._undo.append(self.thread_replacement.forget)
        self.guard_forks()
        self._undo.append(forget_dummies())
        self._wake_after_commands()
        self._undo.append(guard(pydevd, self._folder, self.sink, self.tracers))
        saved = pydevd.start_client
        clock = pydevd.time

        def start_client(host: str, port: int) -> Any:
            pydevd.time = _SkipsOneSleep(pydevd)
            # Kept here because pydevd drops it if the client disconnects during the start.
            self.debugger = pydevd.get_global_debugger()
            return connection

        pydevd.start_client = start_client

        def settrace() -> None:
            current = threading.current_thread()
            current.is_pydev_daemon_thread = current.pydev_do_not_trace = True  # type: ignore[attr-defined]
            try:
                pydevd.settrace(
                    host="127.0.0.1",
                    port=1,
                    suspend=False,
                    trace_only_current_thread=False,
                    patch_multiprocessing=False,
                    wait_for_ready_to_run=True,
                    block_until_connected=True,
                    access_token=token,
                    client_access_token=token,
                    notify_stdin=False,
                    dont_trace_start_patterns=(os.path.join(self._folder, "debugpy"), NAMELESS, *self._own),
                    dont_trace_end_patterns=("debugpy_launcher.py",),
                )
            except BaseException as error:
                self.sink.failed(error)  # the client sees the connection end
            finally:
                pydevd.start_client, pydevd.time = saved, clock

        starting = threading.Thread(target=settrace, name="pydevd.Start", daemon=True)
        starting.is_pydev_daemon_thread = True  # type: ignore[attr-defined]
        self._settrace = starting
        hide_from_tracers(starting).start()
        deadline = monotonic() + 5
        while self.debugger is None and starting.is_alive() and monotonic() < deadline:
            self.debugger = pydevd.get_global_debugger()
            time.sleep(0.001)
        if self.debugger is not None:
            trace_suspended(self.debugger, importer.main)
            if "threading" in importer.private:
                trace_replaced_threads(self.debugger, importer.private["threading"])

    def threads_replaced(self) -> bool:
        """Whether the program has replaced, or is replacing, the thread functions that pydevd uses."""
        return (
            self._shared
            and self.debugger is not None
            and (self.thread_replacement.requested or locks_replaced())
        )

    def settle(self, seconds: float) -> bool:
        """Wait, after ``configurationDone``, until pydevd traces every thread; False on timeout.

        Until then nothing stops, and pydevd would undo a dispose.
        """
        starting = self._settrace
        if starting is None or self.debugger is None:
            return True
        deadline = monotonic() + seconds
        while starting.is_alive() and monotonic() < deadline:
            self.debugger._py_db_command_thread_event.set()  # else it checks only every 0.2 s
            starting.join(0.01)
        return not starting.is_alive()

    def _wake_after_commands(self) -> None:
        """Wake a paused thread after each of its commands. pydevd would wait up to 0.2 s for another one
        before it checks whether the thread was resumed or stepped."""
        from _pydevd_bundle.pydevd_comm import InternalThreadCommand  # type: ignore[import-not-found]

        original = InternalThreadCommand.do_it

        def do_it(command: Any, debugger: Any) -> None:
            try:
                original(command, debugger)
            finally:
                debugger.get_internal_queue_and_event(command.thread_id)[1].set()

        InternalThreadCommand.do_it = do_it
        self._undo.append(lambda: setattr(InternalThreadCommand, "do_it", original))

    def kick(self) -> None:
        """Make paused threads check now whether they were resumed."""
        debugger = self.debugger
        if debugger is None:
            return
        for thread in threading.enumerate():
            info = getattr(thread, "additional_info", None)
            if info is not None and info.is_in_wait_loop:
                from _pydevd_bundle.pydevd_constants import get_thread_id  # type: ignore[import-not-found]

                debugger.get_internal_queue_and_event(get_thread_id(thread))[1].set()

    def close(self) -> None:
        """Resume every thread, dispose pydevd, remove tracing and undo all patches. Safe to call twice."""
        if self.debugger is not None:
            self.debugger.ready_to_run = True
            self.settle(1.0)
        debugger, self.debugger = self.debugger, None
        if debugger is not None:
            self._dispose(debugger)
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def _dispose(self, debugger: Any) -> None:
        pydevd: Any = sys.modules["pydevd"]
        from _pydevd_bundle.pydevd_api import PyDevdAPI  # type: ignore[import-not-found]

        # Threads started meanwhile call these when they end, which may be much later.
        debugger.disable_tracing = nameless(lambda: None)
        debugger.notify_thread_not_alive = nameless(lambda thread, notify_finished=True: None)
        steps: List[Callable[[], Any]] = [
            lambda: PyDevdAPI().request_disconnect(debugger, resume_threads=True),
            self.kick,
            pydevd.pydevd_tracing.restore_sys_set_trace_func,
            self.tracers.restore_hook,
            _undo_thread_patches,
            lambda: _end_threads(debugger),
            lambda: untrace_for_good(os.path.join(self._folder, "debugpy", "")),
            self.tracers.restore,
            lambda: pydevd.set_global_debugger(None),
            lambda: setattr(pydevd.SetupHolder, "setup", None),
        ]
        for step in steps:
            try:
                step()
            except Exception:
                continue

    def _import(self, importer: Importer) -> Any:
        self._pin_plugins()
        pydevd_output.silence_log(importer.load("_pydev_bundle.pydev_log"), self.sink)
        pydevd: Any = importer.pydevd()

        def pause_here(*arguments: Any, **options: Any) -> None:
            pydevd.settrace(
                suspend=True,
                trace_only_current_thread=True,
                patch_multiprocessing=False,
                stop_at_frame=sys._getframe().f_back,
            )

        sys.breakpointhook = pause_here
        return pydevd

    def _pin_plugins(self) -> None:
        """Preload ``pydevd_plugins`` with its own folder as its only path. It would extend itself along the
        program's ``sys.path``, run what it finds there, and fail if the working directory is deleted."""
        folder = os.path.join(self._folder, "debugpy", "_vendored", "pydevd", "pydevd_plugins")
        package: Any = type(sys)("pydevd_plugins")
        package.__path__, package.__file__ = [folder], os.path.join(folder, "__init__.py")
        sys.modules.setdefault("pydevd_plugins", package)

    def _save_hooks(self) -> None:
        """Save the process-wide hooks that pydevd changes; :meth:`close` restores them."""
        programs: Any = sys.modules.get("threading")  # the one imported here may be a private copy
        places: List[Tuple[Any, str]] = [
            (sys, "breakpointhook"),
            (sys, "__breakpointhook__"),
            (sys, "excepthook"),
            (programs, "excepthook"),
            (builtins, "breakpoint"),
        ]
        saved = [(owner, name, getattr(owner, name)) for owner, name in places if hasattr(owner, name)]

        def restore() -> None:
            for owner, name, value in saved:
                now = getattr(owner, name, None)
                if now is not value and _is_debuggers_function(now, self._folder, NAMELESS, *self._own):
                    setattr(owner, name, value)

        self._undo.append(restore)

    def guard_forks(self) -> None:
        """Free a forked child of the tracing and sockets that it inherits: none of our threads exist there,
        so it must not wait for the debugger. ``os.register_at_fork`` cannot be undone, so one function
        stays registered and does nothing once the session is over."""
        holder = sys.modules.get(_FORK_MARK)
        if holder is None:
            holder = type(sys)(_FORK_MARK)
            sys.modules[_FORK_MARK] = holder
            shared: Any = holder
            shared.child = None

            def after_fork() -> None:
                release, shared.child = shared.child, None
                if release is not None:
                    release()

            os.register_at_fork(after_in_child=nameless(after_fork))
        state: Any = holder
        state.child = self._released_in_child

    def forget_forks(self) -> None:
        """Stop guarding forks. Call it last, when the connections that a child could inherit are closed."""
        holder: Any = sys.modules.get(_FORK_MARK)
        if holder is not None:
            holder.child = None

    def _released_in_child(self) -> None:
        pydevd: Any = sys.modules.get("pydevd")
        for connection in self.close_in_child:
            try:
                os.close(connection.detach())
            except OSError:
                continue
        if self.debugger is None:
            return
        for step in (
            pydevd.pydevd_tracing.restore_sys_set_trace_func,
            self.tracers.restore_hook,
            _undo_thread_patches,
            untrace_all,
            *reversed(self._undo),
            lambda: self.tracers.restore(in_child=True),
            lambda: pydevd.set_global_debugger(None),
            lambda: setattr(pydevd.SetupHolder, "setup", None),
        ):
            try:
                step()
            except Exception:
                continue


def _end_threads(debugger: Any) -> None:
    """End pydevd's own threads and wait for them, 0.3 s at most."""
    for thread in filter(None, (debugger.reader, debugger.writer)):
        # Else each disposes the debugger when its connection ends, and then waits for the other.
        setattr(thread, "_%s__terminate_on_socket_close" % type(thread).__name__, False)
    try:
        debugger._client_socket.shutdown(_socket.SHUT_RDWR)
    finally:
        debugger.dispose_and_kill_all_pydevd_threads(wait=False)
        # A debugger that its reader has already disposed does not kill the threads it has started since.
        threads = list(debugger.created_pydb_daemon_threads)
        for thread in threads:
            thread.do_kill_pydev_thread()
        deadline = monotonic() + 0.3
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))


def _undo_thread_patches() -> None:
    if locks_replaced():
        return  # gevent or eventlet has patched over pydevd's functions and keeps them as the originals
    from _pydev_bundle.pydev_monkey import undo_patch_thread_modules  # type: ignore[import-not-found]

    undo_patch_thread_modules()


def _no_memory() -> Optional[Dict[str, Any]]:
    """Why the process's memory limit leaves no room for the debugger; None if it has enough."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    with open("/proc/self/statm", "rb") as file:
        left = limit - int(file.read().split()[0]) * resource.getpagesize()
    if left >= MIN_FREE_MEMORY:
        return None
    return reason("agent.refused.memory", left=left >> 20, needed=MIN_FREE_MEMORY >> 20)


def _is_debuggers_function(hook: Any, *folders: str) -> bool:
    code = getattr(hook, "__code__", None)
    return code is not None and code.co_filename.startswith(folders)
