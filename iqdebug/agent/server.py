"""The agent: one thread in the target that answers the client and holds its lease.

It connects out to the client's socket (nothing of ours ever listens in the target), brings in
pydevd over a second connection, and serves requests framed as a 4-byte big-endian length and a
JSON object. When the client asks for it, goes away, or is silent for ``LEASE`` seconds, the
agent resumes the target, takes tracing off every thread, undoes what it patched and ends.
"""

from __future__ import annotations

import _socket
import base64
import os
import sys
import threading
import time

from ..capture import values
from ..capture.original_functions import dumps, loads, monotonic, packer
from ..capture.tap import Tap
from . import listing
from .exceptions import described
from .own_thread import forget_thread, mark_thread
from .pydevd_link import Link, Refused
from .stacks import Stacks, tasks, wake_loops
from .untraced import NAMELESS, hide_from_tracers, nameless_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from .unpatched import Importer

LEASE = 4.0
"""Seconds without a byte from the client after which the target is released."""

POLL_INTERVAL = 0.1
EAGER_SWITCH_INTERVAL = 0.0001
EAGER_TIMEOUT = 5.0
_HEADER = packer(">I")
MAX_TEXT = 1 << 20
_PACKAGE = "_iqdebug_inside"  # the name under which the injected code loads it
THREADS_REPLACED = (
    "released: the program has just replaced what threads are made of (gevent, eventlet); attach again"
)
_HERE = os.path.dirname(os.path.abspath(__file__))
_OWN = (_HERE, os.path.join(os.path.dirname(_HERE), "capture"))


class Agent:
    def __init__(self, setup: Dict[str, Any], importer: Callable[[], Importer]) -> None:
        self._setup = setup
        self._socket: Any = None
        self._lease: Any = None
        self._buffer = b""
        self._heard = monotonic()
        self._link = Link(setup["debugpy"], _OWN, importer)
        # Not what lies beside debugpy.
        self._hidden = (os.path.join(setup["debugpy"], "debugpy"), NAMELESS, *_OWN)
        self._stacks = Stacks(self._hidden)
        self._tap: Optional[Tap] = None
        self._running = True
        self._interval = 0.0
        self._eager_until = 0.0
        self._sending = threading.Lock()
        self._others: List[str] = []

    def serve(self) -> None:
        """Run until the session is over. Never raises, never writes to the target's streams."""
        try:
            self._serve()
        finally:
            forget_thread()

    def _serve(self) -> None:
        try:
            self._socket = self._connect("control")
            self._lease = self._connect("lease")
            self._lease.settimeout(0.0)
        except OSError:
            _forget_modules()
            return  # the client has gone since it asked us in
        try:
            self._eager(True)
            self._introduce()
            while self._running and self._turn():
                pass
        except Exception as error:
            self._post({"event": "failed", "message": "%s: %s" % (type(error).__name__, error)})
        finally:
            self._leave()

    def _connect(self, role: str) -> Any:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(5.0)
        connection.connect(self._setup["socket"])
        connection.sendall(("iqdebug %s %s\n" % (self._setup["token"], role)).encode())
        return connection

    def _eager(self, on: bool) -> None:
        """Let other threads hand the interpreter lock back at once while starting. Each of the
        many reads of an import gives it away, and a busy thread returns it only after a switch
        interval: with the usual 5 ms starting takes seconds."""
        if on:
            self._interval = sys.getswitchinterval()
            self._eager_until = monotonic() + EAGER_TIMEOUT
            sys.setswitchinterval(min(self._interval, EAGER_SWITCH_INTERVAL))
        elif self._interval:
            sys.setswitchinterval(self._interval)
            self._interval = 0.0

    def _introduce(self) -> None:
        try:
            self._open_link()
        except Refused as refusal:
            self._post({"event": "refused", "message": str(refusal)})
            self._running = False
            return
        self._socket.settimeout(POLL_INTERVAL)
        hello = {"event": "hello", "pid": os.getpid(), "python": list(sys.version_info[:3])}
        self._post(dict(hello, tracers=self._others))

    def _open_link(self) -> None:
        """:raises Refused: another debugger is at work here."""
        self._link.check()
        self._others = self._link.tracers.look()
        for words in self._others:
            self._link.sink.line(words)
        debug_socket = self._connect("dap")
        debug_socket.settimeout(None)
        self._link.close_in_child = [self._socket, self._lease, debug_socket]
        self._link.open(debug_socket, self._setup["token"])

    def _turn(self) -> bool:
        """One wait for input; False when the client is gone."""
        try:
            received = self._socket.recv(65536)
            if not received:
                return False
            self._buffer += received
        except _socket.timeout:
            pass
        except OSError:
            return False
        if not self._leased():
            return False
        while len(self._buffer) >= 4:
            (size,) = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < 4 + size:
                break
            message = loads(self._buffer[4 : 4 + size].decode("utf-8"))
            self._buffer = self._buffer[4 + size :]
            self._answer(message)
        if self._interval and monotonic() > self._eager_until:
            self._eager(False)
        if self._link.overtaken():
            self._post({"event": "released", "message": THREADS_REPLACED})
            return False
        self._flush()
        return True

    def _leased(self) -> bool:
        """Whether the client still lives: it sends a byte now and then on the lease connection."""
        try:
            if not self._lease.recv(4096):
                return False
            self._heard = monotonic()
        except (BlockingIOError, InterruptedError):
            return monotonic() - self._heard <= LEASE
        except OSError:
            return False
        return True

    def _answer(self, message: Dict[str, Any]) -> None:
        reply: Dict[str, Any] = {"id": message.get("id")}
        try:
            reply["result"] = getattr(self, "on_" + str(message.get("op")))(message)
        except Exception as error:
            reply["error"] = "%s: %s" % (type(error).__name__, error)
        self._post(reply)

    def _post(self, message: Dict[str, Any]) -> None:
        data = dumps(message).encode("utf-8", "replace")
        with self._sending:  # threads of the program post too
            try:
                self._socket.settimeout(LEASE)
                self._socket.sendall(_HEADER.pack(len(data)) + data)
                self._socket.settimeout(POLL_INTERVAL)
            except OSError:
                self._running = False

    def _flush(self) -> None:
        records, lost = self._link.sink.take()
        if self._tap is not None:
            tapped, tap_lost = self._tap.take()
            records, lost = records + tapped, lost + tap_lost
        if records or lost:
            self._post({"event": "logs", "records": records, "dropped": lost})

    # requests

    def on_threads(self, message: Dict[str, Any]) -> Any:
        live = bool(message.get("locals"))
        if not live:
            self._stacks.clear()
        rows = self._stacks.threads(self._link.debugger, message.get("focus"), live)
        return {"threads": rows, "tasks": tasks()}

    def on_exception(self, message: Dict[str, Any]) -> Any:
        """The exception at which a thread of pydevd's stands, as a tree; None when it is at none."""
        found = self._stacks.exception(self._link.debugger, message["thread"])
        return None if found is None else described(found[0], self._stacks.row, found[1])

    def on_record(self, message: Dict[str, Any]) -> Any:
        """The stop of a thread as a crash file: a name for it, and its bytes in base64."""
        debugger, number = self._link.debugger, message["thread"]
        return self._recorded(
            message, self._stacks.exception(debugger, number), *self._stacks.standing(debugger, number)
        )

    def _recorded(self, message: Dict[str, Any], raised: Any, ident: Any, frame: Any) -> Any:
        said: Dict[str, Any] = {}

        def read() -> None:
            try:
                from . import recording

                why = message["why"] if raised is not None else "snapshot"
                hidden = tuple(os.path.join(folder, "") for folder in self._hidden)
                told = why, message["how"], message["said"]
                data, name = recording.of_stop(*told, raised, ident, frame, hidden)
                said.update(name=name, data=base64.b64encode(data).decode("ascii"))
            except BaseException as error:
                said["raised"] = "%s: %s" % (type(error).__name__, error)

        return self._beside(read, said, message)

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
        """Locals of several frames as text, by frame number; they cannot be expanded."""
        found = [(number, self._stacks.frame(number)) for number in message["frames"]]
        return [[n, listing.locals_page(frame, None, 30)] for n, frame in found if frame is not None]

    def on_children(self, message: Dict[str, Any]) -> Any:
        return listing.children_page(
            self._stacks.references, message["ref"], message["start"], min(message["count"], 1_000)
        )

    def on_read(self, message: Dict[str, Any]) -> Any:
        """An expression that only reads, in a frame that stands still or else in ``__main__``."""
        frame = self._stacks.frame(message["frame"]) if message.get("frame") else None
        if frame is None and message.get("frame"):
            return None
        references = self._stacks.references if frame is not None else None
        from . import pure_evaluation  # not before: attaching must not wait for it

        return pure_evaluation.answer(message["plan"], frame, references, message["expression"])

    def on_repr(self, message: Dict[str, Any]) -> Any:
        """The value's own repr, in a thread of its own that may be left behind when it hangs."""
        expression = message.get("expression")
        frame = self._stacks.frame(message["frame"]) if expression else None
        found = None if expression else self._stacks.references.get(message["ref"])
        if frame is None and found is None:
            return None
        said: Dict[str, str] = {}

        def read() -> None:
            try:
                value = found[0] if found else eval(expression, frame.f_globals, frame.f_locals)  # type: ignore
                said["text"] = repr(value)[:MAX_TEXT]
            except BaseException as error:
                said["raised"] = values.text(error)

        return self._beside(read, said, message)

    def _beside(self, work: Any, said: Dict[str, Any], message: Dict[str, Any]) -> Dict[str, Any]:
        """Run ``work`` in a thread that may be left behind when it hangs."""
        worker = threading.Thread(target=work, name="iqdebug.asked", daemon=True)
        worker.is_pydev_daemon_thread = worker.pydev_do_not_trace = True  # type: ignore[attr-defined]
        try:
            hide_from_tracers(worker).start()
        except RuntimeError:  # the interpreter is ending and starts no thread
            work()
            return said
        worker.join(message.get("timeout_s", 2.0))
        self._heard = monotonic()
        return said or {"slow": "still running"}

    def on_evaluate(self, message: Dict[str, Any]) -> Any:
        """Evaluate or execute in ``__main__`` while the target runs, or in a frame that stands still
        without pydevd's help, because a person asked."""
        said: Dict[str, Any] = {}
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
                said["text"] = "" if result is None else repr(result)[:MAX_TEXT]
                said["type"] = values.qualified(type(result))
            except BaseException as error:
                said["raised"] = values.text(error)

        return self._beside(run, said, message)

    def on_find(self, message: Dict[str, Any]) -> Any:
        """Files, functions and texts that are in no file; see :mod:`.code_search`."""
        from . import code_search  # not before: attaching must not wait for it

        return code_search.answer(message, self._hidden)

    def on_wake(self, message: Dict[str, Any]) -> Any:
        return wake_loops()

    def on_settle(self, message: Dict[str, Any]) -> Any:
        settled = self._link.settle(2.0)
        self._eager(False)
        self._heard = monotonic()
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
            # The end of the control connection tells the client that all is done.
            for connection in (self._lease, self._socket):
                try:
                    connection.close()
                except OSError:
                    pass
            self._link.forget_forks()
            self._link.by_program.gone()


def _forget_modules() -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == _PACKAGE]:
        sys.modules.pop(name, None)


def run(setup: Dict[str, Any], importer: Importer) -> None:
    """Entered by the injected code, in a thread made for it."""
    mark_thread("iqdebug.agent")
    Agent(setup, lambda: importer).serve()
