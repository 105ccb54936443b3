"""`diagnose`: what is likely wrong with a process, a crash file or a command, in one shape."""

from __future__ import annotations

from typing import Literal

from iqdebug.cli.documents.base import Document, Part
from iqdebug.cli.documents.conversation import Reply
from iqdebug.cli.documents.stack import (
    ExceptionInfo,
    Frame,
    LogRecord,
    Snapshot,
    Variable,
    exception_document,
    frame_document,
    log_documents,
    snapshot_document,
    variable_documents,
)
from iqdebug.core import state
from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind
from iqdebug.core.messages import message, render
from iqdebug.workflows.crash_report import CrashReport
from iqdebug.workflows.headless import Result

__all__ = ["Diagnosis", "Evidence", "crash_document", "no_crash_document", "process_document"]


class Suspect(Part, frozen=True):
    """A place where the cause may lie. ``rank`` counts from 1, the best first; ``score`` is in 0..1;
    ``reasons`` are sentences, the strongest first; ``variables`` are the values that support them."""

    rank: int
    file: str
    line: int
    function: str
    score: float
    reasons: list[str]
    variables: dict[str, Variable]


class Step(Part, frozen=True):
    """How a value came to be: ``expression`` got its value at a place, ``kind`` says how, and ``how`` in
    words. ``value`` is what it is now, null where no frame holds it any more. ``before`` are the steps
    that led to it."""

    expression: str
    kind: HopKind
    how: str
    file: str
    line: int
    function: str
    value: str | None
    before: list[Step]


class Anomaly(Part, frozen=True):
    """Something unusual about a value or a place: ``text`` is a sentence, ``weight`` in
    0..1."""

    kind: AnomalyKind
    text: str
    file: str
    line: int
    function: str
    weight: float


class Evidence(Part, frozen=True):
    """What is known, as text for a model or a person. ``tokens`` is estimated from above."""

    text: str
    tokens: int
    budget: int


class Diagnosis(Document, frozen=True, tag="iqdebug/diagnosis/1"):
    """What is likely wrong. ``target`` says with what; the keys that it does not have are null, "" or
    empty.

    Of every target: ``headline`` is one sentence; ``meaning`` says what an exception of this type means;
    ``frames`` are of the thread in focus, the innermost first; ``provenance`` are the failing values.
    Of a crash: ``why`` is where it was caught (``ended``: the command ended without one), ``how`` words
    about it; equal ``fingerprint``s are equal crashes; ``missing`` is damaged in the file, and
    ``left_out`` had no room in it. Of a process: ``snapshot`` holds all its threads; ``not_attached``
    says why it was only looked at from outside, "" where it was attached to or nobody asked for it.
    ``reply`` is what a model answered to ``--ask``.
    """

    target: Literal["process", "crash", "command"]
    pid: int | None
    python: str
    command: str
    headline: str
    confidence: Confidence
    meaning: str
    exception: ExceptionInfo | None
    suspects: list[Suspect]
    provenance: list[Step]
    anomalies: list[Anomaly]
    notes: list[str]
    frames: list[Frame]
    logs: list[LogRecord]
    crash_file: str | None
    why: str
    how: str
    fingerprint: str
    exit_code: int | None
    evidence: Evidence | None
    missing: list[str]
    left_out: list[str]
    snapshot: Snapshot | None
    not_attached: str
    reply: Reply | None


def crash_document(report: CrashReport, reply: Reply | None = None) -> Diagnosis:
    """``reply``: what came of a question to a model."""
    crash, diagnosis = report.crash, report.diagnosis
    snapshot, meta = crash.snapshot, crash.meta
    return Diagnosis(
        target="crash",
        pid=meta.pid,
        python=meta.python,
        command=snapshot.command,
        headline=diagnosis.headline,
        confidence=diagnosis.confidence,
        meaning=diagnosis.meaning,
        exception=None if snapshot.exception is None else exception_document(snapshot.exception),
        suspects=_suspects(diagnosis),
        provenance=[_step(step) for step in diagnosis.provenance],
        anomalies=_anomalies(diagnosis),
        notes=list(diagnosis.notes),
        frames=_focused_frames(snapshot),
        logs=log_documents(crash.logs),
        crash_file=str(crash.path),
        why=meta.why,
        how=meta.how,
        fingerprint=meta.fingerprint,
        exit_code=None,
        evidence=Evidence(
            text=report.evidence.text, tokens=report.evidence.tokens, budget=report.evidence.budget
        ),
        missing=list(crash.missing),
        left_out=list(crash.left_out),
        snapshot=None,
        not_attached="",
        reply=reply,
    )


def process_document(result: Result) -> Diagnosis:
    snapshot, diagnosis = result.snapshot, result.diagnosis
    return Diagnosis(
        target="process",
        pid=snapshot.pid,
        python=snapshot.python,
        command=snapshot.command,
        headline=diagnosis.headline,
        confidence=diagnosis.confidence,
        meaning=diagnosis.meaning,
        exception=None if snapshot.exception is None else exception_document(snapshot.exception),
        suspects=_suspects(diagnosis),
        provenance=[_step(step) for step in diagnosis.provenance],
        anomalies=_anomalies(diagnosis),
        notes=list(diagnosis.notes),
        frames=_focused_frames(snapshot),
        logs=log_documents(result.logs),
        crash_file=None,
        why="",
        how="",
        fingerprint="",
        exit_code=snapshot.exit_code,
        evidence=None,
        missing=[],
        left_out=[],
        snapshot=snapshot_document(snapshot),
        not_attached=render(result.not_attached),
        reply=None,
    )


def no_crash_document(pid: int, command: str, exit_code: int) -> Diagnosis:
    """Of a command that ended without a crash; ``exit_code`` is negative for a signal."""
    return Diagnosis(
        target="command",
        pid=pid,
        python="",
        command=command,
        headline=render(message("cli.diagnose.ended")),
        confidence=Confidence.NO_CLEAR_SUSPECT,
        meaning="",
        exception=None,
        suspects=[],
        provenance=[],
        anomalies=[],
        notes=[],
        frames=[],
        logs=[],
        crash_file=None,
        why="ended",
        how="",
        fingerprint="",
        exit_code=exit_code,
        evidence=None,
        missing=[],
        left_out=[],
        snapshot=None,
        not_attached="",
        reply=None,
    )


def _focused_frames(snapshot: state.Snapshot) -> list[Frame]:
    thread = snapshot.focused
    return [frame_document(f) for f in (thread.frames if thread is not None else ()) if f.kind != "label"]


def _suspects(diagnosis: state.Diagnosis) -> list[Suspect]:
    return [
        Suspect(
            rank=rank,
            file=suspect.path,
            line=suspect.line,
            function=suspect.function,
            score=suspect.score,
            reasons=list(suspect.reasons),
            variables=variable_documents(suspect.proof),
        )
        for rank, suspect in enumerate(diagnosis.suspects, 1)
    ]


def _step(step: state.Step) -> Step:
    return Step(
        expression=step.expression,
        kind=step.kind,
        how=step.how,
        file=step.path,
        line=step.line,
        function=step.function,
        value=step.value.value if step.value is not None else None,
        before=[_step(each) for each in step.before],
    )


def _anomalies(diagnosis: state.Diagnosis) -> list[Anomaly]:
    return [
        Anomaly(
            kind=anomaly.kind,
            text=anomaly.text,
            file=anomaly.path,
            line=anomaly.line,
            function=anomaly.function,
            weight=anomaly.weight,
        )
        for anomaly in diagnosis.anomalies
    ]
