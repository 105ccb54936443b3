"""The agent in a program that ``iqdebug run`` started. It is there before the first line and idle until
something happens.

Nothing is traced or monitored until the client asks for pydevd (``open``): when the person pauses or has a
breakpoint, or an uncaught exception is held.
"""

from __future__ import annotations

import _thread
import os
import sys

from .crashes import Crashes, Hold
from .exceptions import described
from .own_thread import forget_thread, mark_thread
from .pydevd_link import Refused
from .server import PACKAGE, Agent
from .unpatched import Importer, NotFound, threads_replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

START_TIMEOUT = 60.0
"""Seconds after which the program starts even if the client has not allowed it."""

_LAZY_MODULES = ("code_search", "pure_evaluation", "recording")  # imported when they are first needed


def begin(setup: Dict[str, Any]) -> None:
    """Start the agent and wait until the client lets the program start; return at once without a client."""
    may_go = _thread.allocate_lock()
    may_go.acquire()

    def let_go() -> None:
        try:
            may_go.release()
        except RuntimeError:
            pass  # it has started already

    agent = LaunchedAgent(setup, let_go)
    # This thread is in the middle of importing `site` and waits. pydevd, loaded in another thread, imports
    # `site` too and would wait for this one, although all of it is defined by now.
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
    """:param let_go: lets the program's main thread start."""

    def __init__(self, setup: Dict[str, Any], let_go: Callable[[], None]) -> None:
        self._main = _thread.get_ident()  # nothing is patched yet
        self._importer: Optional[Importer] = None
        super().__init__(setup, self._get_importer)
        self._let_go = let_go
        self._crashes = Crashes(self._held, self._passed)
        self._opened = False

    def _get_importer(self) -> Importer:
        """The importer, made when it is first needed, and made again if the program has patched its threads
        since: it patches them after its start, including what this package has imported."""
        made = self._importer
        if made is None or (self._link.debugger is None and not made.private and threads_replaced()):
            forget_thread()  # from the `threading` that knows it
            self._importer = made = Importer(self._setup["debugpy"], self._main)
            made.adopt(PACKAGE)
            for name in _LAZY_MODULES if made.private else ():
                made.load("%s.agent.%s" % (PACKAGE, name))
            mark_thread("iqdebug.agent")
        return made

    def _run_beside(self, work: Any, answer: Dict[str, Any], message: Dict[str, Any]) -> Dict[str, Any]:
        self._get_importer()
        return super()._run_beside(work, answer, message)

    def _introduce(self) -> None:
        self._eager(False)
        self._client.begin_polling()
        self._crashes.own_thread = _thread.get_ident()
        self._link.close_in_child = [*self._client.sockets]
        self._link.guard_forks()
        self._client.send({"event": "hello", "pid": os.getpid(), "python": list(sys.version_info[:3])})

    def _turn(self) -> bool:
        self._crashes.heartbeat += 1
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
        """Start pydevd on a connection of its own. None, or why that is not possible, as ``refused``."""
        if self._opened:
            return None
        self._eager(True)
        try:
            self._open_link()
            self._crashes.keep_open(self._link.debugger)
        except (Refused, NotFound) as refusal:
            self._eager(False)
            return {"refused": refusal.args[0]}
        self._opened = True
        self._client.renew_lease()
        return None

    def on_stop(self, message: Dict[str, Any]) -> Any:
        """Show a held exception as a stop of pydevd."""
        return self._crashes.release(message["hold"], self._link.debugger)

    def on_release(self, message: Dict[str, Any]) -> Any:
        """Let a held thread go on; its exception then takes its usual course."""
        return self._crashes.release(message["hold"], None)

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

    # called in the thread that raised

    def _held(self, hold: Hold) -> None:
        self._client.send({"event": "held", **hold.summary()})

    def _passed(self, hold: Hold) -> None:
        self._client.send({"event": "passed", "hold": hold.number})

    # the way out

    def _close_debugger(self) -> None:
        self._crashes.uninstall()
        super()._close_debugger()
        self._crashes.release_all()
