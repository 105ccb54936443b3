"""Rules about asyncio: a loop that is kept from running, and tasks that nothing will wake."""

from __future__ import annotations

import ast
from typing import Literal

from iqdebug.core.messages import Text, message
from iqdebug.core.state import Frame, Gil, Task, Thread, ThreadState
from iqdebug.diagnosis.live.context import (
    NOT_MOVED,
    Finding,
    LiveContext,
    Strength,
    file_name,
    shown,
    suspect,
    where,
    who,
)
from iqdebug.diagnosis.source.functions import Function, bound_names, dotted

__all__ = ["blocked_loop", "tasks_nobody_wakes"]

_BLOCKING = frozenset(
    {
        "time.sleep", "sleep", "subprocess.run", "subprocess.call",
        "subprocess.check_call", "subprocess.check_output",
        "os.system", "os.waitpid", "input", "urlopen", "urllib.request.urlopen", "socket.create_connection",
        "requests.get", "requests.post", "requests.put", "requests.delete", "requests.request",
        "httpx.get", "httpx.post",
    }
)  # fmt: skip
_BLOCKING_FILES = (
    "/subprocess.py",
    "/socket.py",
    "/ssl.py",
    "/http/client.py",
    "/urllib/request.py",
    "/queue.py",
    "/threading.py",
)
MAX_TASKS = 6
_WAITING_METHODS = frozenset({"wait", "get", "put", "join", "acquire"})


def blocked_loop(context: LiveContext) -> list[Finding]:
    """While a callback or coroutine runs under the event loop, nothing else on that loop does.
    One that waits there (a sleep, a socket, a child process) stops every other task."""
    if context.stopped_by_choice:
        return []
    findings = []
    for thread in context.snapshot.threads:
        under_loop = _frames_under_loop(thread)
        innermost = next(((i, f) for i, f in enumerate(under_loop) if f.kind == "user"), None)
        if innermost is None or thread.state is ThreadState.RUNNING or thread.gil is Gil.WAITS:
            continue
        index, frame = innermost
        statement = context.function(frame).statement
        call = _blocking_call(statement) or _inner_blocking(under_loop[:index])
        if not call and not (thread.state is ThreadState.WAITING and context.unmoved(thread)):
            continue
        what = message("quoted", text=call) if call else message("live.event_loop.something")
        reasons = [message("live.event_loop.waits", what=what)]
        if context.unmoved(thread):
            reasons.append(NOT_MOVED)
        place = suspect(frame, 0.85 if call else 0.5, reasons, thread=thread, index=index)
        headline = message(
            "live.event_loop",
            thread=who(thread),
            place=where(frame),
            call=message("live.event_loop.in_call", call=call) if call else None,
        )
        findings.append(Finding("likely" if call else "possible", headline, (place,)))
    return findings


def tasks_nobody_wakes(context: LiveContext) -> list[Finding]:
    """A task that awaits an event is ordinary as long as something may set it. It is suspect when
    the event is a local or an argument within one file and that file sets it nowhere; an event
    that other code can reach (an attribute, a global, one handed on) accuses nobody."""
    findings = []
    waiting = 0
    for task in context.snapshot.tasks:
        innermost = next(((i, f) for i, f in enumerate(task.frames) if f.kind == "user"), None)
        if task.state != "pending" or innermost is None:
            continue
        waiting += 1
        index, frame = innermost
        source, function = context.source(frame), context.function(frame)
        awaited = _awaited(function.statement)
        if awaited is None or awaited[1] != "wait":
            continue
        name = awaited[0].rsplit(".", 1)[-1]
        if source.mentions(f"{name}.set") or source.mentions(f"{name}.notify"):
            continue
        reach = _reach(function, awaited[0])
        if reach == "unknown":
            continue
        waiter = message("who.task", name=task.name)
        reasons = [message("live.event.awaited", task=waiter, event=awaited[0], name=name)]
        if reach == "argument":
            reasons.append(message("live.event.argument", name=name))
        place = suspect(frame, 0.65 if reach == "argument" else 0.8, reasons, index=index)
        strength: Strength = "likely" if reach == "local" else "possible"
        file = file_name(frame.path)
        headline = message("live.event", task=waiter, file=file, where=where(frame))
        findings.append(Finding(strength, headline, (place,)))
    if waiting > 1 and not findings:
        tasks = _pending(context.snapshot.tasks)
        more = message("live.tasks.more") if len(tasks) > MAX_TASKS else None
        note = message("live.tasks", count=waiting, tasks=tasks[:MAX_TASKS], more=more)
        findings.append(Finding("note", note))
    return findings


def _frames_under_loop(thread: Thread) -> tuple[Frame, ...]:
    """The frames that run inside one turn of an asyncio loop, innermost first."""
    for index, frame in enumerate(thread.frames):
        if frame.name.endswith(("_run_once", "run_forever")) and "base_events" in frame.path:
            return thread.frames[:index]
    return ()


def _blocking_call(statement: ast.stmt | None) -> str:
    if statement is None or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return ""
    heads: list[ast.AST] = [statement]
    if isinstance(statement, ast.If | ast.While):
        heads = [statement.test]
    elif isinstance(statement, ast.For | ast.AsyncFor):
        heads = [statement.iter]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        heads = [i.context_expr for i in statement.items]
    awaited = {id(n.value) for h in heads for n in ast.walk(h) if isinstance(n, ast.Await)}
    for head in heads:
        for node in ast.walk(head):
            if isinstance(node, ast.Call) and id(node) not in awaited and dotted(node.func) in _BLOCKING:
                return shown(node)
    return ""


def _inner_blocking(frames: tuple[Frame, ...]) -> str:
    """The standard library's function that blocks, where one is seen inside the user frame."""
    for frame in reversed(frames):
        if frame.kind == "stdlib" and frame.path.replace("\\", "/").endswith(_BLOCKING_FILES):
            return frame.name
    return ""


def _awaited(statement: ast.stmt | None) -> tuple[str, str] | None:
    """The object and the method of ``await object.method(...)``."""
    if statement is None or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return None
    for node in ast.walk(statement):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            func = node.value.func
            if isinstance(func, ast.Attribute) and func.attr in _WAITING_METHODS and dotted(func.value):
                return dotted(func.value), func.attr
    return None


def _reach(function: Function, awaited: str) -> Literal["local", "argument", "unknown"]:
    """How far the awaited name is known: ``local`` when the function made it and hands it to
    nobody, ``argument`` when a call in this file passed it and the file sets nothing at all,
    ``unknown`` when code elsewhere can well have it."""
    tree, source = function.function_tree, function.outline
    if tree is None or "." in awaited or awaited not in bound_names(tree):
        return "unknown"
    arguments = tree.args
    if awaited in {a.arg for a in [*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs]}:
        calls = sum(f"{tree.name}(" in line for line in source.lines)
        sets = source.mentions(".set(") or source.mentions(".set)")
        return "unknown" if sets or calls < 2 else "argument"
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == awaited]
    own = [n.value for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    passed_on = [n for n in uses if isinstance(n.ctx, ast.Load) and not any(n is o for o in own)]
    return "unknown" if passed_on else "local"


def _pending(tasks: tuple[Task, ...]) -> list[Text]:
    return [
        message("live.tasks.awaiting", name=t.name, awaiting=t.awaiting) if t.awaiting else t.name
        for t in tasks
        if t.state == "pending"
    ]
