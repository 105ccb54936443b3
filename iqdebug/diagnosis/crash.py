"""The diagnosis of a crash.

The places are weighed by :mod:`.ranking`, what is unusual about them is found by :mod:`.rules`, and the
person's own line gets its words from :mod:`.explanation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.evidence import AnomalyKind, Confidence
from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import Anomaly, Diagnosis, Snapshot, Suspect
from iqdebug.diagnosis.explanation import explanation
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.knowledge import meaning_of
from iqdebug.diagnosis.live.context import Finding, LiveContext, exception_message, suspect, where
from iqdebug.diagnosis.live.recursion import deep_recursion
from iqdebug.diagnosis.ranking.code_shape import is_generated
from iqdebug.diagnosis.ranking.failures import Failure
from iqdebug.diagnosis.ranking.order import with_one_that_returned, with_second_lines
from iqdebug.diagnosis.ranking.ranking import examined
from iqdebug.diagnosis.rules import find_anomalies
from iqdebug.diagnosis.source.functions import Candidate
from iqdebug.system.line_changes import LineChange

__all__ = ["diagnosis_of_end", "diagnosis_of_exception"]

MAX_NOTES = 8
MAX_PLACES = 10
MAX_FAILURES = 3
"""Exceptions of a chain that the rules look at."""

CHANGED_FACTOR = 1.15
ANOMALY_FACTOR = 0.2
ANOMALY_ALONE_FACTOR = 0.8
GENERATED_FACTOR = 0.5


def diagnosis_of_exception(
    context: LiveContext, changed: Callable[[str, int], LineChange | None], facts: Facts
) -> Diagnosis:
    """For the parameters see :func:`.diagnose.diagnose`."""
    snapshot, texts = context.snapshot, context.texts
    seen = examined(snapshot, texts)
    by_failure = [(f, find_anomalies(f.frames, f.error, texts, facts)) for f in seen.failures[:MAX_FAILURES]]
    findings = deep_recursion(context) + _explained(context, by_failure)
    weighed = [(failure.share, anomaly) for failure, anomalies in by_failure for anomaly in anomalies]
    places = _with_changes(_with_anomalies(seen.places, weighed), changed)
    places = with_one_that_returned(with_second_lines(places), seen.failures, texts)
    suspects = _suspects(places[:MAX_PLACES], findings, snapshot)
    error = snapshot.exception
    headline: Text = exception_message(error.type, error.message.rstrip(": ")) if error is not None else ""
    if not suspects:
        return Diagnosis(headline, Confidence.NO_CLEAR_SUSPECT)
    best = min((f for f in findings if f.accuses), key=lambda f: f.strength != "likely", default=None)
    return Diagnosis(
        headline_message=best.headline if best is not None else headline,
        confidence=Confidence.LIKELY
        if best is not None and best.strength == "likely"
        else Confidence.POSSIBLE,
        suspects=suspects,
        note_messages=tuple(f.headline for f in findings if f.strength == "note")[:MAX_NOTES],
        provenance=seen.provenance,
        meaning_message=(meaning_of(seen.failures[0].error) or "") if seen.failures else "",
        anomalies=tuple(dict.fromkeys(anomaly for _, anomaly in weighed)),
    )


def _explained(context: LiveContext, by_failure: list[tuple[Failure, list[Anomaly]]]) -> list[Finding]:
    """In the words of the exception that ended the program, not of those that it came from."""
    for failure, anomalies in by_failure:
        if failure.error is context.snapshot.exception:
            return explanation(context, failure.frames, anomalies)
    return explanation(context, (), ())


def _suspects(
    places: Sequence[Candidate], findings: Sequence[Finding], snapshot: Snapshot
) -> tuple[Suspect, ...]:
    """The places, then those that the findings alone accuse. Where both know a place, the findings'
    reasons stand in for the first of the ranking, which says how the exception came by."""
    accused = {(s.path, s.line): s for finding in findings for s in finding.suspects}
    thread = snapshot.focused
    frames = [(f.path, f.line) for f in thread.frames] if thread is not None else []
    suspects = []
    for place in places:
        key = (place.path, place.line)
        known = accused.pop(key, None)
        reasons = [*known.reason_messages, *place.reasons[1:]] if known is not None else place.reasons
        proof = [*(known.proof if known is not None else ()), *place.proof]
        suspects.append(
            Suspect(
                path=place.path,
                line=place.line,
                function=place.function,
                score=round(min(place.weight, 0.99), 3),
                reason_messages=tuple(dict.fromkeys(reasons)),
                proof=tuple({v.name: v for v in proof}.values()),
                thread_id=thread.id if thread is not None else None,
                frame_index=frames.index(key) if key in frames else None,
            )
        )
    alone = list(accused.values())[: MAX_PLACES - len(suspects)]
    suspects += [replace(s, score=s.score * GENERATED_FACTOR) if is_generated(s.path) else s for s in alone]
    return tuple(sorted(suspects, key=lambda s: -s.score))


def diagnosis_of_end(snapshot: Snapshot) -> Diagnosis:
    """A process that died by a signal, or whose exception could not be read: where it stood."""
    thread = snapshot.focused
    frames = [(i, f) for i, f in enumerate(thread.frames) if f.kind != "label"] if thread is not None else []
    own = [(i, f) for i, f in frames if f.kind == "user"] or frames
    if not own:
        return Diagnosis(message("headline.no_frame", reason=snapshot.reason), Confidence.NO_CLEAR_SUSPECT)
    ended, led = message("reason.ended_here"), message("reason.call_led_there")
    suspects = [
        suspect(frame, 0.6 * 0.7**place, [led if place else ended], thread=thread, index=index)
        for place, (index, frame) in enumerate(own[:3])
    ]
    headline = message("headline.called_at", reason=snapshot.reason, place=where(own[0][1]))
    return Diagnosis(headline, Confidence.POSSIBLE, tuple(suspects))


def _with_anomalies(
    places: Sequence[Candidate], anomalies: Sequence[tuple[float, Anomaly]]
) -> list[Candidate]:
    """The places again in order. What is unusual at a place accuses it, a place that no exception
    passed through included: a default that grew, a name that is hidden at its definition.

    :param anomalies: each with its failure's share of the suspicion.
    """
    by_place = {(place.path, place.line): place for place in places}
    for share, anomaly in anomalies:
        key = (anomaly.path, anomaly.line)
        place = by_place.get(key)
        if place is None:
            if not anomaly.path:
                continue
            weight = share * anomaly.weight * ANOMALY_ALONE_FACTOR
            place = by_place[key] = Candidate(*key, anomaly.function, weight)
        else:
            place.weight *= 1.0 + ANOMALY_FACTOR * anomaly.weight
        if anomaly.kind is AnomalyKind.NONE_USED:
            # It knows the value, of which the error's words alone said that it must have been None.
            place.reasons = [r for r in place.reasons if not _is_none_reason(r)]
        place.reasons.append(anomaly.message)
        if anomaly.variable is not None:
            place.proof.append(anomaly.variable)
    return sorted(by_place.values(), key=lambda place: -place.weight)


def _is_none_reason(reason: Text) -> bool:
    return isinstance(reason, Message) and reason.id == "reason.is_none"


def _with_changes(
    places: Sequence[Candidate], changed: Callable[[str, int], LineChange | None]
) -> list[Candidate]:
    """The places again in order, those that were changed of late a little nearer to the front. That
    all were changed at once says nothing."""
    changes = [(place, changed(place.path, place.line)) for place in places[:MAX_PLACES]]
    if len(changes) > 1 and len({change for _, change in changes}) == 1:
        return list(places)
    for place, change in changes:
        if change is not None:
            place.weight *= CHANGED_FACTOR
            place.reasons.append(_change_message(change))
    return sorted(places, key=lambda place: -place.weight)


def _change_message(change: LineChange) -> Message:
    if change.days_ago is None:
        return message("reason.not_committed")
    if change.days_ago == 0:
        return message("reason.changed_today", subject=repr(change.subject))
    return message("reason.changed", days=change.days_ago, subject=repr(change.subject))
