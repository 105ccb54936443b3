"""Indices and slices that run past the end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext, Loop, method
from iqdebug.diagnosis.rules.literals import size_of
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["empty_slice", "index_past_end", "shrinking_list"]

_OUT = re.compile(r"index out of range|pop index out of range|out of bounds for axis 0|assignment index")


def index_past_end(scene: CrashContext) -> Iterator[Anomaly]:
    """The last element of n stands at n - 1. An index that is exactly n comes from counting from
    one, from ``<=``, or from looking at the next element; the loop that goes too far is named."""
    at = scene.first
    if at is None or scene.kind != "IndexError" or not _OUT.search(scene.message):
        return
    for node in scene.operations(at):
        if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
            continue
        owner, index = scene.value(at, node.value), scene.number(at, node.slice)
        size = size_of(owner)
        if owner is None or index is None or not size or -size <= index < size:
            continue
        shown, of = f"`{unparsed(node.slice)}` is {index}", f"`{unparsed(node.value)}` has {size} elements"
        if isinstance(node.slice, ast.Constant):
            shown = f"`{unparsed(node)}` is asked for"
        if index != size:
            yield scene.say("index-out-of-range", f"{shown}, and {of}", at, 0.9, owner)
            continue
        line = _goes_too_far(scene, at, node, size)
        where = f"; the loop of line {line} goes one too far" if line else ""
        text = f"{shown}, and {of}: the last is {size - 1}, one less{where}"
        yield scene.say("index-past-end", text, at, 0.9, owner, line=line)


def _goes_too_far(scene: CrashContext, at: int, node: ast.Subscript, size: int) -> int:
    """The line of a loop that runs its index up to the size itself."""
    if not isinstance(node.slice, ast.Name):
        return 0
    name = node.slice.id
    for loop in scene.loops(at):
        if isinstance(loop, ast.While):
            for test in ast.walk(loop.test):
                if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.LtE):
                    limit = scene.number(at, test.comparators[0])
                    if unparsed(test.left) == name and limit == size:
                        return loop.lineno
        elif isinstance(loop.target, ast.Name) and loop.target.id == name:
            call = loop.iter
            if isinstance(call, ast.Call) and unparsed(call.func) == "range" and 0 < len(call.args) < 4:
                stop = scene.number(at, call.args[0 if len(call.args) == 1 else 1])
                return loop.lineno if stop is not None and stop > size else 0
    return 0


_SHRINKS = frozenset(("pop", "remove", "clear"))


def shrinking_list(scene: CrashContext) -> Iterator[Anomaly]:
    """``range(len(items))`` is fixed before the first round. When the loop takes elements out, the
    later indices do not exist any more."""
    at = scene.first
    if at is None or scene.kind != "IndexError" or not _OUT.search(scene.message):
        return
    for node in scene.operations(at):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Name):
            continue
        owner = unparsed(node.value)
        for loop in scene.loops(at):
            over = f"len({owner})" in unparsed(loop.iter, 200) if isinstance(loop, ast.For) else False
            line = _shrinks(loop, owner) if over else 0
            if line:
                text = (
                    f"`{owner}` loses elements here, inside the loop of line {loop.lineno} over its indices"
                )
                yield scene.say("changed-in-loop", text, at, 0.9, scene.value(at, node.value), line=line)


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


def empty_slice(scene: CrashContext) -> Iterator[Anomaly]:
    """A slice never fails: one that starts at the end is silently empty, and the next step fails
    for it. Only where the sequence itself is not empty."""
    at = scene.own
    if at is None or not _NOTHING_LEFT.search(scene.message):
        return
    for node in scene.expressions(at):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice) or node.slice.step:
            continue
        owner = scene.value(at, node.value)
        size = size_of(owner)
        lower = scene.number(at, node.slice.lower) if node.slice.lower is not None else 0
        upper = scene.number(at, node.slice.upper) if node.slice.upper is not None else size
        if not size or lower is None or upper is None:
            continue
        start, stop, _ = slice(lower, upper).indices(size)
        if start >= stop:
            of = f"`{unparsed(node.value)}` has {size} elements"
            text = f"the slice `{unparsed(node)}` is empty: it runs from {lower} to {upper}, and {of}"
            yield scene.say("empty-slice", text, at, 0.9, owner)
