"""What changed from one stop to the next, for a reader who has seen the evidence of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iqdebug.core.messages import render
from iqdebug.core.state import Diagnosis, Frame, Snapshot, Thread, Variable
from iqdebug.diagnosis.prompt.pack import Evidence, Pack, estimated_tokens, exception_lines
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["packed_delta"]

LINES_AROUND = 3  # lines of source around a new place
MAX_VALUES = 40


def packed_delta(
    snapshot: Snapshot,
    earlier: Snapshot,
    diagnosis: Diagnosis,
    *,
    read_source: Callable[[str], Sequence[str]],
    budget: int,
) -> Evidence:
    """Where the focused thread stands now, the frames that came and went, and the values that are
    not what they were, in at most ``budget`` tokens. What stayed is not said again; the same two
    snapshots give the same text."""
    pack = Pack(budget)
    lines = [
        f"stop {snapshot.epoch} after stop {earlier.epoch}: {render(snapshot.reason) or snapshot.phase.value}"
    ]
    if snapshot.exception is not None:
        lines += exception_lines(snapshot.exception, "")
    lines.append(f"assessment ({diagnosis.confidence_name}): {diagnosis.headline}")
    pack.add("\n".join(lines), must=True)
    texts = Texts(read_source)
    now, before = snapshot.focused, _same_thread(earlier, snapshot.focused)
    if now is None:
        return _evidence(pack, budget)
    stayed, came, went = _frames(now, before)
    for frame, old in stayed:
        _add_values(pack, frame, old)
    for frame in came:
        _add_frame(pack, frame, texts)
    if went:
        pack.add("\n".join(["returned since:", *(f"  {f.name} {f.path}:{f.line}" for f in went[:20])]))
    others = [t.name for t in snapshot.threads if t.id != now.id and _moved(t, _same_thread(earlier, t))]
    if others:
        pack.add(f"other threads that moved: {', '.join(others[:20])}")
    return _evidence(pack, budget)


def _evidence(pack: Pack, budget: int) -> Evidence:
    return Evidence(pack.text, estimated_tokens(pack.text), budget)


def _same_thread(snapshot: Snapshot, thread: Thread | None) -> Thread | None:
    return snapshot.thread(thread.id) if thread is not None else None


def _frames(now: Thread, before: Thread | None) -> tuple[list[tuple[Frame, Frame]], list[Frame], list[Frame]]:
    """The calls that are on both stacks, counted from the outermost; those that came; those that
    went. A frame that moved to another line is the same call."""
    mine = [f for f in now.frames if f.kind != "label"]
    theirs = [f for f in before.frames if f.kind != "label"] if before is not None else []
    same = 0
    while same < min(len(mine), len(theirs)):
        one, other = mine[-1 - same], theirs[-1 - same]
        if (one.path, one.name) != (other.path, other.name):
            break
        same += 1
    pairs = list(zip(mine[len(mine) - same :], theirs[len(theirs) - same :], strict=True))
    return pairs, mine[: len(mine) - same], theirs[: len(theirs) - same]


def _moved(thread: Thread, before: Thread | None) -> bool:
    if before is None:
        return True
    return [(f.path, f.line) for f in thread.frames] != [(f.path, f.line) for f in before.frames]


def _add_values(pack: Pack, frame: Frame, old: Frame) -> None:
    """What is new or different in a call that goes on."""
    known = {v.name: v for v in old.locals or ()}
    lines = []
    for variable in frame.locals or ():
        earlier = known.get(variable.name)
        if variable.kind == "group" or (earlier is not None and earlier.value == variable.value):
            continue
        was = f"  (was {earlier.value[:120]})" if earlier is not None else "  (new)"
        lines.append(f"  {_value(variable)}{was}")
    moved = f", from line {old.line}" if frame.line != old.line else ""
    if lines or moved:
        pack.add("\n".join([f"## {frame.name} at {frame.path}:{frame.line}{moved}", *lines[:MAX_VALUES]]))


def _add_frame(pack: Pack, frame: Frame, texts: Texts) -> None:
    outline = texts[frame.path]
    span = range(max(frame.line - LINES_AROUND, 1), frame.line + LINES_AROUND + 1)
    source = [f"{'>' if n == frame.line else ' '} {n} {outline.text(n)}" for n in span if outline.text(n)]
    values = [f"  {_value(v)}" for v in frame.locals or () if v.kind != "group"]
    pack.add("\n".join([f"## new: {frame.name} at {frame.path}:{frame.line}", *source, *values[:MAX_VALUES]]))


def _value(variable: Variable) -> str:
    return f"{variable.name}: {variable.type.rsplit('.', 1)[-1]} = {variable.value[:300]}"
