"""The agent in a program that ``iqdebug run`` started: there from before the first line, and idle
until something is wrong.

No tracing and no monitoring is on until the client asks for pydevd (``open``): because the person
pauses, has a breakpoint, or an exception that nobody catches is being held.
"""

from __future__ import annotations

import _thread
import os
import sys

from ..capture.original_functions import monotonic
from .crashes import Crashes, Hold
from .exceptions import described
from .own_thread import forget_thread, mark_thread
from .pydevd_link import Refused
from .server import _PACKAGE, POLL_INTERVAL, Agent
from .unpatched import Importer, NotFound, threads_replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

START_TIMEOUT = 60.0
"""Seconds after which the program starts even if the client, alive, has not said that it may."""

_LATER = ("code_search", "pure_evaluation", "recording")  # modules that are imported when they are asked for


def begin(setup: Dict[str, Any]) -> None:
    """Start the agent and wait until the client lets the program go; at once when it is not there."""
    may_go = _thread.allocate_lock()
    may_go.acquire()

    def let_go() -> None:
        try:
            may_go.release()
        except RuntimeError:
            pass  # it has gone already

    agent = LaunchedAgent(setup, let_go)
    # `site` is being imported by this thread, which waits; pydevd, brought in by another before the
    # program begins, imports it too and would wait for this one. All of it is defined by now.
    spec: Any = getattr(sys.modules.get("site"), "__spec__", None)
    if spec is not None:
        spec._initializing = False

    def serve() -> None:
        try:
            agent.serve()
        finally:
            let_go()

    _thread.start_new_thread(serve, ())
    may_go.acquire(True, START_TIMEOUT)


class LaunchedAgent(Agent):
    """:param let_go: lets the program's main thread begin."""

    def __init__(self, setup: Dict[str, Any], let_go: Callable[[], None]) -> None:
        self._main = _thread.get_ident()  # nothing can have been replaced yet
        self._importer: Optional[Importer] = None
        super().__init__(setup, self._made_importer)
        self._let_go = let_go
        self._crashes = Crashes(self._held, self._passed)
        self._opened = False

    def _made_importer(self) -> Importer:
        """Made when it is first needed, and again where the program has replaced its threads since: what
        it replaces it replaces after its start, and with it what this package has imported."""
        made = self._importer
        if made is None or (self._link.debugger is None and not made.private and threads_replaced()):
            forget_thread()  # by the `threading` that knows it
            self._importer = made = Importer(self._setup["debugpy"], self._main)
            made.adopt(_PACKAGE)
            for name in _LATER if made.private else ():
                made.load("%s.agent.%s" % (_PACKAGE, name))
            mark_thread("iqdebug.agent")
        return made

    def _beside(self, work: Any, said: Dict[str, Any], message: Dict[str, Any]) -> Dict[str, Any]:
        self._made_importer()
        return super()._beside(work, said, message)

    def _introduce(self) -> None:
        self._eager(False)
        self._socket.settimeout(POLL_INTERVAL)
        self._crashes.own_thread = _thread.get_ident()
        self._link.close_in_child = [self._socket, self._lease]
        self._link.guard_forks()
        self._post({"event": "hello", "pid": os.getpid(), "python": list(sys.version_info[:3])})

    def _turn(self) -> bool:
        self._crashes.beat += 1
        return super()._turn()

    # requests

    def on_go(self, message: Dict[str, Any]) -> Any:
        if message.get("hold", True):
            self._crashes.install()
        if message.get("entry") and self._link.debugger is not None:
            from _pydevd_bundle.pydevd_api import PyDevdAPI  # type: ignore[import-not-found]

            PyDevdAPI().stop_on_entry()
        self._let_go()

    def on_open(self, message: Dict[str, Any]) -> Any:
        """Bring pydevd in over a connection of its own. None, or in words why that cannot be."""
        if self._opened:
            return None
        self._eager(True)
        try:
            self._open_link()
            self._crashes.keep_open(self._link.debugger)
        except (Refused, NotFound) as refusal:
            self._eager(False)
            return str(refusal)
        self._opened = True
        self._heard = monotonic()
        return None

    def on_stop(self, message: Dict[str, Any]) -> Any:
        """Show a held exception as a stop of pydevd."""
        return self._crashes.order(message["hold"], self._link.debugger)

    def on_release(self, message: Dict[str, Any]) -> Any:
        """Let a held thread go on, which then does with its exception what it would have done."""
        return self._crashes.order(message["hold"], None)

    def on_threads(self, message: Dict[str, Any]) -> Any:
        self._stacks.held = {h.ident: h.frames() for h in self._crashes.holds()}
        return super().on_threads(message)

    def on_exception(self, message: Dict[str, Any]) -> Any:
        hold = self._crashes.get(message.get("hold", 0))
        if hold is None:
            return super().on_exception(message)
        return described(hold.info[1], self._stacks.row, hold.info[2])

    def on_record(self, message: Dict[str, Any]) -> Any:
        hold = self._crashes.get(message.get("hold", 0))
        if hold is None:
            return super().on_record(message)
        return self._recorded(message, (hold.info[1], hold.info[2]), hold.ident, None)

    # told by the thread that raised

    def _held(self, hold: Hold) -> None:
        self._post({"event": "held", **hold.words()})

    def _passed(self, hold: Hold) -> None:
        self._post({"event": "passed", "hold": hold.number})

    # the way out

    def _close_debugger(self) -> None:
        self._crashes.uninstall()
        super()._close_debugger()
        self._crashes.release_all()
