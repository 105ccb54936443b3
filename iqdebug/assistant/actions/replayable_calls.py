"""The calls on the way of a failure, and which of them can be made again from what was recorded."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iqdebug.assistant.actions.execution import Failure
from iqdebug.assistant.actions.rebuild_values import CannotRebuild, Rebuilder, Rebuilt
from iqdebug.assistant.actions.rerun import command_of_crash, project_root
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash
from iqdebug.crash.model import RecordedException, RecordedFrame
from iqdebug.crash.to_snapshot import kind_of
from iqdebug.diagnosis.source.outline import Outline

__all__ = ["Candidate", "RebuiltCall", "candidates", "rebuilt_call"]

_CHANGES = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "update", "add", "discard", "popitem", "sort"}
    | {"setdefault", "reverse", "popleft", "appendleft", "write", "read", "send"}
)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame of the person's own code that an exception passed through, and that exception."""

    frame: RecordedFrame
    failure: Failure


@dataclass(frozen=True, slots=True)
class RebuiltCall:
    """``arguments`` are the names with their source, in the order of the parameters; ``call`` is the
    expression to evaluate, with the function as ``target`` (``label``, ``Order.total``). ``module`` is
    what to import, "" for a program whose ``file`` is loaded. ``asynchronous``: the call is awaited."""

    candidate: Candidate
    module: str
    file: str
    target: str
    arguments: tuple[tuple[str, Rebuilt], ...]
    call: str
    asynchronous: bool
    notes: tuple[Message, ...] = ()


def candidates(crash: Crash, diagnosis: Diagnosis | None = None) -> list[Candidate]:
    """The function of the first suspect, where it is on the stack, then from the innermost outwards.
    Causes come before what they led to."""
    by_frame: dict[int, Candidate] = {}
    for error, caught in _chain(crash):
        frames = [crash.frames[n] for n in error.frames if n in crash.frames]
        own = [f for f in frames if kind_of(f.file, crash.meta.prefixes) == "user"]
        function = own[0].function.rpartition(".")[2] if own else ""
        failure = Failure(error.type, function, error.message)
        for frame in own:
            if not (caught and frame is frames[-1]):  # which caught it, and raised another
                by_frame.setdefault(frame.id, Candidate(frame, failure))
    listed = list(by_frame.values())
    top = diagnosis.suspects[0] if diagnosis is not None and diagnosis.suspects else None
    if top is not None:
        listed.sort(key=lambda c: (c.frame.file, c.frame.function) != (top.path, top.function))
    return [c for c in listed if not c.frame.function.endswith("<module>")]


def _chain(crash: Crash) -> Iterator[tuple[RecordedException, bool]]:
    """The exceptions, the first cause first, and whether each was caught."""
    errors: list[RecordedException] = []
    number = crash.root
    while number is not None and number in crash.exceptions and len(errors) < 20:
        error = crash.exceptions[number]
        if error in errors:
            break
        errors.append(error)
        number = error.cause if error.cause is not None else None if error.suppress else error.context
    for error in reversed(errors):
        yield error, error is not errors[0]


def rebuilt_call(crash: Crash, candidate: Candidate) -> RebuiltCall:
    """The call of that frame, from the recorded values of its arguments.

    :raises CannotRebuild: says which argument is missing, and why; or why the function cannot be
        called from outside.
    """
    frame = candidate.frame
    shown = frame.function
    if "<locals>" in shown or not shown.rpartition(".")[2].isidentifier():
        raise CannotRebuild(message("assistant.actions.call.inner", function=shown))
    outline = Outline(crash.read_source(frame.file))
    definition = outline.starting(frame.first_line) or outline.function_at(frame.line)
    tree = outline.tree(definition) if definition is not None else None
    if tree is None or definition is None:
        raise CannotRebuild(message("assistant.actions.call.no_source", function=shown))
    if frame.locals is None or frame.locals_left_out:
        raise CannotRebuild(message("assistant.actions.call.no_variables", function=shown))
    module, file = _where(crash, frame)
    values = {local.name: local.value for local in frame.locals if local.kind == "argument"}
    notes: list[Message] = []
    target = definition.qualname if "<locals>" not in definition.qualname else shown
    if not all(part.isidentifier() for part in target.split(".")):
        raise CannotRebuild(message("assistant.actions.call.no_name", function=shown))
    given: list[tuple[str, Rebuilt]] = []
    words: list[str] = []
    bound = "." in target
    decorators = {ast.unparse(d).rpartition(".")[2] for d in tree.decorator_list}
    receiver = ""
    rebuilder = Rebuilder(crash)
    for kind, name in _parameters(tree):
        if bound and not receiver and "staticmethod" not in decorators and not words:
            receiver = name
            if "classmethod" in decorators or name == "cls":
                continue
        _check_kept(tree, name, frame.line, notes)
        _check_not_shared(tree, name, notes)
        if name not in values:
            raise CannotRebuild(message("assistant.actions.call.no_argument", name=name, function=shown))
        built = rebuilder.rebuilt(values[name], name)
        if (kind, built.source) in (("**", "{}"), ("*", "()")):
            continue
        given.append((name, built))
        if name != receiver:
            words.append(f"{kind}{name}" if kind != "=" else f"{name}={name}")
    call = f"{target}({', '.join(words)})"
    if receiver and "classmethod" not in decorators and receiver != "cls":
        call = f"{receiver}.{tree.name}({', '.join(words)})"
        if decorators & {"property", "cached_property"}:
            call = f"{receiver}.{tree.name}"
    if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(tree)):
        if isinstance(tree, ast.AsyncFunctionDef):
            raise CannotRebuild(message("assistant.actions.call.asynchronous_generator", function=shown))
        if not decorators & {"contextmanager", "fixture"}:
            call = f"list({call})"
    if "fixture" in decorators or tree.name.startswith("test_"):
        raise CannotRebuild(message("assistant.actions.call.is_test", function=shown))
    asynchronous = isinstance(tree, ast.AsyncFunctionDef)
    return RebuiltCall(candidate, module, file, target, tuple(given), call, asynchronous, tuple(notes))


def _where(crash: Crash, frame: RecordedFrame) -> tuple[str, str]:
    if frame.module and frame.module != "__main__":
        if not all(part.isidentifier() for part in frame.module.split(".")):
            raise CannotRebuild(message("assistant.actions.call.no_module", function=frame.function))
        return frame.module, ""
    command = command_of_crash(crash)
    if "-m" in command.words[1:] and not command.test:
        name = command.words[command.words.index("-m") + 1]
        package = os.path.basename(frame.file) == "__main__.py"
        return (f"{name}.__main__" if package else name), ""
    if not os.path.isfile(frame.file) or not project_root(crash):
        raise CannotRebuild(message("assistant.actions.call.no_file", file=frame.file))
    for other in crash.frames.values():
        if other.file == frame.file and other.function == "<module>" and not _guarded(crash, other):
            raise CannotRebuild(
                message("assistant.actions.call.import_runs", file=os.path.basename(frame.file))
            )
    return "", os.path.realpath(frame.file)


def _guarded(crash: Crash, frame: RecordedFrame) -> bool:
    try:
        tree = ast.parse("\n".join(crash.read_source(frame.file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in tree.body:
        if node.lineno <= frame.line <= (node.end_lineno or node.lineno):
            return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
    return False


def _parameters(tree: FunctionNode) -> Iterator[tuple[str, str]]:
    arguments = tree.args
    for each in (*arguments.posonlyargs, *arguments.args):
        yield "", each.arg
    if arguments.vararg is not None:
        yield "*", arguments.vararg.arg
    for each in arguments.kwonlyargs:
        yield "=", each.arg
    if arguments.kwarg is not None:
        yield "**", arguments.kwarg.arg


def _own_nodes(tree: FunctionNode) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _check_not_shared(tree: FunctionNode, name: str, notes: Sequence[Message]) -> None:
    """:raises CannotRebuild: the value may be the default that all calls share, changed by others."""
    arguments = tree.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip([a.arg for a in plain[::-1]], arguments.defaults[::-1], strict=False))
    defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d}
    shared = isinstance(defaults.get(name), ast.List | ast.Dict | ast.Set | ast.Call)
    if shared and any(note.value("name") == name for note in notes):
        raise CannotRebuild(message("assistant.actions.call.shared_default", name=name, function=tree.name))


def _check_kept(tree: FunctionNode, name: str, line: int, notes: list[Message]) -> None:
    """Notes where the function changes the value itself.

    :raises CannotRebuild: the name had another value when the function was called.
    """
    nodes = list(_own_nodes(tree))
    loops = any(isinstance(n, ast.For | ast.While | ast.AsyncFor) for n in nodes)
    for node in nodes:
        at = getattr(node, "lineno", 0)
        stored = isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        if stored and (at <= line or loops):
            raise CannotRebuild(
                message("assistant.actions.call.assigned_again", name=name, line=at, function=tree.name)
            )
        changed = ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            changed = ast.unparse(node.func.value)
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            changed = ast.unparse(node.value)
        if changed.partition(".")[0].partition("[")[0] == name and (at <= line or loops):
            notes.append(message("assistant.actions.call.changes", function=tree.name, name=name, line=at))
