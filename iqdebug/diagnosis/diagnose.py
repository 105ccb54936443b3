"""The table of rules, and how what they say becomes one diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.messages import Text, render
from iqdebug.core.state import Anomaly, Diagnosis, Origin, Phase, Snapshot, Suspect, ThreadState
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.knowledge import meaning_of
from iqdebug.diagnosis.live.containers import growing_containers
from iqdebug.diagnosis.live.context import Finding, LiveContext, suspect, where
from iqdebug.diagnosis.live.cpu_hotspots import holds_the_gil, never_ending_loop
from iqdebug.diagnosis.live.event_loops import blocked_loop, tasks_nobody_wakes
from iqdebug.diagnosis.live.exceptions import exception_explained
from iqdebug.diagnosis.live.locks import pool_waits_for_itself, waiting_for_locks
from iqdebug.diagnosis.live.recursion import deep_recursion
from iqdebug.diagnosis.ranking.ranking import examined, generated, with_one_that_returned, with_second_lines
from iqdebug.diagnosis.rules import find_anomalies
from iqdebug.diagnosis.source.functions import Candidate, Texts

__all__ = ["RULES", "diagnose"]

RULES: tuple[Callable[[LiveContext], list[Finding]], ...] = (
    deep_recursion,
    exception_explained,
    waiting_for_locks,
    pool_waits_for_itself,
    blocked_loop,
    tasks_nobody_wakes,
    never_ending_loop,
    holds_the_gil,
    growing_containers,
)
"""Each looks for one cause and says nothing about an ordinary moment. The order decides ties."""

_ORDER = {"likely": 0, "possible": 1, "note": 2}
_MAX_SUSPECTS = 8
_MAX_NOTES = 8
_MAX_PLACES = 10
_CHANGED = 1.15
_UNUSUAL, _UNUSUAL_ALONE = 0.2, 0.8
_MAX_FAILURES = 3
NO_FACTS = Facts()


def diagnose(
    snapshot: Snapshot,
    *,
    read_source: Callable[[str], Sequence[str]],
    earlier: Snapshot | None = None,
    changed: Callable[[str, int], str] = lambda path, line: "",
    facts: Facts = NO_FACTS,
) -> Diagnosis:
    """Rank the places where the cause may lie.

    ``read_source`` gives a file's lines (with or without line ends) for a frame's path; it may
    raise OSError or ValueError, or give nothing, for a file that cannot be read. ``earlier`` is a
    snapshot of the same process, best some tenths of a second older: what stayed in place and
    what grew is told from it. ``changed`` says in words that a line was changed of late, "" else:
    what worked yesterday and changed since is suspicious. ``facts`` are what is known besides the
    frames. Deterministic; never raises for what the snapshot contains.

    The confidence is that of the strongest rule that spoke: ``likely`` when values and source
    prove it together, ``no clear suspect`` when none accused a place; then ``suspects`` is empty.
    """
    look = LiveContext(snapshot, read_source, earlier)
    if snapshot.exception is not None and snapshot.phase is Phase.CRASHED:
        return _of_exception(look, read_source, changed, facts)
    if snapshot.origin is Origin.RECORDED and snapshot.phase is Phase.CRASHED:
        return _of_end(look)
    findings = [finding for rule in RULES for finding in rule(look)]
    accusing = sorted(
        (f for f in findings if f.strength != "note" and f.suspects),
        key=lambda f: (_ORDER[f.strength], -f.score),
    )
    notes = [f.headline for f in accusing[1:]] + [f.headline for f in findings if f.strength == "note"]
    if len(notes) > _MAX_NOTES:
        notes = [*notes[: _MAX_NOTES - 1], f"and {len(notes) - _MAX_NOTES + 1} more remarks"]
    if not accusing:
        return Diagnosis(_nothing_stands_out(look), "no clear suspect", (), tuple(dict.fromkeys(notes)))
    best = accusing[0]
    return Diagnosis(
        headline_message=best.headline,
        confidence="likely" if best.strength == "likely" else "possible",
        suspects=_ranked(accusing),
        note_messages=tuple(n for n in dict.fromkeys(notes) if n != best.headline),
    )


def _of_exception(
    look: LiveContext,
    read_source: Callable[[str], Sequence[str]],
    changed: Callable[[str, int], str],
    facts: Facts,
) -> Diagnosis:
    """A crash: the places ranked by :mod:`.fault`, in the words of the rule that explains it."""
    findings = [finding for rule in (deep_recursion, exception_explained) for finding in rule(look)]
    spoken = sorted(
        (f for f in findings if f.strength != "note" and f.suspects), key=lambda f: _ORDER[f.strength]
    )
    said = {(s.path, s.line): s for f in findings for s in f.suspects}
    thread = look.snapshot.focused
    frames = [(f.path, f.line) for f in thread.frames] if thread is not None else []
    suspects = []
    texts = Texts(read_source)
    seen = examined(look.snapshot, texts)
    anomalies = [
        (failure.share, anomaly)
        for failure in seen.failures[:_MAX_FAILURES]
        for anomaly in find_anomalies(failure.frames, failure.error, texts, facts)
    ]
    places = _with_anomalies(seen.places, anomalies)
    places = with_second_lines(_with_changes(places, changed))
    places = with_one_that_returned(places, seen.failures, texts)
    for site in places[:_MAX_PLACES]:
        known = said.pop((site.path, site.line), None)
        reasons = [*known.reason_messages, *site.reasons[1:]] if known is not None else site.reasons
        proof = [*(known.proof if known is not None else ()), *site.proof]
        place = (site.path, site.line)
        suspects.append(
            Suspect(
                path=site.path,
                line=site.line,
                function=site.function,
                score=round(min(site.weight, 0.99), 3),
                reason_messages=_fullest(reasons),
                proof=tuple({v.name: v for v in proof}.values()),
                thread_id=thread.id if thread is not None else None,
                frame_index=frames.index(place) if place in frames else None,
            )
        )
    left = [replace(s, score=s.score * 0.5) if generated(s.path) else s for s in said.values()]
    suspects += left[: _MAX_PLACES - len(suspects)]
    suspects.sort(key=lambda s: -s.score)
    error = look.snapshot.exception
    headline = f"{error.type}: {error.message}".strip(": ") if error is not None else ""
    strength = spoken[0].strength if spoken else "possible"
    if not suspects:
        return Diagnosis(headline, "no clear suspect")
    return Diagnosis(
        headline_message=spoken[0].headline if spoken else headline,
        confidence="likely" if strength == "likely" else "possible",
        suspects=tuple(suspects),
        note_messages=tuple(f.headline for f in findings if f.strength == "note")[:_MAX_NOTES],
        provenance=seen.provenance,
        meaning_message=(meaning_of(seen.failures[0].error) or "") if seen.failures else "",
        anomalies=tuple(dict.fromkeys(anomaly for _, anomaly in anomalies)),
    )


def _fullest(reasons: Sequence[Text]) -> tuple[Text, ...]:
    """Each once; of two where one says the other and more, that one."""
    by_words = {render(reason): reason for reason in reversed(reasons)}
    words = list(dict.fromkeys(render(reason) for reason in reasons))
    return tuple(by_words[w] for w in words if not any(o != w and o.startswith(w) for o in words))


def _of_end(look: LiveContext) -> Diagnosis:
    """A process that died by a signal, or whose exception could not be read: where it stood."""
    thread = look.snapshot.focused
    frames = [(i, f) for i, f in enumerate(thread.frames) if f.kind != "label"] if thread is not None else []
    own = [(i, f) for i, f in frames if f.kind == "user"] or frames
    suspects = [
        suspect(frame, 0.6 * 0.7**place, [words], thread=thread, index=index)
        for place, (index, frame) in enumerate(own[:3])
        for words in ["the process ended in this call" if place == 0 else "this call led there"]
    ]
    if not own:
        return Diagnosis(f"{look.snapshot.reason}: no frame was recorded", "no clear suspect")
    return Diagnosis(f"{look.snapshot.reason}, called at {where(own[0][1])}", "possible", tuple(suspects))


def _with_anomalies(
    places: Sequence[Candidate], anomalies: Sequence[tuple[float, Anomaly]]
) -> list[Candidate]:
    """The places again in order. What is unusual at a place accuses it, a place that no exception
    passed through included: a default that grew, a name that is hidden at its definition."""
    found = {(site.path, site.line): site for site in places}
    for share, anomaly in anomalies:
        site = found.get((anomaly.path, anomaly.line))
        if site is None:
            if not anomaly.path:
                continue
            site = Candidate(
                anomaly.path, anomaly.line, anomaly.function, share * anomaly.weight * _UNUSUAL_ALONE, [], []
            )
            found[anomaly.path, anomaly.line] = site
        else:
            site.weight *= 1.0 + _UNUSUAL * anomaly.weight
        site.reasons.append(anomaly.message)
        if anomaly.variable is not None:
            site.proof.append(anomaly.variable)
    return sorted(found.values(), key=lambda site: -site.weight)


def _with_changes(places: Sequence[Candidate], changed: Callable[[str, int], str]) -> list[Candidate]:
    """The places again in order, those that were changed of late a little nearer to the front. Where
    all were changed at once that tells nothing."""
    told = [(site, changed(site.path, site.line)) for site in places[:_MAX_PLACES]]
    if len(told) > 1 and len({words for _, words in told}) == 1:
        return list(places)
    for site, words in told:
        if words:
            site.weight *= _CHANGED
            site.reasons.append(words)
    return sorted(places, key=lambda site: -site.weight)


def _ranked(findings: Sequence[Finding]) -> tuple[Suspect, ...]:
    """Best first; a place that several rules name appears once, with all their reasons."""
    places: dict[tuple[object, ...], Suspect] = {}
    for found in (s for f in findings for s in f.suspects):
        key = (found.path, found.line, found.thread_id, found.frame_index)
        known = places.get(key)
        if known is None:
            places[key] = found
            continue
        first, second = (known, found) if known.score >= found.score else (found, known)
        places[key] = Suspect(
            path=first.path,
            line=first.line,
            function=first.function,
            score=first.score,
            reason_messages=tuple(dict.fromkeys([*first.reason_messages, *second.reason_messages])),
            proof=tuple(dict.fromkeys([*first.proof, *second.proof])),
            thread_id=first.thread_id,
            frame_index=first.frame_index,
        )
    best = sorted(places.values(), key=lambda s: (-s.score, s.path, s.line, s.thread_id or 0))
    return tuple(best[:_MAX_SUSPECTS])


def _nothing_stands_out(look: LiveContext) -> str:
    now = look.snapshot
    if now.phase is Phase.ENDED:
        code = "" if now.exit_code is None else f" with exit code {now.exit_code}"
        return f"the process has ended{code}"
    thread = now.focused
    found = look.user_frame(thread) if thread is not None else None
    if look.stopped and found is not None:
        return f"nothing stands out: paused at {where(found[1])}"
    if not now.threads:
        return "nothing stands out: no threads were seen"
    count = len(now.threads)
    noun = "the thread" if count == 1 else f"all {count} threads"
    if all(t.state is ThreadState.WAITING for t in now.threads):
        return f"nothing stands out: {noun} {'waits' if count == 1 else 'wait'}, as an idle program does"
    if not any(t.frames for t in now.threads):
        return "nothing stands out: no thread runs Python code at the moment"
    running = sum(t.state is ThreadState.RUNNING for t in now.threads)
    if not running:
        said = "the thread was not seen running" if count == 1 else "no thread was seen running"
        return f"nothing stands out: {said}"
    if count == 1:
        return "nothing stands out: the thread is running"
    return f"nothing stands out: {running} of {count} threads {'is' if running == 1 else 'are'} running"
