"""Which locks a stack holds and which it waits for, told from the source around its frames.

A frame inside the body of ``with lock:`` holds the lock; a frame on the header of such a
statement, or on ``lock.acquire()``, waits for it. Two texts mean the same lock when they lead to
the same object: a global of one module, an attribute of an object at one address, or a local
whose own address is known. Where neither is known, equal names are a weak match.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from iqdebug.core.state import Frame, ThreadState, Variable
from iqdebug.diagnosis.live.context import LiveContext, address, local
from iqdebug.diagnosis.source.syntax import FunctionNode, bound_names, dotted, functions_in, unparse

__all__ = ["LockUse", "Party", "held_locks", "lock_like", "same_lock", "waited_locks"]

_LOCK_WORD = re.compile(r"lock|mutex|sem(aphore)?(?![a-z])|cond(ition)?(?![a-z])|guard|latch", re.IGNORECASE)
_WAITING_FILES = ("threading.py", "locks.py", "queue.py", "queues.py", "synchronize.py", "mixins.py")


@dataclass(frozen=True, slots=True)
class Party:
    """A thread or a task: something that can wait and be waited for."""

    key: str
    words: str
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


def waited_locks(look: LiveContext, party: Party) -> list[LockUse]:
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
    statement = look.source(frame).statement(frame.line)
    return [_use(look, expr, index, frame, frame.line) for expr in _waits(statement, frame.line)]


def held_locks(look: LiveContext, party: Party) -> Iterator[LockUse]:
    """What the stack holds, innermost frame first. A lock whose ``wait`` is being called is
    not held: waiting on a condition lets go of it."""
    for index, frame in enumerate(party.frames):
        if frame.kind != "user":
            continue
        chain = look.source(frame).chain(frame.line)
        let_go = _waited_on(chain[-1]) if chain else frozenset()
        function_at = max((i for i, s in enumerate(chain) if isinstance(s, FunctionNode)), default=-1)
        for statement in reversed(chain[function_at + 1 :]):
            if isinstance(statement, ast.With | ast.AsyncWith) and frame.line >= statement.body[0].lineno:
                for item in statement.items:
                    if dotted_or_item(item.context_expr) and unparse(item.context_expr) not in let_go:
                        yield _use(look, item.context_expr, index, frame, statement.lineno)
        functions = functions_in(chain)
        if functions:
            for expr, line in _acquired(functions[-1], frame.line):
                yield _use(look, expr, index, frame, line)


def dotted_or_item(expr: ast.expr) -> bool:
    """Whether the expression names a thing, rather than making one."""
    return bool(dotted(expr)) or (isinstance(expr, ast.Subscript) and bool(dotted(expr.value)))


def _waits(statement: ast.stmt | None, line: int) -> list[ast.expr]:
    if isinstance(statement, ast.With | ast.AsyncWith):
        if line >= statement.body[0].lineno:
            return []
        return [i.context_expr for i in statement.items if dotted_or_item(i.context_expr)]
    if statement is None or isinstance(statement, FunctionNode | ast.ClassDef):
        return []
    return [call.func.value for call in _method_calls(statement, "acquire") if not _does_not_block(call)]


def _method_calls(node: ast.AST, method: str) -> Iterator[_MethodCall]:
    for found in ast.walk(node):
        if (
            isinstance(found, ast.Call)
            and isinstance(found.func, ast.Attribute)
            and found.func.attr == method
            and dotted_or_item(found.func.value)
        ):
            yield _MethodCall(found.func, found)


@dataclass(frozen=True, slots=True)
class _MethodCall:
    func: ast.Attribute
    call: ast.Call


def _does_not_block(found: _MethodCall) -> bool:
    arguments = [*found.call.args[:1], *(k.value for k in found.call.keywords if k.arg == "blocking")]
    return any(isinstance(a, ast.Constant) and a.value is False for a in arguments)


def _waited_on(statement: ast.stmt) -> frozenset[str]:
    names = {unparse(c.func.value) for m in ("wait", "wait_for") for c in _method_calls(statement, m)}
    return frozenset(names)


def _acquired(function: FunctionNode, line: int) -> list[tuple[ast.expr, int]]:
    """Locks taken with ``acquire()`` above the line and not released above it."""
    taken: dict[str, tuple[ast.expr, int]] = {}
    calls = [*_method_calls(function, "acquire"), *_method_calls(function, "release")]
    for found in sorted(calls, key=lambda c: (c.call.lineno, c.call.col_offset)):
        if found.call.lineno >= line:
            break
        name = unparse(found.func.value)
        if found.func.attr == "release":
            taken.pop(name, None)
        elif not _does_not_block(found):
            taken[name] = (found.func.value, found.call.lineno)
    return list(taken.values())


def _use(look: LiveContext, expr: ast.expr, index: int, frame: Frame, since: int) -> LockUse:
    text = unparse(expr)
    named = local(frame, text)
    proof = named or Variable(
        name=text, value=f"taken at line {since}" if since != frame.line else "waited for here"
    )
    return LockUse(text, _identity(look, expr, frame), index, frame, since, proof)


def _identity(look: LiveContext, expr: ast.expr, frame: Frame) -> tuple[str, ...] | None:
    if isinstance(expr, ast.Subscript):
        base = _identity(look, expr.value, frame)
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
    functions: Sequence[FunctionNode] = functions_in(look.source(frame).chain(frame.line))
    if any(path[0] in bound_names(f) for f in functions):
        return None
    return ("global", frame.path, *path)


def _last_name(text: str) -> str:
    return text.split("[")[0].rsplit(".", 1)[-1]
