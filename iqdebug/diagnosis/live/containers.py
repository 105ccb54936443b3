"""Rule about containers that are large, or larger than a moment ago."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from iqdebug.core.messages import message
from iqdebug.core.state import Frame, Thread, Variable
from iqdebug.diagnosis.live.context import Finding, LiveContext, as_number, shown, suspect, where
from iqdebug.diagnosis.source.functions import Function

__all__ = ["growing_containers"]

LARGE_CONTAINER = 10_000  # elements
LARGE_QUEUE = 100
"""Elements of what a number in the program is the size of: a program counts what it fears may grow."""
MIN_GROWTH = 10
MAX_FRAMES = 60


def growing_containers(context: LiveContext) -> list[Finding]:
    """A container that grew between two looks may be growing without bound. A large one seen
    once is only mentioned: large data is ordinary. Besides the sizes of locals this reads
    numbers that the source takes from ``len(x)`` or ``x.qsize()``, for a queue's own size cannot
    be seen from outside."""
    before: dict[tuple[object, ...], float] = {}
    if context.earlier is not None:
        for thread in context.earlier.threads:
            for index, frame, variable, count, _of in _counts(context, thread):
                before.setdefault(_place(thread, index, frame, variable), count)
    findings = []
    for thread in context.snapshot.threads:
        for index, frame, variable, count, of in _counts(context, thread):
            was = before.get(_place(thread, index, frame, variable))
            name = of or variable.name
            grew = was is not None and count >= max(was + MIN_GROWTH, LARGE_QUEUE)
            if grew and _stays_one_object(context.function(frame), name):
                reason = message("live.grew", name=name, before=f"{was or 0:.0f}", now=f"{count:.0f}")
                place = suspect(frame, 0.45, [reason], thread=thread, index=index, proof=(variable,))
                headline = message("live.grew_at", reason=reason, where=where(frame))
                findings.append(Finding("possible", headline, (place,)))
            elif count >= (LARGE_QUEUE if of else LARGE_CONTAINER):
                as_local = message("live.as_local", name=variable.name) if of else None
                size = f"{count:.0f}"
                large = message("live.large", name=name, count=size, local=as_local, where=where(frame))
                findings.append(Finding("note", large))
    return findings


def _counts(context: LiveContext, thread: Thread) -> Iterator[tuple[int, Frame, Variable, float, str]]:
    """Frame index, frame, local, number of elements, and what it is the size of when the local
    is a number that was taken from another container."""
    for index, frame in enumerate(thread.frames[:MAX_FRAMES]):
        if frame.kind != "user" or not frame.locals:
            continue
        numbers = [v for v in frame.locals if v.size is None and as_number(v) is not None]
        taken = _taken_sizes(context.function(frame)) if numbers else {}
        for variable in frame.locals:
            if variable.size is not None and not variable.type.startswith(("str", "bytes")):
                yield index, frame, variable, float(variable.size), ""
            elif variable.name in taken:
                number = as_number(variable)
                if number is not None:
                    yield index, frame, variable, number, taken[variable.name]


def _place(thread: Thread, index: int, frame: Frame, variable: Variable) -> tuple[object, ...]:
    """The same for one local of one call in two looks: the thread, and the lines of its callers."""
    callers = tuple((f.path, f.name, f.line) for f in thread.frames[index + 1 :])
    return thread.os_id or thread.id, frame.path, frame.name, variable.name, callers


def _stays_one_object(function: Function, name: str) -> bool:
    """Whether the name means one object throughout the call: a local that a loop binds anew
    (the line just read, the batch just taken) varies in size without growing."""
    tree = function.function_tree
    if tree is None:
        return False
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.AsyncFor | ast.While)]
    bound = {
        n.id
        for loop in loops
        for n in ast.walk(loop)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return name.split(".")[0].split("[")[0] not in bound


def _taken_sizes(function: Function) -> dict[str, str]:
    """Local name -> what it is the size of, for ``name = len(x)`` and ``name = x.qsize()``."""
    sizes: dict[str, str] = {}
    tree = function.function_tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            call = node.value
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "len"
                and call.args
            ):
                sizes[node.targets[0].id] = shown(call.args[0])
            elif (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "qsize"
            ):
                sizes[node.targets[0].id] = shown(call.func.value)
    return sizes
