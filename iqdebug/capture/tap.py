"""Copies what the target logs and prints, without changing it.

``logging.Logger.callHandlers`` and the ``write`` of the two text streams are wrapped while the tap is on. No
handler is added: a root handler would silence ``logging.lastResort`` and make a later ``basicConfig()`` do
nothing. The buffer is bounded; dropped records are counted.

A wrapper takes any arguments and passes on all of them, the result, and what is raised. A stream is not
wrapped if its ``write`` is computed when it is read (a property, ``__getattr__``) or if it has no attribute
dictionary.
"""

from __future__ import annotations

import collections
import functools
import sys
import threading
import time
import types

from . import values
from .descriptors import class_dict, class_mro
from .signal_handlers import handler_exception
from .stored_attributes import file_of, is_a, name_of, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, Tuple

MAX_RECORDS = 20_000
"""Records kept between two polls; older ones are dropped and counted."""

MAX_TEXT_LENGTH = 4_000
"""Characters of one record or line."""

_ATOMS = (str, int, float, bool, type(None))


class _FixedText:
    """Replaces a logging argument whose formatting would run code of the target."""

    def __init__(self, value: Any) -> None:
        self._text = values.text(value)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return self._text


class Tap:
    """Copies log records and printed lines from :meth:`start` to :meth:`stop`.

    :param capacity: records kept.
    """

    def __init__(self, capacity: int = MAX_RECORDS) -> None:
        self._records: Deque[Any] = collections.deque(maxlen=capacity)
        self._added_count = 0
        self._taken_count = 0
        self._local = threading.local()
        self._undo: List[Callable[[], None]] = []
        self._partial = {"stdout": "", "stderr": ""}
        self._stopped = False  # somebody's wrapper around ours may still call it

    def start(self) -> None:
        self._tap_logging()
        self._tap_streams()

    def stop(self) -> None:
        self._stopped = True
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                continue

    def take(self, limit: int = 5_000) -> Tuple[List[Dict[str, Any]], int]:
        """At most ``limit`` records, oldest first, and how many were dropped before them."""
        taken: List[Dict[str, Any]] = []
        while len(taken) < limit:
            try:
                taken.append(self._records.popleft())
            except IndexError:
                break
        self._taken_count += len(taken)
        lost = max(self._added_count - self._taken_count - len(self._records), 0)
        self._taken_count += lost
        return taken, lost

    def _add(self, record: Any) -> None:
        self._added_count += 1
        self._records.append(record)

    def _tap_logging(self) -> None:
        import logging

        original = logging.Logger.callHandlers
        inside = self._local

        @functools.wraps(original)
        def callHandlers(*args: Any, **named: Any) -> Any:
            try:
                if not self._stopped:
                    self._note(args[1] if len(args) > 1 else named["record"])
            except Exception as error:
                if handler_exception(error) is not None:
                    raise
            inside.depth = getattr(inside, "depth", 0) + 1
            try:
                return original(*args, **named)
            finally:
                inside.depth -= 1

        logging.Logger.callHandlers = callHandlers  # type: ignore[method-assign]

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
        own = values.instance_dict(stream)
        write = write_of(stream)
        if own is None or "write" in own or write is None or not keeps_attributes(stream, own):
            return
        own["write"] = shadow = self._shadow(name, write.__get__(stream))
        shadow.__self__ = stream  # like the method that it replaces

        def undo() -> None:
            if own.get("write") is shadow:
                del own["write"]

        self._undo.append(undo)

    def _shadow(self, name: str, write: Any) -> Any:
        """A wrapper for a stream's ``write``."""
        inside = self._local

        @functools.wraps(write)
        def shadow(*args: Any, **named: Any) -> Any:
            try:
                if not self._stopped and not getattr(inside, "depth", 0):
                    for text in args:
                        if type(text) is str:
                            self._printed(name, text)
            except Exception as error:
                if handler_exception(error) is not None:
                    raise
            return write(*args, **named)

        return shadow

    def _printed(self, name: str, text: str) -> None:
        if text == "\n":  # print() writes the line's end separately
            self._line(name, self._partial[name])
            self._partial[name] = ""
            return
        if "\n" not in text:
            self._partial[name] = (self._partial[name] + text)[-MAX_TEXT_LENGTH:]
            return
        lines = (self._partial[name] + text).split("\n")
        self._partial[name] = lines.pop()[-MAX_TEXT_LENGTH:]
        for line in lines:
            self._line(name, line)

    def _line(self, name: str, line: str) -> None:
        self._add({"t": time.time(), "s": name, "x": line[:MAX_TEXT_LENGTH]})


def write_of(stream: Any) -> Any:
    """The ``write`` of the stream's class if it is a function or a method written in C; None if it is
    computed."""
    for cls in class_mro(type(stream)):
        function = class_dict(cls).get("write")
        if function is not None:
            kinds = (types.FunctionType, types.MethodDescriptorType)
            return function if values.one_of(type(function), kinds) else None
    return None


def keeps_attributes(stream: Any, own: Dict[str, Any]) -> bool:
    """Whether the stream's attributes are read from its dictionary, and ``own`` is that and no copy."""
    for cls in class_mro(type(stream)):
        reader = class_dict(cls).get("__getattribute__")
        if reader is not None:
            return type(reader) is types.WrapperDescriptorType and values.instance_dict(stream) is own
    return False


def logged(record: Any) -> Dict[str, Any]:
    held = texts(values.instance_dict(record))  # the program may use its own class of records
    created, level, line = held.get("created"), held.get("levelno"), held.get("lineno")
    row: Dict[str, Any] = {
        "t": created if type(created) is float else time.time(),
        "s": "logging",
        "l": level if type(level) is int else 0,
        "g": values.exact(held.get("name")),
        "x": worded(held.get("msg"), held.get("args")),
        "p": values.exact(held.get("pathname")),
        "n": line if type(line) is int else 0,
    }
    info = held.get("exc_info")
    if type(info) is tuple and len(info) == 3 and is_a(info[1], BaseException):
        row["x"] += "\n" + _exception_lines(info)
    return row


def worded(message: Any, arguments: Any) -> str:
    """A record's message with its arguments filled in; bounded."""
    return _message(message, arguments)[:MAX_TEXT_LENGTH]


def _message(message: Any, arguments: Any) -> str:
    if type(message) is not str:
        return values.text(message)
    if arguments is None or (type(arguments) is tuple and not arguments):
        return message
    try:
        if type(arguments) is tuple:
            return message % tuple(_safe_argument(each) for each in arguments)
        if is_a(arguments, dict):
            return message % {name: _safe_argument(each) for name, each in texts(arguments).items()}
    except Exception as error:
        if handler_exception(error) is not None:
            raise
    return "%s %s" % (message, values.text(arguments))


def _safe_argument(argument: Any) -> Any:
    return argument if values.one_of(type(argument), _ATOMS) else _FixedText(argument)


def _exception_lines(info: Any) -> str:
    """Type, message and innermost place of a logged exception."""
    _, value, trace = info
    where = ""
    while type(trace) is types.TracebackType:
        code = trace.tb_frame.f_code
        where = "%s:%d in %s" % (file_of(code), trace.tb_lineno, name_of(code))
        trace = trace.tb_next
    return "%s  (%s)" % (values.text(value), where) if where else values.text(value)
