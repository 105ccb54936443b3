"""Why it failed, and what that means, from evidence alone: lines for a screen, a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import Message, Text, anomaly_kind_message, message, render
from iqdebug.core.state import Anomaly, Diagnosis, ExceptionInfo, Snapshot, Step, Suspect
from iqdebug.core.text import clean
from iqdebug.diagnosis.knowledge import meaning_of

__all__ = ["Section", "explain", "section_lines", "why"]

MAX_SUSPECTS = 3
MAX_ANOMALIES = 4
MAX_HOPS = 8
MAX_VALUE = 100


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines. ``places`` are file and line of each line, None where it has none."""

    heading: Message
    lines: tuple[Text, ...]
    places: tuple[tuple[str, int] | None, ...] = ()


def why(snapshot: Snapshot, diagnosis: Diagnosis) -> tuple[Section, ...]:
    """The short answer: what failed, the likeliest place with its proof, the value's way there."""
    sections = [_headline(diagnosis), _chain(snapshot.exception)]
    if diagnosis.suspects:
        sections.append(_suspects(message("assistant.actions.why.here"), diagnosis.suspects[:1]))
    sections += list(_ways(diagnosis.provenance[:2]))
    if diagnosis.anomalies:
        sections.append(_unusual(diagnosis.anomalies[:1]))
    sections.append(_unknown(snapshot, diagnosis))
    return tuple(s for s in sections if s.lines)


def explain(snapshot: Snapshot, diagnosis: Diagnosis) -> tuple[Section, ...]:
    """The long answer: also what such an exception means, its causes, the other places and remarks."""
    sections = [_headline(diagnosis), _chain(snapshot.exception), _meaning(snapshot, diagnosis)]
    sections.append(_suspects(message("assistant.actions.why.where"), diagnosis.suspects[:MAX_SUSPECTS]))
    sections += list(_ways(diagnosis.provenance[:MAX_SUSPECTS]))
    sections.append(_unusual(diagnosis.anomalies[:MAX_ANOMALIES]))
    sections.append(
        Section(message("assistant.actions.why.besides"), tuple(clean(note) for note in diagnosis.notes))
    )
    sections.append(_unknown(snapshot, diagnosis))
    return tuple(s for s in sections if s.lines)


def section_lines(sections: Sequence[Section]) -> list[str]:
    """Plain text: each section's lines below its heading."""
    lines: list[str] = []
    for section in sections:
        lines.append(render(section.heading))
        lines += [f"  {render(line)}" for line in section.lines]
    return lines


_CONFIDENCE = {
    Confidence.LIKELY: message("why.likely"),
    Confidence.POSSIBLE: message("why.possible"),
    Confidence.NO_CLEAR_SUSPECT: message("why.no_clear_suspect"),
}


def _headline(diagnosis: Diagnosis) -> Section:
    return Section(_CONFIDENCE[diagnosis.confidence], (clean(diagnosis.headline),))


def _chain(error: ExceptionInfo | None) -> Section:
    lines: list[Text] = []
    if error is not None:
        lines += [_link(clean(error.type), each) for each in (*error.members, *error.chain)]
        lines += [message("assistant.actions.note", note=clean(note)) for note in error.notes]
    return Section(message("assistant.actions.why.exceptions"), tuple(lines))


def _link(error: str, other: ExceptionInfo) -> Message:
    """How an exception hangs on another."""
    shown = f"{clean(other.type)}: {clean(other.message)[:200]}"
    match other.link:
        case "cause":
            return message("assistant.actions.why.caused_by", error=error, other=shown)
        case "context":
            return message("assistant.actions.why.while_handling", error=error, other=shown)
        case "member":
            return message("assistant.actions.why.holds", error=error, other=shown)
    return message("assistant.actions.why.came_with", error=error, other=shown)


def _meaning(snapshot: Snapshot, diagnosis: Diagnosis) -> Section:
    text = diagnosis.meaning
    if not text and snapshot.exception is not None:
        text = render(meaning_of(snapshot.exception) or "")
    return Section(message("assistant.actions.why.meaning"), tuple(text.splitlines()))


def _suspects(heading: Message, suspects: Sequence[Suspect]) -> Section:
    lines: list[Text] = []
    places: list[tuple[str, int] | None] = []
    for suspect in suspects:
        at = (suspect.path, suspect.line) if suspect.path else None
        lines.append(f"{clean(suspect.function)}, {_place(suspect.path, suspect.line)}")
        lines += [f"  - {clean(reason)}" for reason in suspect.reasons]
        lines += [f"    {clean(v.name)} = {_cut(v.value)}" for v in suspect.proof]
        places += [at] * (len(lines) - len(places))
    return Section(heading, tuple(lines), tuple(places))


def _ways(roots: Sequence[Step]) -> Iterator[Section]:
    for root in roots:
        lines: list[str] = []
        places: list[tuple[str, int] | None] = []
        for depth, step in _hops(root, 0):
            if len(lines) == MAX_HOPS:
                break
            hop = message(
                "assistant.actions.why.hop",
                expression=clean(step.expression),
                value=_cut(step.value.value) if step.value is not None else None,
                how=clean(step.how),
                place=_place(step.path, step.line),
            )
            lines.append("  " * depth + render(hop))
            places.append((step.path, step.line))
        heading = message("assistant.actions.why.way", expression=clean(root.expression))
        yield Section(heading, tuple(lines), tuple(places))


def _hops(step: Step, depth: int) -> Iterator[tuple[int, Step]]:
    yield depth, step
    for before in step.before:
        yield from _hops(before, depth + 1)


def _unusual(anomalies: Sequence[Anomaly]) -> Section:
    lines = [
        message(
            "assistant.actions.why.anomaly",
            what=clean(a.text),
            place=_place(a.path, a.line),
            kind=anomaly_kind_message(a.kind),
        )
        for a in anomalies
    ]
    places = tuple((a.path, a.line) for a in anomalies)
    return Section(message("assistant.actions.why.unusual"), tuple(lines), places)


def _unknown(snapshot: Snapshot, diagnosis: Diagnosis) -> Section:
    """What the evidence cannot tell, in words that fit this failure."""
    lines = []
    if snapshot.exception is None:
        lines.append(message("assistant.actions.why.no_exception"))
    ends = [end for root in diagnosis.provenance for end in _ends(root)]
    lost = next((end for end in ends if end.value is None and end.frame_index is None), None)
    if lost is not None:
        lines.append(message("assistant.actions.why.values_gone", expression=clean(lost.expression)))
    thread = snapshot.focused
    if thread is not None and any(f.locals is None for f in thread.frames if f.kind == "user"):
        lines.append(message("assistant.actions.why.no_variables"))
    if diagnosis.confidence is not Confidence.LIKELY:
        lines.append(message("assistant.actions.why.no_rule"))
    lines.append(message("assistant.actions.why.a_model"))
    return Section(message("assistant.actions.why.unknown"), tuple(lines))


def _ends(step: Step) -> Iterator[Step]:
    if not step.before:
        yield step
    for before in step.before:
        yield from _ends(before)


def _place(path: str, line: int) -> str:
    return clean(f"{PurePath(path).name}:{line}")


def _cut(value: str) -> str:
    shown = clean(value)
    return shown if len(shown) <= MAX_VALUE else shown[: MAX_VALUE - 1] + "…"
