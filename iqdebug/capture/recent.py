"""Keeps the last log records and printed lines, at minimal cost while nothing fails."""

from __future__ import annotations

import functools

from .imports import after_import
from .tap import MAX_TEXT_LENGTH, Tap, logged, worded
from .values import exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set, Tuple

MAX_RECENT_RECORDS = 1_500
_KEY_NAMES = {"t": "time", "s": "stream", "x": "text", "l": "level", "g": "logger", "p": "path", "n": "line"}


class Recent(Tap):
    """Formats a record with plain arguments only when it is read; any other at once, so that no object of the
    program is kept alive.

    :param logs: whether to keep log records; logging is watched once the program imports it.
    :param output: whether to keep what is printed.
    """

    def __init__(self, logs: bool = True, output: bool = True) -> None:
        super().__init__(MAX_RECENT_RECORDS)
        self._logs = logs
        self._output = output

    def start(self) -> None:
        if self._logs:
            self._undo.append(after_import("logging", lambda module: self._tap_logging()))
        if self._output:
            self._tap_streams()

    def _tap_logging(self) -> None:
        """Hook the creation of records: so no frame of ours is on the stack while handlers run, and none of
        them prints one."""
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
            # Pieces are joined into lines only when they are read.
            for text in args:
                if type(text) is str:
                    append((name, text if len(text) < MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH]))
            return write(*args, **named)

        return shadow

    def last(self, count: int) -> Tuple[List[Dict[str, Any]], int]:
        """The last records and lines, oldest first, with the crash file's keys, and how many log records and
        pieces of output were dropped before them. A line printed by a log handler is left out, because its
        record is there. The time of a printed line is not known."""
        kept = list(self._records)
        logged_texts = {_row(row)["x"] for row in kept if type(row) is tuple and len(row) > 2}
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
                partial[name] = lines.pop()[-MAX_TEXT_LENGTH:]
                rows += [{"t": 0.0, "s": name, "x": line[:MAX_TEXT_LENGTH]} for line in lines]
        rows += [{"t": 0.0, "s": name, "x": text} for name, text in partial.items() if text]
        rows = [row for row in rows if row["s"] == "logging" or not _repeats(row["x"], logged_texts)]
        named = [{_KEY_NAMES[key]: value for key, value in row.items()} for row in rows[-count:]]
        return named, max(self._added_count - len(logged_texts), 0)

    def _note(self, record: Any, plain: bool = False) -> None:
        """:param plain: whether it is of ``logging``'s own class, whose attributes run no code."""
        if plain and type(record.msg) is str and not _raised(record.exc_info) and _are_plain(record.args):
            args = record.args
            where = (record.pathname, record.lineno)
            self._add((record.created, record.levelno, record.name, record.msg, args, *where))
        else:
            self._add(logged(record))


def _raised(info: Any) -> bool:
    return not (info is None or info is False)


def _are_plain(args: Any) -> bool:
    """Whether all arguments are plain values. A written-out loop, because it runs in each log call."""
    if type(args) is not tuple:
        return args is None
    for each in args:
        cls = type(each)
        if each is not None and cls is not str and cls is not int and cls is not float and cls is not bool:
            return False
    return True


def _repeats(line: str, messages: Set[str]) -> bool:
    return any(message and line.endswith(message) for message in messages)


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
