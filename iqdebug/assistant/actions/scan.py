"""Known-dangerous patterns in the code of the frames, by bandit's rules, beside the live values."""

from __future__ import annotations

import ast
import importlib
import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iqdebug.assistant.actions.bandit_advice import ADVICE
from iqdebug.core.errors import MissingTool
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.core.state import Frame, Snapshot, Variable
from iqdebug.diagnosis.source.outline import Outline

__all__ = ["Finding", "Scanned", "scan"]

MAX_FILES = 30
MAX_FILE_CHARACTERS = 400_000  # characters of a file
MAX_FINDINGS = 60
_LEVELS = {"HIGH": 0, "MEDIUM": 1, "LOW": 2, "UNDEFINED": 3}
_OPENS = frozenset(
    {"open", "Path", "send_file", "join", "joinpath", "remove", "unlink", "rmtree", "makedirs"}
)
_TRAVERSAL = re.compile(r"""^['"](?:.*[/\\])?\.\.(?:[/\\]|['"]$)|^['"](?:/|~)""")


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` is bandit's id (``B602``), or ``IQ1`` for the one of our own about paths; ``severity``
    and ``confidence`` are HIGH, MEDIUM or LOW. ``on_stack``: in a function that was being called.
    ``live`` are the variables of the line with their values then; ``advice`` says what to do."""

    rule: str
    text: Text
    severity: str
    confidence: str
    path: str
    line: int
    function: str
    source: str
    on_stack: bool
    live: tuple[Variable, ...] = ()
    advice: Text = ""

    def lines(self) -> list[str]:
        """For a person: what, where, which values flow there, what to do."""
        where = message(
            "assistant.actions.scan.where",
            place=f"{Path(self.path).name}:{self.line}",
            function=self.function,
            on_stack=message("assistant.actions.scan.on_stack")
            if self.on_stack
            else message("assistant.actions.scan.same_file"),
            source=self.source,
        )
        shown = [f"{self.severity} {self.rule}: {render(self.text)}", "  " + render(where)]
        here = [message("assistant.actions.scan.here", name=v.name, value=v.value[:100]) for v in self.live]
        shown += ["    " + render(each) for each in here]
        return shown + ([f"  → {render(self.advice)}"] if self.advice else [])


@dataclass(frozen=True, slots=True)
class Scanned:
    """``findings``: functions of the stack first, then by severity. ``notes`` say what was left out."""

    findings: tuple[Finding, ...]
    files: int
    note_messages: tuple[Message, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(render(note) for note in self.note_messages)


def scan(snapshot: Snapshot, *, read_source: Callable[[str], Sequence[str]]) -> Scanned:
    """Look through the files of the stack's own frames. The texts are what ``read_source`` gives;
    nothing is run, and nothing is written into the project.

    :raises MissingTool: bandit is not installed.
    """
    thread = snapshot.focused
    frames = [f for f in (thread.frames if thread is not None else ()) if f.kind == "user"]
    every = [*frames, *(f for e in _errors(snapshot) for f in e if f.kind == "user")]
    texts: dict[str, tuple[str, ...]] = {}
    notes: list[Message] = []
    for path in dict.fromkeys(f.path for f in every):
        lines = tuple(line.rstrip("\r\n") for line in read_source(path))
        if not lines:
            continue
        if len(texts) >= MAX_FILES or sum(map(len, lines)) > MAX_FILE_CHARACTERS:
            notes.append(message("assistant.actions.scan.not_scanned", file=Path(path).name))
            continue
        texts[path] = lines
    issues, skipped = _bandit(texts)
    notes += [message("assistant.actions.scan.not_parsed", file=Path(path).name) for path in skipped]
    findings = [_finding(issue, path, texts[path], every) for path, issue in issues]
    findings += [f for path, lines in texts.items() for f in _paths(path, lines, every)]
    findings.sort(key=lambda f: (not f.on_stack, _LEVELS[f.severity], _LEVELS[f.confidence], f.path, f.line))
    unique = {(f.rule, f.path, f.line): f for f in reversed(findings)}
    kept = [f for f in findings if unique.get((f.rule, f.path, f.line)) is f]
    if len(kept) > MAX_FINDINGS:
        notes.append(message("assistant.actions.scan.more", count=len(kept) - MAX_FINDINGS))
    return Scanned(tuple(kept[:MAX_FINDINGS]), len(texts), tuple(notes))


def _errors(snapshot: Snapshot) -> Iterator[tuple[Frame, ...]]:
    if snapshot.exception is not None:
        yield snapshot.exception.frames
        for each in (*snapshot.exception.chain, *snapshot.exception.members):
            yield each.frames


@dataclass(frozen=True, slots=True)
class _Issue:
    rule: str
    text: str
    severity: str
    confidence: str
    line: int
    last: int


def _bandit(texts: Mapping[str, Sequence[str]]) -> tuple[list[tuple[str, _Issue]], list[str]]:
    """What bandit finds in copies in a private folder, and the files that it could not parse."""
    for name in ("bandit", "stevedore"):  # what they log is of no use to a person here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config: Any = importlib.import_module("bandit.core.config")
            core: Any = importlib.import_module("bandit.core.manager")
    except ImportError:
        raise MissingTool(
            message("assistant.actions.scan.no_bandit"), "", "pip install 'iqdebug[scan]'"
        ) from None
    found_issues: list[tuple[str, _Issue]] = []
    with tempfile.TemporaryDirectory(prefix="iqdebug-scan-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names: dict[str, str] = {}
        for number, (path, lines) in enumerate(texts.items()):
            copy = Path(folder, f"{number}.py")
            copy.write_text("\n".join(lines) + "\n", "utf-8", "replace")
            names[str(copy)] = path
        manager = core.BanditManager(config.BanditConfig(), "file", quiet=True)
        manager.discover_files(list(names))
        manager.run_tests()
        issues: list[Any] = manager.get_issue_list()
        for issue in issues:
            span = issue.linerange or [issue.lineno]
            row = _Issue(issue.test_id, issue.text, issue.severity, issue.confidence, issue.lineno, max(span))
            if issue.fname in names:
                found_issues.append((names[issue.fname], row))
        skipped = [names[name] for name, _ in manager.skipped if name in names]
    return found_issues, skipped


def _finding(issue: _Issue, path: str, lines: Sequence[str], frames: Sequence[Frame]) -> Finding:
    function, frame = _owner(path, issue.line, lines, frames)
    source = " ".join(text.strip() for text in lines[issue.line - 1 : min(issue.last, issue.line + 4)])
    return Finding(
        issue.rule,
        issue.text,
        issue.severity,
        issue.confidence,
        path,
        issue.line,
        function,
        source[:200],
        frame is not None,
        _live(source, frame),
        ADVICE.get(issue.rule, ""),
    )


def _owner(path: str, line: int, lines: Sequence[str], frames: Sequence[Frame]) -> tuple[str, Frame | None]:
    """The function that holds the line, and its frame where it was being called."""
    outline = Outline(lines)
    definition = outline.function_at(line)
    for frame in frames:
        if frame.path != path:
            continue
        if definition is None and frame.name.endswith("<module>"):
            return "<module>", frame
        if definition is not None and outline.function_at(frame.line) == definition:
            return definition.qualname, frame
    return (definition.qualname if definition is not None else "<module>"), None


def _live(source: str, frame: Frame | None) -> tuple[Variable, ...]:
    names = set(re.findall(r"[A-Za-z_]\w*", source))
    return tuple(v for v in (frame.locals or () if frame is not None else ()) if v.name in names)[:6]


def _paths(path: str, lines: Sequence[str], frames: Sequence[Frame]) -> Iterator[Finding]:
    """A file that is opened by a name which the caller gave: bandit has no rule for it. Said where the
    live value leaves the folder it is joined to; that proves the way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        callee = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if callee not in _OPENS:
            continue
        function, frame = _owner(path, node.lineno, lines, frames)
        names = {n.id for a in node.args for n in ast.walk(a) if isinstance(n, ast.Name)}
        joined = len(node.args) > 1 or any(isinstance(n, ast.BinOp | ast.JoinedStr) for n in node.args)
        for variable in frame.locals or () if frame is not None else ():
            leaves = _TRAVERSAL.match(variable.value)
            if variable.name in names and leaves and (joined or ".." in variable.value):
                yield Finding(
                    "IQ1",
                    message("assistant.actions.scan.path", name=variable.name),
                    "HIGH" if ".." in variable.value else "MEDIUM",
                    "MEDIUM",
                    path,
                    node.lineno,
                    function,
                    lines[node.lineno - 1].strip()[:200],
                    True,
                    (variable,),
                    ADVICE["IQ1"],
                )
