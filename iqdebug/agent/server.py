"""The agent: one thread in the target that answers the client's requests.

It starts pydevd on a connection of its own and serves the requests of a :class:`.ClientConnection`. When
the client asks for it, disconnects, or is silent for ``LEASE_TIMEOUT``, the agent resumes the target,
removes tracing from every thread, undoes its patches and ends.
"""

from __future__ import annotations

import base64
import os
import sys
import threading
import time

from ..capture import values
from ..capture.original_functions import monotonic
from ..capture.tap import Tap
from . import listing
from .connection import ClientConnection
from .exceptions import described
from .own_thread import forget_thread, mark_thread
from .pydevd_link import Link, Refused
from .reasons import reason
from .stacks import Stacks, tasks, wake_loops
from .untraced import NAMELESS, hide_from_tracers, nameless_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    from .unpatched import Importer

EAGER_SWITCH_INTERVAL = 0.0001  # seconds
EAGER_TIMEOUT = 5.0  # seconds
MAX_TEXT = 1 << 20  # characters of a repr
PACKAGE = "_iqdebug_inside"  # the name under which the injected code loads it
_HERE = os.path.dirname(os.path.abspath(__file__))
_OWN_FOLDERS = (_HERE, os.path.join(os.path.dirname(_HERE), "capture"))


class Agent:
    def __init__(self, setup: Dict[str, Any], importer: Callable[[], Importer]) -> None:
        self._setup = setup
        self._client = ClientConnection(setup["socket"], setup["token"])
        self._link = Link(setup["debugpy"], _OWN_FOLDERS, importer)
        # debugpy's own folder: the packages beside it may be the program's.
        self._hidden = (os.path.join(setup["debugpy"], "debugpy"), NAMELESS, *_OWN_FOLDERS)
        self._stacks = Stacks(self._hidden)
        self._tap: Optional[Tap] = None
        self._running = True
        self._switch_interval = 0.0  # the program's, while it is changed
        self._eager_until = 0.0

    def serve(self) -> None:
        """Run until the session is over. Never raises and never writes to the target's streams."""
        try:
            self._serve()
        finally:
            forget_thread()

    def _serve(self) -> None:
        try:
            self._client.open()
        except OSError:
            _forget_modules()
            return  # the client is gone
        try:
            self._eager(True)
            self._introduce()
            while self._running and self._client.is_open and self._turn():
                pass
        except Exception as error:
            self._client.send({"event": "failed", "message": "%s: %s" % (type(error).__name__, error)})
        finally:
            self._leave()

    def _eager(self, on: bool) -> None:
        """Shorten the switch interval while starting, or restore it. Each of the many file reads of an import
        releases the interpreter lock, and a busy thread returns it only after a switch interval: with the
        default of 5 ms the start takes seconds."""
        if on:
            self._switch_interval = sys.getswitchinterval()
            self._eager_until = monotonic() + EAGER_TIMEOUT
            sys.setswitchinterval(min(self._switch_interval, EAGER_SWITCH_INTERVAL))
        elif self._switch_interval:
            sys.setswitchinterval(self._switch_interval)
            self._switch_interval = 0.0

    def _introduce(self) -> None:
        try:
            self._open_link()
        except Refused as refusal:
            self._client.send({"event": "refused", "message": refusal.args[0]})
            self._running = False
            return
        self._client.begin_polling()
        self._client.send({"event": "hello", "pid": os.getpid(), "python": list(sys.version_info[:3])})

    def _open_link(self) -> None:
        """:raises Refused: the process cannot be debugged now."""
        self._link.check()
        for said in self._link.tracers.describe():
            self._link.sink.say(said)
        debug_socket = self._client.connect("dap")
        debug_socket.settimeout(None)
        self._link.close_in_child = [*self._client.sockets, debug_socket]
        self._link.open(debug_socket, self._setup["token"])

    def _turn(self) -> bool:
        """Answer the next requests; False if the session is over."""
        if not self._client.receive():
            return False
        for message in self._client.messages():
            self._answer(message)
        if self._switch_interval and monotonic() > self._eager_until:
            self._eager(False)
        if self._link.threads_replaced():
            self._client.send({"event": "released", "message": reason("agent.threads_replaced")})
            return False
        self._flush()
        return True

    def _answer(self, message: Dict[str, Any]) -> None:
        reply: Dict[str, Any] = {"id": message.get("id")}
        try:
            reply["result"] = getattr(self, "on_" + str(message.get("op")))(message)
        except Exception as error:
            reply["error"] = "%s: %s" % (type(error).__name__, error)
        self._client.send(reply)

    def _flush(self) -> None:
        records, lost = self._link.sink.take()
        if self._tap is not None:
            tapped, tap_lost = self._tap.take()
            records, lost = records + tapped, lost + tap_lost
        if records or lost:
            self._client.send({"event": "logs", "records": records, "dropped": lost})

    # requests

    def on_threads(self, message: Dict[str, Any]) -> Any:
        live = bool(message.get("locals"))
        if not live:
            self._stacks.clear()
        rows = self._stacks.threads(self._link.debugger, message.get("focus"), live)
        return {"threads": rows, "tasks": tasks()}

    def on_exception(self, message: Dict[str, Any]) -> Any:
        """The exception at which pydevd stopped a thread, as a tree; None if it stopped at none."""
        raised = self._stacks.exception(self._link.debugger, message["thread"])
        return None if raised is None else described(raised[0], self._stacks.row, raised[1])

    def on_record(self, message: Dict[str, Any]) -> Any:
        """A thread's stop as a crash file: a file name, and the bytes in base64."""
        debugger, number = self._link.debugger, message["thread"]
        return self._recorded(
            message, self._stacks.exception(debugger, number), *self._stacks.standing(debugger, number)
        )

    def _recorded(self, message: Dict[str, Any], raised: Any, ident: Any, frame: Any) -> Any:
        answer: Dict[str, Any] = {}

        def read() -> None:
            try:
                from . import recording

                why = message["why"] if raised is not None else "snapshot"
                hidden = tuple(os.path.join(folder, "") for folder in self._hidden)
                data, name = recording.of_stop(
                    why, message["how"], message["said"], raised, ident, frame, hidden
                )
                answer.update(name=name, data=base64.b64encode(data).decode("ascii"))
            except BaseException as error:
                answer["raised"] = "%s: %s" % (type(error).__name__, error)

        return self._run_beside(read, answer, message)

    def on_resumed(self, message: Dict[str, Any]) -> Any:
        self._stacks.clear()

    def on_kick(self, message: Dict[str, Any]) -> Any:
        for _ in range(5):
            self._link.kick()
            time.sleep(0.002)

    def on_locals(self, message: Dict[str, Any]) -> Any:
        frame = self._stacks.frame(message["frame"])
        return None if frame is None else listing.locals_page(frame, self._stacks.references)

    def on_details(self, message: Dict[str, Any]) -> Any:
        """The locals of several frames, by frame number; they cannot be expanded."""
        frames = [(number, self._stacks.frame(number)) for number in message["frames"]]
        return [[n, listing.locals_page(frame, None, 30)] for n, frame in frames if frame is not None]

    def on_children(self, message: Dict[str, Any]) -> Any:
        return listing.children_page(
            self._stacks.references, message["ref"], message["start"], min(message["count"], 1_000)
        )

    def on_read(self, message: Dict[str, Any]) -> Any:
        """The value of a read-only expression, in a stopped frame or in ``__main__``."""
        frame = self._stacks.frame(message["frame"]) if message.get("frame") else None
        if frame is None and message.get("frame"):
            return None
        references = self._stacks.references if frame is not None else None
        from . import pure_evaluation  # imported late to keep attaching fast

        return pure_evaluation.answer(message["plan"], frame, references, message["expression"])

    def on_repr(self, message: Dict[str, Any]) -> Any:
        """The value's own ``repr``, because a person asked."""
        expression = message.get("expression")
        frame = self._stacks.frame(message["frame"]) if expression else None
        held = None if expression else self._stacks.references.get(message["ref"])
        if frame is None and held is None:
            return None
        answer: Dict[str, str] = {}

        def read() -> None:
            try:
                value = held[0] if held else eval(expression, frame.f_globals, frame.f_locals)  # type: ignore
                answer["text"] = repr(value)[:MAX_TEXT]
            except BaseException as error:
                answer["raised"] = values.text(error)

        return self._run_beside(read, answer, message)

    def _run_beside(self, work: Any, answer: Dict[str, Any], message: Dict[str, Any]) -> Dict[str, Any]:
        """Run ``work``, which fills ``answer``, in a thread that is left behind if it hangs."""
        worker = threading.Thread(target=work, name="iqdebug.asked", daemon=True)
        worker.is_pydev_daemon_thread = worker.pydev_do_not_trace = True  # type: ignore[attr-defined]
        try:
            hide_from_tracers(worker).start()
        except RuntimeError:  # the interpreter is exiting and starts no thread
            work()
            return answer
        worker.join(message.get("timeout_s", 2.0))
        self._client.renew_lease()
        return answer or {"slow": reason("agent.still_running")}

    def on_evaluate(self, message: Dict[str, Any]) -> Any:
        """Evaluate or execute in ``__main__`` of a running target, or in a frame that is held without
        pydevd, because a person asked."""
        answer: Dict[str, Any] = {}
        frame = self._stacks.frame(message["frame"]) if message.get("frame") else None
        names = listing.main_module_globals() if frame is None else frame.f_globals
        local_names = names if frame is None else frame.f_locals

        def run() -> None:
            try:
                try:
                    code = compile(message["expression"], "<iqdebug>", "eval")
                except SyntaxError:
                    code = compile(message["expression"], "<iqdebug>", "exec")
                result = eval(code, names, local_names)
                answer["text"] = "" if result is None else repr(result)[:MAX_TEXT]
                answer["type"] = values.qualified(type(result))
            except BaseException as error:
                answer["raised"] = values.text(error)

        return self._run_beside(run, answer, message)

    def on_find(self, message: Dict[str, Any]) -> Any:
        """See :mod:`.code_search`."""
        from . import code_search  # imported late to keep attaching fast

        return code_search.answer(message, self._hidden)

    def on_wake(self, message: Dict[str, Any]) -> Any:
        return wake_loops()

    def on_settle(self, message: Dict[str, Any]) -> Any:
        settled = self._link.settle(2.0)
        self._eager(False)
        self._client.renew_lease()
        return settled

    def on_tap(self, message: Dict[str, Any]) -> Any:
        if message.get("on") and self._tap is None:
            nameless_package()
            self._tap = Tap()
            self._tap.start()
        elif not message.get("on") and self._tap is not None:
            self._tap.stop()
            self._flush()
            self._tap = None

    def on_leave(self, message: Dict[str, Any]) -> Any:
        self._running = False
        self._close_debugger()
        return True

    # the way out

    def _close_debugger(self) -> None:
        if self._tap is not None:
            self._tap.stop()
            self._flush()
            self._tap = None
        self._stacks.clear()
        self._link.close()

    def _leave(self) -> None:
        try:
            self._eager(False)
            self._close_debugger()
        finally:
            _forget_modules()
            self._client.close()
            self._link.forget_forks()
            self._link.thread_replacement.confirm_detached()


def _forget_modules() -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == PACKAGE]:
        sys.modules.pop(name, None)


def run(setup: Dict[str, Any], importer: Importer) -> None:
    """Entry point of the injected code, in a thread of its own."""
    mark_thread("iqdebug.agent")
    Agent(setup, lambda: importer).serve()
