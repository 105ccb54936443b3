"""Commands that answer from the evidence alone: /why, /explain, /watch, /scan, /complete."""

from __future__ import annotations

import asyncio

from iqdebug.assistant.actions.scan import scan
from iqdebug.assistant.actions.watch import hits_of, watches
from iqdebug.assistant.actions.why import explain, section_lines, why
from iqdebug.assistant.session import AssistantSession
from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.core.session import Capability

__all__ = ["complete_expression", "explain_it", "scan_stack", "show_why", "watch_variables"]

_MAX_COMPLETIONS = 40


async def show_why(assistant: AssistantSession, rest: str) -> None:
    stop = assistant.require_stop()
    assistant.transcript.add("question", "/why")
    _show(assistant, section_lines(why(stop.snapshot, stop.diagnosis)))


async def explain_it(assistant: AssistantSession, rest: str) -> None:
    stop = assistant.require_stop()
    assistant.transcript.add("question", "/explain")
    _show(assistant, section_lines(explain(stop.snapshot, stop.diagnosis)))
    if assistant.conversation is not None:
        # The question is for the model.
        about = f" In particular: {rest}" if rest else ""
        question = f"Explain the failure to somebody who does not know this code.{about}"
        await assistant.ask(question, f"/explain {rest}".strip())


def _show(assistant: AssistantSession, lines: list[str]) -> None:
    assistant.note(assistant.redactor.scrub("\n".join(lines)))


async def watch_variables(assistant: AssistantSession, rest: str) -> None:
    pending = assistant.pending
    if rest in ("stop", "off") and assistant.active is not None:
        await _stop_watching(assistant)
        return
    if pending.watched and not rest:
        _show_hits(assistant)
        return
    stop = assistant.require_stop()
    binding = assistant.require_active().binding
    session = binding.session
    proposed = watches(stop.diagnosis, read_source=binding.read_source)
    if not proposed:
        assistant.note(message("assistant.watch.nothing"))
        return
    lines = [f"{w.breakpoint.path}:{w.breakpoint.line}  {', '.join(w.names)}: {w.reason}" for w in proposed]
    assistant.note(message("assistant.watch.proposed"), assistant.redactor.scrub("\n".join(lines)))
    if session.why_not(Capability.BREAKPOINTS):
        assistant.note(message("assistant.watch.cannot_set"))
        return
    shown = [f"{w.breakpoint.path}:{w.breakpoint.line} {w.breakpoint.log_message}" for w in proposed]
    action = message("assistant.consent.watch", count=len(proposed))
    if await assistant.confirm(action, "\n".join(shown), message("assistant.consent.watch.why")):
        places = {(w.breakpoint.path, w.breakpoint.line) for w in proposed}
        others = [b for b in session.breakpoints if (b.path, b.line) not in places]
        await session.set_breakpoints([*others, *(w.breakpoint for w in proposed)])
        pending.watched = proposed
        assistant.note(message("assistant.watch.set"))


async def _stop_watching(assistant: AssistantSession) -> None:
    session = assistant.require_active().binding.session
    places = {(w.breakpoint.path, w.breakpoint.line) for w in assistant.pending.watched}
    await session.set_breakpoints([b for b in session.breakpoints if (b.path, b.line) not in places])
    _show_hits(assistant)
    assistant.pending.watched = ()


def _show_hits(assistant: AssistantSession) -> None:
    logs = assistant.active.binding.ui.logs() if assistant.active is not None else ()
    for hit in hits_of(assistant.pending.watched, logs):
        point = hit.watch.breakpoint
        last = assistant.redactor.scrub("\n".join(hit.last))
        place = f"{point.path}:{point.line}"
        assistant.note(message("assistant.watch.reached", place=place, count=hit.count), last)


async def scan_stack(assistant: AssistantSession, rest: str) -> None:
    snapshot = assistant.require_stop().snapshot
    read_source = assistant.require_active().binding.read_source
    report = await asyncio.to_thread(scan, snapshot, read_source=read_source)
    if not report.findings:
        assistant.note(message("assistant.scan.nothing", count=report.files))
    for finding in report.findings:
        head, *more = finding.lines()
        assistant.note(assistant.redactor.scrub(head), assistant.redactor.scrub("\n".join(more)))
    for note in report.notes:
        assistant.note(note)


async def complete_expression(assistant: AssistantSession, rest: str) -> None:
    if not rest or assistant.active is None:
        what, fix = message("assistant.nothing_to_complete"), message("assistant.nothing_to_complete.fix")
        raise UsageError(what, "", fix)
    binding = assistant.active.binding
    session = binding.session
    offered = await session.complete(rest, len(rest), binding.ui.frame(), session.snapshot.epoch)
    names = "  ".join(completion.text for completion in offered[:_MAX_COMPLETIONS])
    nothing = message("assistant.complete.nothing")
    assistant.note(message("assistant.complete.process", offered=names or nothing))
    if assistant.window is not None:
        continued = await assistant.complete_expression(rest, "")
        assistant.note(message("assistant.complete.model", offered=continued or nothing))
