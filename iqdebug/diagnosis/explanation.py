"""What an exception says at the innermost line of the person's own code.

What is wrong with the values on that line is for the rules to find. Their sentence becomes the headline;
the line that gave the value, or the call that passed it, is named as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from iqdebug.core.evidence import AnomalyKind, HopKind
from iqdebug.core.messages import Text, message
from iqdebug.core.state import Anomaly, Frame, Suspect, Thread, Variable
from iqdebug.diagnosis.dataflow.bindings import assignments
from iqdebug.diagnosis.facts import NO_FACTS
from iqdebug.diagnosis.live.context import (
    Finding,
    LiveContext,
    exception_message,
    local,
    short,
    suspect,
    where,
)
from iqdebug.diagnosis.ranking.failures import failures
from iqdebug.diagnosis.rules import find_anomalies
from iqdebug.diagnosis.source.functions import Function, own_expressions

__all__ = ["explanation", "paused_on_exception"]

EXPLAINING = frozenset(
    {
        AnomalyKind.EMPTY_USED,
        AnomalyKind.INDEX_OUT_OF_RANGE,
        AnomalyKind.INDEX_PAST_END,
        AnomalyKind.MISSING_KEY,
        AnomalyKind.NEAR_KEY,
        AnomalyKind.NEAR_NAME,
        AnomalyKind.NONE_USED,
        AnomalyKind.SIBLING_KEY,
        AnomalyKind.ZERO_DIVISOR,
    }
)
"""Kinds of anomalies that say why the very line failed. The others are hints."""

MAX_CLUES = 4
MAX_VALUES = 6
MAX_ORIGINS = 2


def paused_on_exception(context: LiveContext) -> list[Finding]:
    """A program that is paused on an exception which it may yet catch: why its line failed."""
    error = context.snapshot.exception
    for failure in failures(context.snapshot, context.texts):
        if failure.error is error:
            anomalies = find_anomalies(failure.frames, error, context.texts, NO_FACTS)
            return explanation(context, failure.frames, anomalies)
    return []


def explanation(context: LiveContext, frames: Sequence[Frame], anomalies: Sequence[Anomaly]) -> list[Finding]:
    """The innermost frame of the person's own code is blamed before any library it called.

    :param frames: those that the snapshot's exception passed through.
    :param anomalies: what the rules say about these frames.
    """
    error, thread = context.snapshot.exception, context.snapshot.focused
    if error is None or thread is None or not thread.frames:
        return []
    index, frame = context.user_frame(thread) or (0, thread.frames[0])
    function = Function.of(frame, context.texts)
    headline = message(
        "headline.exception",
        exception=exception_message(error.type, short(error.message)),
        place=where(frame),
    )
    trail = [message("reason.raised_further_in", place=where(thread.frames[0]))] if index else []
    clues = [] if trail else list(_explaining(anomalies, frames, frame))
    if clues:
        reasons = [a.message for a in clues]
        proof = {a.variable.name: a.variable for a in clues if a.variable is not None}
        place = suspect(frame, 0.92, reasons, thread=thread, index=index, proof=tuple(proof.values()))
        places = (place, *_origins(thread, index, function, list(proof)))
        explained = message("headline.explained", headline=headline, reason=reasons[0])
        return [Finding("likely", explained, places)]
    raised = isinstance(function.statement, ast.Raise)
    if raised:
        reason = message("reason.raised_for_caller")
    elif trail:
        reason = message("reason.came_out_of_call", exception=error.type)
    else:
        reason = message("reason.raised_here", exception=error.type)
    values = _values_on_the_line(function)
    place = suspect(frame, 0.7, [reason, *trail], thread=thread, index=index, proof=values)
    callers = _caller(thread, index, message("reason.led_there")) if raised else []
    return [Finding("possible", headline, (place, *callers))]


def _explaining(anomalies: Sequence[Anomaly], frames: Sequence[Frame], frame: Frame) -> Iterator[Anomaly]:
    """The anomalies of a frame that say why it failed, wherever in its function they lie."""
    for anomaly in [a for a in anomalies if a.kind in EXPLAINING][:MAX_CLUES]:
        if anomaly.frame_index is not None:
            at = frames[anomaly.frame_index]
            if (at.path, at.line) == (frame.path, frame.line):
                yield anomaly


def _values_on_the_line(function: Function) -> list[Variable]:
    statement, line = function.statement, function.frame.line
    if statement is None or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    expressions = list(own_expressions(statement))
    if isinstance(statement, ast.With | ast.AsyncWith):
        expressions += [item.optional_vars for item in statement.items if item.optional_vars is not None]
    names = dict.fromkeys(
        node.id
        for expression in expressions
        for node in ast.walk(expression)
        if isinstance(node, ast.Name) and node.lineno == line
    )
    values = [local(function.frame, name) for name in names]
    return [value for value in values if value is not None][:MAX_VALUES]


def _origins(thread: Thread, index: int, function: Function, names: Sequence[str]) -> list[Suspect]:
    """The nearest line above the failure that assigned a value, or the call that passed it."""
    frame, tree = function.frame, function.tree
    places: list[Suspect] = []
    if tree is None or function.definition is None:
        return []
    for name in names[:MAX_ORIGINS]:
        above = (b.statement for b in assignments(tree, name, frame.line) if b.kind in _GIVES)
        nearest = next((s for s in above if s.lineno < frame.line), None)
        if nearest is not None:
            at = Frame(name=frame.name, path=frame.path, line=nearest.lineno, kind=frame.kind)
            code = short(function.outline.text(nearest.lineno).strip())
            reason = message("reason.got_value", name=name, code=code)
            places.append(suspect(at, 0.75, [reason], thread=thread, index=index))
        elif name in function.parameters:
            places += _caller(thread, index, message("reason.argument", name=name))
    return places


_GIVES = (HopKind.ASSIGNED, HopKind.LOOP_ELEMENT)


def _caller(thread: Thread, index: int, reason: Text) -> list[Suspect]:
    for at, frame in enumerate(thread.frames[index + 1 :], index + 1):
        if frame.kind == "label":
            break
        if frame.kind == "user":
            return [suspect(frame, 0.6, [reason], thread=thread, index=at)]
    return []
