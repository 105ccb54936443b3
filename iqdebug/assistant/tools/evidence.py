"""Tools over what is known without a model: the exception, the suspects, the logs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation
from iqdebug.assistant.tools.inspection import moment
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.core.state import ExceptionInfo, LogRecord, Suspect
from iqdebug.core.state_lines import diagnosis_lines
from iqdebug.diagnosis.prompt.pack import told
from iqdebug.llm.messages import Tool

__all__ = ["EVIDENCE_TOOLS"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_LINE = 400


async def _exception(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    snapshot = call.session.snapshot
    found = snapshot.exception
    if found is None:
        return Result(f"{moment(snapshot)} No exception is being shown.", "evidence", "no exception")
    lines = told(found, "")
    lines += ["", *_tracebacks(found)]
    body = call.data("the exception and its causes", "\n".join(lines))
    caught = "nobody catches it" if found.uncaught else "some code would catch it"
    return Result(f"{moment(snapshot)} {caught}.\n{body}", "evidence", f"exception {found.type}")


def _tracebacks(error: ExceptionInfo) -> list[str]:
    lines: list[str] = []
    waiting = [error]
    while waiting and len(lines) < 200:
        each = waiting.pop(0)
        lines.append(f"{each.link or 'raised'}: {each.type}: {each.message[:300]}")
        lines += [f"    {f.name} {f.path}:{f.line}" for f in each.frames[:30] if f.kind != "label"]
        waiting += [*each.chain, *each.members]
    return lines


async def _suspects(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    snapshot = call.session.snapshot
    diagnosis = await asyncio.to_thread(call.world.diagnose, snapshot)
    lines = diagnosis_lines(diagnosis)
    if diagnosis.meaning:
        lines.append(f"meaning: {diagnosis.meaning}")
    if diagnosis.suspects:
        lines.append("frames of the suspects:")
    for suspect in diagnosis.suspects:
        where = _frame_words(call, suspect)
        lines.append(f"  {suspect.function} {suspect.path}:{suspect.line} ({where}, {suspect.score:.2f})")
        for variable in suspect.proof:
            lines.append(f"    {variable.name} = {call.world.veil.value_of(variable)[:200]}")
    call.world.veil.learn(v for s in diagnosis.suspects for v in s.proof)
    body = call.data("what the evidence says, by rules, without a model", "\n".join(lines))
    return Result(f"{moment(snapshot)}\n{body}", "evidence", f"{len(diagnosis.suspects)} suspects")


def _frame_words(call: ToolInvocation, suspect: Suspect) -> str:
    """Its number for ``frame`` and ``evaluate``, as ``stack`` counts."""
    snapshot = call.session.snapshot
    thread = snapshot.thread(suspect.thread_id) or snapshot.focused
    frames = call.frames(thread) if thread is not None else ()
    for number, frame in enumerate(frames):
        if (frame.path, frame.line, frame.name) == (suspect.path, suspect.line, suspect.function):
            return f"frame {number}"
    return "no frame: it has returned, or another line of one"


async def _logs(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    contains = arguments.get("contains", "").lower()
    level = _LEVELS.get(arguments.get("level", ""), 0)
    records = [
        r
        for r in call.world.events.logs
        if (not contains or contains in r.text.lower()) and (r.level >= level if level else True)
    ]
    last = records[-arguments["last"] :]
    lines = [_record(r) for r in last]
    lost = (
        f" {call.world.events.lost:,} lines were lost because they came too fast."
        if call.world.events.lost
        else ""
    )
    text = f"{len(last)} of {len(records)} records that fit, oldest first.{lost}"
    if not lines:
        total = len(call.world.events.logs)
        return Result(f"No record fits; {total:,} are kept since we listen.{lost}", "logs", "no log record")
    return Result(
        f"{text}\n{call.data('output and log', chr(10).join(lines))}", "logs", f"{len(last)} log records"
    )


def _record(record: LogRecord) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(record.time))
    level = next((n for n, v in _LEVELS.items() if v == record.level), "") if record.level else ""
    source = " ".join(
        filter(None, (record.stream if record.stream != "logging" else "", level, record.logger))
    )
    place = f" ({record.path}:{record.line})" if record.path else ""
    text = record.text if len(record.text) <= _LINE else record.text[: _LINE - 1] + "…"
    return f"{at} {source}: {text}{place}"


EVIDENCE_TOOLS = (
    BoundTool(
        Tool("exception", "The exception with its causes, notes and tracebacks.", tool_schema()),
        Right.READ,
        _exception,
    ),
    BoundTool(
        Tool(
            "suspects",
            "What rules say about the cause, without a model: places, reasons, values, and the way the "
            "failing value came.",
            tool_schema(),
        ),
        Right.READ,
        _suspects,
    ),
    BoundTool(
        Tool(
            "logs",
            "The last output and log records of the program.",
            tool_schema(
                contains={"type": "string", "maxLength": 200, "description": "only records with this text"},
                level={
                    "type": "string",
                    "enum": list(_LEVELS),
                    "description": "only log records from this level",
                },
                last={"type": "integer", "minimum": 1, "maximum": 200, "default": 40},
            ),
        ),
        Right.READ,
        _logs,
    ),
)
