"""Threads, tasks, frames, variables and exceptions, as `peek`, `open` and `diagnose` print them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from iqdebug.cli.documents.base import Document, Part
from iqdebug.core import state
from iqdebug.core.messages import render
from iqdebug.core.state import FrameKind, Gil, Origin, Phase, ThreadState, VariableState

__all__ = [
    "ExceptionInfo",
    "Frame",
    "LogRecord",
    "Snapshot",
    "Task",
    "Thread",
    "Variable",
    "exception_document",
    "frame_document",
    "log_documents",
    "snapshot_document",
    "variable_documents",
]


class Variable(Part, frozen=True):
    """A value as text. ``state`` is ``cut`` where the text is the beginning of the value, ``slow`` or
    ``raised`` where reading it failed, ``lazy`` where it was not read. ``size`` counts its elements,
    null where it has none."""

    type: str
    value: str
    kind: Literal["local", "argument", "global", "item", "attribute", "property", "group"]
    state: VariableState
    size: int | None


class Frame(Part, frozen=True):
    """``kind`` says whose code it is: ``user``, ``library`` or ``stdlib``; ``label`` is a heading within
    a stack. ``variables`` are by name, null where they were not read."""

    file: str
    line: int
    function: str
    kind: FrameKind
    module: str
    variables: dict[str, Variable] | None


class Thread(Part, frozen=True):
    """``frames`` run from the innermost; ``frames_total`` says how many there are when only the first
    were read. ``wait`` says in words what it waits for, "" where that cannot be told. One without
    frames runs no Python code at the moment."""

    id: int
    name: str
    os_id: int | None
    state: ThreadState
    gil: Gil
    wait: str
    is_main: bool
    is_greenlet: bool
    frames: list[Frame]
    frames_total: int | None


class Task(Part, frozen=True):
    """A task of asyncio. ``thread_id`` is the ``id`` of the thread that runs it."""

    name: str
    coroutine: str
    state: Literal["pending", "running", "done", "cancelled"]
    awaiting: str
    thread_id: int | None
    frames: list[Frame]


class ExceptionInfo(Part, frozen=True):
    """``type`` is qualified, without ``builtins``. ``link`` says how it hangs on the exception that
    holds it, "" for the outermost. ``chain`` is what it was raised from, the nearest first; ``members``
    are those of a group; ``notes`` those of ``add_note``."""

    type: str
    message: str
    link: Literal["", "cause", "context", "member"]
    notes: list[str]
    chain: list[ExceptionInfo]
    members: list[ExceptionInfo]


class LogRecord(Part, frozen=True):
    """A line that the program wrote or logged. ``level`` is logging's number, 0 for plain output;
    ``time`` counts seconds since the Unix epoch."""

    time: float
    stream: Literal["stdout", "stderr", "logging", "iqdebug"]
    level: int
    logger: str
    text: str
    file: str
    line: int


class Snapshot(Document, frozen=True, tag="iqdebug/snapshot/1"):
    """A moment of a process. ``origin`` is ``peek`` where it was read from outside; ``focus`` is the
    ``id`` of the thread to look at first; ``reason`` and ``detail`` are words about what it does."""

    pid: int
    python: str
    command: str
    cwd: str
    taken_at: float
    origin: Origin
    phase: Phase
    reason: str
    detail: str
    exit_code: int | None
    exception: ExceptionInfo | None
    focus: int | None
    threads: list[Thread]
    tasks: list[Task]


def variable_documents(variables: Iterable[state.Variable]) -> dict[str, Variable]:
    """By name, without the headings among them."""
    return {
        v.name: Variable(type=v.type, value=v.value, kind=v.kind, state=v.state, size=v.size)
        for v in variables
        if v.kind != "group"
    }


def frame_document(frame: state.Frame) -> Frame:
    return Frame(
        file=frame.path,
        line=frame.line,
        function=frame.name,
        kind=frame.kind,
        module=frame.module,
        variables=None if frame.locals is None else variable_documents(frame.locals),
    )


def exception_document(error: state.ExceptionInfo) -> ExceptionInfo:
    return ExceptionInfo(
        type=error.type,
        message=error.message,
        link=error.link,
        notes=list(error.notes),
        chain=[exception_document(each) for each in error.chain],
        members=[exception_document(each) for each in error.members],
    )


def log_documents(records: Iterable[state.LogRecord]) -> list[LogRecord]:
    return [
        LogRecord(
            time=record.time,
            stream=record.stream,
            level=record.level,
            logger=record.logger,
            text=record.text,
            file=record.path,
            line=record.line,
        )
        for record in records
    ]


def snapshot_document(snapshot: state.Snapshot) -> Snapshot:
    return Snapshot(
        pid=snapshot.pid,
        python=snapshot.python,
        command=snapshot.command,
        cwd=snapshot.cwd,
        taken_at=snapshot.taken_at,
        origin=snapshot.origin,
        phase=snapshot.phase,
        reason=render(snapshot.reason),
        detail=render(snapshot.detail),
        exit_code=snapshot.exit_code,
        exception=None if snapshot.exception is None else exception_document(snapshot.exception),
        focus=snapshot.focus,
        threads=[_thread(thread) for thread in snapshot.threads],
        tasks=[_task(task) for task in snapshot.tasks],
    )


def _thread(thread: state.Thread) -> Thread:
    return Thread(
        id=thread.id,
        name=thread.name,
        os_id=thread.os_id,
        state=thread.state,
        gil=thread.gil,
        wait=thread.wait,
        is_main=thread.is_main,
        is_greenlet=thread.is_greenlet,
        frames=[frame_document(frame) for frame in thread.frames],
        frames_total=thread.frames_total,
    )


def _task(task: state.Task) -> Task:
    return Task(
        name=task.name,
        coroutine=task.coroutine,
        state=task.state,
        awaiting=task.awaiting,
        thread_id=task.thread_id,
        frames=[frame_document(frame) for frame in task.frames],
    )
