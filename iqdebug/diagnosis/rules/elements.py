"""Indices and slices that run past the end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext, Loop, method
from iqdebug.diagnosis.rules.literals import size_of
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["empty_slice", "index_past_end", "shrinking_list"]

_OUT = re.compile(r"index out of range|pop index out of range|out of bounds for axis 0|assignment index")


def index_past_end(context: CrashContext) -> Iterator[Anomaly]:
    """The last element of n stands at n - 1. An index that is exactly n comes from counting from
    one, from ``<=``, or from looking at the next element; the loop that goes too far is named."""
    at = context.first
    if at is None or context.kind != "IndexError" or not _OUT.search(context.message):
        return
    for node in context.operations(at):
        if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
            continue
        owner, index = context.value(at, node.value), context.number(at, node.slice)
        size = size_of(owner)
        if owner is None or index is None or not size or -size <= index < size:
            continue
        asked = message("anomaly.index.value", index=unparsed(node.slice), value=index)
        if isinstance(node.slice, ast.Constant):
            asked = message("anomaly.index.asked", expression=unparsed(node))
        size_message = message("anomaly.has_elements", name=unparsed(node.value), count=size)
        if index != size:
            text = message("anomaly.index.out_of_range", asked=asked, size=size_message)
            yield context.anomaly(AnomalyKind.INDEX_OUT_OF_RANGE, text, at, 0.9, owner)
            continue
        line = _goes_too_far(context, at, node, size)
        loop = message("anomaly.index.loop", line=line) if line else None
        text = message("anomaly.index.past_end", asked=asked, size=size_message, last=size - 1, loop=loop)
        yield context.anomaly(AnomalyKind.INDEX_PAST_END, text, at, 0.9, owner, line=line)


def _goes_too_far(context: CrashContext, at: int, node: ast.Subscript, size: int) -> int:
    """The line of a loop that runs its index up to the size itself."""
    if not isinstance(node.slice, ast.Name):
        return 0
    name = node.slice.id
    for loop in context.loops(at):
        if isinstance(loop, ast.While):
            for test in ast.walk(loop.test):
                if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.LtE):
                    limit = context.number(at, test.comparators[0])
                    if unparsed(test.left) == name and limit == size:
                        return loop.lineno
        elif isinstance(loop.target, ast.Name) and loop.target.id == name:
            call = loop.iter
            if isinstance(call, ast.Call) and unparsed(call.func) == "range" and 0 < len(call.args) < 4:
                stop = context.number(at, call.args[0 if len(call.args) == 1 else 1])
                return loop.lineno if stop is not None and stop > size else 0
    return 0


_SHRINKS = frozenset(("pop", "remove", "clear"))


def shrinking_list(context: CrashContext) -> Iterator[Anomaly]:
    """``range(len(items))`` is fixed before the first round. When the loop takes elements out, the
    later indices do not exist any more."""
    at = context.first
    if at is None or context.kind != "IndexError" or not _OUT.search(context.message):
        return
    for node in context.operations(at):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Name):
            continue
        owner = unparsed(node.value)
        for loop in context.loops(at):
            over = f"len({owner})" in unparsed(loop.iter, 200) if isinstance(loop, ast.For) else False
            line = _shrinks(loop, owner) if over else 0
            if line:
                text = message("anomaly.shrinking_list", name=owner, loop=loop.lineno)
                yield context.anomaly(
                    AnomalyKind.CHANGED_IN_LOOP, text, at, 0.9, context.value(at, node.value), line=line
                )


def _shrinks(loop: Loop, owner: str) -> int:
    for node in ast.walk(loop):
        if isinstance(node, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and unparsed(target.value) == owner:
                    return node.lineno
        elif isinstance(node, ast.Call) and method(node)[0] == owner and method(node)[1] in _SHRINKS:
            return node.lineno
    return 0


_NOTHING_LEFT = re.compile(
    r"index out of range|an empty (sequence|iterable)|iterable argument is empty|division by zero|"
    r"at least (one|two) data|of empty (iterable|sequence)|got 0\)"
)


def empty_slice(context: CrashContext) -> Iterator[Anomaly]:
    """A slice never fails: one that starts at the end is silently empty, and the next step fails
    for it. Only where the sequence itself is not empty."""
    at = context.own
    if at is None or not _NOTHING_LEFT.search(context.message):
        return
    for node in context.expressions(at):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice) or node.slice.step:
            continue
        owner = context.value(at, node.value)
        size = size_of(owner)
        lower = context.number(at, node.slice.lower) if node.slice.lower is not None else 0
        upper = context.number(at, node.slice.upper) if node.slice.upper is not None else size
        if not size or lower is None or upper is None:
            continue
        start, stop, _ = slice(lower, upper).indices(size)
        if start >= stop:
            size_message = message("anomaly.has_elements", name=unparsed(node.value), count=size)
            text = message(
                "anomaly.empty_slice", slice=unparsed(node), lower=lower, upper=upper, size=size_message
            )
            yield context.anomaly(AnomalyKind.EMPTY_SLICE, text, at, 0.9, owner)
