"""Which locks a stack holds and which it waits for, by the source around its frames.

A frame inside the body of ``with lock:`` holds the lock; a frame on the header of such a
statement, or on ``lock.acquire()``, waits for it. Two texts mean the same lock when they lead to
the same object: a global of one module, an attribute of an object at one address, or a local
whose own address is known. Where neither is known, equal names are a weak match.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from iqdebug.core.messages import Message, message, render
from iqdebug.core.state import Frame, ThreadState, Variable
from iqdebug.diagnosis.live.context import LiveContext, address, local, shown
from iqdebug.diagnosis.source.functions import FunctionTree, bound_names, dotted

__all__ = ["LockUse", "Party", "held_locks", "lock_like", "same_lock", "waited_locks"]

_LOCK_WORD = re.compile(r"lock|mutex|sem(aphore)?(?![a-z])|cond(ition)?(?![a-z])|guard|latch", re.IGNORECASE)
_WAITING_FILES = ("threading.py", "locks.py", "queue.py", "queues.py", "synchronize.py", "mixins.py")


@dataclass(frozen=True, slots=True)
class Party:
    """A thread or a task: something that can wait and be waited for."""

    key: str
    label: Message
    frames: tuple[Frame, ...]
    state: ThreadState
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class LockUse:
    """A lock at a place in a stack. ``identity`` is equal for equal locks; it is None when only
    the text is known. ``since`` is the line that took it."""

    text: str
    identity: tuple[str, ...] | None
    index: int
    frame: Frame
    since: int
    proof: Variable


def same_lock(one: LockUse, other: LockUse) -> Literal["surely", "perhaps", ""]:
    if one.identity is not None and other.identity is not None and one.identity[0] == other.identity[0]:
        return "surely" if one.identity == other.identity else ""
    return "perhaps" if _last_name(one.text) == _last_name(other.text) else ""


def lock_like(use: LockUse) -> bool:
    """Whether its name or type says lock; ``with`` is used for many other things."""
    return bool(
        _LOCK_WORD.search(_last_name(use.text)) or _LOCK_WORD.search(use.proof.type + use.proof.value[:60])
    )


def waited_locks(context: LiveContext, party: Party) -> list[LockUse]:
    """What the innermost user frame waits for. Empty when the frames inside it show that it
    is doing something else, or when it is running."""
    if party.state is ThreadState.RUNNING:
        return []
    index = next((i for i, f in enumerate(party.frames) if f.kind == "user"), None)
    if index is None:
        return []
    for inner in party.frames[:index]:
        if not inner.path.replace("\\", "/").endswith(_WAITING_FILES) or inner.name.endswith("wait"):
            return []
    frame = party.frames[index]
    statement = context.function(frame).statement
    return [_use(context, expr, index, frame, frame.line) for expr in _waits(statement, frame.line)]


def held_locks(context: LiveContext, party: Party) -> Iterator[LockUse]:
    """What the stack holds, innermost frame first. A lock whose ``wait`` is being called is
    not held: waiting on a condition lets go of it."""
    for index, frame in enumerate(party.frames):
        if frame.kind != "user":
            continue
        function = context.function(frame)
        let_go = _waited_on(function.statement) if function.statement is not None else frozenset()
        for statement in reversed(function.statements):
            if isinstance(statement, ast.With | ast.AsyncWith) and frame.line >= statement.body[0].lineno:
                for item in statement.items:
                    if _is_named(item.context_expr) and shown(item.context_expr) not in let_go:
                        yield _use(context, item.context_expr, index, frame, statement.lineno)
        if function.function_tree is not None:
            for expr, line in _acquired(function.function_tree, frame.line):
                yield _use(context, expr, index, frame, line)


def _is_named(expr: ast.expr) -> bool:
    """Whether the expression names a thing, rather than making one."""
    return bool(dotted(expr)) or (isinstance(expr, ast.Subscript) and bool(dotted(expr.value)))


def _waits(statement: ast.stmt | None, line: int) -> list[ast.expr]:
    if isinstance(statement, ast.With | ast.AsyncWith):
        if line >= statement.body[0].lineno:
            return []
        return [i.context_expr for i in statement.items if _is_named(i.context_expr)]
    if statement is None or isinstance(statement, FunctionTree | ast.ClassDef):
        return []
    return [call.func.value for call in _method_calls(statement, "acquire") if not _does_not_block(call)]


def _method_calls(node: ast.AST, *methods: str) -> Iterator[_MethodCall]:
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in methods
            and _is_named(call.func.value)
        ):
            yield _MethodCall(call.func, call)


@dataclass(frozen=True, slots=True)
class _MethodCall:
    func: ast.Attribute
    call: ast.Call


def _does_not_block(use: _MethodCall) -> bool:
    arguments = [*use.call.args[:1], *(k.value for k in use.call.keywords if k.arg == "blocking")]
    return any(isinstance(a, ast.Constant) and a.value is False for a in arguments)


def _waited_on(statement: ast.stmt) -> frozenset[str]:
    return frozenset(shown(use.func.value) for use in _method_calls(statement, "wait", "wait_for"))


def _acquired(function: FunctionTree, line: int) -> list[tuple[ast.expr, int]]:
    """Locks taken with ``acquire()`` above the line and not released above it."""
    taken: dict[str, tuple[ast.expr, int]] = {}
    uses = _method_calls(function, "acquire", "release")
    for use in sorted(uses, key=lambda c: (c.call.lineno, c.call.col_offset)):
        if use.call.lineno >= line:
            break
        name = shown(use.func.value)
        if use.func.attr == "release":
            taken.pop(name, None)
        elif not _does_not_block(use):
            taken[name] = (use.func.value, use.call.lineno)
    return list(taken.values())


def _use(context: LiveContext, expr: ast.expr, index: int, frame: Frame, since: int) -> LockUse:
    text = shown(expr)
    named = local(frame, text)
    how = message("lock.taken", line=since) if since != frame.line else message("lock.waited_for")
    proof = named or Variable(name=text, value=render(how))
    return LockUse(text, _identity(context, expr, frame), index, frame, since, proof)


def _identity(context: LiveContext, expr: ast.expr, frame: Frame) -> tuple[str, ...] | None:
    if isinstance(expr, ast.Subscript):
        base = _identity(context, expr.value, frame)
        key = expr.slice
        if base is None:
            return None
        if isinstance(key, ast.Constant):
            return ("item", *base, repr(key.value))
        value = local(frame, key.id) if isinstance(key, ast.Name) else None
        return ("item", *base, value.value) if value is not None else None
    path = dotted(expr).split(".")
    root = local(frame, path[0])
    if root is not None:
        at = address(root)
        return ("object" if len(path) == 1 else "attribute", at, *path[1:]) if at else None
    if any(path[0] in bound_names(tree) for tree in context.function(frame).around):
        return None
    return ("global", frame.path, *path)


def _last_name(text: str) -> str:
    return text.split("[")[0].rsplit(".", 1)[-1]
