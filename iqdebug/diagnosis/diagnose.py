"""A snapshot becomes a diagnosis: of a crash by :mod:`.crash`, of any other moment by the rules below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import Diagnosis, Origin, Phase, Snapshot, Suspect, ThreadState
from iqdebug.diagnosis.crash import diagnosis_of_end, diagnosis_of_exception
from iqdebug.diagnosis.explanation import paused_on_exception
from iqdebug.diagnosis.facts import NO_FACTS, Facts
from iqdebug.diagnosis.live.containers import growing_containers
from iqdebug.diagnosis.live.context import Finding, LiveContext, where
from iqdebug.diagnosis.live.cpu_hotspots import holds_the_gil, never_ending_loop
from iqdebug.diagnosis.live.event_loops import blocked_loop, tasks_nobody_wakes
from iqdebug.diagnosis.live.locks import pool_waits_for_itself, waiting_for_locks
from iqdebug.diagnosis.live.recursion import deep_recursion
from iqdebug.system.line_changes import LineChange

__all__ = ["RULES", "diagnose"]

RULES: tuple[Callable[[LiveContext], list[Finding]], ...] = (
    deep_recursion,
    paused_on_exception,
    waiting_for_locks,
    pool_waits_for_itself,
    blocked_loop,
    tasks_nobody_wakes,
    never_ending_loop,
    holds_the_gil,
    growing_containers,
)
"""Each looks for one cause and says nothing about an ordinary moment. The order decides ties."""

MAX_SUSPECTS = 8
MAX_NOTES = 8


def diagnose(
    snapshot: Snapshot,
    *,
    read_source: Callable[[str], Sequence[str]],
    earlier: Snapshot | None = None,
    changed: Callable[[str, int], LineChange | None] = lambda path, line: None,
    facts: Facts = NO_FACTS,
) -> Diagnosis:
    """Rank the places where the cause may lie.

    ``read_source`` gives a file's lines (with or without line ends) for a frame's path; it may
    raise OSError or ValueError, or give nothing, for a file that cannot be read. ``earlier`` is a
    snapshot of the same process, best some tenths of a second older: it shows what stayed in place
    and what grew. ``changed`` says how a line was changed of late, None where it was not: what worked
    yesterday and changed since is suspicious. ``facts`` are what is known besides the frames.
    Deterministic; never raises for what the snapshot contains.

    The confidence is that of the strongest rule that spoke: ``likely`` when values and source
    prove it together, ``no clear suspect`` when none accused a place; then ``suspects`` is empty.
    """
    context = LiveContext(snapshot, read_source, earlier)
    if snapshot.exception is not None and snapshot.phase is Phase.CRASHED:
        return diagnosis_of_exception(context, changed, facts)
    if snapshot.origin is Origin.RECORDED and snapshot.phase is Phase.CRASHED:
        return diagnosis_of_end(snapshot)
    findings = [finding for rule in RULES for finding in rule(context)]
    accusing = sorted((f for f in findings if f.accuses), key=lambda f: (f.strength != "likely", -f.score))
    notes: list[Text] = [f.headline for f in accusing[1:]] + [
        f.headline for f in findings if f.strength == "note"
    ]
    if len(notes) > MAX_NOTES:
        notes = [*notes[: MAX_NOTES - 1], message("live.more_remarks", count=len(notes) - MAX_NOTES + 1)]
    if not accusing:
        return Diagnosis(
            _nothing_stands_out(context), Confidence.NO_CLEAR_SUSPECT, (), tuple(dict.fromkeys(notes))
        )
    best = accusing[0]
    return Diagnosis(
        headline_message=best.headline,
        confidence=Confidence.LIKELY if best.strength == "likely" else Confidence.POSSIBLE,
        suspects=_ranked(accusing),
        note_messages=tuple(n for n in dict.fromkeys(notes) if n != best.headline),
    )


def _ranked(findings: Sequence[Finding]) -> tuple[Suspect, ...]:
    """Best first; a place that several rules name appears once, with all their reasons."""
    places: dict[tuple[object, ...], Suspect] = {}
    for each in (s for f in findings for s in f.suspects):
        key = (each.path, each.line, each.thread_id, each.frame_index)
        known = places.get(key)
        if known is None:
            places[key] = each
            continue
        first, second = (known, each) if known.score >= each.score else (each, known)
        places[key] = replace(
            first,
            reason_messages=tuple(dict.fromkeys([*first.reason_messages, *second.reason_messages])),
            proof=tuple(dict.fromkeys([*first.proof, *second.proof])),
        )
    best = sorted(places.values(), key=lambda s: (-s.score, s.path, s.line, s.thread_id or 0))
    return tuple(best[:MAX_SUSPECTS])


def _nothing_stands_out(context: LiveContext) -> Message:
    now = context.snapshot
    if now.phase is Phase.ENDED:
        code = None if now.exit_code is None else message("live.exit_code", code=now.exit_code)
        return message("live.ended", code=code)
    thread = now.focused
    innermost = context.user_frame(thread) if thread is not None else None
    if context.stopped and innermost is not None:
        return message("live.nothing.paused", place=where(innermost[1]))
    if not now.threads:
        return message("live.nothing.no_threads")
    count = len(now.threads)
    if all(t.state is ThreadState.WAITING for t in now.threads):
        return message("live.nothing.waiting", count=count)
    if not any(t.frames for t in now.threads):
        return message("live.nothing.no_code")
    running = sum(t.state is ThreadState.RUNNING for t in now.threads)
    if not running:
        return message("live.nothing.not_running", count=count)
    if count == 1:
        return message("live.nothing.running")
    return message("live.nothing.some_running", running=running, count=count)
