"""Tools that let the program run and stop it. Each waits for what comes of it and tells what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from iqdebug.assistant.permissioned_session import code_of
from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError, Undo
from iqdebug.assistant.tools.events import STOPPED
from iqdebug.assistant.tools.inspection import THREAD, moment, stack_lines
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.assistant.tools.source import readable
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Breakpoint, Snapshot
from iqdebug.diagnosis.prompt.delta import packed_delta
from iqdebug.llm.messages import Tool

__all__ = ["CONTROL_TOOLS", "SECONDS", "breakpoint_words", "place"]

_KINDS = {"over": StepKind.OVER, "in": StepKind.IN, "out": StepKind.OUT}
_BUDGET = 1_500  # tokens for what changed

SECONDS = {"type": "integer", "minimum": 1, "maximum": 60, "default": 10, "description": "how long to wait"}


async def _moved(
    call: ToolInvocation, act: Callable[[], Awaitable[None]], seconds: float, done: str
) -> Result:
    """Act, wait for the stop that comes of it, and tell what is different."""
    earlier = call.session.snapshot
    await act()
    now = await call.world.events.stopped(earlier.epoch, seconds)
    if now is None:
        current = call.session.snapshot
        detail = f" {current.detail}." if current.detail else ""
        state = f"It is {current.phase.value}. Use pause to stop it."
        text = f"{done}; no stop within {seconds:g} s.{detail} {state}"
        return Result(text, "tools", f"{done}: no stop yet")
    return await told_stop(call, now, earlier, done)


async def told_stop(call: ToolInvocation, now: Snapshot, earlier: Snapshot, done: str) -> Result:
    """The stop, and what changed since the earlier one."""
    if now.phase not in STOPPED:
        code = f" with code {now.exit_code}" if now.exit_code is not None else ""
        text = f"{done}; the process has {now.phase.value}{code}."
        return Result(f"{text}\n{call.data('why', now.reason)}", "tools", text)
    for thread in now.threads:
        for frame in thread.frames[:20]:
            call.world.veil.learn(frame.locals or ())
    diagnosis = await asyncio.to_thread(call.world.diagnose, now)
    evidence = await asyncio.to_thread(
        lambda: packed_delta(now, earlier, diagnosis, read_source=call.world.read_source, budget=_BUDGET)
    )
    focused = now.focused
    frames = focused.frames if focused is not None else ()
    where = f"{frames[0].name}, line {frames[0].line}" if frames else "no frame"
    lines = [evidence.text]
    if focused is not None:
        lines += ["", "stack now:", *stack_lines(call.frames(focused), 0, 12)]
    body = call.data("what changed", "\n".join(lines))
    return Result(f"{done}. {moment(now)}\n{body}", "evidence", f"{done}: now in {where}")


async def _step(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    call.need(Capability.STEP)
    kind, times = arguments["kind"], arguments["times"]
    thread = call.thread(arguments.get("thread"))
    many = f" {times} times" if times > 1 else ""
    await call.obtain(Right.CONTROL, f"step {kind}{many} in thread {thread.name}", f"step {kind}")
    call.need(Capability.STEP)
    earlier = call.session.snapshot
    now: Snapshot | None = earlier
    for count in range(times):
        before = call.session.snapshot.epoch
        await call.session.step(_KINDS[kind], thread.id)
        now = await call.world.events.stopped(before, arguments["seconds"])
        if now is None:
            limit = f"the line has not ended within {arguments['seconds']} s"
            text = f"Stepped {kind} ({count + 1} of {times}); {limit}."
            return Result(f"{text} Use pause to stop it.", "tools", text)
        if now.phase not in STOPPED or now.reason != "step" or now.focus != thread.id:
            break
    assert now is not None
    return await told_stop(call, now, earlier, f"Stepped {kind}{many}")


async def _continue(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    call.need(Capability.CONTINUE)
    await call.obtain(Right.CONTROL, "let the program run on", "continue")
    call.need(Capability.CONTINUE)
    return await _moved(call, call.session.resume, arguments["seconds"], "Continued")


async def _pause(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    call.need(Capability.PAUSE)
    await call.session.obtain(Right.CONTROL, "stop the program where it is", "pause")
    call.need(Capability.PAUSE)
    return await _moved(call, call.session.pause, arguments["seconds"], "Paused")


async def _run_to(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    call.need(Capability.RUN_TO)
    path, line = place(call, arguments)
    await call.obtain(Right.CONTROL, f"run to {path}:{line}", f"run to {path}:{line}")
    call.need(Capability.RUN_TO)
    return await _moved(
        call, lambda: call.session.run_to(path, line), arguments["seconds"], f"Ran towards line {line}"
    )


def place(call: ToolInvocation, arguments: Mapping[str, Any]) -> tuple[str, int]:
    """The file and line that the arguments mean.

    :raises Mend: there is no such file, or no such line in it.
    """
    path, line = readable(call, arguments["path"]), arguments["line"]
    count = len(call.world.read_source(path))
    if line > count:
        raise ToolUsageError(f"{path} has {count} lines")
    return path, line


async def _breakpoints(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    action = arguments["action"]
    now = call.session.breakpoints
    if action == "list":
        return _list(call, f"{len(now)} breakpoints.")
    if "path" not in arguments or "line" not in arguments:
        raise ToolUsageError(f"to {action} a breakpoint, give `path` and `line`")
    call.need(Capability.BREAKPOINTS)
    path, line = place(call, arguments)
    rest = tuple(b for b in now if (b.path, b.line) != (path, line))
    if action == "remove":
        if len(rest) == len(now):
            raise ToolUsageError(f"there is no breakpoint at {path}:{line}")
        words, wanted = f"remove the breakpoint at {path}:{line}", rest
    else:
        new = Breakpoint(path, line, arguments.get("condition", ""), arguments.get("hit_condition", ""))
        words, wanted = f"set a breakpoint at {breakpoint_words(new)}", (*rest, new)
        for code in code_of(new):
            await call.session.obtain(Right.PROBE, words, code, "the condition is evaluated in the program")
    await call.session.obtain(Right.CONTROL, words, words)
    before = call.session.breakpoints
    await call.session.set_breakpoints(wanted)

    undo = call.session.breakpoints_back(before)
    result = _list(call, "Done.")
    return Result(result.text, result.source, words, Undo(f"undo: {words}", undo))


def _list(call: ToolInvocation, words: str) -> Result:
    lines = []
    for each in call.session.breakpoints:
        state = "" if each.enabled else " (off)"
        verified = "" if each.verified else f" (not verified: {each.message or 'no answer yet'})"
        lines.append(breakpoint_words(each) + state + verified)
    body = call.data("breakpoints", "\n".join(lines)) if lines else "There are no breakpoints."
    return Result(f"{words}\n{body}", "tools", f"{len(lines)} breakpoints")


def breakpoint_words(breakpoint_: Breakpoint) -> str:
    words = f"{breakpoint_.path}:{breakpoint_.line}"
    if breakpoint_.condition:
        words += f" if {breakpoint_.condition}"
    if breakpoint_.hit_condition:
        words += f" on hit {breakpoint_.hit_condition}"
    return words + (f" logs {breakpoint_.log_message}" if breakpoint_.log_message else "")


PATH = {"type": "string", "maxLength": 1_000, "description": "a path or the end of one: orders.py"}
LINE = {"type": "integer", "minimum": 1}

CONTROL_TOOLS = (
    BoundTool(
        Tool(
            "breakpoints",
            "List, set or remove breakpoints. Setting and removing asks the person.",
            tool_schema(
                ("action",),
                action={"type": "string", "enum": ["list", "set", "remove"]},
                path=PATH,
                line=LINE,
                condition={"type": "string", "maxLength": 500, "description": "stop only when it is true"},
                hit_condition={"type": "string", "maxLength": 40, "description": "5, >= 3 or % 10"},
            ),
        ),
        Right.CONTROL,
        _breakpoints,
        asks_itself=True,
        capability=Capability.BREAKPOINTS,
    ),
    BoundTool(
        Tool(
            "step",
            "Step in the focused thread and tell what changed. Asks the person.",
            tool_schema(
                ("kind",),
                kind={"type": "string", "enum": list(_KINDS)},
                times={"type": "integer", "minimum": 1, "maximum": 20, "default": 1},
                thread=THREAD,
                seconds=SECONDS,
            ),
        ),
        Right.CONTROL,
        _step,
        asks_itself=True,
        capability=Capability.STEP,
    ),
    BoundTool(
        Tool(
            "continue",
            "Let the program run until the next stop. Asks the person.",
            tool_schema(seconds=SECONDS),
        ),
        Right.CONTROL,
        _continue,
        asks_itself=True,
        capability=Capability.CONTINUE,
    ),
    BoundTool(
        Tool("pause", "Stop the running program where it is. Asks the person.", tool_schema(seconds=SECONDS)),
        Right.CONTROL,
        _pause,
        asks_itself=True,
        capability=Capability.PAUSE,
    ),
    BoundTool(
        Tool(
            "run_to",
            "Let the program run until it reaches a line. Asks the person.",
            tool_schema(("path", "line"), path=PATH, line=LINE, seconds=SECONDS),
        ),
        Right.CONTROL,
        _run_to,
        asks_itself=True,
        capability=Capability.RUN_TO,
    ),
)
