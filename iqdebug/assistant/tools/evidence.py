"""Tools over what is known without a model: the exception, the suspects, the logs."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Literal

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import Result, ToolInvocation
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.inspection import describe_phase
from iqdebug.core.messages import message
from iqdebug.core.state import ExceptionInfo, LogRecord, Suspect
from iqdebug.core.state_lines import diagnosis_lines
from iqdebug.diagnosis.prompt.pack import exception_lines

__all__ = ["EVIDENCE_TOOLS"]

Level = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: dict[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
MAX_RECORD = 400  # characters


@tool(Right.READ)
async def exception(call: ToolInvocation) -> Result:
    """The exception with its causes, notes and tracebacks."""
    snapshot = call.session.snapshot
    error = snapshot.exception
    if error is None:
        text = f"{describe_phase(snapshot)} No exception is being shown."
        return Result(text, "evidence", message("assistant.summary.no_exception"))
    lines = exception_lines(error, "")
    lines += ["", *_tracebacks(error)]
    body = call.data("the exception and its causes", "\n".join(lines))
    caught = "nobody catches it" if error.uncaught else "some code would catch it"
    summary = message("assistant.summary.exception", type=error.type)
    return Result(f"{describe_phase(snapshot)} {caught}.\n{body}", "evidence", summary)


def _tracebacks(error: ExceptionInfo) -> list[str]:
    lines: list[str] = []
    waiting = [error]
    while waiting and len(lines) < 200:
        each = waiting.pop(0)
        lines.append(f"{each.link or 'raised'}: {each.type}: {each.message[:300]}")
        lines += [f"    {f.name} {f.path}:{f.line}" for f in each.frames[:30] if f.kind != "label"]
        waiting += [*each.chain, *each.members]
    return lines


@tool(Right.READ)
async def suspects(call: ToolInvocation) -> Result:
    """What rules say about the cause, without a model: places, reasons, values, and the way the failing
    value came."""
    snapshot = call.session.snapshot
    diagnosis = await asyncio.to_thread(call.context.diagnose, snapshot)
    lines = diagnosis_lines(diagnosis)
    if diagnosis.meaning:
        lines.append(f"meaning: {diagnosis.meaning}")
    if diagnosis.suspects:
        lines.append("frames of the suspects:")
    for suspect in diagnosis.suspects:
        where = _frame_words(call, suspect)
        lines.append(f"  {suspect.function} {suspect.path}:{suspect.line} ({where}, {suspect.score:.2f})")
        for variable in suspect.proof:
            lines.append(f"    {variable.name} = {call.context.redactor.value_of(variable)[:200]}")
    call.context.redactor.learn(v for s in diagnosis.suspects for v in s.proof)
    body = call.data("what the evidence says, by rules, without a model", "\n".join(lines))
    summary = message("assistant.summary.suspects", count=len(diagnosis.suspects))
    return Result(f"{describe_phase(snapshot)}\n{body}", "evidence", summary)


def _frame_words(call: ToolInvocation, suspect: Suspect) -> str:
    """Its number for ``frame`` and ``evaluate``, as ``stack`` counts."""
    snapshot = call.session.snapshot
    thread = snapshot.thread(suspect.thread_id) or snapshot.focused
    frames = call.frames(thread) if thread is not None else ()
    for number, frame in enumerate(frames):
        if (frame.path, frame.line, frame.name) == (suspect.path, suspect.line, suspect.function):
            return f"frame {number}"
    return "no frame: it has returned, or another line of one"


@tool(Right.READ)
async def logs(
    call: ToolInvocation,
    *,
    contains: Annotated[str, Meta(max_length=200, description="only records with this text")] | None = None,
    level: Annotated[Level, Meta(description="only log records from this level")] | None = None,
    last: Annotated[int, Meta(ge=1, le=200)] = 40,
) -> Result:
    """The last output and log records of the program."""
    text = (contains or "").lower()
    lowest = LEVELS[level] if level is not None else 0
    records = [
        r
        for r in call.context.events.logs
        if (not text or text in r.text.lower()) and (not lowest or r.level >= lowest)
    ]
    shown = records[-last:]
    lines = [_record(r) for r in shown]
    lost = (
        f" {call.context.events.lost:,} lines were lost because they came too fast."
        if call.context.events.lost
        else ""
    )
    words = f"{len(shown)} of {len(records)} records that fit, oldest first.{lost}"
    if not lines:
        total = len(call.context.events.logs)
        text = f"No record fits; {total:,} are kept since we listen.{lost}"
        return Result(text, "logs", message("assistant.summary.no_log_record"))
    body = call.data("output and log", "\n".join(lines))
    return Result(f"{words}\n{body}", "logs", message("assistant.summary.log_records", count=len(shown)))


def _record(record: LogRecord) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(record.time))
    level = next((n for n, v in LEVELS.items() if v == record.level), "") if record.level else ""
    source = " ".join(
        filter(None, (record.stream if record.stream != "logging" else "", level, record.logger))
    )
    place = f" ({record.path}:{record.line})" if record.path else ""
    text = record.text if len(record.text) <= MAX_RECORD else record.text[: MAX_RECORD - 1] + "…"
    return f"{at} {source}: {text}{place}"


EVIDENCE_TOOLS = (exception, suspects, logs)
