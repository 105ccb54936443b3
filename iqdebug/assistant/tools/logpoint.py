"""Watch values at a line for some hits: a breakpoint that reads, lets the program go on, and is removed.

Where every expression of the message only reads, the program stops at the line for a moment, the values
are read without running its code, and it goes on. Else debugpy would have to evaluate them there, which
needs the right to probe as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.purity import why_a_probe
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError, for_model
from iqdebug.assistant.tools.control import describe_stop, readable_line
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.events import OVER
from iqdebug.assistant.tools.parameters import FilePath, LineNumber, WaitSeconds
from iqdebug.assistant.tools.secrets import involves_secret, masked_value
from iqdebug.assistant.wording import PHASES
from iqdebug.core.errors import IqdebugError, RunsCode
from iqdebug.core.messages import Message, message
from iqdebug.core.session import Capability
from iqdebug.core.state import Breakpoint, Snapshot, StopCause

__all__ = ["LOGPOINT_TOOLS"]

EXPRESSION = re.compile(r"\{([^{}]+)\}")
MAX_VALUE = 300  # characters
LATE_STOP_TIMEOUT = 0.1  # seconds for a stop at the line that was under way when the watch was removed


@dataclass
class _Watch:
    path: str
    line: int
    message: str
    hits: int
    seconds: float
    messages: list[str] = field(default_factory=list)
    ended: str = ""  # for the model
    elsewhere: Snapshot | None = None


@tool(Right.CONTROL, asks_itself=True, capability=Capability.BREAKPOINTS)
async def log_point(
    call: ToolInvocation,
    *,
    path: FilePath,
    line: LineNumber,
    message: Annotated[str, Meta(max_length=500, description="such as: total={order.total}")],
    hits: Annotated[int, Meta(ge=1, le=100)] = 5,
    seconds: WaitSeconds = 10,
) -> Result:
    """Watch values at a line and tell: lets the program run, notes the message at each hit, and removes
    itself after so many hits or seconds. Asks the person."""
    call.require(Capability.BREAKPOINTS)
    path = readable_line(call, path, line)
    return await _watched(call, _Watch(path, line, message, hits, seconds))


async def _watched(call: ToolInvocation, watch: _Watch) -> Result:
    place = f"{watch.path}:{watch.line}"
    if any((b.path, b.line) == (watch.path, watch.line) and b.enabled for b in call.session.breakpoints):
        raise ToolUsageError(message("assistant.refusal.breakpoint_there", place=place))
    why = _why_a_probe(watch.message)
    seconds = f"{watch.seconds:g}"
    action = message("assistant.consent.log_point", place=place, hits=watch.hits, seconds=seconds)
    if why is not None:
        await call.session.obtain(Right.PROBE, action, watch.message, why)
    await call.session.obtain(Right.CONTROL, action, f"{place} {watch.message}")
    earlier = call.session.snapshot
    if earlier.phase in OVER:
        raise ToolUsageError(message("assistant.refusal.process_has", phase=PHASES[earlier.phase]))
    point = Breakpoint(watch.path, watch.line, log_message=watch.message if why is not None else "")
    mine = await _installed(call, point)
    try:
        await (_listen(call, watch) if why is not None else _visit(call, watch, mine))
    finally:
        await asyncio.shield(_removed(call, mine))
    return await _report(call, watch, earlier)


def _why_a_probe(text: str) -> Message | None:
    """Why reading the expressions of a watch's message may run code; None when it does not."""
    rest = EXPRESSION.sub("", text)
    if "{" in rest or "}" in rest:
        raise ToolUsageError(message("assistant.refusal.braces"))
    for hole in EXPRESSION.findall(text):
        shown = f"{{{hole[:60]}}}"
        try:
            why = why_a_probe(hole)
        except SyntaxError as error:
            raise ToolUsageError(
                message("assistant.refusal.no_expression_in", expression=shown, why=error.msg)
            ) from None
        if why:
            return message("assistant.consent.log_point.why", expression=shown, why=why)
    return None


async def _installed(call: ToolInvocation, point: Breakpoint) -> Breakpoint:
    """Set, and where the server put it.

    :raises ToolUsageError: it cannot be there.
    """
    await call.session.set_breakpoints((*call.session.breakpoints, point))
    mine = call.session.breakpoints[-1]
    if not mine.verified and mine.message:
        await _removed(call, mine)
        place, why = f"{point.path}:{point.line}", mine.message[:200]
        raise ToolUsageError(message("assistant.refusal.no_watch", place=place, why=why))
    return mine


async def _removed(call: ToolInvocation, mine: Breakpoint) -> None:
    with contextlib.suppress(IqdebugError, TimeoutError):
        rest = [b for b in call.session.breakpoints if (b.path, b.line) != (mine.path, mine.line)]
        await call.session.set_breakpoints(rest)


async def _visit(call: ToolInvocation, watch: _Watch, mine: Breakpoint) -> None:
    """Stop at the line, read, go on."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + watch.seconds
    ran = not call.session.snapshot.phase.is_stopped
    epoch = call.session.snapshot.epoch
    if not ran:
        await call.session.resume()
    while True:
        now = await call.context.events.stopped(epoch, max(deadline - loop.time(), 0.0))
        if now is None:
            watch.ended = "the time was over; the program runs on"
            await _removed(call, mine)
            late = await call.context.events.stopped(epoch, LATE_STOP_TIMEOUT)
            if late is not None and _at(late, mine):
                await call.session.resume()
            elif late is not None:
                watch.ended, watch.elsewhere = "it stopped for another reason", late
            return
        if now.phase in OVER or not _at(now, mine):
            watch.ended, watch.elsewhere = "it stopped for another reason", now
            return
        watch.messages.append(await _read(call, watch.message, now))
        if len(watch.messages) >= watch.hits and not ran:
            watch.ended, watch.elsewhere = "it is left stopped at the line", now
            return
        if len(watch.messages) >= watch.hits:
            await _removed(call, mine)
            await call.session.resume()
            watch.ended = "the program runs on"
            return
        epoch = now.epoch
        await call.session.resume()


def _at(now: Snapshot, mine: Breakpoint) -> bool:
    thread = now.focused
    top = thread.frames[0] if thread is not None and thread.frames else None
    return (
        now.cause is StopCause.BREAKPOINT
        and top is not None
        and (top.path, top.line) == (mine.path, mine.line)
    )


async def _read(call: ToolInvocation, text: str, now: Snapshot) -> str:
    thread = now.focused
    assert thread is not None
    for hole in dict.fromkeys(EXPRESSION.findall(text)):
        try:
            tainted = await involves_secret(call, hole, thread.frames[0], now.epoch)
            result = await call.session.read_expression(hole, thread.frames[0], now.epoch)
            value = masked_value(call, hole, result, tainted)
        except RunsCode as error:
            value = f"<not read, it would run code: {error.why}>"
        text = text.replace(f"{{{hole}}}", value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…")
    return text


async def _listen(call: ToolInvocation, watch: _Watch) -> None:
    """debugpy evaluates the message at the line and reports it as a log record."""
    events = call.context.events
    loop = asyncio.get_running_loop()
    deadline = loop.time() + watch.seconds
    begun = events.log_count
    epoch = call.session.snapshot.epoch
    if call.session.snapshot.phase.is_stopped:
        await call.session.resume()
    while len(watch.messages) < watch.hits:
        new = events.log_count - begun
        fresh = list(events.logs)[-new:] if new else []
        watch.messages = [r.text[:MAX_VALUE] for r in fresh if r.stream == "iqdebug"][: watch.hits]
        left = deadline - loop.time()
        if len(watch.messages) >= watch.hits:
            break
        if left <= 0:
            watch.ended = "the time was over; the program runs on"
            return
        stop = await events.stopped(epoch, min(left, 0.1))
        if stop is not None:
            watch.ended, watch.elsewhere = "it stopped for another reason", stop
            return
    watch.ended = "the program runs on"


async def _report(call: ToolInvocation, watch: _Watch, earlier: Snapshot) -> Result:
    hits = message("assistant.hits", count=len(watch.messages), wanted=watch.hits, line=watch.line)
    text = f"{for_model(hits)}; {watch.ended}. The watch is removed."
    if watch.messages:
        lines = [f"{number}: {each}" for number, each in enumerate(watch.messages, 1)]
        text += "\n" + call.data(f"what was seen at {watch.path}:{watch.line}", "\n".join(lines))
    if watch.elsewhere is not None:
        stop = await describe_stop(call, watch.elsewhere, earlier, message("assistant.done.then"))
        text += "\n" + stop.text
    return Result(text, "values", message("assistant.summary.watched", line=watch.line, hits=hits))


LOGPOINT_TOOLS = (log_point,)
