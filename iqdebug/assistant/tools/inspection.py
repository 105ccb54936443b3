"""Tools that look: stack, frame, variables, threads, tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.core.state import Frame, Phase, Snapshot, Task, Thread, Variable
from iqdebug.llm.messages import Tool

__all__ = ["FRAME", "LOOKING_TOOLS", "THREAD", "moment", "row", "stack_lines"]

_FRAMES = 60
_AROUND = 6
_LOCALS = 40
_VALUE = 300

FRAME = {"type": "integer", "minimum": 0, "description": "the frame's number in `stack`; 0 is the innermost"}
THREAD = {"type": ["string", "integer"], "description": "a thread's id or name; the one in focus by default"}


def moment(snapshot: Snapshot) -> str:
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


def stack_lines(frames: Sequence[Frame], start: int = 0, count: int = _FRAMES) -> list[str]:
    """A line a frame, by number."""
    lines = []
    for index, frame in list(enumerate(frames))[start : start + count]:
        if frame.kind == "label":
            lines.append(f"    -- {frame.name} --")
        else:
            kind = "" if frame.kind == "user" else f" [{frame.kind}]"
            lines.append(f"{index:3} {frame.name} {frame.path}:{frame.line}{kind}")
    return lines


def row(variable: Variable, veil: Redactor, limit: int = _VALUE) -> str:
    """One variable on one line, masked by its name."""
    if variable.kind == "group":
        return f"{variable.name} (group)" + (f" {variable.size:,} names" if variable.size else "")
    value = " ".join(veil.value_of(variable).split("\n"))
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    kind = variable.type.rsplit(".", 1)[-1]
    size = f" [{variable.size:,}]" if variable.size is not None else ""
    note = "" if variable.state in ("ok", "cut") else f" ({variable.state})"
    return f"{variable.name}: {kind}{size} = {value}{note}"


async def _stack(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    if call.session.snapshot.phase is Phase.RUNNING:
        await call.session.refresh()
    thread = call.thread(arguments.get("thread"))
    start = arguments["start"]
    frames = call.frames(thread)
    lines = stack_lines(frames, start)
    total = max(thread.frames_total or 0, len(frames))
    shown = f"frames {start} to {min(start + _FRAMES, len(frames)) - 1} of {total}"
    if not lines:
        shown = f"no frames from {start} on; there are {len(frames)}" if frames else "no frames"
    text = f"{moment(call.session.snapshot)} Thread {thread.id}, {shown}, innermost first."
    body = call.data(f"stack of thread {thread.name}", "\n".join(lines)) if lines else ""
    return Result(f"{text}\n{body}".strip(), "evidence", f"stack of {thread.name}: {shown}")


async def _frame(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    index = arguments["index"]
    frame = call.frame(index, arguments.get("thread"))
    variables = await call.session.variables(frame, call.session.snapshot.epoch)
    call.world.veil.learn(variables)
    lines = [f"{frame.name} at {frame.path}:{frame.line}", *_source_lines(call, frame), ""]
    rows = [row(v, call.world.veil) for v in variables if v.kind != "group"]
    lines += rows[:_LOCALS]
    if len(rows) > _LOCALS:
        lines.append(f"… {len(rows) - _LOCALS} more; use variables with start={_LOCALS}")
    text = (
        f"{moment(call.session.snapshot)} Frame {index}: its source (`>` is where it stands) and variables."
    )
    return Result(
        f"{text}\n{call.data(f'frame {index}', chr(10).join(lines))}",
        "values",
        f"frame {index}: {frame.name}",
    )


def _source_lines(call: ToolInvocation, frame: Frame) -> list[str]:
    if call.world.files.why_not(frame.path):
        return ["(no source to be read)"]
    lines = call.world.read_source(frame.path)
    span = range(max(frame.line - _AROUND, 1), min(frame.line + _AROUND, len(lines)) + 1)
    return [f"{'>' if n == frame.line else ' '}{n:5} {lines[n - 1].rstrip()[:300]}" for n in span]


async def _variables(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    epoch = call.session.snapshot.epoch
    frame = call.frame(arguments["frame"], arguments.get("thread"))
    rows: Sequence[Variable] = await call.session.variables(frame, epoch)
    name, start, count = arguments.get("name", ""), arguments["start"], arguments["count"]
    label, secret = f"variables of frame {arguments['frame']}", ""
    total: int | None = len(rows)
    if name:
        found = await _named(call, name, rows, frame, epoch)
        label, secret = f"what is in {name[:60]}", call.world.veil.value_of(found)
        total = found.size
        reference = found.reference
        if secret != found.value or not reference:
            rows = ()
        else:
            rows = await call.session.children(reference, epoch, start, count)
        head = f"{row(found, call.world.veil)}"
    else:
        head, rows = "", rows[start : start + count]
    call.world.veil.learn(rows)
    lines = [head] if head else []
    lines += [("  " if head else "") + row(v, call.world.veil) for v in rows]
    of = f" of {total:,}" if total is not None else ""
    shown = f"{len(rows)} from {start}{of}" if rows else "nothing below it" if name else "no variables"
    more = rows and (len(rows) == count if total is None else start + len(rows) < total)
    text = f"{moment(call.session.snapshot)} {shown}."
    if more:
        text += f" For more: start={start + len(rows)}."
    return Result(f"{text}\n{call.data(label, chr(10).join(lines))}", "values", f"{label}: {shown}")


async def _named(
    call: ToolInvocation, name: str, rows: Sequence[Variable], frame: Frame, epoch: int
) -> Variable:
    """A variable of the frame, or what a path such as ``order.lines[3]`` leads to by reading."""
    found = next((v for v in rows if v.name == name), None)
    if found is not None:
        return found
    if frame.id is None:
        raise ToolUsageError(f"there is no variable `{name[:60]}`", ", ".join(v.name for v in rows[:40]))
    result = await call.session.read_expression(name, frame, epoch)
    if result.failed:
        names = ", ".join(v.name for v in rows if v.kind != "group")[:600]
        raise ToolUsageError(
            f"there is no `{name[:60]}` to be read", f"{result.value[:300]}\nvariables: {names}"
        )
    return Variable(name, result.value, result.type, result.reference)


async def _threads(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    if call.session.snapshot.phase is Phase.RUNNING:
        await call.session.refresh()
    snapshot = call.session.snapshot
    start = arguments["start"]
    lines = [_thread_line(t, snapshot) for t in snapshot.threads[start : start + 40]]
    text = f"{moment(snapshot)} {len(snapshot.threads)} threads; `*` is in focus."
    return Result(
        f"{text}\n{call.data('threads', chr(10).join(lines))}", "evidence", f"{len(snapshot.threads)} threads"
    )


def _thread_line(thread: Thread, snapshot: Snapshot) -> str:
    mark = "*" if thread.id == snapshot.focus else " "
    top = next((f for f in thread.frames if f.kind == "user"), thread.frames[0] if thread.frames else None)
    where = f"{top.name} {top.path}:{top.line}" if top is not None else "no Python frames"
    wait = f", waits for {thread.wait}" if thread.wait else ""
    main = ", main" if thread.is_main else ""
    return f"{mark} {thread.id} {thread.name} ({thread.state.value}{main}{wait}): {where}"


async def _tasks(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    snapshot = call.session.snapshot
    start = arguments["start"]
    lines: list[str] = []
    for task in snapshot.tasks[start : start + 30]:
        lines += _task_lines(task)
    text = f"{moment(snapshot)} {len(snapshot.tasks)} unfinished asyncio tasks."
    if not lines:
        return Result(text, "evidence", "no asyncio tasks")
    return Result(
        f"{text}\n{call.data('tasks', chr(10).join(lines))}", "evidence", f"{len(snapshot.tasks)} tasks"
    )


def _task_lines(task: Task) -> list[str]:
    awaiting = f", awaits {task.awaiting}" if task.awaiting else ""
    lines = [f"{task.name}: {task.coroutine} ({task.state}{awaiting})"]
    return lines + [f"    {f.name} {f.path}:{f.line}" for f in task.frames[:8]]


START = {"type": "integer", "minimum": 0, "default": 0, "description": "skip so many"}

LOOKING_TOOLS = (
    BoundTool(
        Tool(
            "stack",
            "The stack of a thread: a line a frame, innermost first, by number.",
            tool_schema(thread=THREAD, start=START),
        ),
        Right.READ,
        _stack,
    ),
    BoundTool(
        Tool(
            "frame",
            "One frame: the source around where it stands, and its variables.",
            tool_schema(("index",), index=FRAME, thread=THREAD),
        ),
        Right.READ,
        _frame,
        by_frame=("index",),
    ),
    BoundTool(
        Tool(
            "variables",
            "The variables of a frame, or what is inside one of them, page by page. Runs no code.",
            tool_schema(
                ("frame",),
                frame=FRAME,
                thread=THREAD,
                name={
                    "type": "string",
                    "maxLength": 500,
                    "description": "a variable, or a path: order.lines[3]",
                },
                start=START,
                count={"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
            ),
        ),
        Right.READ,
        _variables,
        by_frame=("frame",),
    ),
    BoundTool(
        Tool("threads", "Every thread and what it does.", tool_schema(start=START)), Right.READ, _threads
    ),
    BoundTool(
        Tool("tasks", "Unfinished asyncio tasks and what they await.", tool_schema(start=START)),
        Right.READ,
        _tasks,
    ),
)
