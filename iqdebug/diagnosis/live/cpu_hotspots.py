"""Rules about threads that use the CPU, and about the interpreter lock."""

from __future__ import annotations

import ast

from iqdebug.core.messages import Message, message
from iqdebug.core.state import Frame, Gil, Thread, ThreadState, Variable
from iqdebug.diagnosis.live.context import (
    Finding,
    LiveContext,
    Strength,
    as_number,
    local,
    shown,
    suspect,
    where,
    who,
)

__all__ = ["holds_the_gil", "never_ending_loop"]

_WAITS = frozenset(
    {
        "sleep",
        "wait",
        "get",
        "recv",
        "accept",
        "join",
        "select",
        "poll",
        "read",
        "readline",
        "acquire",
        "result",
        "input",
        "next",
    }
)
_Loop = ast.While | ast.For | ast.AsyncFor


def never_ending_loop(context: LiveContext) -> list[Finding]:
    """A running thread is ordinary. It is suspect when the loop around it cannot end by what its
    source shows: a condition on floats that only exact equality ends, or one whose names nothing
    in the body changes. Seen in the same call in two snapshots, it is possibly stuck."""
    if context.stopped_by_choice:
        return []
    findings = []
    for thread in context.snapshot.threads:
        innermost = context.user_frame(thread)
        if innermost is None or not (
            _busy(thread) or (context.stopped and thread.id == context.snapshot.focus)
        ):
            continue
        index, frame = innermost
        loop = _innermost_loop(context, frame)
        proof = _loop_proof(loop, frame) if isinstance(loop, ast.While) else None
        if proof is not None and isinstance(loop, ast.While):
            reason, score, strength = proof
            reasons = [reason, *_pace(context, thread)]
            place = suspect(
                frame, score, reasons, thread=thread, index=index, proof=_values(loop.test, frame)
            )
            headline = message("live.endless_loop", thread=who(thread), place=where(frame), reason=reason)
            findings.append(Finding(strength, headline, (place,)))
        elif _busy(thread) and context.same_function(thread):
            reasons = [_SAME_CALL, *_around(loop)]
            values = _values(loop.test if isinstance(loop, ast.While) else loop, frame)
            place = suspect(frame, 0.5, reasons, thread=thread, index=index, proof=values)
            busy = message("live.busy", thread=who(thread), place=where(frame))
            findings.append(Finding("possible", busy, (place,)))
        elif _busy(thread):
            running = message("live.running", thread=who(thread), place=where(frame))
            findings.append(Finding("note", running))
    return findings


def holds_the_gil(context: LiveContext) -> list[Finding]:
    """One thread that keeps the interpreter lock over two snapshots without moving is in a C call
    that does not let go; all other Python code waits. One snapshot alone shows an ordinary moment."""
    threads = context.snapshot.threads
    waiting = [t for t in threads if t.gil is Gil.WAITS]
    holder = next((t for t in threads if t.gil is Gil.HOLDS), None)
    if holder is None:
        if len(waiting) > 1 and len(waiting) == len(threads):
            return [Finding("note", message("live.gil.unseen", count=len(threads)))]
        return []
    innermost = context.user_frame(holder)
    if innermost is None or context.stopped:
        return []
    index, frame = innermost
    others = message("live.gil.others", count=len(waiting))
    held = message("live.gil.held", thread=who(holder), place=where(frame))
    if context.unmoved(holder):
        reasons = [message("live.gil.not_moved")]
        reasons += [others] if waiting else []
        place = suspect(frame, 0.75 if waiting else 0.6, reasons, thread=holder, index=index)
        strength: Strength = "likely" if waiting else "possible"
        headline = message("live.gil.held_and", held=held, others=others) if waiting else held
        return [Finding(strength, headline, (place,))]
    if waiting:
        return [Finding("note", message("live.gil.note", held=held, others=others))]
    return []


def _busy(thread: Thread) -> bool:
    return thread.state is ThreadState.RUNNING or thread.gil is Gil.HOLDS


_SAME_CALL = message("live.same_call")


def _pace(context: LiveContext, thread: Thread) -> list[Message]:
    return [_SAME_CALL] if context.same_function(thread) else []


def _innermost_loop(context: LiveContext, frame: Frame) -> _Loop | None:
    for statement in reversed(context.function(frame).statements):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        if isinstance(statement, _Loop):
            return statement
    return None


def _around(loop: _Loop | None) -> list[Message]:
    if isinstance(loop, ast.While):
        return [message("live.loop.while", test=shown(loop.test))]
    return [message("live.loop.over", iterable=shown(loop.iter))] if loop is not None else []


def _loop_proof(loop: ast.While, frame: Frame) -> tuple[Message, float, Strength] | None:
    inside = [n for s in loop.body for n in ast.walk(s)]
    can_leave = any(
        isinstance(n, ast.Break | ast.Return | ast.Raise | ast.Yield | ast.YieldFrom | ast.Await)
        for n in inside
    )
    calls = {_called(n) for n in inside if isinstance(n, ast.Call)}
    if can_leave or calls & _WAITS:
        return None
    test = loop.test
    if isinstance(test, ast.Constant):
        if test.value and not calls:
            return message("live.loop.no_way_out", test=shown(test)), 0.8, "likely"
        return None
    floats = _float_equality(test, inside, frame)
    if floats is not None:
        return floats, 0.92, "likely"
    simple = not any(
        isinstance(n, ast.Call | ast.Attribute | ast.Subscript | ast.NamedExpr) for n in ast.walk(test)
    )
    names = sorted({n.id for n in ast.walk(test) if isinstance(n, ast.Name)})
    stored = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)}
    unchanged = simple and names and not stored.intersection(names)
    if unchanged and all(_is_plain(local(frame, n)) for n in names):
        reason = message("live.loop.unchanged", names=_any_of(names), test=shown(test))
        return reason, 0.85, "likely"
    return None


def _float_equality(test: ast.expr, inside: list[ast.AST], frame: Frame) -> Message | None:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.NotEq)):
        return None
    steps = {
        n.target.id
        for n in inside
        if isinstance(n, ast.AugAssign)
        and isinstance(n.target, ast.Name)
        and isinstance(n.op, ast.Add | ast.Sub)
    }
    for side, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        if isinstance(side, ast.Name) and side.id in steps:
            value, goal = local(frame, side.id), _operand(other, frame)
            number = as_number(value)
            if value is None or number is None or goal is None or not set(value.value) & set(".en"):
                continue
            past = message("live.loop.past", goal=f"{goal:g}") if abs(number) > abs(goal) else None
            return message("live.loop.floats", test=shown(test), name=side.id, value=value.value, past=past)
    return None


def _is_plain(variable: Variable | None) -> bool:
    """A value that cannot change in place, so that only an assignment in this frame changes what
    the name means. (A container can be emptied, a global be set elsewhere.)"""
    if variable is None or variable.kind == "global":
        return False
    return (
        as_number(variable) is not None
        or variable.value in ("True", "False", "None")
        or (variable.value[:1] in ("'", '"'))
    )


def _operand(expr: ast.expr, frame: Frame) -> float | None:
    if isinstance(expr, ast.Constant) and isinstance(expr.value, int | float):
        return float(expr.value)
    return as_number(local(frame, expr.id)) if isinstance(expr, ast.Name) else None


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _values(node: ast.AST | None, frame: Frame) -> list[Variable]:
    if node is None:
        return []
    target = node.iter if isinstance(node, ast.For | ast.AsyncFor) else node
    names = sorted({n.id for n in ast.walk(target) if isinstance(n, ast.Name)})
    return [v for v in (local(frame, name) for name in names) if v is not None]


def _any_of(names: list[str]) -> Message:
    quoted = [message("quoted", text=name) for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return message("live.any_of", names=quoted[:-1], last=quoted[-1])
