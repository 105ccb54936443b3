"""Collects everything that pydevd would print, so that none of it reaches the program's streams.

pydevd reports its own failures on ``sys.stderr``. Its log, its ``print`` and its tracebacks go into a
bounded list instead, which is sent to the client as log lines of the stream ``iqdebug``.
"""

from __future__ import annotations

import collections
import sys
import time
import traceback
import types

from ..capture import values
from ..capture.signal_handlers import handler_exception
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Deque, Dict, List, Set, Tuple

MAX_PENDING_LINES = 200
"""Lines kept until they are sent to the client; further ones are dropped and counted."""

MAX_LINE_LENGTH = 500  # characters
MAX_DISTINCT_LINES = 1_000
"""Different lines sent in one session; each is sent once."""


class Sink:
    """A text stream for pydevd. Raises only what a signal handler of the program raises meanwhile."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._records: Deque[Dict[str, Any]] = collections.deque(maxlen=MAX_PENDING_LINES)
        self._known: Set[str] = set()
        self._partial = ""
        self._dropped = 0

    def write(self, text: Any, *more: Any) -> int:
        try:
            if type(text) is not str:
                return 0
            lines = (self._partial + text).split("\n")
            self._partial = lines.pop()[-MAX_LINE_LENGTH:]
            for line in lines:
                self.line(line)
        except BaseException as error:
            if handler_exception(error) is not None:
                raise
        return 0

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def line(self, text: str) -> None:
        text = text.rstrip()[:MAX_LINE_LENGTH]
        if text:
            self._add(text, text)

    def say(self, said: Dict[str, Any]) -> None:
        """A line that the client puts in words: a :func:`.reason`."""
        self._add(said, repr(said))

    def _add(self, content: Any, key: str) -> None:
        if key in self._known:
            return
        if len(self._records) == MAX_PENDING_LINES or len(self._known) >= MAX_DISTINCT_LINES:
            self._dropped += 1
            return
        self._known.add(key)
        self._records.append({"t": time.time(), "s": "iqdebug", "x": content})

    def failed(self, error: BaseException) -> None:
        """Record a failure of the debugger's own: one line, with the innermost place."""
        try:
            trace = error.__traceback__
            name = type(error).__name__
            said = reason("agent.debugger_failed", error=name)
            while trace is not None:
                file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
                said = reason("agent.debugger_failed_at", error=name, file=file, line=trace.tb_lineno)
                trace = trace.tb_next
            self.say(said)
        except BaseException as raised:
            if handler_exception(raised) is not None:
                raise

    def take(self) -> Tuple[List[Dict[str, Any]], int]:
        """The lines written since the last call, and how many were dropped."""
        records: List[Dict[str, Any]] = []
        while self._records:
            records.append(self._records.popleft())
        dropped, self._dropped = self._dropped, 0
        return records, dropped


def silence_log(log: Any, sink: Sink) -> None:
    """Point pydevd's log (the module ``pydev_log``) at the sink."""
    state = log._LoggingGlobals
    state._debug_stream, state._debug_stream_filename, state._debug_stream_initialized = sink, None, True
    log.initialize_debug_stream = lambda reinitialize=False: None

    def exception(message: Any = "", *arguments: Any) -> None:
        if message:
            log._pydevd_log(0, message, *arguments)
        error = sys.exc_info()[1]
        if error is not None:
            sink.failed(error)

    log._pydevd_log_exception = exception


def silence_modules(folder: str, sink: Sink) -> None:
    """Make ``print`` and ``traceback`` of the pydevd modules below ``folder`` write to the sink. They stay
    patched; the next session points them at its own sink."""

    def quiet_print(*values: Any, **options: Any) -> None:
        if options.get("file") in (None, sys.stdout, sys.stderr):
            options["file"] = sink
        print(*values, **options)

    quiet_traceback = types.ModuleType("traceback")
    vars(quiet_traceback).update(vars(traceback))

    def print_exc(limit: Any = None, file: Any = None, chain: bool = True) -> None:
        traceback.print_exc(limit, sink if file is None else file, chain)

    quiet_traceback.print_exc = print_exc  # type: ignore[attr-defined]
    for module in list(sys.modules.values()):
        names = values.instance_dict(module) or {}  # a module's own __getattr__ must not run
        path = names.get("__file__")
        if type(path) is not str or not path.startswith(folder):
            continue
        names["print"] = quiet_print
        if isinstance(names.get("traceback"), types.ModuleType):
            names["traceback"] = quiet_traceback
