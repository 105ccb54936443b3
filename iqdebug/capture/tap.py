"""Copies of what the target logs and prints, without changing what it logs and prints.

``logging.Logger.callHandlers`` and the ``write`` of the two text streams are shadowed for as long
as the tap is on. No handler is added: a root handler would silence ``logging.lastResort`` and
make a later ``basicConfig()`` do nothing. The buffer is bounded; what does not fit is counted.

What stands in for a function takes whatever it is called with, and hands on all of it, what comes back,
and what is raised. A stream whose ``write`` is made when it is read (a property, ``__getattr__``) or that
has no attributes of its own is left alone.
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
        self._over = False  # what somebody has put over ours calls it still

    def start(self) -> None:
        self._tap_logging()
        self._tap_streams()

    def stop(self) -> None:
        self._over = True
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

        @functools.wraps(original)
        def callHandlers(*args: Any, **named: Any) -> Any:
            try:
                if not self._over:
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
        shadow.__self__ = stream  # as the method has that it stands for

        def undo() -> None:
            if own.get("write") is shadow:
                del own["write"]

        self._undo.append(undo)

    def _shadow(self, name: str, write: Any) -> Any:
        """A function to stand in for a stream's ``write``."""
        inside = self._inside

        @functools.wraps(write)
        def shadow(*args: Any, **named: Any) -> Any:
            try:
                if not self._over and not getattr(inside, "depth", 0):
                    for text in args:
                        if type(text) is str:
                            self._printed(name, text)
            except Exception as error:
                if handler_exception(error) is not None:
                    raise
            return write(*args, **named)

        return shadow

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


def write_of(stream: Any) -> Any:
    """What the stream's class has as its ``write``, where that is a function or a method written in C; None
    where something else makes it each time."""
    for cls in class_mro(type(stream)):
        found = class_dict(cls).get("write")
        if found is not None:
            kinds = (types.FunctionType, types.MethodDescriptorType)
            return found if values.one_of(type(found), kinds) else None
    return None


def keeps_attributes(stream: Any, own: Dict[str, Any]) -> bool:
    """Whether an attribute of the stream is what its dictionary, of which ``own`` may be a copy, has."""
    for cls in class_mro(type(stream)):
        reader = class_dict(cls).get("__getattribute__")
        if reader is not None:
            return type(reader) is types.WrapperDescriptorType and values.instance_dict(stream) is own
    return False


def logged(record: Any) -> Dict[str, Any]:
    held = texts(values.instance_dict(record))  # a program may make its records of a class of its own
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
    """A record's message, its arguments filled in; bounded."""
    return _message(message, arguments)[:LINE_LIMIT]


def _message(message: Any, arguments: Any) -> str:
    if type(message) is not str:
        return values.text(message)
    if arguments is None or (type(arguments) is tuple and not arguments):
        return message
    try:
        if type(arguments) is tuple:
            return message % tuple(_told(each) for each in arguments)
        if is_a(arguments, dict):
            return message % {name: _told(each) for name, each in texts(arguments).items()}
    except Exception as error:
        if handler_exception(error) is not None:
            raise
    return "%s %s" % (message, values.text(arguments))


def _told(argument: Any) -> Any:
    return argument if values.one_of(type(argument), _ATOMS) else _Plain(argument)


def _exception_lines(info: Any) -> str:
    """Type, message and innermost place of an exception that is being logged."""
    _, value, trace = info
    where = ""
    while type(trace) is types.TracebackType:
        code = trace.tb_frame.f_code
        where = "%s:%d in %s" % (file_of(code), trace.tb_lineno, name_of(code))
        trace = trace.tb_next
    return "%s  (%s)" % (values.text(value), where) if where else values.text(value)
