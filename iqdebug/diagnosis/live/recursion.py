"""Rule about recursion: many frames of few functions, folded into one sentence."""

from __future__ import annotations

from collections import Counter

from iqdebug.core.messages import message
from iqdebug.core.state import Frame, Thread, Variable
from iqdebug.diagnosis.live.context import Finding, LiveContext, suspect, who

__all__ = ["deep_recursion"]

MIN_FRAMES = 100
MIN_CALLS = 50
"""Of the function that is on the stack most often."""


def deep_recursion(context: LiveContext) -> list[Finding]:
    """A function that is on a stack 50 times or more recurses. That is ordinary in walks over
    deep data; it is suspect when Python gave up (RecursionError) or when the arguments are the
    same at each level, for then no level brings it nearer to its end."""
    return [f for thread in context.snapshot.threads for f in _in(context, thread)]


def _in(context: LiveContext, thread: Thread) -> list[Finding]:
    frames = [f for f in thread.frames if f.kind != "label"]
    if len(frames) < MIN_FRAMES:
        return []
    counts = Counter((f.path, f.name) for f in frames)
    (_, most) = counts.most_common(1)[0]
    if most < MIN_CALLS:
        return []
    cycle = sorted({name for (_, name), n in counts.items() if n * 2 > most})
    index, frame = next((i, f) for i, f in enumerate(thread.frames) if counts[f.path, f.name] * 2 > most)
    total = max(thread.frames_total or 0, len(frames))
    if len(cycle) == 1:
        calls = message("live.recursion.itself", function=cycle[0])
    else:
        calls = message("live.recursion.each_other", functions=cycle[:4])
    counted = message("live.recursion.counted", calls=calls, count=most, total=total)
    reasons = [counted]
    alike = _same_arguments(thread, frame)
    raised = context.snapshot.exception is not None and context.snapshot.exception.type == "RecursionError"
    if alike:
        names = [message("quoted", text=v.name) for v in alike]
        reasons.insert(0, message("live.recursion.alike", names=names))
    if raised and thread.id == context.snapshot.focus:
        place = suspect(frame, 0.93, reasons, thread=thread, index=index, proof=alike)
        endless = message("live.recursion.endless", calls=calls, count=most)
        return [Finding("likely", endless, (place,))]
    if alike and not context.stopped_by_choice:
        place = suspect(frame, 0.7, reasons, thread=thread, index=index, proof=alike)
        unchanged = message("live.recursion.unchanged", thread=who(thread), calls=calls)
        return [Finding("possible", unchanged, (place,))]
    return [Finding("note", message("live.recursion.deep", thread=who(thread), counted=counted))]


def _same_arguments(thread: Thread, innermost: Frame) -> list[Variable]:
    """The arguments of the innermost call, where every one is the same in the calls above it
    whose locals are known (at least three)."""
    calls = [f for f in thread.frames[:60] if (f.path, f.name) == (innermost.path, innermost.name)]
    known = [
        {v.name: v for v in f.locals if v.kind == "argument" and v.name not in ("self", "cls")}
        for f in calls
        if f.locals is not None
    ]
    if len(known) < 4 or not known[0]:
        return []
    first = known[0]
    same = all(k.keys() == first.keys() and all(k[n].value == first[n].value for n in k) for k in known)
    return list(first.values()) if same else []
