"""Which variables to watch, and why: log-points where the failing value is made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from iqdebug.core.evidence import HopKind
from iqdebug.core.messages import Message, Text, hop_message, message, render
from iqdebug.core.paths import frame_kind
from iqdebug.core.state import Breakpoint, Diagnosis, LogRecord, Step
from iqdebug.diagnosis.source.outline import Definition, Outline

__all__ = ["Hits", "Watch", "hits_of", "watches"]

MAX_WATCHES = 5
MAX_NAMES = 4
_MARK = "watch"
_GIVES_VALUE = {hop_message(kind) for kind in HopKind if kind.gives_value}


@dataclass(frozen=True, slots=True)
class Watch:
    """A log-point: ``breakpoint`` reports ``names`` without stopping, each time before its line runs.
    ``reason`` is ``reason_message`` in words, a sentence. ``mark`` begins its message in the log."""

    breakpoint: Breakpoint
    names: tuple[str, ...]
    reason_message: Message
    mark: str

    @property
    def reason(self) -> str:
        return render(self.reason_message)


@dataclass(frozen=True, slots=True)
class Hits:
    """What one log-point reported: how often, and its last messages, oldest first."""

    watch: Watch
    count: int
    last: tuple[str, ...]


def watches(
    diagnosis: Diagnosis, *, read_source: Callable[[str], Sequence[str]], most: int = MAX_WATCHES
) -> tuple[Watch, ...]:
    """Log-points for the places that made the failing values, nearest the failure first, then for the
    suspects. Each is at a line where the names have their values, in the person's own code. () where
    the evidence names no variable.

    A session accepts the breakpoints as they are (``DebugSession.set_breakpoints``).
    """
    chosen: dict[tuple[str, int], Watch] = {}
    outlines: dict[str, Outline] = {}

    def add(path: str, line: int, wanted: Sequence[str], after: bool, reason: Message) -> None:
        if len(chosen) >= most or frame_kind(path) != "user" or not wanted:
            return
        if path not in outlines:
            outlines[path] = Outline(tuple(read_source(path)))
        at = _after(outlines[path], line) if after else line
        names = _known_at(outlines[path], at, wanted)
        if not at or not names or (path, at) in chosen:
            return
        mark = f"{_MARK} {len(chosen) + 1}"
        shown = " ".join(f"{name}={{{name}}}" for name in names)
        point = Breakpoint(path, at, log_message=f"{mark}: {shown}")
        chosen[path, at] = Watch(point, names, reason, mark)

    for root in diagnosis.provenance:
        for step in _hops(root):
            names = _names(step.expression)
            assigned = step.kind.gives_value
            reason = message(
                "assistant.actions.watch.hop",
                name=step.expression,
                how=hop_message(step.kind, step.detail),
                line=step.line,
                function=step.function,
            )
            if assigned and step.value is not None:
                reason = message("assistant.actions.watch.hop_value", hop=reason, value=step.value.value[:60])
            add(step.path, step.line, names, assigned, reason)
    for suspect in diagnosis.suspects:
        names = tuple(v.name for v in suspect.proof if v.name.isidentifier())
        if not names and not suspect.function.endswith("<module>"):
            lines = tuple(read_source(suspect.path))
            names = _names(lines[suspect.line - 1]) if 0 < suspect.line <= len(lines) else ()
        why = (
            suspect.reason_messages[0]
            if suspect.reason_messages
            else message("assistant.actions.watch.suspected")
        )
        reason = message("assistant.actions.watch.suspect", function=suspect.function, why=why)
        add(suspect.path, suspect.line, names, _gives_value(why), reason)
    return tuple(chosen.values())


def hits_of(chosen: Sequence[Watch], records: Sequence[LogRecord], most: int = 3) -> tuple[Hits, ...]:
    """What the log-points reported among the log's records, for a report after a run."""
    hits = []
    for watch in chosen:
        texts = [r.text.strip() for r in records if r.text.lstrip().startswith(watch.mark + ":")]
        last = tuple(text.removeprefix(watch.mark + ":").strip() for text in texts[-most:])
        hits.append(Hits(watch, len(texts), last))
    return tuple(hits)


def _gives_value(reason: Text) -> bool:
    """Whether a suspect's line gives the name its value: the line itself does not know it yet."""
    if not isinstance(reason, Message):
        return False
    return reason.id == "reason.got_value" or reason.value("how") in _GIVES_VALUE


def _hops(step: Step) -> Iterator[Step]:
    yield step
    for before in step.before:
        yield from _hops(before)


def _names(expression: str) -> tuple[str, ...]:
    """The variables in an expression, or in the statement of a line."""
    text = expression.strip().replace("(…)", "()")
    for attempt in (text, text.rstrip(":") + ":\n pass" if text.endswith(":") else text):
        try:
            tree = ast.parse(attempt)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        names = [
            n.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Name) and id(n) not in called and isinstance(n.ctx, ast.Load)
        ]
        return tuple(dict.fromkeys(names))
    return ()


def _function(outline: Outline, line: int) -> tuple[Definition | None, ast.AST | None]:
    definition = outline.function_at(line)
    if definition is None:
        return None, outline.module
    return definition, outline.tree(definition)


def _after(outline: Outline, line: int) -> int:
    """The first line of the statement that runs next, where what was assigned can be seen."""
    _, tree = _function(outline, line)
    for node in ast.walk(tree) if tree is not None else ():
        for _, block in ast.iter_fields(node):
            if not isinstance(block, list):
                continue
            for number, statement in enumerate(block):
                if not isinstance(statement, ast.stmt) or statement.lineno != line:
                    continue
                if isinstance(statement, ast.For | ast.AsyncFor | ast.With | ast.AsyncWith):
                    return statement.body[0].lineno
                if number + 1 < len(block):
                    return int(block[number + 1].lineno)
                return 0
    return 0


def _known_at(outline: Outline, line: int, wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that the function of the line knows, its own before others."""
    definition, tree = _function(outline, line)
    if tree is None:
        return ()
    if definition is None or not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return tuple(wanted[:MAX_NAMES])
    arguments = tree.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    own = {a.arg for a in every} | {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    early = {
        n.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < line
    }
    return tuple(name for name in dict.fromkeys(wanted) if name in own | early)[:MAX_NAMES]
