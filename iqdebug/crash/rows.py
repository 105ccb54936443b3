"""Rows of a crash file as values of the model; what does not fit is left out."""

from __future__ import annotations

from iqdebug.core.state import Call, LogRecord
from iqdebug.crash.model import (
    Child,
    Git,
    Local,
    Meta,
    RecordedException,
    RecordedFrame,
    RecordedTask,
    RecordedThread,
    SourceText,
    TestReport,
    Value,
)
from iqdebug.crash.untrusted_rows import Row, flag, number, pairs, real, rows, text, texts, whole, wholes

__all__ = [
    "exception_of",
    "flags_of",
    "frame_of",
    "git_of",
    "meta_of",
    "pairs_of_texts",
    "record_of",
    "source_of",
    "task_of",
    "test_of",
    "texts_by_name",
    "threads_of",
    "value_of",
]

_LOCAL_KINDS = frozenset({"argument", "local"})


def value_of(row: Row) -> Value:
    array = row.get("array")
    children = (
        Child(kind, name, whole(value))
        for kind, name, value in pairs(row, "children", 3)
        if type(kind) is str and type(name) is str and (value is None or whole(value) is not None)
    )
    return Value(
        type=text(row, "type"),
        text=text(row, "text"),
        size=whole(row.get("size")),
        cut=flag(row, "cut"),
        long=text(row, "long"),
        children=tuple(children),
        left_out=number(row, "left_out"),
        array={k: v for k, v in array.items() if type(k) is str} if type(array) is dict else {},
        masked=flag(row, "masked"),
    )


def meta_of(row: Row) -> Meta:
    place = row.get("place")
    if not (
        type(place) is list
        and len(place) == 3
        and type(place[0]) is str
        and whole(place[1]) is not None
        and type(place[2]) is str
    ):
        place = None
    return Meta(
        why=text(row, "why"),
        title=text(row, "title"),
        how=text(row, "how"),
        created=real(row, "created"),
        writer=text(row, "writer"),
        fingerprint=text(row, "fingerprint"),
        pid=number(row, "pid"),
        python=text(row, "python"),
        implementation=text(row, "implementation"),
        executable=text(row, "executable"),
        argv=texts(row, "argv"),
        cwd=text(row, "cwd"),
        platform=text(row, "platform"),
        prefixes=texts(row, "prefixes"),
        thread=whole(row.get("thread")),
        masked=flag(row, "masked"),
        place=(place[0], place[1], place[2]) if place is not None else None,
    )


def frame_of(row: Row) -> RecordedFrame | None:
    number_ = whole(row.get("id"))
    if number_ is None:
        return None
    span = row.get("span")
    fitting = type(span) is list and len(span) == 4 and all(whole(n) is not None for n in span)
    locals_ = (
        Local(name, kind if kind in _LOCAL_KINDS else "local", value)
        for name, kind, value in pairs(row, "locals", 3)
        if type(name) is str and type(kind) is str and whole(value) is not None
    )
    return RecordedFrame(
        id=number_,
        file=text(row, "file"),
        line=number(row, "line"),
        function=text(row, "function") or "?",
        module=text(row, "module"),
        first_line=number(row, "first_line"),
        span=(span[0], span[1], span[2], span[3]) if fitting and span is not None else None,
        locals=tuple(locals_) if type(row.get("locals")) is list else None,
        locals_left_out=number(row, "locals_left_out"),
        globals=_named_ids(row, "globals"),
        calls=tuple(
            Call(expression, path, line, function)
            for expression, path, line, function in pairs(row, "calls", 4)
            if all(type(part) is str for part in (expression, path, function)) and whole(line) is not None
        ),
    )


def _named_ids(row: Row, key: str) -> tuple[tuple[str, int], ...]:
    return tuple(
        (name, value) for name, value in pairs(row, key, 2) if type(name) is str and whole(value) is not None
    )


def exception_of(row: Row) -> RecordedException | None:
    number_ = whole(row.get("id"))
    if number_ is None:
        return None
    frames = wholes(row, "frames")
    return RecordedException(
        id=number_,
        type=text(row, "type") or "?",
        message=text(row, "message"),
        notes=texts(row, "notes"),
        cause=whole(row.get("cause")),
        context=whole(row.get("context")),
        suppress=flag(row, "suppress"),
        members=wholes(row, "members"),
        frames=frames,
        frames_total=max(number(row, "frames_total"), len(frames)),
        attributes=_named_ids(row, "attributes"),
    )


def threads_of(thrd: Row) -> tuple[RecordedThread, ...]:
    threads: dict[int, RecordedThread] = {}
    for row in rows(thrd, "threads"):
        number_ = whole(row.get("id"))
        if number_ is None:
            continue
        frames = wholes(row, "frames")
        thread = RecordedThread(
            id=number_,
            name=text(row, "name") or f"thread {number_}",
            os_id=whole(row.get("os")),
            daemon=flag(row, "daemon"),
            main=flag(row, "main"),
            crashed=flag(row, "crashed"),
            frames=frames,
            frames_total=max(number(row, "frames_total"), len(frames)),
        )
        threads.setdefault(number_, thread)
    return tuple(threads.values())


def task_of(row: Row) -> RecordedTask:
    return RecordedTask(
        name=text(row, "name") or "task",
        coroutine=text(row, "coroutine"),
        state=text(row, "state"),
        awaiting=text(row, "awaiting"),
        frames=wholes(row, "frames"),
    )


def record_of(row: Row) -> LogRecord:
    stream = text(row, "stream")
    return LogRecord(
        time=real(row, "time"),
        stream="stdout" if stream == "stdout" else "stderr" if stream == "stderr" else "logging",
        text=text(row, "text"),
        level=number(row, "level"),
        logger=text(row, "logger"),
        path=text(row, "path"),
        line=number(row, "line"),
    )


def texts_by_name(row: Row, key: str) -> dict[str, str]:
    members = row.get(key)
    if type(members) is not dict:
        return {}
    return {k: v for k, v in members.items() if type(k) is str and type(v) is str}


def flags_of(row: Row) -> dict[str, int]:
    flags = row.get("flags")
    if type(flags) is not dict:
        return {}
    return {
        k: int(v) for k, v in flags.items() if type(k) is str and (type(v) is bool or whole(v) is not None)
    }


def pairs_of_texts(row: Row, key: str) -> tuple[tuple[str, str], ...]:
    return tuple((a, b) for a, b in pairs(row, key, 2) if type(a) is str and type(b) is str)


def git_of(row: Row) -> Git:
    return Git(
        root=text(row, "root"),
        revision=text(row, "revision"),
        branch=text(row, "branch"),
        diff=text(row, "diff"),
        diff_cut=flag(row, "diff_cut"),
    )


def test_of(row: Row) -> TestReport:
    return TestReport(
        nodeid=text(row, "nodeid"),
        when=text(row, "when"),
        report=text(row, "report"),
        sections=pairs_of_texts(row, "sections"),
        worker=text(row, "worker"),
    )


def source_of(row: Row) -> SourceText:
    parts = tuple(
        (first, tuple(line for line in lines if type(line) is str))
        for first, lines in pairs(row, "parts", 2)
        if whole(first) and type(lines) is list
    )
    return SourceText(text(row, "file"), text(row, "sha256"), number(row, "size"), parts, flag(row, "whole"))
