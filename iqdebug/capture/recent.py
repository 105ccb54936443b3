"""The last log records and printed lines, kept while nothing fails at the least cost."""

from __future__ import annotations

import functools

from .imports import after_import
from .tap import LINE_LIMIT, Tap, logged, worded
from .values import exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set, Tuple

CAPACITY = 1_500
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

        @functools.wraps(original)
        def makeRecord(*args: Any, **options: Any) -> Any:
            record = original(*args, **options)
            try:
                self._note(record, type(record) is logging.LogRecord)
            except Exception:
                pass
            return record

        logging.Logger.makeRecord = makeRecord  # type: ignore[method-assign]

        def undo() -> None:
            if logging.Logger.makeRecord is makeRecord:
                logging.Logger.makeRecord = original  # type: ignore[method-assign]

        self._undo.append(undo)

    def _shadow(self, name: str, write: Any) -> Any:
        append = self._records.append

        @functools.wraps(write)
        def shadow(*args: Any, **named: Any) -> Any:
            # Pieces as they come; lines are made of them when somebody asks.
            for text in args:
                if type(text) is str:
                    append((name, text if len(text) < LINE_LIMIT else text[:LINE_LIMIT]))
            return write(*args, **named)

        return shadow

    def last(self, count: int) -> Tuple[List[Dict[str, Any]], int]:
        """The last records and lines, oldest first, in the crash file's words, and how many log
        records and pieces of output went before. A line that a log handler wrote is known as its
        record and left out; when a line was printed is not known."""
        kept = list(self._records)
        told = {_row(row)["x"] for row in kept if type(row) is tuple and len(row) > 2}
        partial: Dict[str, str] = {}
        rows: List[Dict[str, Any]] = []
        for row in kept:
            if type(row) is not tuple:
                rows.append(row)
            elif len(row) > 2:
                rows.append(_row(row))
            else:
                name, text = row
                lines = (partial.get(name, "") + text).split("\n")
                partial[name] = lines.pop()[-LINE_LIMIT:]
                rows += [{"t": 0.0, "s": name, "x": line[:LINE_LIMIT]} for line in lines]
        rows += [{"t": 0.0, "s": name, "x": text} for name, text in partial.items() if text]
        rows = [row for row in rows if row["s"] == "logging" or not _repeats(row["x"], told)]
        named = [{_NAMES[key]: value for key, value in row.items()} for row in rows[-count:]]
        return named, max(self._seen - len(told), 0)

    def _note(self, record: Any, plain: bool = False) -> None:
        """:param plain: whether it is of ``logging``'s own class, whose attributes are what it stores."""
        if plain and type(record.msg) is str and not _raised(record.exc_info) and _of_atoms(record.args):
            args = record.args
            where = (record.pathname, record.lineno)
            self._add((record.created, record.levelno, record.name, record.msg, args, *where))
        else:
            self._add(logged(record))


def _raised(info: Any) -> bool:
    return not (info is None or info is False)


def _of_atoms(args: Any) -> bool:
    """Written out: it is done at each log call of the program's."""
    if type(args) is not tuple:
        return args is None
    for each in args:
        cls = type(each)
        if each is not None and cls is not str and cls is not int and cls is not float and cls is not bool:
            return False
    return True


def _repeats(line: str, told: Set[str]) -> bool:
    return any(message and line.endswith(message) for message in told)


def _row(kept: Tuple[Any, ...]) -> Dict[str, Any]:
    created, level, name, message, args, path, line = kept
    text = worded(message, args)
    return {
        "t": created,
        "s": "logging",
        "l": level,
        "g": exact(name),
        "x": text,
        "p": exact(path),
        "n": line,
    }
