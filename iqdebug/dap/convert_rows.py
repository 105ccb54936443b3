"""The agent's rows as the frozen values of :mod:`iqdebug.core.state`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from iqdebug.core.messages import render
from iqdebug.core.paths import frame_kind, frame_kinds_settled
from iqdebug.core.state import Call, ExceptionInfo, Frame, LogRecord, Task, Thread, ThreadState, Variable
from iqdebug.dap.agent_rows import ExceptionRow, FrameRow, LogRow, TaskRow, ThreadRow, VariableRow
from iqdebug.dap.target_state import state_letter

__all__ = ["exception", "log_record", "task", "thread", "user_frame_ids", "variables", "with_locals"]

MAX_FRAMES_READ = 20
"""Frames of one thread whose locals are read at a stop, the innermost."""

MAX_FRAMES_READ_IN_ALL = 300

MAX_LINE = 20_000
"""Characters of a line of output that are kept; the agent sends 4,000 at most."""

_STATES = {"R": ThreadState.RUNNING, "S": ThreadState.WAITING, "D": ThreadState.WAITING}


def variables(rows: Iterable[VariableRow]) -> tuple[Variable, ...]:
    return tuple(
        Variable(
            name=row.name,
            value=render(row.value),
            type=row.type,
            reference=row.reference,
            size=row.size,
            state=row.state,
            kind=row.kind,
            evaluate_name=row.evaluate_name,
        )
        for row in rows
    )


def frame(row: FrameRow) -> Frame:
    return Frame(
        name=row.name,
        path=row.path,
        line=row.line,
        id=row.id or None,
        kind="label" if row.is_label else frame_kind(row.path),
        module=row.module,
        locals=None if row.locals is None else variables(row.locals),
        span=row.span,
        first_line=row.first_line,
        calls=tuple(Call(*call) for call in row.calls),
    )


def thread(row: ThreadRow, pid: int) -> Thread:
    return Thread(
        id=row.id,
        name=render(row.name),
        os_id=row.os_id,
        state=_thread_state(row, pid),
        frames=frame_kinds_settled(tuple(frame(f) for f in row.frames)),
        frames_total=row.frames_total,
        is_main=row.is_main,
        wait_message=row.wait,
        is_greenlet=row.is_greenlet,
        ident=row.ident,
    )


def _thread_state(row: ThreadRow, pid: int) -> ThreadState:
    if row.stopped:
        return ThreadState.PAUSED
    if row.is_greenlet:
        return ThreadState.WAITING
    if row.os_id is None:
        return ThreadState.UNKNOWN
    return _STATES.get(state_letter(pid, row.os_id), ThreadState.UNKNOWN)


def user_frame_ids(threads: Iterable[Thread]) -> list[int]:
    """Ids of the frames whose locals a diagnosis reads: the user's innermost ones."""
    wanted: list[int] = []
    for each in threads:
        ids = [f.id for f in each.frames if f.kind == "user" and f.id is not None]
        wanted += ids[:MAX_FRAMES_READ]
    return wanted[:MAX_FRAMES_READ_IN_ALL]


def with_locals(
    threads: Sequence[Thread], rows_by_frame: Mapping[int, Iterable[VariableRow]]
) -> tuple[Thread, ...]:
    """The threads with the locals of the frames whose ids are given."""
    known = {frame_id: variables(rows) for frame_id, rows in rows_by_frame.items()}
    return tuple(
        replace(
            each, frames=tuple(replace(f, locals=known[f.id]) if f.id in known else f for f in each.frames)
        )
        for each in threads
    )


def exception(row: ExceptionRow, *, uncaught: bool) -> ExceptionInfo:
    """The tree of an exception, its causes, group members and notes."""
    return ExceptionInfo(
        type=row.type,
        message=row.message,
        uncaught=uncaught,
        link=row.link,
        notes=row.notes,
        chain=tuple(exception(cause, uncaught=uncaught) for cause in row.chain),
        members=tuple(exception(member, uncaught=uncaught) for member in row.members),
        frames=tuple(frame(f) for f in row.frames),
    )


def task(row: TaskRow) -> Task:
    return Task(
        name=row.name,
        coroutine=row.coroutine,
        state="running" if row.running else "pending",
        frames=tuple(frame(f) for f in row.frames),
        awaiting=row.awaiting,
    )


def log_record(row: LogRow) -> LogRecord:
    return LogRecord(
        time=row.time,
        stream=row.stream,
        text=render(row.text)[:MAX_LINE],
        level=row.level,
        logger=row.logger,
        path=row.path,
        line=row.line,
    )
