"""Coroutines that were not awaited, and event loops used from the wrong place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.replacements import awaited_call
from iqdebug.diagnosis.source.functions import FunctionTree, unparsed

__all__ = ["awaited_in_vain", "event_loop_misused", "never_awaited"]

_NEVER = re.compile(r"coroutine '([\w.<>]+)' was never awaited")


def never_awaited(context: CrashContext) -> Iterator[Anomaly]:
    """Calling a coroutine function only makes a coroutine; its result comes from ``await``. Where
    Python complains of a coroutine, the operand that is one was not awaited, and the line that
    made it lacks the word. A warning in the log names it too, where these frames call it."""
    at = context.own
    if at is None:
        return
    reported = False
    if "coroutine" in context.message and context.kind in ("TypeError", "AttributeError", "ValueError"):
        for node in context.expressions(at):
            value = (
                context.value(at, node)
                if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
                else None
            )
            if value is None or not value.value.startswith("<coroutine "):
                continue
            line = _unawaited_assignment(context, at, unparsed(node))
            made = value.value.removeprefix("<coroutine ").split(",")[0].rstrip(">")
            text = message("anomaly.never_awaited.coroutine", name=unparsed(node), function=made)
            edit = awaited_call(context.statement_at(at, line), unparsed(node))
            yield context.anomaly(AnomalyKind.NEVER_AWAITED, text, at, 0.9, value, line=line, edit=edit)
            reported = True
            break
        if not reported:
            for node in context.expressions(at):
                inner = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
                if isinstance(inner, ast.Call) and _is_async(context, at, unparsed(inner.func)):
                    text = message("anomaly.never_awaited.call", call=unparsed(inner))
                    edit = awaited_call(context.statement_at(at), unparsed(inner))
                    yield context.anomaly(AnomalyKind.NEVER_AWAITED, text, at, 0.9, edit=edit)
                    reported = True
                    break
    if not reported:
        yield from _by_the_log(context)


def _unawaited_assignment(context: CrashContext, at: int, name: str) -> int:
    lines = [n.lineno for n in context.assigned(at, name) if isinstance(n.value, ast.Call)]
    return max(lines, default=0)


def _is_async(context: CrashContext, at: int, called: str) -> bool:
    """Whether the called name stands for an ``async def``, as recorded or by the same file."""
    function = context.function(at)
    for call in function.frame.calls:
        if call.expression == called:
            outline = context.texts[call.path]
            definition = outline.starting(call.line)
            if definition is not None:
                return outline.text(definition.line).lstrip().startswith("async ")
    alike = [d for d in function.outline.definitions if d.name == called.rsplit(".", 1)[-1]]
    texts = [function.outline.text(d.line).lstrip() for d in alike]
    return bool(texts) and all(t.startswith("async ") for t in texts)


def _by_the_log(context: CrashContext) -> Iterator[Anomaly]:
    """The last warnings of the log, where a frame's function calls the coroutine as a statement of
    its own or assigns it without ``await``."""
    names = {
        m[1].rsplit(".", 1)[-1] for r in context.facts.logs[-100:] for m in _NEVER.finditer(r.text[:2_000])
    }
    if not names:
        return
    for at in [i for i in context.code if context.frames[i].kind == "user"][:6]:
        tree = context.function(at).tree
        for node in ast.walk(tree) if tree is not None else ():
            if not isinstance(node, ast.Expr | ast.Assign) or node.lineno > context.frames[at].line:
                continue
            call = node.value
            if isinstance(call, ast.Call) and unparsed(call.func).rsplit(".", 1)[-1] in names:
                text = message("anomaly.never_awaited.log", call=unparsed(call))
                edit = awaited_call(context.statement_at(at, node.lineno), unparsed(call))
                yield context.anomaly(AnomalyKind.NEVER_AWAITED, text, at, 0.6, line=node.lineno, edit=edit)
                return


_NO_AWAIT = re.compile(r"object (\S+) can't be used in 'await'|'(\S+)' object can't be awaited")
_ASYNC_ONLY = re.compile(r"'async_generator' object is not (an )?(iterable|iterator|subscriptable)")
_SYNC_ONLY = re.compile(r"'async for' requires an object with __aiter__ method, got (\S+)")


def awaited_in_vain(context: CrashContext) -> Iterator[Anomaly]:
    """``await`` on what is no awaitable: the function it calls is a plain ``def``, which has run
    already. And loops of the wrong kind: an async generator needs ``async for``, a list must not
    have it."""
    at = context.own
    if at is None or context.kind != "TypeError":
        return
    wrong = _NO_AWAIT.search(context.message)
    if wrong is not None:
        for node in context.expressions(at):
            if not isinstance(node, ast.Await):
                continue
            yield context.anomaly(
                AnomalyKind.AWAITED_IN_VAIN,
                _not_awaitable(context, at, node.value, wrong[1] or wrong[2]),
                at,
                0.9,
            )
            return
    elif _ASYNC_ONLY.search(context.message):
        text = message("anomaly.async_iteration.async_generator")
        yield context.anomaly(AnomalyKind.ASYNC_ITERATION, text, at, 0.9)
    elif (plain := _SYNC_ONLY.search(context.message)) is not None:
        if plain[1] == "coroutine":
            text = message("anomaly.async_iteration.coroutine")
        else:
            text = message("anomaly.async_iteration.plain", type=plain[1])
        yield context.anomaly(AnomalyKind.ASYNC_ITERATION, text, at, 0.9)


def _not_awaitable(context: CrashContext, at: int, awaited: ast.expr, kind: str) -> Message:
    """:param kind: the type of what was awaited."""
    if not isinstance(awaited, ast.Call):
        value = message("anomaly.awaited.value", name=unparsed(awaited), type=kind)
        if kind in ("function", "method", "builtin_function_or_method"):
            return message("anomaly.awaited.not_called", value=value)
        return message("anomaly.awaited_in_vain", value=value)
    function = unparsed(awaited.func)
    if _is_plain(context, at, function):
        value = message("anomaly.awaited.plain_function", function=function, type=kind)
    else:
        value = message("anomaly.awaited.call", function=function, type=kind)
    return message("anomaly.awaited_in_vain", value=value)


def _is_plain(context: CrashContext, at: int, called: str) -> bool:
    function = context.function(at)
    listed = [c for c in function.frame.calls if c.expression == called]
    definitions = [context.texts[c.path].starting(c.line) for c in listed]
    texts = [
        context.texts[c.path].text(d.line) for c, d in zip(listed, definitions, strict=True) if d is not None
    ]
    if not texts and "." not in called:
        named = function.outline.named(called)
        texts = [function.outline.text(named.line)] if named is not None else []
    return bool(texts) and all(t.lstrip().startswith("def ") for t in texts)


@dataclass(frozen=True, slots=True)
class _Misuse:
    """A way to use an event loop from the wrong place, by what asyncio's message says of it."""

    pattern: re.Pattern[str]
    message: Message
    weight: float
    names_coroutine: bool = False
    of_other_loop: bool = False


_MISUSES: tuple[_Misuse, ...] = (
    _Misuse(
        re.compile(r"no running event loop|There is no current event loop"),
        message("event_loop.none_runs"),
        0.6,
    ),
    _Misuse(
        re.compile(r"cannot be called from a running event loop|event loop is already running"),
        message("event_loop.runs_already"),
        0.9,
        names_coroutine=True,
    ),
    _Misuse(
        re.compile(r"attached to a different loop|bound to a different event loop"),
        message("event_loop.other_loop"),
        0.6,
        of_other_loop=True,
    ),
    _Misuse(re.compile(r"Event loop is closed"), message("event_loop.closed"), 0.6),
    _Misuse(
        re.compile(r"Non-thread-safe operation invoked on an event loop"),
        message("event_loop.other_thread"),
        0.9,
    ),
)


def event_loop_misused(context: CrashContext) -> Iterator[Anomaly]:
    """An event loop belongs to one thread and to one ``asyncio.run``. The person's own line is
    named, for the failure arises inside asyncio."""
    at = context.user if context.user is not None else context.own
    if at is None or context.kind not in ("RuntimeError", "ValueError"):
        return
    misuse = next((m for m in _MISUSES if m.pattern.search(context.message)), None)
    if misuse is None:
        return
    text = misuse.message
    around = [i for i in context.code if isinstance(context.function(i).tree, ast.AsyncFunctionDef)]
    if misuse.names_coroutine and around:
        coroutine = context.function(around[0]).qualname
        text = message("event_loop.in_coroutine", misuse=text, coroutine=coroutine)
    call = next((unparsed(n) for n in context.expressions(at) if isinstance(n, ast.Call)), "")
    if call:
        text = message("event_loop.call", call=call, misuse=text)
    yield context.anomaly(AnomalyKind.EVENT_LOOP, text, at, misuse.weight)
    line = _made_at_import(context, at) if misuse.of_other_loop else 0
    if line:
        made = message("event_loop.made_at_import")
        yield context.anomaly(AnomalyKind.EVENT_LOOP, made, at, 0.6, line=line)


def _made_at_import(context: CrashContext, at: int) -> int:
    """The line of the module that makes an asyncio object which the failing line uses."""
    module = context.function(at).outline.module
    if module is None or not isinstance(context.function(at).tree, FunctionTree):
        return 0
    read = {n.id for n in context.written(at) if isinstance(n, ast.Name)}
    for node in module.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        named = any(isinstance(t, ast.Name) and t.id in read for t in node.targets)
        if named and unparsed(node.value.func).startswith("asyncio."):
            return node.lineno
    return 0
