"""Commands that answer from the evidence alone: /why, /explain, /watch, /scan, /complete."""

from __future__ import annotations

import asyncio

from iqdebug.assistant.actions.scan import scan
from iqdebug.assistant.actions.watch import hits_of, watches
from iqdebug.assistant.actions.why import explain, section_lines, why
from iqdebug.assistant.session import AssistantSession
from iqdebug.core.errors import UsageError
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
        assistant.note("the evidence names no variable to watch")
        return
    lines = [f"{w.breakpoint.path}:{w.breakpoint.line}  {', '.join(w.names)}: {w.reason}" for w in proposed]
    assistant.note("worth watching", assistant.redactor.scrub("\n".join(lines)))
    if session.why_not(Capability.BREAKPOINTS):
        assistant.note("they can be set as log-points when the program runs under iqdebug again")
        return
    shown = [f"{w.breakpoint.path}:{w.breakpoint.line} {w.breakpoint.log_message}" for w in proposed]
    if await assistant.confirm(f"set {len(proposed)} log-points", "\n".join(shown), "nothing stops at them"):
        places = {(w.breakpoint.path, w.breakpoint.line) for w in proposed}
        others = [b for b in session.breakpoints if (b.path, b.line) not in places]
        await session.set_breakpoints([*others, *(w.breakpoint for w in proposed)])
        pending.watched = proposed
        assistant.note("set; /watch tells what they reported, /watch stop takes them away")


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
        assistant.note(f"{point.path}:{point.line} was reached {hit.count} times", last)


async def scan_stack(assistant: AssistantSession, rest: str) -> None:
    snapshot = assistant.require_stop().snapshot
    read_source = assistant.require_active().binding.read_source
    report = await asyncio.to_thread(scan, snapshot, read_source=read_source)
    if not report.findings:
        assistant.note(f"no dangerous pattern in {report.files} files of the stack")
    for finding in report.findings:
        head, *more = finding.lines()
        assistant.note(assistant.redactor.scrub(head), assistant.redactor.scrub("\n".join(more)))
    for note in report.notes:
        assistant.note(note)


async def complete_expression(assistant: AssistantSession, rest: str) -> None:
    if not rest or assistant.active is None:
        raise UsageError(
            "There is nothing to complete", "", "/complete EXPRESSION, such as /complete order.it"
        )
    binding = assistant.active.binding
    session = binding.session
    offered = await session.complete(rest, len(rest), binding.ui.frame(), session.snapshot.epoch)
    names = "  ".join(completion.text for completion in offered[:_MAX_COMPLETIONS])
    assistant.note(f"the process: {names or 'nothing'}")
    if assistant.window is not None:
        assistant.note(f"the model: {await assistant.complete_expression(rest, '') or 'nothing'}")
