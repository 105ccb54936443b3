"""`crashes`, `open` and `snapshot`: the recorded crashes, and what is in one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from iqdebug.cli.documents.base import Document, Part
from iqdebug.cli.documents.stack import LogRecord, Snapshot, log_documents, snapshot_document
from iqdebug.crash import Crash, model
from iqdebug.crash.folder import Group
from iqdebug.crash.recorded_file import Recorded

__all__ = ["CrashFile", "CrashList", "CrashRecord", "crash_list_document", "crash_record_document"]


class Place(Part, frozen=True):
    """Where the innermost of the person's own code was."""

    file: str
    line: int
    function: str


class RecordedCrash(Part, frozen=True):
    """One file. ``recorded`` counts seconds since the Unix epoch, ``size`` bytes; ``whole`` is false for
    a file that was cut short; ``left_out_count`` counts what there was no room for."""

    crash_file: str
    recorded: float
    size: int
    pid: int
    whole: bool
    left_out_count: int


class CrashGroup(Part, frozen=True):
    """Equal crashes. ``count`` is how often it happened, ``files`` are the newest first."""

    fingerprint: str
    title: str
    why: str
    count: int
    first_seen: float
    last_seen: float
    size: int
    place: Place | None
    files: list[RecordedCrash]


class CrashList(Document, frozen=True, tag="iqdebug/crashes/1"):
    """The crash files of a ``folder``, and those that were ``deleted`` from it now."""

    folder: str
    deleted: list[str]
    groups: list[CrashGroup]


class CrashFile(Document, frozen=True, tag="iqdebug/crash-file/1"):
    """The file that `iqdebug snapshot` wrote. ``not_attached`` says why the process was only looked at
    from outside, "" where it was attached to."""

    crash_file: str
    pid: int
    not_attached: str


class Git(Part, frozen=True):
    """The repository that the program lay in. ``diff_cut``: the rest of ``diff`` was not recorded."""

    root: str
    revision: str
    branch: str
    diff: str
    diff_cut: bool


class TestReport(Part, frozen=True):
    """The test that failed; ``sections`` is what pytest captured of its output, by name."""

    nodeid: str
    when: str
    report: str
    sections: dict[str, str]


class CrashRecord(Document, frozen=True, tag="iqdebug/crash/1"):
    """What a crash file holds. ``snapshot`` has the threads, tasks and the exception, ``sources`` the
    recorded lines by file. ``masked``: secrets were masked when it was written. ``missing`` is damaged
    in the file, ``left_out`` had no room in it. What lies below a value (the attributes of an object,
    the items of a list) is not in this document."""

    crash_file: str
    why: str
    how: str
    title: str
    fingerprint: str
    recorded: float
    writer: str
    masked: bool
    pid: int
    python: str
    executable: str
    platform: str
    command: str
    argv: list[str]
    cwd: str
    signal: str
    native: str
    snapshot: Snapshot
    logs: list[LogRecord]
    sources: dict[str, list[str]]
    environment: dict[str, str]
    distributions: dict[str, str]
    git: Git | None
    test: TestReport | None
    missing: list[str]
    left_out: list[str]


def crash_list_document(folder: Path, groups: Sequence[Group], deleted: Sequence[Path]) -> CrashList:
    return CrashList(
        folder=str(folder),
        deleted=[str(path) for path in deleted],
        groups=[_group(group) for group in groups],
    )


def _group(group: Group) -> CrashGroup:
    meta = group.newest.meta
    return CrashGroup(
        fingerprint=meta.fingerprint,
        title=meta.title,
        why=meta.why,
        count=group.times,
        first_seen=min(file.seen for file in group.files),
        last_seen=group.newest.seen,
        size=group.size,
        place=None if group.place is None else Place(*group.place),
        files=[_recorded(file) for file in group.files],
    )


def _recorded(file: Recorded) -> RecordedCrash:
    return RecordedCrash(
        crash_file=str(file.path),
        recorded=file.seen,
        size=file.size,
        pid=file.meta.pid,
        whole=file.whole,
        left_out_count=file.left_out,
    )


def crash_record_document(crash: Crash) -> CrashRecord:
    meta = crash.meta
    return CrashRecord(
        crash_file=str(crash.path),
        why=meta.why,
        how=meta.how,
        title=meta.title,
        fingerprint=meta.fingerprint,
        recorded=meta.created,
        writer=meta.writer,
        masked=meta.masked,
        pid=meta.pid,
        python=meta.python,
        executable=meta.executable,
        platform=meta.platform,
        command=crash.snapshot.command,
        argv=list(meta.argv),
        cwd=meta.cwd,
        signal=crash.signal,
        native=crash.native,
        snapshot=snapshot_document(crash.snapshot),
        logs=log_documents(crash.logs),
        sources={file: list(source.lines) for file, source in crash.sources.items()},
        environment=dict(crash.environ),
        distributions=dict(crash.distributions),
        git=None if crash.git is None else _git(crash.git),
        test=None if crash.test is None else _test(crash.test),
        missing=list(crash.missing),
        left_out=list(crash.left_out),
    )


def _git(git: model.Git) -> Git:
    return Git(root=git.root, revision=git.revision, branch=git.branch, diff=git.diff, diff_cut=git.diff_cut)


def _test(test: model.TestReport) -> TestReport:
    return TestReport(nodeid=test.nodeid, when=test.when, report=test.report, sections=dict(test.sections))
