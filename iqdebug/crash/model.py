"""What a crash file holds, as frozen values. Imports only the standard library, the state and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Call, LogRecord

__all__ = [
    "MAX_LINES",
    "MAX_TIMESTAMP",
    "Child",
    "CrashContents",
    "Git",
    "Local",
    "Meta",
    "RecordedException",
    "RecordedFrame",
    "RecordedTask",
    "RecordedThread",
    "SourceText",
    "TestReport",
    "Value",
]

MAX_TIMESTAMP = 253_402_300_799
"""Seconds since the Unix epoch: the end of the year 9999, the last that has a date."""

MAX_LINES = 1_000_000
"""Lines of one source file; what lies behind is left out."""


@dataclass(frozen=True, slots=True)
class Meta:
    """``created`` is in seconds since the Unix epoch; ``place`` is the innermost frame of the
    person's own code as file, line and function, where the file says so."""

    why: str = ""
    title: str = ""
    how: str = ""
    created: float = 0.0
    writer: str = ""
    fingerprint: str = ""
    pid: int = 0
    python: str = ""
    implementation: str = ""
    executable: str = ""
    argv: tuple[str, ...] = ()
    cwd: str = ""
    platform: str = ""
    prefixes: tuple[str, ...] = ()
    thread: int | None = None
    masked: bool = False
    place: tuple[str, int, str] | None = None


@dataclass(frozen=True, slots=True)
class RecordedException:
    """``frames`` are ids, innermost first; ``attributes`` names with value ids."""

    id: int
    type: str
    message: str
    notes: tuple[str, ...] = ()
    cause: int | None = None
    context: int | None = None
    suppress: bool = False
    members: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()
    frames_total: int = 0
    attributes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Local:
    name: str
    kind: str
    value: int


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    id: int
    file: str
    line: int
    function: str
    module: str = ""
    first_line: int = 0
    span: tuple[int, int, int, int] | None = None
    locals: tuple[Local, ...] | None = None
    locals_left_out: int = 0
    globals: tuple[tuple[str, int], ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """``value`` is None for a property: it was not read."""

    kind: str
    name: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Value:
    """``cut``: ``text`` is a prefix; ``long`` is a string's whole text, as far as it was kept;
    ``array`` holds dtype, shape and statistics of an array."""

    type: str = ""
    text: str = ""
    size: int | None = None
    cut: bool = False
    long: str = ""
    children: tuple[Child, ...] = ()
    left_out: int = 0
    array: Mapping[str, object] = field(default_factory=dict)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class RecordedThread:
    id: int
    name: str
    os_id: int | None = None
    daemon: bool = False
    main: bool = False
    crashed: bool = False
    frames: tuple[int, ...] = ()
    frames_total: int = 0


@dataclass(frozen=True, slots=True)
class RecordedTask:
    name: str
    coroutine: str
    state: str
    awaiting: str = ""
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class SourceText:
    """``sha256`` and ``size`` are of the whole file's bytes when it was recorded; ``parts`` hold
    the first line's number and the lines of each part that was kept."""

    file: str
    sha256: str = ""
    size: int = 0
    parts: tuple[tuple[int, tuple[str, ...]], ...] = ()
    whole: bool = False

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines at their own numbers. A gap begins with a comment that says so; its other
        lines are empty."""
        lines: list[str] = []
        for first, part in sorted(self.parts, key=lambda p: p[0]):
            if not 0 < first <= MAX_LINES:
                continue
            gap = first - 1 - len(lines)
            if gap > 0:
                start, end = f"{len(lines) + 1:,}", f"{first - 1:,}"
                words = render(message("crash.source.gap", start=start, end=end))
                lines.append(f"# {words}")
                lines += [""] * (gap - 1)
            lines += part[max(-gap, 0) : max(MAX_LINES - len(lines), 0) + max(-gap, 0)]
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Git:
    root: str = ""
    revision: str = ""
    branch: str = ""
    diff: str = ""
    diff_cut: bool = False


@dataclass(frozen=True, slots=True)
class TestReport:
    __test__ = False  # pytest would take it for a test

    nodeid: str = ""
    when: str = ""
    report: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    worker: str = ""


@dataclass(frozen=True)
class CrashContents:
    """One file. ``values`` decodes each value when it is asked for; an id that dangles is absent.
    ``left_out`` is what the writer had no room for, in its words; ``missing`` are sentences about what is
    damaged.
    """

    path: Path
    meta: Meta = field(default_factory=Meta)
    root: int | None = None
    exceptions: Mapping[int, RecordedException] = field(default_factory=dict)
    frames: Mapping[int, RecordedFrame] = field(default_factory=dict)
    values: Mapping[int, Value] = field(default_factory=dict)
    threads: tuple[RecordedThread, ...] = ()
    tasks: tuple[RecordedTask, ...] = ()
    sources: Mapping[str, SourceText] = field(default_factory=dict)
    logs: tuple[LogRecord, ...] = ()
    logs_dropped: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)
    sys_path: tuple[str, ...] = ()
    flags: Mapping[str, int] = field(default_factory=dict)
    distributions: tuple[tuple[str, str], ...] = ()
    git: Git | None = None
    signal: str = ""
    native: str = ""
    test: TestReport | None = None
    left_out: tuple[str, ...] = ()
    missing_messages: tuple[Text, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(render(damage) for damage in self.missing_messages)

    def read_source(self, path: str) -> tuple[str, ...]:
        """The recorded lines of a file; () when none were recorded. Never reads what is on disk now."""
        source = self.sources.get(path)
        return source.lines if source is not None else ()
