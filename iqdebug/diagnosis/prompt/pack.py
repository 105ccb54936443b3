"""The evidence of a stop as text under a budget: what a model reads, or a person pastes.

Most valuable first: the failure, the suspects, then function by function its source, marked, and
the values it worked with. A function is shown whole, or the lines around what matters, or by its
head alone, as the budget allows. The same snapshot gives the same text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.messages import render
from iqdebug.core.state import Call, Diagnosis, ExceptionInfo, Frame, LogRecord, Snapshot, Suspect, Variable
from iqdebug.diagnosis.prompt.recent_changes import hunks_of
from iqdebug.diagnosis.ranking.failures import Failure, failures
from iqdebug.diagnosis.source.functions import Function, calls_in, own_expressions
from iqdebug.diagnosis.source.outline import Definition, Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Evidence", "Pack", "estimated_tokens", "exception_lines", "packed"]

BYTES_PER_TOKEN = 3.0
MAX_WHOLE_RETURNED_LINES = 160  # lines of a function that has returned, shown whole
LINES_AROUND = 14  # lines shown around a line of a longer one
MAX_VALUE_LENGTH = 300
MAX_FRAMES = 40
MAX_CALLEES = 60
MAX_LOG_LINES = 12
MAX_STANDARD_FRAMES = 3
MAX_VALUES_OF_FRAME = 14
MAX_DOCSTRING_LINES = 8  # lines
MAX_THREADS = 40
DIFF_SHARE_DIVISOR = 8  # a diff takes at most this part of the room that is left


@dataclass(frozen=True, slots=True)
class Evidence:
    """``tokens`` is an estimate from above (see :func:`estimated_tokens`), at most ``budget``."""

    text: str
    tokens: int
    budget: int


def estimated_tokens(text: str) -> int:
    """Tokens of a text, estimated from above without a tokenizer: source code has more than three
    bytes a token in the vocabularies of code models."""
    return int(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN) + 1


def packed(
    snapshot: Snapshot,
    diagnosis: Diagnosis,
    *,
    read_source: Callable[[str], Sequence[str]],
    budget: int,
    children: Callable[[int], Sequence[Variable]] = lambda reference: (),
    logs: Sequence[LogRecord] = (),
    diff: tuple[str, str] = ("", ""),
) -> Evidence:
    """The evidence in at most ``budget`` tokens.

    :param children: what lies below a value, by its reference.
    :param logs: the last records, oldest first.
    :param diff: what is changed and not committed, and the repository's folder.
    """
    pack = Pack(budget)
    whole = min(400, max(60, budget // 100))
    texts = Texts(read_source)
    chain = failures(snapshot, texts)
    pack.add("\n".join(_headline(snapshot, diagnosis)), must=True)
    shown = _Shown(pack, texts, children)
    by_place = {(s.path, s.line): s for s in diagnosis.suspects}
    if not chain:
        pack.add("\n".join(_waiting(snapshot)))
    for hunk in hunks_of(*diff, list(by_place), texts) if diff[0] else ():
        if pack.fits(len(hunk) * DIFF_SHARE_DIVISOR):
            pack.add(hunk)
    for failure in chain or [_as_failure(snapshot)]:
        _add_failure(shown, failure, by_place, len(chain) > 1, whole)
    _add_suspects(shown, diagnosis.suspects)
    _add_callees(shown, chain)
    if logs:
        lines = [f"{r.stream}: {r.text}" for r in logs[-MAX_LOG_LINES:]]
        pack.add("\n".join(["last output:", *lines]))
    for failure in chain or [_as_failure(snapshot)]:
        _add_stack(pack, failure)
    text = pack.text
    return Evidence(text, estimated_tokens(text), budget)


class Pack:
    """Parts of a text, as many as a budget in tokens allows."""

    def __init__(self, budget: int) -> None:
        self._room = budget * BYTES_PER_TOKEN - 4
        self._parts: list[str] = []

    def add(self, text: str, *, must: bool = False) -> bool:
        """Whether the part fitted; one that must is cut to the room."""
        size = len(text.encode("utf-8", "replace")) + 2
        if size > self._room:
            if not must or self._room < 200:
                return False
            text = text.encode("utf-8", "replace")[: int(self._room) - 8].decode("utf-8", "ignore") + "…"
            size = int(self._room)
        self._room -= size
        self._parts.append(text)
        return True

    def fits(self, size: int) -> bool:
        return size + 2 <= self._room

    @property
    def text(self) -> str:
        return "\n\n".join(self._parts)


def _headline(snapshot: Snapshot, diagnosis: Diagnosis) -> list[str]:
    lines = []
    error = snapshot.exception
    if error is not None:
        lines += exception_lines(error, "")
    if diagnosis.meaning:
        lines.append(f"  {diagnosis.meaning}")
    lines.append(f"assessment ({diagnosis.confidence_name}): {diagnosis.headline}")
    lines += [f"  also: {note}" for note in diagnosis.notes[:4]]
    for rank, suspect in enumerate(diagnosis.suspects[:8], 1):
        lines.append(f"  {rank}. {suspect.path}:{suspect.line} {suspect.function}")
        lines += [f"     {reason}" for reason in suspect.reasons[:2]]
        lines += [f"     {v.name} = {v.value}" for v in suspect.proof[:3]]
    shown_reasons = {reason for suspect in diagnosis.suspects[:8] for reason in suspect.reason_messages[:2]}
    for anomaly in [a for a in diagnosis.anomalies if a.message not in shown_reasons][:6]:
        lines.append(f"  unusual: {anomaly.text} ({anomaly.path}:{anomaly.line} {anomaly.function})")
    return lines


def _waiting(snapshot: Snapshot) -> list[str]:
    """Where each thread and task is: what a stop without an exception is about."""
    lines = [f"stopped: {render(snapshot.reason)}" if snapshot.reason else f"state: {snapshot.phase.value}"]
    for thread in snapshot.threads[:MAX_THREADS]:
        top = next(
            (f for f in thread.frames if f.kind == "user"), thread.frames[0] if thread.frames else None
        )
        at = f" in {top.name} {top.path}:{top.line}" if top is not None else ""
        waits = f", {thread.wait}" if thread.wait else ""
        lines.append(f"thread {thread.name}: {thread.state.value}{at}{waits}")
    for task in snapshot.tasks[:MAX_THREADS]:
        place = task.frames[0] if task.frames else None
        at = f" in {place.name} {place.path}:{place.line}" if place is not None else ""
        awaits = f", awaits {task.awaiting}" if task.awaiting else ""
        lines.append(f"task {task.name}: {task.state}{at}{awaits}")
    return lines


def exception_lines(error: ExceptionInfo, indent: str) -> list[str]:
    """An exception with its notes, members and causes, a line each."""
    link = {"cause": "caused by ", "context": "while handling ", "member": "member: "}.get(error.link, "")
    lines = [f"{indent}{link}{error.type}: {error.message[:2_000]}"]
    lines += [f"{indent}  note: {note[:500]}" for note in error.notes[:5]]
    for member in error.members[:10]:
        lines += exception_lines(member, indent + "  ")
    for before in error.chain[:5]:
        lines += exception_lines(before, indent + "  ")
    return lines


def _as_failure(snapshot: Snapshot) -> Failure:
    thread = snapshot.focused
    frames = tuple(f for f in thread.frames if f.kind != "label") if thread is not None else ()
    return Failure(ExceptionInfo(render(snapshot.reason), ""), frames, 1.0)


class _Shown:
    """What has been shown already: no function and no value twice."""

    def __init__(self, pack: Pack, texts: Texts, children: Callable[[int], Sequence[Variable]]) -> None:
        self.pack = pack
        self.texts = texts
        self.children = children
        self._functions: set[tuple[str, int]] = set()
        self._values: set[tuple[str, str]] = set()

    def frame(self, frame: Frame, reasons: Sequence[str], whole: int) -> None:
        function = Function.of(frame, self.texts)
        head = f"## {function.qualname} at {frame.path}:{frame.line}"
        parts = [head, *(f"# {reason}" for reason in reasons)]
        parts += self._source(frame.path, function.definition, frame.line, whole)
        values = self._frame_values(function)
        if not self.pack.add("\n".join([*parts, *values])):
            short = [head, f"  {function.outline.text(frame.line).strip()}", *values[:6]]
            self.pack.add("\n".join(short))

    def values_alone(self, frame: Frame) -> None:
        """A frame whose source says little: the line and the values."""
        function = Function.of(frame, self.texts)
        line = function.outline.text(frame.line).strip()
        head = f"## {function.qualname} at {frame.path}:{frame.line}"
        values = self._frame_values(function)[:MAX_VALUES_OF_FRAME]
        if values:
            self.pack.add("\n".join([head, *([f"> {frame.line} {line}"] if line else []), *values]))

    def definition(self, path: str, line: int, words: str) -> None:
        outline = self.texts[path]
        function = outline.function_at(line) or outline.starting(line)
        name = function.qualname if function is not None else "<module>"
        source = self._source(path, function, line, MAX_WHOLE_RETURNED_LINES)
        if source:
            self.pack.add("\n".join([f"## {name} at {path}:{line} (has returned: {words})", *source]))

    def _source(self, path: str, definition: Definition | None, line: int, whole: int) -> list[str]:
        outline = self.texts[path]
        if not outline.text(line):
            return []
        first, last = (
            (definition.first, definition.end) if definition is not None else (1, len(outline.lines))
        )
        key = (path, first if definition is not None else line)
        if key in self._functions:
            return [f"> {line} {outline.text(line)}"]
        self._functions.add(key)
        start, end = first, last
        head: list[str] = []
        docstring = self._long_docstring(outline, definition)
        if last - first - len(docstring) >= whole:
            start, end = max(first, line - LINES_AROUND), min(last, line + LINES_AROUND)
            if definition is not None and start > definition.line:
                head = [f"  {definition.line} {outline.text(definition.line)}", "  …"]
        lines = [
            f"{'>' if n == line else ' '} {n} {outline.text(n)}"
            for n in range(start, end + 1)
            if n not in docstring or n == line
        ]
        return [*head, *lines]

    @staticmethod
    def _long_docstring(outline: Outline, definition: Definition | None) -> range:
        """The lines of a docstring behind its first, where they are many: what they say takes the
        room of what the function does."""
        tree = outline.tree(definition) if definition is not None and definition.kind == "def" else None
        if tree is None or not tree.body or ast.get_docstring(tree, clean=False) is None:
            return range(0)
        words = tree.body[0]
        last = words.end_lineno or words.lineno
        return range(words.lineno + 1, last) if last - words.lineno > MAX_DOCSTRING_LINES else range(0)

    def _frame_values(self, function: Function) -> list[str]:
        lines: list[str] = []
        for variable in function.frame.locals or ():
            if variable.kind == "group":
                continue
            lines += self._value(variable.name, variable)
        for path, variable in self._attributes(function):
            lines += self._value(path, variable)
        return ["values:", *lines[:60]] if lines else []

    def _value(self, name: str, variable: Variable) -> list[str]:
        text = variable.value[:MAX_VALUE_LENGTH]
        key = (name, text)
        if key in self._values:
            return []
        self._values.add(key)
        size = f", {variable.size} elements" if variable.size is not None and len(text) > 60 else ""
        return [f"  {name}: {variable.type.rsplit('.', 1)[-1]} = {text}{size}"]

    def _attributes(self, function: Function) -> list[tuple[str, Variable]]:
        """``x.y`` that the failing statement reads, where ``x`` is a variable of the frame."""
        attributes: list[tuple[str, Variable]] = []
        if function.statement is None:
            return attributes
        for expression in own_expressions(function.statement):
            for node in ast.walk(expression):
                if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                    continue
                owner = function.value(node.value.id)
                if owner is None or not owner.reference:
                    continue
                for child in self.children(owner.reference):
                    if child.name == node.attr and child.state != "lazy":
                        attributes.append((f"{node.value.id}.{node.attr}", child))
        return attributes[:12]


def _add_failure(
    shown: _Shown, failure: Failure, suspects: dict[tuple[str, int], Suspect], several: bool, whole: int
) -> None:
    if several:
        shown.pack.add(f"# {failure.error.type}: {failure.error.message[:200]}")
    frames = [f for f in failure.frames if f.kind not in ("label", "stdlib")][:MAX_FRAMES]
    for frame in _innermost_standard(failure):
        shown.values_alone(frame)
    for place, frame in enumerate(frames):
        suspect = suspects.get((frame.path, frame.line))
        near = place < 4 or suspect is not None
        shown.frame(frame, suspect.reasons[:1] if suspect is not None else (), whole if near else 40)


def _innermost_standard(failure: Failure) -> list[Frame]:
    """The frames of the standard library that raised: their values are what it complains about."""
    innermost: list[Frame] = []
    for frame in failure.frames:
        if frame.kind != "stdlib" or len(innermost) == MAX_STANDARD_FRAMES:
            return innermost
        innermost.append(frame)
    return []


def _add_suspects(shown: _Shown, suspects: Sequence[Suspect]) -> None:
    for suspect in suspects:
        words = suspect.reasons[0] if suspect.reasons else "a suspect"
        shown.definition(suspect.path, suspect.line, words)


def _add_callees(shown: _Shown, chain: Sequence[Failure]) -> None:
    """Functions that the frames call, innermost frames first: one of them may have shaped the
    values. Then what those call in their own files."""
    listed: list[tuple[str, Definition]] = []
    for failure in chain[:2]:
        for frame in [f for f in failure.frames if f.kind not in ("label", "stdlib")][:MAX_FRAMES]:
            for call in _called_before(shown.texts, frame):
                callee = shown.texts[call.path].starting(call.line)
                if callee is not None and len(listed) < MAX_CALLEES:
                    listed.append((call.path, callee))
                    shown.definition(call.path, callee.line, f"`{call.expression}` in {frame.name}")
    for path, definition in listed:
        outline = shown.texts[path]
        tree = outline.tree(definition)
        for name, _ in calls_in(tree) if tree is not None else ():
            below = outline.named(name) if "." not in name else None
            if below is not None and below.kind == "def":
                shown.definition(path, below.line, f"`{name}` in {definition.qualname}")


def _called_before(texts: Texts, frame: Frame) -> list[Call]:
    """The frame's calls, those nearest above its line first."""
    if not frame.calls:
        return []
    function = Function.of(frame, texts)
    lines: dict[str, int] = {}
    for name, node in calls_in(function.tree) if function.tree is not None else ():
        if node.lineno <= frame.line:
            lines[name] = max(lines.get(name, 0), node.lineno)
    known = [call for call in frame.calls if call.expression in lines]
    return sorted(known, key=lambda call: -lines[call.expression])


def _add_stack(pack: Pack, failure: Failure) -> None:
    """The whole way of the exception, a line a frame."""
    lines = [f"{f.path}:{f.line} {f.name}" for f in failure.frames if f.kind != "label"][:120]
    if lines:
        pack.add("\n".join([f"stack of {failure.error.type}, innermost first:", *lines]))
