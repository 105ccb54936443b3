"""The last log records and printed lines, kept while nothing fails at the least cost."""

from __future__ import annotations

import sys

from .imports import after_import
from .tap import Tap, logged, worded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

CAPACITY = 500
_ATOMS = (str, int, float, bool, type(None))
_NAMES = {"t": "time", "s": "stream", "x": "text", "l": "level", "g": "logger", "p": "path", "n": "line"}


class Recent(Tap):
    """A record whose arguments are plain values is put into words only when it is asked for; any
    other at once, so that no object of the program lives longer for it.

    :param logs: whether to keep log records; logging is watched once the program imports it.
    :param output: whether to keep what is printed.
    """

    def __init__(self, logs: bool = True, output: bool = True) -> None:
        super().__init__(CAPACITY)
        self._logs = logs
        self._output = output

    def start(self) -> None:
        if self._logs:
            self._undo.append(after_import("logging", lambda module: self._tap_logging()))
        if self._output:
            self._tap_streams()

    def _tap_logging(self) -> None:
        """Where records are made: no frame of ours is on the stack while handlers run, and none
        shows when one of them prints it."""
        import logging

        original = logging.Logger.makeRecord

        def makeRecord(logger: Any, *args: Any, **options: Any) -> Any:
            record = original(logger, *args, **options)
            try:
                self._note(record)
            except Exception:
                pass
            return record

        logging.Logger.makeRecord = makeRecord  # type: ignore[method-assign,assignment]

        def undo() -> None:
            if logging.Logger.makeRecord is makeRecord:
                logging.Logger.makeRecord = original  # type: ignore[method-assign]

        self._undo.append(undo)

    def _writer(self, name: str, original: Any) -> Any:
        def write(text: Any) -> Any:
            try:
                # What a log handler writes is known as its record. (Called by the interpreter
                # itself there is no frame to look at.)
                if type(text) is str and sys._getframe(1).f_globals.get("__name__") != "logging":
                    self._printed(name, text)
            except Exception:
                pass
            return original(text)

        return write

    def last(self, count: int) -> Tuple[List[Dict[str, Any]], int]:
        """The last records, oldest first, in the crash file's words, and how many went before."""
        rows = [_row(kept) if type(kept) is tuple else kept for kept in list(self._records)[-count:]]
        rows += [{"t": 0.0, "s": name, "x": text} for name, text in self._partial.items() if text]
        named = [{_NAMES[key]: value for key, value in row.items()} for row in rows]
        return named, max(self._seen - len(rows), 0)

    def _note(self, record: Any) -> None:
        args = record.args
        plain = not args or (type(args) is tuple and all(type(a) in _ATOMS for a in args))
        if plain and type(record.msg) is str and not record.exc_info:
            where = (record.pathname, record.lineno)
            self._add((record.created, record.levelno, record.name, record.msg, args, *where))
        else:
            self._add(logged(record))


def _row(kept: Tuple[Any, ...]) -> Dict[str, Any]:
    created, level, name, message, args, path, line = kept
    text = worded(message, args)
    return {"t": created, "s": "logging", "l": level, "g": str(name), "x": text, "p": str(path), "n": line}
