"""The evidence of a stop as text under a budget: what a model reads, or a person pastes.

Most valuable first: the failure, the suspects with the values that decide, then function by function
its part in the failure, its source, marked, and the values it worked with. A function is shown whole, or
the lines around what matters, or by its head alone, as the budget allows; no line and no value is shown
twice. Files are named by the shortest end of their paths that is clear. The same snapshot gives the same
text, always in English: it is read by a model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from iqdebug.core.messages import DEFAULT_LANGUAGE, Message, Text, confidence_message, contains, render
from iqdebug.core.state import Call, Diagnosis, ExceptionInfo, Frame, LogRecord, Snapshot, Suspect, Variable
from iqdebug.diagnosis.prompt.recent_changes import hunks_of
from iqdebug.diagnosis.ranking.failures import Failure, failures
from iqdebug.diagnosis.source.functions import Function, calls_in, names_in, own_expressions
from iqdebug.diagnosis.source.outline import Definition, Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Evidence", "Pack", "estimated_tokens", "exception_lines", "packed"]

BYTES_PER_TOKEN = 3.0
MAX_WHOLE_RETURNED_LINES = 160  # lines of a function that has returned, shown whole
LINES_AROUND = 14  # lines shown around a line of a longer one
LINES_AROUND_IN_MODULE = 2
MAX_VALUE_LENGTH = 300
MAX_OTHER_VALUE = 100  # of a variable that the statement does not read
MAX_FRAMES = 40
MAX_CALLEES = 60
MAX_LOG_LINES = 12
MAX_STANDARD_FRAMES = 3
MAX_VALUES_OF_FRAME = 14
MAX_DOCSTRING_LINES = 8  # lines
MAX_THREADS = 40
MAX_SUSPECTS = 8
MAX_STACK_FRAMES = 120
_SAID_BY_THE_STACK = frozenset({"reason.passed_through", "reason.passed_through_call"})
"""Reasons that say no more than that a function is on the stack, which is shown below."""
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
    numbers: Mapping[int, int] = {},
) -> Evidence:
    """The evidence in at most ``budget`` tokens.

    :param children: what lies below a value, by its reference.
    :param logs: the last records, oldest first.
    :param diff: what is changed and not committed, and the repository's folder.
    :param numbers: of frames, by their ids, as tools take them.
    """
    pack = Pack(budget)
    whole = min(400, max(60, budget // 100))
    texts = Texts(read_source)
    chain = failures(snapshot, texts)
    names = _short_names(snapshot, diagnosis, chain)
    by_place = {(s.path, s.line): rank for rank, s in reversed(list(enumerate(diagnosis.suspects, 1)))}
    shown = _Shown(pack, texts, children, names, by_place, numbers)
    pack.add("\n".join(_headline(snapshot, diagnosis, shown)), must=True)
    if not chain:
        pack.add("\n".join(_waiting(snapshot)))
    for hunk in hunks_of(*diff, list(by_place), texts) if diff[0] else ():
        if pack.fits(len(hunk) * DIFF_SHARE_DIVISOR):
            pack.add(hunk)
    for failure in chain or [_as_failure(snapshot)]:
        _add_failure(shown, failure, len(chain) > 1, whole)
    _add_suspects(shown, diagnosis.suspects)
    _add_callees(shown, chain)
    if logs:
        lines = [f"{r.stream}: {r.text}" for r in logs[-MAX_LOG_LINES:]]
        pack.add("\n".join(["last output:", *lines]))
    for failure in chain or [_as_failure(snapshot)]:
        _add_stack(shown, failure)
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


def _words(text: Text) -> str:
    return render(text, DEFAULT_LANGUAGE)


def _short_names(snapshot: Snapshot, diagnosis: Diagnosis, chain: Sequence[Failure]) -> dict[str, str]:
    """For each path the shortest end of it that no other path has: what a model writes when it names a
    place, and what tools take."""
    frames = [frame for failure in chain for frame in failure.frames]
    frames += [frame for thread in snapshot.threads for frame in thread.frames]
    paths = {frame.path for frame in frames} | {suspect.path for suspect in diagnosis.suspects}
    paths |= {call.path for frame in frames for call in frame.calls}
    paths |= {anomaly.path for anomaly in diagnosis.anomalies}
    ends: dict[str, list[str]] = {path: path.split("/") for path in paths}
    counts: dict[str, int] = {}
    for parts in ends.values():
        for length in range(1, len(parts) + 1):
            end = "/".join(parts[-length:])
            counts[end] = counts.get(end, 0) + 1
    short = {}
    for path, parts in ends.items():
        lengths = range(1, len(parts) + 1)
        short[path] = next((e for n in lengths if counts[e := "/".join(parts[-n:])] == 1), path)
    return short


def _headline(snapshot: Snapshot, diagnosis: Diagnosis, shown: _Shown) -> list[str]:
    lines = []
    error = snapshot.exception
    if error is not None:
        lines += exception_lines(error, "")
    if diagnosis.meaning_message:
        lines.append(f"  {_words(diagnosis.meaning_message)}")
    confidence = _words(confidence_message(diagnosis.confidence))
    headline = diagnosis.headline_message
    if not (isinstance(headline, Message) and headline.id == "headline.exception"):
        lines.append(f"assessment ({confidence}): {_words(headline)}")
    lines += [f"  also: {_words(note)}" for note in diagnosis.note_messages[:4]]
    if diagnosis.suspects:
        lines.append(f"where the cause lies, the most likely first ({confidence}):")
    for rank, suspect in enumerate(diagnosis.suspects[:MAX_SUSPECTS], 1):
        reasons = [
            r
            for r in suspect.reason_messages[:2]
            if not contains(headline, r) and not (isinstance(r, Message) and r.id in _SAID_BY_THE_STACK)
        ]
        if rank > 1 and not reasons and not suspect.proof:
            continue
        because = f": {'; '.join(map(_words, reasons))}" if reasons else ""
        lines.append(f"  {rank}. {suspect.function} {shown.place(suspect.path, suspect.line)}{because}")
        for variable in suspect.proof[:3]:
            lines += [f"   {line}" for line in shown.value(variable.name, variable)]
    shown_reasons = {reason for s in diagnosis.suspects[:MAX_SUSPECTS] for reason in s.reason_messages[:2]}
    for anomaly in [a for a in diagnosis.anomalies if a.message not in shown_reasons][:6]:
        place = shown.place(anomaly.path, anomaly.line)
        lines.append(f"  unusual: {_words(anomaly.message)} ({anomaly.function} {place})")
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
    """What has been shown already: no line and no value twice.

    :param names: paths as they are shown.
    :param suspects: the rank of each place that is suspected.
    """

    def __init__(
        self,
        pack: Pack,
        texts: Texts,
        children: Callable[[int], Sequence[Variable]],
        names: dict[str, str],
        suspects: dict[tuple[str, int], int],
        numbers: Mapping[int, int],
    ) -> None:
        self.pack = pack
        self.texts = texts
        self.children = children
        self.suspects = suspects
        self._names = names
        self._numbers = numbers
        self._lines: set[tuple[str, int]] = set()
        self._values: set[tuple[str, str]] = set()
        self.frames: set[tuple[str, int, str]] = set()
        """Those that have a section of their own."""

    def head(self, frame: Frame, name: str, role: str) -> str:
        number = self._numbers.get(frame.id) if frame.id is not None else None
        numbered = f", frame {number}" if number is not None else ""
        return f"## {name} {self.place(frame.path, frame.line)}{numbered}, {role}"

    def place(self, path: str, line: int) -> str:
        return f"{self._names.get(path, path)}:{line}"

    def frame(self, frame: Frame, role: str, whole: int) -> None:
        if (frame.path, frame.line, frame.name) in self.frames:
            return
        function = Function.of(frame, self.texts)
        head = self.head(frame, function.qualname, role)
        lines, known = set(self._lines), set(self._values)
        source = self._source(frame.path, function.definition, frame.line, whole)
        values = self._frame_values(function)
        if not self.pack.add("\n".join([head, *source, *values])):
            self._lines, self._values = lines, known
            short = [head, f"> {frame.line} {function.outline.text(frame.line).strip()}", *values[:6]]
            if not self.pack.add("\n".join(short)):
                return
        self.frames.add((frame.path, frame.line, frame.name))

    def values_alone(self, frame: Frame, role: str) -> None:
        """A frame whose source says little: the line and the values."""
        function = Function.of(frame, self.texts)
        line = function.outline.text(frame.line).strip()
        head = self.head(frame, function.qualname, role)
        values = self._frame_values(function)[:MAX_VALUES_OF_FRAME]
        if values and self.pack.add(
            "\n".join([head, *([f"> {frame.line} {line}"] if line else []), *values])
        ):
            self.frames.add((frame.path, frame.line, frame.name))

    def definition(self, path: str, line: int, role: str, *, brief: bool = False) -> None:
        """A function that is on no stack any more, unless the line was shown.

        :param brief: one that only sets attributes, or returns one, is said in a line.
        """
        if (path, line) in self._lines:
            return
        outline = self.texts[path]
        function = outline.function_at(line) or outline.starting(line)
        name = function.qualname if function is not None else "<module>"
        head = f"## {name} {self.place(path, line)}, {role}"
        if brief and function is not None and (summary := _summary(outline, function)):
            self._lines.add((path, line))
            self.pack.add(f"{head}: {summary}")
            return
        lines = set(self._lines)
        source = self._source(path, function, line, MAX_WHOLE_RETURNED_LINES)
        if source and not self.pack.add("\n".join([head, *source])):
            self._lines = lines

    def _source(self, path: str, definition: Definition | None, line: int, whole: int) -> list[str]:
        """The lines of a function, or of a module around one, that were not shown; that line always."""
        outline = self.texts[path]
        if not outline.text(line):
            return []
        first, last = (
            (definition.first, definition.end) if definition is not None else (1, len(outline.lines))
        )
        around = LINES_AROUND if definition is not None else LINES_AROUND_IN_MODULE
        docstring = self._long_docstring(outline, definition)
        head: list[str] = []
        if definition is None or last - first - len(docstring) >= whole or (path, first) in self._lines:
            first, last = max(first, line - around), min(last, line + around)
            if (
                definition is not None
                and first > definition.line
                and (path, definition.line) not in self._lines
            ):
                head = [f"  {definition.line} {outline.text(definition.line)}", "  …"]
                self._lines.add((path, definition.line))
        lines = []
        for n in range(first, last + 1):
            inner = definition is None and n != line and outline.function_at(n) is not None
            if (n in docstring or (path, n) in self._lines or inner) and n != line:
                continue
            mark = ">" if n == line else "*" if (path, n) in self.suspects else " "
            text = outline.text(n)
            if text.strip() or definition is not None:
                lines.append(f"{mark} {n} {text}")
            self._lines.add((path, n))
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
        """What the statement reads at length and first, then the other variables, shortened."""
        read = (
            {name for e in own_expressions(function.statement) for name in names_in(e)}
            if (function.statement is not None)
            else set[str]()
        )
        variables = [v for v in function.frame.locals or () if v.kind != "group"]
        named = [(v.name, v, MAX_VALUE_LENGTH if v.name in read else MAX_OTHER_VALUE) for v in variables]
        named.sort(key=lambda each: each[0] not in read)
        named += [(path, v, MAX_VALUE_LENGTH) for path, v in self._attributes(function)]
        lines = [line for name, v, longest in named for line in self.value(name, v, longest)]
        return ["values:", *lines[:60]] if lines else []

    def value(self, name: str, variable: Variable, longest: int = MAX_VALUE_LENGTH) -> list[str]:
        """A line with the value, none where it was shown."""
        text = variable.value
        if len(text) > longest:
            text = text[: longest - 1] + "…"
        key = (name, variable.value)
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


def _summary(outline: Outline, function: Definition) -> str:
    """What a function does that only sets attributes from names and constants, or returns one thing that
    is there; "" for any other."""
    tree = outline.tree(function)
    if tree is None:
        return ""
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    if len(body) == 1 and isinstance(body[0], ast.Return):
        value = body[0].value
        plain = value is None or isinstance(value, (ast.Name, ast.Attribute, ast.Constant))
        return f"`{ast.unparse(body[0])}`" if plain else ""
    attributes = []
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            return ""
        plain = isinstance(statement.value, (ast.Name, ast.Constant, ast.Attribute))
        if not plain or not isinstance(target, ast.Attribute):
            return ""
        attributes.append(target.attr)
    return f"only sets {', '.join(attributes)}" if attributes else "does nothing"


def _add_failure(shown: _Shown, failure: Failure, several: bool, whole: int) -> None:
    if several:
        shown.pack.add(f"# {failure.error.type}: {failure.error.message[:200]}")
    frames = [f for f in failure.frames if f.kind not in ("label", "stdlib")][:MAX_FRAMES]
    standard = _innermost_standard(failure)
    role = "which raised it" if failure.error.type else "where it stands"
    for frame in standard:
        shown.values_alone(frame, role)
        role = f"which called {frame.name}"
    for place, frame in enumerate(frames):
        near = place < 4 or (frame.path, frame.line) in shown.suspects
        shown.frame(frame, role, whole if near else 40)
        role = f"which called {frame.name}"


def _innermost_standard(failure: Failure) -> list[Frame]:
    """The frames of the standard library that raised: their values are what it complains about."""
    innermost: list[Frame] = []
    for frame in failure.frames:
        if frame.kind != "stdlib" or len(innermost) == MAX_STANDARD_FRAMES:
            return innermost
        innermost.append(frame)
    return []


def _add_suspects(shown: _Shown, suspects: Sequence[Suspect]) -> None:
    for rank, suspect in enumerate(suspects, 1):
        shown.definition(suspect.path, suspect.line, f"suspect {rank}, which has returned", brief=rank > 1)


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
                    role = f"which has returned, called as `{call.expression}` by {frame.name}"
                    shown.definition(call.path, callee.line, role, brief=True)
    for path, definition in listed:
        outline = shown.texts[path]
        tree = outline.tree(definition)
        for name, _ in calls_in(tree) if tree is not None else ():
            below = outline.named(name) if "." not in name else None
            if below is not None and below.kind == "def":
                role = f"which has returned, called as `{name}` by {definition.qualname}"
                shown.definition(path, below.line, role, brief=True)


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


def _add_stack(shown: _Shown, failure: Failure) -> None:
    """The whole way of the exception in a row, where not each of its frames was shown."""
    frames = [f for f in failure.frames if f.kind != "label"][:MAX_STACK_FRAMES]
    if all((f.path, f.line, f.name) in shown.frames for f in frames):
        return
    names = [f"{f.name} {shown.place(f.path, f.line)}" for f in frames]
    shown.pack.add(f"stack of {failure.error.type}, innermost first: {' < '.join(names)}")
