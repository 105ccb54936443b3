"""Tools that look: stack, frame, variables, threads, tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError, for_model
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.parameters import FrameIndex, Offset, ThreadRef
from iqdebug.core.messages import message
from iqdebug.core.state import Frame, Phase, Snapshot, Task, Thread, Variable

__all__ = ["INSPECTION_TOOLS", "describe_phase", "row", "stack_lines"]

MAX_FRAMES_SHOWN = 60
MAX_LOCALS_SHOWN = 40
MAX_VALUE = 300  # characters
LINES_AROUND = 6

VariablePath = Annotated[str, Meta(max_length=500, description="a variable, or a path: order.lines[3]")]


def describe_phase(snapshot: Snapshot) -> str:
    """Where the process stands, in one line of ours."""
    words = {
        Phase.PAUSED: "paused",
        Phase.CRASHED: "stopped at an uncaught exception",
        Phase.RUNNING: "running (values are of a moment ago and may have changed)",
        Phase.ENDED: "ended",
        Phase.DETACHED: "detached",
        Phase.CONNECTING: "connecting",
    }[snapshot.phase]
    return f"Stop {snapshot.epoch}: the process is {words}."


def stack_lines(frames: Sequence[Frame], start: int = 0, count: int = MAX_FRAMES_SHOWN) -> list[str]:
    """A line a frame, by number."""
    lines = []
    for index, frame in list(enumerate(frames))[start : start + count]:
        if frame.kind == "label":
            lines.append(f"    -- {frame.name} --")
        else:
            kind = "" if frame.kind == "user" else f" [{frame.kind}]"
            lines.append(f"{index:3} {frame.name} {frame.path}:{frame.line}{kind}")
    return lines


def row(variable: Variable, redactor: Redactor, limit: int = MAX_VALUE) -> str:
    """One variable on one line, masked by its name."""
    if variable.kind == "group":
        return f"{variable.name} (group)" + (f" {variable.size:,} names" if variable.size else "")
    value = " ".join(redactor.value_of(variable).split("\n"))
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    kind = variable.type.rsplit(".", 1)[-1]
    size = f" [{variable.size:,}]" if variable.size is not None else ""
    note = "" if variable.state in ("ok", "cut") else f" ({variable.state})"
    return f"{variable.name}: {kind}{size} = {value}{note}"


@tool(Right.READ)
async def stack(call: ToolInvocation, *, thread: ThreadRef | None = None, start: Offset = 0) -> Result:
    """The stack of a thread: a line a frame, innermost first, by number."""
    if call.session.snapshot.phase is Phase.RUNNING:
        await call.session.refresh()
    of = call.thread(thread)
    frames = call.frames(of)
    lines = stack_lines(frames, start)
    total = max(of.frames_total or 0, len(frames))
    last = min(start + MAX_FRAMES_SHOWN, len(frames)) - 1
    shown = message("assistant.frames", first=start, last=last, total=total)
    if not frames:
        shown = message("assistant.frames.none")
    elif not lines:
        shown = message("assistant.frames.none_from", first=start, total=len(frames))
    phase = describe_phase(call.session.snapshot)
    text = f"{phase} Thread {of.id}, {for_model(shown)}, innermost first."
    body = call.data(f"stack of thread {of.name}", "\n".join(lines)) if lines else ""
    summary = message("assistant.summary.stack", thread=of.name, frames=shown)
    return Result(f"{text}\n{body}".strip(), "evidence", summary)


@tool(Right.READ)
async def frame(call: ToolInvocation, *, index: FrameIndex, thread: ThreadRef | None = None) -> Result:
    """One frame: the source around where it stands, and its variables."""
    shown = call.frame(index, thread)
    held = await call.session.variables(shown, call.session.snapshot.epoch)
    call.context.redactor.learn(held)
    lines = [f"{shown.name} at {shown.path}:{shown.line}", *_source_lines(call, shown), ""]
    rows = [row(v, call.context.redactor) for v in held if v.kind != "group"]
    lines += rows[:MAX_LOCALS_SHOWN]
    if len(rows) > MAX_LOCALS_SHOWN:
        lines.append(f"… {len(rows) - MAX_LOCALS_SHOWN} more; use variables with start={MAX_LOCALS_SHOWN}")
    phase = describe_phase(call.session.snapshot)
    text = f"{phase} Frame {index}: its source (`>` is where it stands) and variables."
    return Result(
        f"{text}\n{call.data(f'frame {index}', chr(10).join(lines))}",
        "values",
        message("assistant.summary.frame", number=index, function=shown.name),
    )


def _source_lines(call: ToolInvocation, frame: Frame) -> list[str]:
    if call.context.files.why_not(frame.path):
        return ["(no source to be read)"]
    lines = call.context.read_source(frame.path)
    span = range(max(frame.line - LINES_AROUND, 1), min(frame.line + LINES_AROUND, len(lines)) + 1)
    return [f"{'>' if n == frame.line else ' '}{n:5} {lines[n - 1].rstrip()[:300]}" for n in span]


@tool(Right.READ)
async def variables(
    call: ToolInvocation,
    *,
    frame: FrameIndex,
    thread: ThreadRef | None = None,
    name: VariablePath | None = None,
    start: Offset = 0,
    count: Annotated[int, Meta(ge=1, le=100)] = 30,
) -> Result:
    """The variables of a frame, or what is inside one of them, page by page. Runs no code."""
    epoch = call.session.snapshot.epoch
    of = call.frame(frame, thread)
    rows: Sequence[Variable] = await call.session.variables(of, epoch)
    label = message("assistant.variables.of_frame", number=frame)
    total: int | None = len(rows)
    if name:
        parent = await _named(call, name, rows, of, epoch)
        label, total = message("assistant.variables.in", name=name[:60]), parent.size
        if call.context.redactor.value_of(parent) != parent.value or not parent.reference:
            rows = ()
        else:
            rows = await call.session.children(parent.reference, epoch, start, count)
        head = row(parent, call.context.redactor)
    else:
        head, rows = "", rows[start : start + count]
    call.context.redactor.learn(rows)
    lines = [head] if head else []
    lines += [("  " if head else "") + row(v, call.context.redactor) for v in rows]
    of_total = f"{total:,}" if total is not None else None
    shown = message("assistant.variables.none")
    if rows:
        shown = message("assistant.variables", count=len(rows), first=start, total=of_total)
    elif name:
        shown = message("assistant.variables.nothing_below")
    more = rows and (len(rows) == count if total is None else start + len(rows) < total)
    text = f"{describe_phase(call.session.snapshot)} {for_model(shown)}."
    if more:
        text += f" For more: start={start + len(rows)}."
    body = call.data(for_model(label), "\n".join(lines))
    return Result(
        f"{text}\n{body}", "values", message("assistant.summary.variables", what=label, shown=shown)
    )


async def _named(
    call: ToolInvocation, name: str, rows: Sequence[Variable], frame: Frame, epoch: int
) -> Variable:
    """A variable of the frame, or what a path such as ``order.lines[3]`` leads to by reading."""
    variable = next((v for v in rows if v.name == name), None)
    if variable is not None:
        return variable
    if frame.id is None:
        no_variable = message("assistant.refusal.no_variable", name=name[:60])
        raise ToolUsageError(no_variable, ", ".join(v.name for v in rows[:40]))
    result = await call.session.read_expression(name, frame, epoch)
    if result.failed:
        names = ", ".join(v.name for v in rows if v.kind != "group")[:600]
        not_read = message("assistant.refusal.nothing_to_read", name=name[:60])
        raise ToolUsageError(not_read, f"{result.value[:300]}\nvariables: {names}")
    return Variable(name, result.value, result.type, result.reference)


@tool(Right.READ)
async def threads(call: ToolInvocation, *, start: Offset = 0) -> Result:
    """Every thread and what it does."""
    if call.session.snapshot.phase is Phase.RUNNING:
        await call.session.refresh()
    snapshot = call.session.snapshot
    lines = [_thread_line(t, snapshot) for t in snapshot.threads[start : start + 40]]
    text = f"{describe_phase(snapshot)} {len(snapshot.threads)} threads; `*` is in focus."
    summary = message("assistant.summary.threads", count=len(snapshot.threads))
    return Result(f"{text}\n{call.data('threads', chr(10).join(lines))}", "evidence", summary)


def _thread_line(thread: Thread, snapshot: Snapshot) -> str:
    mark = "*" if thread.id == snapshot.focus else " "
    top = next((f for f in thread.frames if f.kind == "user"), thread.frames[0] if thread.frames else None)
    where = f"{top.name} {top.path}:{top.line}" if top is not None else "no Python frames"
    wait = f", waits for {thread.wait}" if thread.wait else ""
    main = ", main" if thread.is_main else ""
    return f"{mark} {thread.id} {thread.name} ({thread.state.value}{main}{wait}): {where}"


@tool(Right.READ)
async def tasks(call: ToolInvocation, *, start: Offset = 0) -> Result:
    """Unfinished asyncio tasks and what they await."""
    snapshot = call.session.snapshot
    lines: list[str] = []
    for task in snapshot.tasks[start : start + 30]:
        lines += _task_lines(task)
    text = f"{describe_phase(snapshot)} {len(snapshot.tasks)} unfinished asyncio tasks."
    if not lines:
        return Result(text, "evidence", message("assistant.summary.no_tasks"))
    summary = message("assistant.summary.tasks", count=len(snapshot.tasks))
    return Result(f"{text}\n{call.data('tasks', chr(10).join(lines))}", "evidence", summary)


def _task_lines(task: Task) -> list[str]:
    awaiting = f", awaits {task.awaiting}" if task.awaiting else ""
    lines = [f"{task.name}: {task.coroutine} ({task.state}{awaiting})"]
    return lines + [f"    {f.name} {f.path}:{f.line}" for f in task.frames[:8]]


INSPECTION_TOOLS = (stack, frame, variables, threads, tasks)
