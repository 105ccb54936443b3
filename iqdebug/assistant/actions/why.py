"""Why it failed, and what that means, from evidence alone: lines for a screen, a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import anomaly_kind_message, message, render
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

    heading: str
    lines: tuple[str, ...]
    places: tuple[tuple[str, int] | None, ...] = ()


def why(snapshot: Snapshot, diagnosis: Diagnosis) -> tuple[Section, ...]:
    """The short answer: what failed, the likeliest place with its proof, the value's way there."""
    sections = [_headline(diagnosis), _chain(snapshot.exception)]
    if diagnosis.suspects:
        sections.append(_suspects("Most likely here", diagnosis.suspects[:1]))
    sections += list(_ways(diagnosis.provenance[:2]))
    if diagnosis.anomalies:
        sections.append(_unusual(diagnosis.anomalies[:1]))
    sections.append(_unknown(snapshot, diagnosis))
    return tuple(s for s in sections if s.lines)


def explain(snapshot: Snapshot, diagnosis: Diagnosis) -> tuple[Section, ...]:
    """The long answer: also what such an exception means, its causes, the other places and remarks."""
    sections = [_headline(diagnosis), _chain(snapshot.exception), _meaning(snapshot, diagnosis)]
    sections.append(_suspects("Where the cause may lie", diagnosis.suspects[:MAX_SUSPECTS]))
    sections += list(_ways(diagnosis.provenance[:MAX_SUSPECTS]))
    sections.append(_unusual(diagnosis.anomalies[:MAX_ANOMALIES]))
    sections.append(Section("Besides", tuple(clean(note) for note in diagnosis.notes)))
    sections.append(_unknown(snapshot, diagnosis))
    return tuple(s for s in sections if s.lines)


def section_lines(sections: Sequence[Section]) -> list[str]:
    """Plain text: each section's lines below its heading."""
    lines: list[str] = []
    for section in sections:
        lines.append(section.heading)
        lines += [f"  {line}" for line in section.lines]
    return lines


_CONFIDENCE = {
    Confidence.LIKELY: message("why.likely"),
    Confidence.POSSIBLE: message("why.possible"),
    Confidence.NO_CLEAR_SUSPECT: message("why.no_clear_suspect"),
}


def _headline(diagnosis: Diagnosis) -> Section:
    return Section(render(_CONFIDENCE[diagnosis.confidence]), (clean(diagnosis.headline),))


def _chain(error: ExceptionInfo | None) -> Section:
    words = {"cause": "was caused by", "context": "was raised while handling", "member": "holds"}
    if error is None:
        return Section("The exceptions", ())
    lines = [
        f"{clean(error.type)} {words.get(each.link, 'came with')} "
        f"{clean(each.type)}: {clean(each.message)[:200]}"
        for each in (*error.members, *error.chain)
    ]
    lines += [f"note: {clean(note)}" for note in error.notes]
    return Section("The exceptions", tuple(lines))


def _meaning(snapshot: Snapshot, diagnosis: Diagnosis) -> Section:
    text = diagnosis.meaning
    if not text and snapshot.exception is not None:
        text = render(meaning_of(snapshot.exception) or "")
    return Section("What this exception means", tuple(text.splitlines()))


def _suspects(heading: str, suspects: Sequence[Suspect]) -> Section:
    lines: list[str] = []
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
            value = f" = {_cut(step.value.value)}" if step.value is not None else ""
            where = _place(step.path, step.line)
            lines.append(f"{'  ' * depth}`{clean(step.expression)}`{value} {clean(step.how)}, {where}")
            places.append((step.path, step.line))
        yield Section(f"The way of `{clean(root.expression)}`", tuple(lines), tuple(places))


def _hops(step: Step, depth: int) -> Iterator[tuple[int, Step]]:
    yield depth, step
    for before in step.before:
        yield from _hops(before, depth + 1)


def _unusual(anomalies: Sequence[Anomaly]) -> Section:
    lines = [
        f"{clean(a.text)}, {_place(a.path, a.line)} ({render(anomaly_kind_message(a.kind))})"
        for a in anomalies
    ]
    return Section("What is unusual", tuple(lines), tuple((a.path, a.line) for a in anomalies))


def _unknown(snapshot: Snapshot, diagnosis: Diagnosis) -> Section:
    """What the evidence cannot tell, in words that fit this failure."""
    lines = []
    if snapshot.exception is None:
        lines.append("There is no exception: what is wrong with the program, only its behaviour can tell")
    ends = [end for root in diagnosis.provenance for end in _ends(root)]
    lost = next((end for end in ends if end.value is None and end.frame_index is None), None)
    if lost is not None:
        lines.append(f"`{clean(lost.expression)}` comes from code that has returned: its values are gone")
    thread = snapshot.focused
    if thread is not None and any(f.locals is None for f in thread.frames if f.kind == "user"):
        lines.append("Not all frames have their variables here")
    if diagnosis.confidence is not Confidence.LIKELY:
        lines.append("No rule explains the values: the ranking of places is a guess from the code's form")
    lines.append(
        "Evidence says where and with which values; what the program was meant to do, and a fix that follows "
        "from that, a model can suggest"
    )
    return Section("What is not known", tuple(lines))


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
