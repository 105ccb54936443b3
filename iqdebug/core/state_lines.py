"""Processes, snapshots, diagnoses and logs as lines of plain text, for people and screen readers.

No colour, no cursor movement; nothing of a target can steer the terminal.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import render
from iqdebug.core.state import (
    Anomaly,
    Diagnosis,
    Frame,
    Gil,
    LogRecord,
    ProcessInfo,
    Snapshot,
    Step,
    Task,
    Thread,
    ThreadState,
)
from iqdebug.core.text import age, clean, file_line, fitted, folded, size

__all__ = ["diagnosis_lines", "log_lines", "process_table", "snapshot_lines"]

MAX_LOCALS = 6  # of one frame
MAX_FRAMES = 30  # of one stack
OUTERMOST_FRAMES = 10  # of these, when a stack is longer
MAX_ANOMALIES = 3
MAX_HOPS = 6
MAX_HOP_VALUE = 60  # characters


def process_table(processes: Sequence[ProcessInfo], width: int | None = None) -> list[str]:
    """A header, a row a process, and under a row that cannot be attached why not."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    users = max([len(p.user) for p in processes] + [4])
    head = f"{'PID':>7} {'AGE':>5} {'CPU%':>5} {'MEM':>5} {'PYTHON':7} {'USER':{users}} ATTACH  COMMAND"
    lines = [head]
    for p in processes:
        ok = "yes" if p.attach.ok else "no"
        row = (
            f"{p.pid:>7} {age(p.age):>5} {p.cpu:>5.1f} {size(p.rss):>5} {clean(p.python) or '?':7} "
            f"{clean(p.user):{users}} {ok:7} {clean(p.command)}  [{clean(p.cwd) or '?'}]"
        )
        lines.append(fitted(row, width))
        notes = [p.attach.why_not, p.attach.fix] if not p.attach.ok else list(p.attach.warnings)
        lines += [line for note in notes if note for line in folded(clean(note), width, " " * 8)]
    return lines


def snapshot_lines(snapshot: Snapshot, *, with_locals: bool = True) -> list[str]:
    """The whole snapshot, focus first."""
    head = f"process {snapshot.pid}"
    if snapshot.python:
        head += f", Python {clean(snapshot.python)}"
    head += f": {snapshot.phase.value}" + (f" ({clean(render(snapshot.reason))})" if snapshot.reason else "")
    lines = [head]
    if snapshot.command:
        lines.append(f"  {clean(snapshot.command)}")
    if snapshot.detail:
        lines.append(f"  {clean(render(snapshot.detail))}")
    if snapshot.exception is not None:
        lines.append(f"  {clean(snapshot.exception.type)}: {clean(snapshot.exception.message)}")
    ordered = sorted(snapshot.threads, key=lambda t: t.id != snapshot.focus)
    for thread in ordered:
        lines += ["", *_thread_lines(thread, with_locals)]
    for task in snapshot.tasks:
        lines += ["", *_task_lines(task)]
    return lines


def _thread_lines(thread: Thread, with_locals: bool) -> list[str]:
    activity = [clean(thread.wait) or (thread.state.value if thread.state is not ThreadState.UNKNOWN else "")]
    if thread.gil is Gil.HOLDS and not thread.wait_names_gil:
        activity.append("holds the GIL")
    if thread.gil is Gil.WAITS and not thread.wait_names_gil:
        activity.append("waits for the GIL")
    words = ", ".join(word for word in activity if word)
    kind = "" if thread.is_greenlet else "thread "  # a greenlet's name says what it is
    lines = [f"{kind}{clean(thread.name)} ({thread.os_id or thread.id})" + (f": {words}" if words else "")]
    return lines + _frames(thread.frames, thread.frames_total, with_locals)


def _task_lines(task: Task) -> list[str]:
    awaiting = f", awaiting {clean(task.awaiting)}" if task.awaiting else ""
    head = f"task {clean(task.name)} ({clean(task.coroutine)}): {clean(task.state)}{awaiting}"
    return [head, *_frames(task.frames, None, True)]


def _frames(frames: tuple[Frame, ...], total: int | None, with_locals: bool) -> list[str]:
    lines = []
    shown, outermost = _without_bootstrap(list(frames))
    frames = tuple(shown)
    total = total - outermost if total is not None else None
    left_out = (total or len(frames)) - len(frames)
    if len(frames) > MAX_FRAMES:
        shown = [*frames[: MAX_FRAMES - OUTERMOST_FRAMES], *frames[-OUTERMOST_FRAMES:]]
        left_out += len(frames) - len(shown)
    for index, frame in enumerate(shown):
        if left_out and index == len(shown) - min(OUTERMOST_FRAMES, len(shown)):
            lines.append(f"  … {left_out:,} frames left out …")
        lines.append(f"  {clean(frame.name)}  {clean(frame.path)}:{frame.line}")
        if with_locals and frame.locals and frame.kind == "user":
            listed = [v for v in frame.locals if v.kind != "group"]
            lines += [f"      {clean(v.name)} = {clean(v.value)}" for v in listed[:MAX_LOCALS]]
            if len(listed) > MAX_LOCALS:
                lines.append(f"      … {len(listed) - MAX_LOCALS} more")
    return lines


def _without_bootstrap(frames: list[Frame]) -> tuple[list[Frame], int]:
    """The frames without the standard library's own at the outer end, which only started the
    thread; and how many those were. A stack of nothing else stays whole."""
    kept = len(frames)
    while kept and frames[kept - 1].kind == "stdlib":
        kept -= 1
    return (frames[:kept], len(frames) - kept) if kept else (frames, 0)


def diagnosis_lines(diagnosis: Diagnosis) -> list[str]:
    """Headline, what the exception means, suspects with reasons and proof, the way of the failing
    value, what is unusual, notes."""
    lines = [clean(diagnosis.headline)]
    if diagnosis.confidence is not Confidence.NO_CLEAR_SUSPECT:
        lines = [f"{diagnosis.confidence_name.capitalize()}: {lines[0]}"]
    lines += [f"  {clean(line)}" for line in diagnosis.meaning.splitlines()]
    for rank, suspect in enumerate(diagnosis.suspects, 1):
        where = f"{clean(suspect.path)}:{suspect.line}" if suspect.path else ""
        lines.append(f"  {rank}. {clean(suspect.function)}  {where}  (score {suspect.score:.2f})")
        lines += [f"     - {clean(reason)}" for reason in suspect.reasons]
        lines += [f"       {clean(v.name)} = {clean(v.value)}" for v in suspect.proof]
    lines += _way_lines(diagnosis.provenance)
    reasons = {reason for suspect in diagnosis.suspects for reason in suspect.reason_messages}
    others = [anomaly for anomaly in diagnosis.anomalies if anomaly.message not in reasons]
    for anomaly in others[:MAX_ANOMALIES]:
        lines.append(f"  unusual: {clean(anomaly.text)}  {_place(anomaly)}".rstrip())
    left = len(others) - MAX_ANOMALIES
    if left > 0:
        lines.append(f"  … and {left} more that are unusual")
    lines += [f"  note: {clean(note)}" for note in diagnosis.notes]
    return lines


def _way_lines(roots: Sequence[Step]) -> list[str]:
    """The first way back that goes any further than the failure itself, the nearest hop of each."""
    root = next((r for r in roots if r.before), None)
    if root is None:
        return []
    lines = ["  where the failing value came from:"]
    step: Step | None = root
    for depth in range(MAX_HOPS):
        if step is None:
            break
        arrow = f"{'  ' * depth}← " if depth else ""
        lines.append(f"    {arrow}{_step_words(step)}")
        step = step.before[0] if step.before else None
    if step is not None:
        lines.append(f"    {'  ' * MAX_HOPS}…")
    return lines


def _step_words(step: Step) -> str:
    value = ""
    if step.value is not None:
        named = "" if step.value.name == step.expression else f"  where {clean(step.value.name)}"
        value = f"{named} = {fitted(clean(step.value.value), MAX_HOP_VALUE)}"
    return f"`{clean(step.expression)}`{value}  {clean(step.how)}  {_place(step)}".rstrip()


def _place(place: Step | Anomaly) -> str:
    where = file_line(place.path, place.line)
    return f"{where} {clean(place.function)}" if where else ""


def log_lines(records: Iterable[LogRecord], most: int = 10) -> list[str]:
    """The last ``most`` records, a line each."""
    kept = list(records)[-most:]
    return [f"  {clean(r.stream)}{' ' + clean(r.logger) if r.logger else ''}: {clean(r.text)}" for r in kept]
