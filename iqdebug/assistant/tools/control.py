"""Tools that let the program run and stop it. Each waits for the stop that follows and says what
changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from msgspec import Meta

from iqdebug.assistant.permissioned_session import code_of
from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError, Undo, for_model
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.inspection import describe_phase, stack_lines
from iqdebug.assistant.tools.parameters import FilePath, LineNumber, ThreadRef, WaitSeconds
from iqdebug.assistant.tools.source import readable
from iqdebug.assistant.wording import PHASES
from iqdebug.core.messages import Message, message, render
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Breakpoint, Snapshot, StopCause
from iqdebug.diagnosis.prompt.delta import packed_delta

__all__ = ["CONTROL_TOOLS", "breakpoint_words", "describe_stop", "readable_line"]

StepName = Literal["over", "in", "out"]
STEP_KINDS: dict[StepName, StepKind] = {"over": StepKind.OVER, "in": StepKind.IN, "out": StepKind.OUT}
STEP_WORDS: dict[StepName, Message] = {
    "over": message("assistant.step.over"),
    "in": message("assistant.step.in"),
    "out": message("assistant.step.out"),
}
MAX_DELTA_TOKENS = 1_500

DEFAULT_WAIT = 10  # seconds


async def _act_and_wait(
    call: ToolInvocation, act: Callable[[], Awaitable[None]], seconds: float, done: Message
) -> Result:
    """Act, wait for the stop that comes of it, and describe what changed."""
    earlier = call.session.snapshot
    await act()
    now = await call.context.events.stopped(earlier.epoch, seconds)
    if now is None:
        current = call.session.snapshot
        detail = f" {render(current.detail)}." if current.detail else ""
        state = f"It is {current.phase.value}. Use pause to stop it."
        text = f"{for_model(done)}; no stop within {seconds:g} s.{detail} {state}"
        return Result(text, "tools", message("assistant.summary.no_stop_yet", done=done))
    return await describe_stop(call, now, earlier, done)


async def describe_stop(call: ToolInvocation, now: Snapshot, earlier: Snapshot, done: Message) -> Result:
    """The stop, and what changed since the earlier one."""
    if not now.phase.is_stopped:
        phase, code = PHASES[now.phase], now.exit_code
        summary = message("assistant.summary.process_has", done=done, phase=phase, code=code)
        return Result(f"{for_model(summary)}\n{call.data('why', render(now.reason))}", "tools", summary)
    for thread in now.threads:
        for frame in thread.frames[:20]:
            call.context.redactor.learn(frame.locals or ())
    diagnosis = await asyncio.to_thread(call.context.diagnose, now)
    evidence = await asyncio.to_thread(
        lambda: packed_delta(
            now, earlier, diagnosis, read_source=call.context.read_source, budget=MAX_DELTA_TOKENS
        )
    )
    focused = now.focused
    frames = focused.frames if focused is not None else ()
    summary = message("assistant.summary.now_without_frame", done=done)
    if frames:
        function, line = frames[0].name, frames[0].line
        summary = message("assistant.summary.now_in", done=done, function=function, line=line)
    lines = [evidence.text]
    if focused is not None:
        lines += ["", "stack now:", *stack_lines(call.frames(focused), 0, 12)]
    body = call.data("what changed", "\n".join(lines))
    return Result(f"{for_model(done)}. {describe_phase(now)}\n{body}", "evidence", summary)


@tool(Right.CONTROL, asks_itself=True, capability=Capability.STEP)
async def step(
    call: ToolInvocation,
    *,
    kind: StepName,
    times: Annotated[int, Meta(ge=1, le=20)] = 1,
    thread: ThreadRef | None = None,
    seconds: WaitSeconds = DEFAULT_WAIT,
) -> Result:
    """Step in the focused thread and tell what changed. Asks the person."""
    call.require(Capability.STEP)
    stepped = call.thread(thread)
    many = message("assistant.times", count=times) if times > 1 else None
    how = STEP_WORDS[kind]
    action = message("assistant.consent.step", how=how, times=many, thread=stepped.name)
    await call.obtain(Right.CONTROL, action, f"step {kind}")
    call.require(Capability.STEP)
    earlier = call.session.snapshot
    now: Snapshot | None = earlier
    for count in range(times):
        before = call.session.snapshot.epoch
        await call.session.step(STEP_KINDS[kind], stepped.id)
        now = await call.context.events.stopped(before, seconds)
        if now is None:
            summary = message(
                "assistant.summary.step_not_ended", how=how, count=count + 1, times=times, seconds=seconds
            )
            return Result(f"{for_model(summary)} Use pause to stop it.", "tools", summary)
        if not now.phase.is_stopped or now.cause is not StopCause.STEP or now.focus != stepped.id:
            break
    assert now is not None
    return await describe_stop(call, now, earlier, message("assistant.done.stepped", how=how, times=many))


@tool(Right.CONTROL, name="continue", asks_itself=True, capability=Capability.CONTINUE)
async def continue_(call: ToolInvocation, *, seconds: WaitSeconds = DEFAULT_WAIT) -> Result:
    """Let the program run until the next stop. Asks the person."""
    call.require(Capability.CONTINUE)
    await call.obtain(Right.CONTROL, message("assistant.consent.continue"), "continue")
    call.require(Capability.CONTINUE)
    return await _act_and_wait(call, call.session.resume, seconds, message("assistant.done.continued"))


@tool(Right.CONTROL, asks_itself=True, capability=Capability.PAUSE)
async def pause(call: ToolInvocation, *, seconds: WaitSeconds = DEFAULT_WAIT) -> Result:
    """Stop the running program where it is. Asks the person."""
    call.require(Capability.PAUSE)
    await call.session.obtain(Right.CONTROL, message("assistant.consent.pause"), "pause")
    call.require(Capability.PAUSE)
    return await _act_and_wait(call, call.session.pause, seconds, message("assistant.done.paused"))


@tool(Right.CONTROL, asks_itself=True, capability=Capability.RUN_TO)
async def run_to(
    call: ToolInvocation, *, path: FilePath, line: LineNumber, seconds: WaitSeconds = DEFAULT_WAIT
) -> Result:
    """Let the program run until it reaches a line. Asks the person."""
    call.require(Capability.RUN_TO)
    path = readable_line(call, path, line)
    action = message("assistant.consent.run_to", place=f"{path}:{line}")
    await call.obtain(Right.CONTROL, action, render(action))
    call.require(Capability.RUN_TO)
    done = message("assistant.done.ran_towards", line=line)
    return await _act_and_wait(call, lambda: call.session.run_to(path, line), seconds, done)


def readable_line(call: ToolInvocation, name: str, line: int) -> str:
    """The path of the file that the name stands for, which has such a line.

    :raises ToolUsageError: there is no such file, or no such line in it.
    """
    path = readable(call, name)
    count = len(call.context.read_source(path))
    if line > count:
        raise ToolUsageError(message("assistant.refusal.too_few_lines", path=path, count=count))
    return path


@tool(Right.CONTROL, asks_itself=True, capability=Capability.BREAKPOINTS)
async def breakpoints(
    call: ToolInvocation,
    *,
    action: Literal["list", "set", "remove"],
    path: FilePath | None = None,
    line: LineNumber | None = None,
    condition: Annotated[str, Meta(max_length=500, description="stop only when it is true")] | None = None,
    hit_condition: Annotated[str, Meta(max_length=40, description="5, >= 3 or % 10")] | None = None,
) -> Result:
    """List, set or remove breakpoints. Setting and removing asks the person."""
    now = call.session.breakpoints
    if action == "list":
        return _list(call, f"{len(now)} breakpoints.")
    if path is None or line is None:
        raise ToolUsageError(message("assistant.refusal.breakpoint_where", action=action))
    call.require(Capability.BREAKPOINTS)
    path = readable_line(call, path, line)
    rest = tuple(b for b in now if (b.path, b.line) != (path, line))
    if action == "remove":
        if len(rest) == len(now):
            raise ToolUsageError(message("assistant.refusal.no_breakpoint", place=f"{path}:{line}"))
        words, wanted = message("assistant.consent.remove_breakpoint", place=f"{path}:{line}"), rest
    else:
        new = Breakpoint(path, line, condition or "", hit_condition or "")
        words = message("assistant.consent.set_breakpoint", breakpoint=breakpoint_words(new))
        wanted = (*rest, new)
        why = message("assistant.consent.set_breakpoint.why")
        for code in code_of(new):
            await call.session.obtain(Right.PROBE, words, code, why)
    await call.session.obtain(Right.CONTROL, words, render(words))
    before = call.session.breakpoints
    await call.session.set_breakpoints(wanted)

    undo = call.session.breakpoints_back(before)
    result = _list(call, "Done.")
    return Result(
        result.text, result.source, words, Undo(render(message("assistant.undo", action=words)), undo)
    )


def _list(call: ToolInvocation, words: str) -> Result:
    lines = []
    for each in call.session.breakpoints:
        state = "" if each.enabled else " (off)"
        verified = "" if each.verified else f" (not verified: {each.message or 'no answer yet'})"
        lines.append(for_model(breakpoint_words(each)) + state + verified)
    body = call.data("breakpoints", "\n".join(lines)) if lines else "There are no breakpoints."
    return Result(f"{words}\n{body}", "tools", message("assistant.summary.breakpoints", count=len(lines)))


def breakpoint_words(breakpoint_: Breakpoint) -> Message:
    return message(
        "assistant.breakpoint",
        place=f"{breakpoint_.path}:{breakpoint_.line}",
        condition=breakpoint_.condition or None,
        hit=breakpoint_.hit_condition or None,
        log=breakpoint_.log_message or None,
    )


CONTROL_TOOLS = (breakpoints, step, continue_, pause, run_to)
