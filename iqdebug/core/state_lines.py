"""Processes, snapshots, diagnoses and logs as lines of plain text, for people and screen readers.

No colour, no cursor movement; nothing of a target can steer the terminal.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import (
    Anomaly,
    Diagnosis,
    Frame,
    Gil,
    LogRecord,
    Phase,
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

_PROCESS_ROW = "{:>7} {:>5} {:>5} {:>5} {:7} {:{users}} {:7} {}"
_PROCESS_HEADS = (
    message("core.lines.head.pid"),
    message("core.lines.head.age"),
    message("core.lines.head.cpu"),
    message("core.lines.head.memory"),
    message("core.lines.head.python"),
    message("core.lines.head.user"),
    message("core.lines.head.attach"),
    message("core.lines.head.command"),
)
_PHASES = {
    Phase.CONNECTING: message("core.lines.phase.connecting"),
    Phase.RUNNING: message("core.lines.phase.running"),
    Phase.PAUSED: message("core.lines.phase.paused"),
    Phase.CRASHED: message("core.lines.phase.crashed"),
    Phase.DETACHED: message("core.lines.phase.detached"),
    Phase.ENDED: message("core.lines.phase.ended"),
}
_THREAD_STATES: dict[ThreadState, Text] = {
    ThreadState.RUNNING: message("core.lines.thread_state.running"),
    ThreadState.WAITING: message("core.lines.thread_state.waiting"),
    ThreadState.PAUSED: message("core.lines.thread_state.paused"),
    ThreadState.UNKNOWN: "",
}
_TASK_STATES = {
    "pending": message("core.lines.task_state.pending"),
    "running": message("core.lines.task_state.running"),
    "done": message("core.lines.task_state.done"),
    "cancelled": message("core.lines.task_state.cancelled"),
}


def process_table(processes: Sequence[ProcessInfo], width: int | None = None) -> list[str]:
    """A header, a row a process, and under a row that cannot be attached why not."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    users = max([len(p.user) for p in processes] + [4])
    lines = [_PROCESS_ROW.format(*map(render, _PROCESS_HEADS), users=users)]
    for p in processes:
        row = _PROCESS_ROW.format(
            p.pid,
            age(p.age),
            f"{p.cpu:.1f}",
            size(p.rss),
            clean(p.python) or "?",
            clean(p.user),
            render(message("core.lines.can_attach") if p.attach.ok else message("core.lines.cannot_attach")),
            f"{clean(p.command)}  [{clean(p.cwd) or '?'}]",
            users=users,
        )
        lines.append(fitted(row, width))
        notes = [p.attach.why_not, p.attach.fix] if not p.attach.ok else list(p.attach.warnings)
        lines += [line for note in notes if note for line in folded(clean(note), width, " " * 8)]
    return lines


def snapshot_lines(snapshot: Snapshot, *, with_locals: bool = True) -> list[str]:
    """The whole snapshot, focus first."""
    pid, python, phase = snapshot.pid, clean(snapshot.python) or None, _PHASES[snapshot.phase]
    if snapshot.reason:
        reason = clean(render(snapshot.reason))
        head = message("core.lines.process.reason", pid=pid, python=python, phase=phase, reason=reason)
    else:
        head = message("core.lines.process", pid=pid, python=python, phase=phase)
    lines = [render(head)]
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
    activity = [clean(thread.wait) or render(_THREAD_STATES[thread.state])]
    if thread.gil is Gil.HOLDS and not thread.wait_names_gil:
        activity.append(render(message("core.lines.holds_gil")))
    if thread.gil is Gil.WAITS and not thread.wait_names_gil:
        activity.append(render(message("core.lines.waits_for_gil")))
    name, number = clean(thread.name), thread.os_id or thread.id
    words = ", ".join(word for word in activity if word) or None
    if thread.is_greenlet:  # its name says what it is
        head = message("core.lines.greenlet", name=name, number=number, activity=words)
    else:
        head = message("core.lines.thread", name=name, number=number, activity=words)
    return [render(head), *_frames(thread.frames, thread.frames_total, with_locals)]


def _task_lines(task: Task) -> list[str]:
    head = message(
        "core.lines.task",
        name=clean(task.name),
        coroutine=clean(task.coroutine),
        state=_TASK_STATES[task.state],
        awaiting=clean(task.awaiting) or None,
    )
    return [render(head), *_frames(task.frames, None, True)]


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
            left = message("core.lines.frames_left_out", count=f"{left_out:,}")
            lines.append(f"  {render(left)}")
        lines.append(f"  {clean(frame.name)}  {clean(frame.path)}:{frame.line}")
        if with_locals and frame.locals and frame.kind == "user":
            listed = [v for v in frame.locals if v.kind != "group"]
            lines += [f"      {clean(v.name)} = {clean(v.value)}" for v in listed[:MAX_LOCALS]]
            if len(listed) > MAX_LOCALS:
                more = message("core.lines.more_locals", count=len(listed) - MAX_LOCALS)
                lines.append(f"      {render(more)}")
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
        assessment = diagnosis.confidence_name.capitalize()
        lines = [render(message("core.lines.assessed", assessment=assessment, headline=lines[0]))]
    lines += [f"  {clean(line)}" for line in diagnosis.meaning.splitlines()]
    for rank, suspect in enumerate(diagnosis.suspects, 1):
        where = f"{clean(suspect.path)}:{suspect.line}" if suspect.path else ""
        line = message(
            "core.lines.suspect",
            rank=rank,
            function=clean(suspect.function),
            place=where,
            score=f"{suspect.score:.2f}",
        )
        lines.append(f"  {render(line)}")
        lines += [f"     - {clean(reason)}" for reason in suspect.reasons]
        lines += [f"       {clean(v.name)} = {clean(v.value)}" for v in suspect.proof]
    lines += _way_lines(diagnosis.provenance)
    reasons = {reason for suspect in diagnosis.suspects for reason in suspect.reason_messages}
    others = [anomaly for anomaly in diagnosis.anomalies if anomaly.message not in reasons]
    for anomaly in others[:MAX_ANOMALIES]:
        unusual = message("core.lines.unusual", what=clean(anomaly.text), place=_place(anomaly))
        lines.append(f"  {render(unusual)}".rstrip())
    left = len(others) - MAX_ANOMALIES
    if left > 0:
        lines.append(f"  {render(message('core.lines.more_unusual', count=left))}")
    lines += [f"  {render(message('core.lines.note', note=clean(note)))}" for note in diagnosis.notes]
    return lines


def _way_lines(roots: Sequence[Step]) -> list[str]:
    """The first way back that goes any further than the failure itself, the nearest hop of each."""
    root = next((r for r in roots if r.before), None)
    if root is None:
        return []
    lines = [f"  {render(message('core.lines.way'))}"]
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
    expression, how, place = clean(step.expression), clean(step.how), _place(step)
    if step.value is None:
        words = message("core.lines.step", expression=expression, how=how, place=place)
    elif step.value.name == step.expression:
        value = fitted(clean(step.value.value), MAX_HOP_VALUE)
        words = message("core.lines.step.value", expression=expression, value=value, how=how, place=place)
    else:
        words = message(
            "core.lines.step.where",
            expression=expression,
            name=clean(step.value.name),
            value=fitted(clean(step.value.value), MAX_HOP_VALUE),
            how=how,
            place=place,
        )
    return render(words).rstrip()


def _place(place: Step | Anomaly) -> str:
    where = file_line(place.path, place.line)
    return f"{where} {clean(place.function)}" if where else ""


def log_lines(records: Iterable[LogRecord], most: int = 10) -> list[str]:
    """The last ``most`` records, a line each."""
    kept = list(records)[-most:]
    return [f"  {clean(r.stream)}{' ' + clean(r.logger) if r.logger else ''}: {clean(r.text)}" for r in kept]
