"""Copies of what the target logs and prints, without changing what it logs and prints.

``logging.Logger.callHandlers`` and the ``write`` of the two text streams are shadowed for as long
as the tap is on. No handler is added: a root handler would silence ``logging.lastResort`` and
make a later ``basicConfig()`` do nothing. The buffer is bounded; what does not fit is counted.
"""

from __future__ import annotations

import collections
import sys
import threading
import time

from . import values
from .codefile import file_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, Tuple

CAPACITY = 20_000
"""Records kept between two polls; older ones are dropped and counted."""

LINE_LIMIT = 4_000
"""Characters of one record's text."""

_ATOMS = (str, int, float, bool, type(None))


class _Plain:
    """Stands in for a logging argument whose own text would run code of the target."""

    def __init__(self, value: Any) -> None:
        self._text = values.text(value)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return self._text


class Tap:
    """:param capacity: records kept."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._records: Deque[Any] = collections.deque(maxlen=capacity)
        self._seen = 0
        self._taken = 0
        self._inside = threading.local()
        self._undo: List[Callable[[], None]] = []
        self._partial = {"stdout": "", "stderr": ""}

    def start(self) -> None:
        self._tap_logging()
        self._tap_streams()

    def stop(self) -> None:
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def take(self, limit: int = 5_000) -> Tuple[List[Dict[str, Any]], int]:
        """At most ``limit`` records, oldest first, and how many were lost before them."""
        taken: List[Dict[str, Any]] = []
        while len(taken) < limit:
            try:
                taken.append(self._records.popleft())
            except IndexError:
                break
        self._taken += len(taken)
        lost = max(self._seen - self._taken - len(self._records), 0)
        self._taken += lost
        return taken, lost

    def _add(self, record: Any) -> None:
        self._seen += 1
        self._records.append(record)

    def _tap_logging(self) -> None:
        import logging

        original = logging.Logger.callHandlers
        inside = self._inside

        def callHandlers(logger: Any, record: Any) -> None:
            try:
                self._note(record)
            except Exception:
                pass
            inside.depth = getattr(inside, "depth", 0) + 1
            try:
                original(logger, record)
            finally:
                inside.depth -= 1

        logging.Logger.callHandlers = callHandlers  # type: ignore[method-assign,assignment]

        def undo() -> None:
            if logging.Logger.callHandlers is callHandlers:
                logging.Logger.callHandlers = original  # type: ignore[method-assign]

        self._undo.append(undo)

    def _note(self, record: Any) -> None:
        self._add(logged(record))

    def _tap_streams(self) -> None:
        for name in ("stdout", "stderr"):
            self._tap_stream(name, getattr(sys, name, None))

    def _tap_stream(self, name: str, stream: Any) -> None:
        if stream is None or "write" in (values.instance_dict(stream) or {}):
            return
        write = self._writer(name, stream.write)
        try:
            stream.write = write
        except Exception:
            return  # a stream without attributes of its own is left alone

        def undo() -> None:
            if (values.instance_dict(stream) or {}).get("write") is write:
                del stream.write

        self._undo.append(undo)

    def _writer(self, name: str, original: Any) -> Any:
        inside = self._inside

        def write(text: Any) -> Any:
            try:
                if type(text) is str and not getattr(inside, "depth", 0):
                    self._printed(name, text)
            except Exception:
                pass
            return original(text)

        return write

    def _printed(self, name: str, text: str) -> None:
        if text == "\n":  # print() writes its end separately
            self._line(name, self._partial[name])
            self._partial[name] = ""
            return
        if "\n" not in text:
            self._partial[name] = (self._partial[name] + text)[-LINE_LIMIT:]
            return
        lines = (self._partial[name] + text).split("\n")
        self._partial[name] = lines.pop()[-LINE_LIMIT:]
        for line in lines:
            self._line(name, line)

    def _line(self, name: str, line: str) -> None:
        self._add({"t": time.time(), "s": name, "x": line[:LINE_LIMIT]})


def logged(record: Any) -> Dict[str, Any]:
    row = {
        "t": record.created,
        "s": "logging",
        "l": record.levelno,
        "g": str(record.name),
        "x": worded(record.msg, record.args),
        "p": str(record.pathname),
        "n": record.lineno,
    }
    if record.exc_info and record.exc_info[0] is not None:
        row["x"] += "\n" + _exception_lines(record.exc_info)
    return row


def worded(message: Any, arguments: Any) -> str:
    """A record's message, its arguments filled in; bounded."""
    return _message(message, arguments)[:LINE_LIMIT]


def _message(message: Any, arguments: Any) -> str:
    if type(message) is not str:
        return values.text(message)
    if not arguments:
        return message
    try:
        if type(arguments) is tuple:
            return message % tuple(a if type(a) in _ATOMS else _Plain(a) for a in arguments)
        return message % {k: v if type(v) in _ATOMS else _Plain(v) for k, v in dict.items(arguments)}
    except Exception:
        return "%s %s" % (message, values.text(arguments))


def _exception_lines(info: Any) -> str:
    """Type, message and innermost place of an exception that is being logged."""
    _, value, trace = info
    where = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        where = "%s:%d in %s" % (file_name(code), trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return "%s  (%s)" % (values.text(value), where) if where else values.text(value)
