"""The agent's rows as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iqdebug.core.paths import frame_kind, frame_kinds_settled
from iqdebug.core.state import Call, ExceptionInfo, Frame, Gil, LogRecord, Task, Thread, ThreadState, Variable
from iqdebug.dap.agent_rows import (
    ExceptionRow,
    FrameRow,
    LogRow,
    TaskRow,
    ThreadRow,
    VariableRow,
    sound,
    unexpected,
)
from iqdebug.dap.target_state import state_letter

__all__ = ["exception", "log_record", "task", "thread", "user_frame_ids", "variable", "with_locals"]

_FRAMES_READ = 20  # a thread
_FRAMES_READ_IN_ALL = 300


MAX_LINE = 20_000
"""Characters of a line of output that are kept; the agent sends 4,000 at most."""


def variable(row: dict[str, Any]) -> Variable:
    """:raises ProtocolError: as all here, for a row of another shape."""
    sound(row, VariableRow)
    return Variable(
        name=row["n"],
        value=row["v"],
        type=row.get("t", ""),
        reference=row.get("r", 0),
        size=row.get("s"),
        state=row.get("st", "ok"),
        kind=row.get("k", "local"),
        evaluate_name=row.get("e"),
    )


def frame(row: dict[str, Any]) -> Frame:
    sound(row, FrameRow)
    listed = row.get("locals")
    return Frame(
        name=row["name"],
        path=row["path"],
        line=row["line"],
        id=row["id"] or None,
        kind="label" if row.get("label") else frame_kind(row["path"]),
        module=row.get("mod", ""),
        locals=None if listed is None else tuple(variable(v) for v in listed),
        span=tuple(row["span"]) if "span" in row else None,
        first_line=row.get("first", 0),
        calls=tuple(Call(*each) for each in row.get("calls", ())),
    )


def thread(row: dict[str, Any], pid: int) -> Thread:
    sound(row, ThreadRow)
    os_id = row.get("os")
    stopped = row.get("stopped", False)
    return Thread(
        id=row["id"],
        name=row["name"],
        os_id=os_id,
        state=ThreadState.PAUSED if stopped else _state(pid, row),
        gil=Gil.UNKNOWN,
        frames=frame_kinds_settled(tuple(frame(f) for f in row["frames"])),
        frames_total=row["total"],
        is_main=row["main"],
        wait=row.get("wait", ""),
        is_greenlet=row.get("waiting", False),
        ident=row.get("ident"),
    )


def _state(pid: int, row: dict[str, Any]) -> ThreadState:
    os_id = row.get("os")
    if row.get("waiting"):
        return ThreadState.WAITING
    if os_id is None:
        return ThreadState.UNKNOWN
    return {"R": ThreadState.RUNNING, "S": ThreadState.WAITING, "D": ThreadState.WAITING}.get(
        state_letter(pid, os_id), ThreadState.UNKNOWN
    )


def user_frame_ids(threads: Sequence[Thread]) -> list[int]:
    """Ids of the frames whose locals a diagnosis reads: the user's innermost ones."""
    wanted: list[int] = []
    for one in threads:
        ids = [f.id for f in one.frames if f.kind == "user" and f.id is not None]
        wanted += ids[:_FRAMES_READ]
    return wanted[:_FRAMES_READ_IN_ALL]


def with_locals(threads: Sequence[Thread], answer: list[list[Any]]) -> tuple[Thread, ...]:
    """The threads with the locals that the agent answered, pairs of frame id and rows."""
    try:
        known = {number: tuple(variable(row) for row in rows) for number, rows in answer}
    except (TypeError, ValueError) as error:
        raise unexpected(error) from None
    return tuple(
        replace(one, frames=tuple(replace(f, locals=known[f.id]) if f.id in known else f for f in one.frames))
        for one in threads
    )


def exception(row: dict[str, Any], *, uncaught: bool) -> ExceptionInfo:
    """The tree of an exception, its causes, group members and notes."""
    sound(row, ExceptionRow)
    return ExceptionInfo(
        type=row["type"],
        message=row["message"],
        uncaught=uncaught,
        link=row["link"],
        notes=tuple(row["notes"]),
        chain=tuple(exception(below, uncaught=uncaught) for below in row["chain"]),
        members=tuple(exception(member, uncaught=uncaught) for member in row["members"]),
        frames=tuple(frame(f) for f in row["frames"]),
    )


def task(row: dict[str, Any]) -> Task:
    sound(row, TaskRow)
    return Task(
        name=row["name"],
        coroutine=row["coro"],
        state="running" if row["running"] else "pending",
        frames=tuple(frame(f) for f in row["frames"]),
        awaiting=row["awaiting"],
    )


def log_record(row: dict[str, Any]) -> LogRecord:
    sound(row, LogRow)
    return LogRecord(
        time=row["t"],
        stream=row["s"],
        text=row["x"][:MAX_LINE],
        level=row.get("l", 0),
        logger=row.get("g", ""),
        path=row.get("p", ""),
        line=row.get("n", 0),
    )
