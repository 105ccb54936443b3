"""Converts a crash to a :class:`~iqdebug.core.state.Snapshot`, the form that screens and ranking use."""

from __future__ import annotations

from functools import partial
from typing import Literal

from iqdebug.core.messages import Text, message, render
from iqdebug.core.paths import frame_kind, frame_kinds_settled
from iqdebug.core.state import (
    ExceptionInfo,
    Frame,
    FrameKind,
    Origin,
    Phase,
    Snapshot,
    Task,
    Thread,
    ThreadState,
)
from iqdebug.crash.model import CrashContents, RecordedException, RecordedFrame, RecordedThread
from iqdebug.crash.variables import attributes_reference, local_variables

__all__ = ["attributes_of", "frame_of", "place_of", "snapshot_of"]

Link = Literal["", "cause", "context", "member"]

_MAX_GROUP_DEPTH = 60  # groups within groups
_MAX_EXCEPTIONS = 500
_MAX_FRAMES = 40_000  # of all stacks together; a capture keeps fewer
_TASK_STATES: dict[str, Literal["pending", "running", "done", "cancelled"]] = {
    "running": "running",
    "done": "done",
    "cancelled": "cancelled",
}


def snapshot_of(crash: CrashContents) -> Snapshot:
    meta = crash.meta
    build = _Builder(crash)
    threads = build.threads()
    exception = build.exception()
    return Snapshot(
        pid=meta.pid,
        epoch=1,
        phase=Phase.PAUSED if meta.why == "snapshot" else Phase.CRASHED,
        origin=Origin.RECORDED,
        taken_at=meta.created,
        reason=_reason(crash),
        detail=_detail(crash),
        python=meta.python,
        command=" ".join(meta.argv),
        cwd=meta.cwd,
        threads=threads,
        tasks=build.tasks(),
        focus=build.focus(threads),
        exception=exception,
    )


def _reason(crash: CrashContents) -> Text:
    """``KeyError in main``"""
    meta = crash.meta
    root = crash.exceptions.get(crash.root) if crash.root is not None else None
    if meta.why == "snapshot":
        return message("crash.reason.snapshot")
    signal = crash.signal or meta.title or message("crash.reason.crash")
    what = _last_name(root.type) if root is not None else signal
    if crash.test is not None and crash.test.nodeid:
        where = crash.test.nodeid.rpartition("::")[2]
    else:
        place = place_of(crash)
        where = place[2].rpartition("<locals>.")[2] if place is not None else ""
    return message("crash.reason", what=what, place=where or None)


def _detail(crash: CrashContents) -> Text:
    """What is missing, and how it was caught."""
    if crash.missing_messages:
        return message("crash.damaged", count=len(crash.missing_messages), how=crash.meta.how or None)
    return crash.meta.how or ""


def _last_name(qualified: str) -> str:
    return qualified.rpartition(".")[2] or qualified


def place_of(crash: CrashContents) -> tuple[str, int, str] | None:
    """File, line and function of the innermost frame of the person's own code that the exception
    passed through, or that the crashed thread was in; of any frame where there is none of theirs."""
    if crash.meta.place is not None:
        return crash.meta.place
    root = crash.exceptions.get(crash.root) if crash.root is not None else None
    thread = crashed_thread(crash)
    ids = root.frames if root is not None else thread.frames if thread is not None else ()
    frames = [crash.frames[n] for n in ids if n in crash.frames]
    own = (f for f in frames if kind_of(f.file, crash.meta.prefixes) == "user")
    innermost = next(own, frames[0] if frames else None)
    return (innermost.file, innermost.line, innermost.function) if innermost is not None else None


def crashed_thread(crash: CrashContents) -> RecordedThread | None:
    """The thread that crashed: by its mark, else by its id; of a snapshot the main one."""
    threads = crash.threads
    marked = next((t for t in threads if t.crashed), None)
    by_id = next((t for t in threads if t.id == crash.meta.thread), None)
    main = next((t for t in threads if t.main), None)
    return marked or by_id or main or (threads[0] if threads else None)


def kind_of(path: str, prefixes: tuple[str, ...]) -> FrameKind:
    """:func:`~iqdebug.core.paths.frame_kind`, with the recorded interpreter's own folders: of these the
    standard library is the one that lies within another."""
    kind = frame_kind(path)
    if kind != "user":
        return kind
    for folder in prefixes:
        inner = any(folder != p and folder.startswith(_folder(p)) for p in prefixes if p)
        if inner and folder and path.startswith(_folder(folder)):
            return "stdlib"
    return "user"


def _folder(path: str) -> str:
    return path if path.endswith(("/", "\\")) else path + ("\\" if "\\" in path else "/")


def frame_of(crash: CrashContents, frame: RecordedFrame, *, with_locals: bool = True) -> Frame:
    return Frame(
        name=frame.function,
        path=frame.file,
        line=frame.line,
        id=frame.id,
        kind=kind_of(frame.file, crash.meta.prefixes),
        module=frame.module,
        locals=local_variables(crash, frame) if with_locals else None,
        span=frame.span,
        first_line=frame.first_line,
        calls=frame.calls,
    )


def attributes_of(crash: CrashContents, frame: RecordedFrame) -> tuple[tuple[str, int], ...]:
    """Of the exceptions that were raised in the frame: words and the reference of their
    attributes."""
    return tuple(
        (render(message("crash.attributes", exception=_last_name(node.type))), attributes_reference(node.id))
        for node in crash.exceptions.values()
        if node.attributes and node.frames[:1] == (frame.id,)
    )


class _Builder:
    """Builds each frame once, however many stacks it is in."""

    def __init__(self, crash: CrashContents) -> None:
        self._crash = crash
        self._built: dict[int, Frame] = {}
        self._seen: set[int] = set()
        self._room = _MAX_FRAMES
        root = crash.exceptions.get(crash.root) if crash.root is not None else None
        self._root = root
        self._traceback = root.frames if root is not None else ()

    def frames(self, ids: tuple[int, ...]) -> tuple[Frame, ...]:
        frames = []
        ids = ids[: self._room]
        self._room -= len(ids)
        for number in ids:
            if number not in self._built and number in self._crash.frames:
                self._built[number] = frame_of(self._crash, self._crash.frames[number])
            if number in self._built:
                frames.append(self._built[number])
        return tuple(frames)

    def focus(self, threads: tuple[Thread, ...]) -> int | None:
        crashed = crashed_thread(self._crash)
        if crashed is not None:
            return crashed.id
        return threads[0].id if threads else None

    def threads(self) -> tuple[Thread, ...]:
        crashed = crashed_thread(self._crash)
        threads = [self._thread(t, t is crashed) for t in self._crash.threads]
        if crashed is None and self._traceback:
            known = self._crash.meta.thread or 1
            frames = self.frames(self._traceback)
            total = max(self._root.frames_total if self._root is not None else 0, len(frames))
            no_list = message("wait.crashed_without_threads")
            wait = message("wait.crashed") if self._crash.threads else no_list
            name = render(message("crash.thread"))
            threads.append(Thread(known, name, frames=frames, frames_total=total, wait_message=wait))
        return tuple(threads)

    def _thread(self, thread: RecordedThread, crashed: bool) -> Thread:
        ids = thread.frames
        left_out = max(thread.frames_total - len(thread.frames), 0)
        root = self._root
        if crashed and root is not None and self._traceback:
            ids = self._traceback + self._callers(thread)
            left_out += max(root.frames_total - len(root.frames), 0)
        frames = frame_kinds_settled(self.frames(ids))
        raised = crashed and self._crash.meta.why != "snapshot"
        return Thread(
            id=thread.id,
            name=thread.name,
            os_id=thread.os_id,
            state=ThreadState.PAUSED if raised else ThreadState.UNKNOWN,
            frames=frames,
            frames_total=len(frames) + left_out,
            is_main=thread.main,
            wait_message=message("wait.crashed") if raised else "",
        )

    def _callers(self, thread: RecordedThread) -> tuple[int, ...]:
        """The frames of the thread's stack outside the traceback's outermost frame."""
        traceback, stack = self._traceback, thread.frames
        if stack[: len(traceback)] == traceback:
            return stack[len(traceback) :]
        frames = self._crash.frames
        outermost = frames.get(traceback[-1])
        if outermost is None:
            return ()
        same = partial(_same_call, outermost)
        at = next((i for i, n in enumerate(stack) if n in frames and same(frames[n])), None)
        return stack[at + 1 :] if at is not None else ()

    def tasks(self) -> tuple[Task, ...]:
        return tuple(
            Task(
                name=task.name,
                coroutine=task.coroutine,
                state=_TASK_STATES.get(task.state, "pending"),
                frames=self.frames(task.frames),
                awaiting=task.awaiting,
            )
            for task in self._crash.tasks
        )

    def exception(self) -> ExceptionInfo | None:
        if self._root is None:
            return None
        self._seen.add(self._root.id)
        return self._info(self._root, "", 0, with_chain=True)

    def _info(self, node: RecordedException, link: Link, depth: int, *, with_chain: bool) -> ExceptionInfo:
        chain = self._chain(node, depth) if with_chain else ()
        members = []
        for number in node.members if depth < _MAX_GROUP_DEPTH else ():
            member = self._fresh(number)
            if member is not None:
                members.append(self._info(member, "member", depth + 1, with_chain=True))
        return ExceptionInfo(
            type=node.type,
            message=node.message,
            uncaught=self._crash.meta.why != "caught",
            chain=chain,
            link=link,
            notes=node.notes,
            members=tuple(members),
            frames=self.frames(node.frames),
        )

    def _chain(self, node: RecordedException, depth: int) -> tuple[ExceptionInfo, ...]:
        """The causes as Python prints them, nearest first."""
        causes: list[ExceptionInfo] = []
        link: Link
        while True:
            if node.cause is not None:
                link, below = "cause", self._fresh(node.cause)
            elif node.context is not None and not node.suppress:
                link, below = "context", self._fresh(node.context)
            else:
                break
            if below is None:
                break
            causes.append(self._info(below, link, depth + 1, with_chain=False))
            node = below
        return tuple(causes)

    def _fresh(self, number: int) -> RecordedException | None:
        """The exception of that id, once: ids of a damaged file may go in circles."""
        if number in self._seen or len(self._seen) > _MAX_EXCEPTIONS:
            return None
        self._seen.add(number)
        return self._crash.exceptions.get(number)


def _same_call(one: RecordedFrame, other: RecordedFrame) -> bool:
    return (one.file, one.function, one.first_line) == (other.file, other.function, other.first_line)
