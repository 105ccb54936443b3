"""Brings pydevd into this process over a socket that is already open, and takes it out again.

The names used of pydevd are those of the debugpy release that iqdebug pins and carries along;
a debugpy that the target has installed for itself is never used.
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
from .thread_replacement import ThreadReplacement
from .tracers import Tracers, forbidden
from .unpatched import locks_replaced
from .untrace import untrace_all, untrace_for_good
from .untraced import NAMELESS, hide_from_tracers, nameless, nameless_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple

    from .unpatched import Importer

_MEMORY_NEEDED = 120 << 20
_FORK_MARK = "_iqdebug_after_fork"


class Refused(Exception):
    """The target cannot be debugged now; the text says why, for a person."""


class _SkipsOneSleep:
    """Stands for pydevd's ``time`` while it connects: it sleeps 0.1 s after it has started its
    reader and writer, which do not need it."""

    def __init__(self, pydevd: Any) -> None:
        self._pydevd = pydevd
        self._clock = pydevd.time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)

    def sleep(self, seconds: float) -> None:
        self._pydevd.time = self._clock


class Link:
    """:param debugpy: the folder that holds the ``debugpy`` package.
    :param own: the folders whose frames are never traced: the agent's.
    :param importer: gives what brings pydevd in.
    """

    def __init__(self, debugpy: str, own: Tuple[str, ...], importer: Callable[[], Importer]) -> None:
        self._folder = debugpy
        self._importer = importer
        self._own = own
        self._undo: List[Callable[[], None]] = []
        self._settrace: Optional[threading.Thread] = None
        self.debugger: Any = None
        self.by_program = ThreadReplacement()
        self._shared = False  # whether pydevd uses the program's `threading`
        self.close_in_child: List[Any] = []
        self.sink = pydevd_output.Sink()
        self.tracers = Tracers()

    def check(self) -> None:
        """:raises Refused: another debugger is at work here."""
        pydevd = sys.modules.get("pydevd")
        if pydevd is not None:
            debugger = pydevd.get_global_debugger()
            if debugger is not None and not debugger.pydb_disposed:
                raise Refused("another debugger (debugpy) is attached to this process: detach it first")
        if sys.version_info >= (3, 12):
            monitoring: Any = getattr(sys, "monitoring")  # noqa: B009  (absent from older stubs)
            holder = monitoring.get_tool(monitoring.DEBUGGER_ID)
            if holder not in (None, "pydevd"):
                raise Refused("sys.monitoring's debugger slot is held by %r" % (holder,))
        why = forbidden() or _no_memory()
        if why:
            raise Refused(why)

    def open(self, connection: Any, token: str) -> None:
        """Start pydevd on ``connection``. Returns at once; the handshake goes on in a thread."""
        self._remember()
        nameless_package()
        importer = self._importer()
        pydevd = self._import(importer)
        self._shared = "threading" not in importer.private
        if self._shared:
            self.by_program.watch()
            self._undo.append(self.by_program.forget)
        self.guard_forks()
        self._undo.append(forget_dummies())
        self._answer_at_once()
        self._undo.append(guard(pydevd, self._folder, self.sink, self.tracers))
        saved = pydevd.start_client
        clock = pydevd.time

        def start_client(host: str, port: int) -> Any:
            pydevd.time = _SkipsOneSleep(pydevd)
            # Noted here: when the client goes away while it starts, pydevd forgets it by itself.
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

    def overtaken(self) -> bool:
        """Whether pydevd works with modules in which the program replaces functions, or has."""
        return self._shared and self.debugger is not None and (self.by_program.asked or locks_replaced())

    def settle(self, seconds: float) -> bool:
        """Wait until pydevd, once told to go on, has put its tracing on every thread; False when
        that takes longer. Before, nothing stops; and a dispose before would be undone by it."""
        starting = self._settrace
        if starting is None or self.debugger is None:
            return True
        deadline = monotonic() + seconds
        while starting.is_alive() and monotonic() < deadline:
            self.debugger._py_db_command_thread_event.set()  # else it looks every 0.2 s only
            starting.join(0.01)
        return not starting.is_alive()

    def _answer_at_once(self) -> None:
        """A paused thread of pydevd carries out a command and then waits for the next one before
        it looks whether it was told to go on: up to 0.2 s for a step. Waking it after each
        command ends that wait."""
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
        """Make paused threads look now whether they were told to go on."""
        debugger = self.debugger
        if debugger is None:
            return
        for thread in threading.enumerate():
            info = getattr(thread, "additional_info", None)
            if info is not None and info.is_in_wait_loop:
                from _pydevd_bundle.pydevd_constants import get_thread_id  # type: ignore[import-not-found]

                debugger.get_internal_queue_and_event(get_thread_id(thread))[1].set()

    def close(self) -> None:
        """Resume every thread, dispose pydevd, untrace, undo. Safe to call twice."""
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

        # Threads begun meanwhile call these when they end, which may be long after.
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
        self._keep_plugins()
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

    def _keep_plugins(self) -> None:
        """``pydevd_plugins`` looks for more of itself along the program's ``sys.path``: it would run what
        it finds there, and it fails where the path leads to a working directory that is gone."""
        folder = os.path.join(self._folder, "debugpy", "_vendored", "pydevd", "pydevd_plugins")
        package: Any = type(sys)("pydevd_plugins")
        package.__path__, package.__file__ = [folder], os.path.join(folder, "__init__.py")
        sys.modules.setdefault("pydevd_plugins", package)

    def _remember(self) -> None:
        """Note what pydevd's import and start change process-wide, to set it back on close."""
        programs: Any = sys.modules.get("threading")  # ours may be a copy
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
                if now is not value and _ours(now, self._folder, NAMELESS, *self._own):
                    setattr(owner, name, value)

        self._undo.append(restore)

    def guard_forks(self) -> None:
        """A forked child inherits tracing and our sockets but none of our threads: it must not
        wait for a debugger that is not there. ``os.register_at_fork`` cannot be undone, so the
        one function that stays behind does nothing once the session is over."""
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
        """Last of all, when the connections that a child could inherit are closed."""
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
    """End pydevd's own threads and wait for that, 0.3 s at most."""
    for thread in filter(None, (debugger.reader, debugger.writer)):
        # Else each disposes the debugger when its connection ends, and waits there for the other.
        setattr(thread, "_%s__terminate_on_socket_close" % type(thread).__name__, False)
    try:
        debugger._client_socket.shutdown(_socket.SHUT_RDWR)
    finally:
        debugger.dispose_and_kill_all_pydevd_threads(wait=False)
        # One that is disposed already, by its reader when the connection ended, kills no thread that it has
        # begun since.
        threads = list(debugger.created_pydb_daemon_threads)
        for thread in threads:
            thread.do_kill_pydev_thread()
        deadline = monotonic() + 0.3
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))


def _undo_thread_patches() -> None:
    if locks_replaced():
        return  # by now others stand in the place of pydevd's functions, and keep them for the originals
    from _pydev_bundle.pydev_monkey import undo_patch_thread_modules  # type: ignore[import-not-found]

    undo_patch_thread_modules()


def _no_memory() -> str:
    """Why the debugger's modules and threads find no room in this process, "" where they do."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return ""
    with open("/proc/self/statm", "rb") as file:
        left = limit - int(file.read().split()[0]) * resource.getpagesize()
    if left >= _MEMORY_NEEDED:
        return ""
    return "its limit RLIMIT_AS leaves it %d MB of memory, and the debugger needs %d MB" % (
        left >> 20,
        _MEMORY_NEEDED >> 20,
    )


def _ours(hook: Any, *folders: str) -> bool:
    code = getattr(hook, "__code__", None)
    return code is not None and code.co_filename.startswith(folders)
