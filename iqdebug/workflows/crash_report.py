"""A crash as a report: the diagnosis, the frames, the evidence; as text and as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iqdebug.core import text
from iqdebug.core.state import Anomaly, Diagnosis, ExceptionInfo, Frame, Step, Suspect, Variable
from iqdebug.crash import Crash
from iqdebug.crash.variables import children_of
from iqdebug.diagnosis.prompt.pack import Evidence, packed
from iqdebug.system.readable_files import Reach
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, source_reader

__all__ = ["BUDGET", "CrashReport", "report_on"]

BUDGET = 16_000
"""Tokens of evidence unless something else is asked for."""

_FRAMES_SHOWN = 12
_LOCALS_SHOWN = 6
_SUSPECTS_SHOWN = 5
_CHILDREN = 200


@dataclass(frozen=True, slots=True)
class CrashReport:
    """What `iqdebug diagnose` says of a crash. ``read`` gives the lines of a file."""

    crash: Crash
    diagnosis: Diagnosis
    evidence: Evidence
    read: Callable[[str], Sequence[str]]

    def json(self, said: dict[str, Any] | None = None) -> str:
        """The document that docs/diagnose-json.md describes.

        :param said: what came of a question to a model.
        """
        snapshot, meta = self.crash.snapshot, self.crash.meta
        error = snapshot.exception
        thread = snapshot.focused
        frames = [f for f in (thread.frames if thread is not None else ()) if f.kind != "label"]
        return text.json_text(
            {
                "file": str(self.crash.path),
                "why": meta.why,
                "how": meta.how,
                "pid": meta.pid,
                "python": meta.python,
                "argv": list(meta.argv),
                "fingerprint": meta.fingerprint,
                "exception": _exception(error) if error is not None else None,
                "headline": self.diagnosis.headline,
                "confidence": self.diagnosis.confidence,
                "meaning": self.diagnosis.meaning,
                "frames": [_frame(f) for f in frames],
                "suspects": [_suspect(s, rank) for rank, s in enumerate(self.diagnosis.suspects, 1)],
                "provenance": [_step(step) for step in self.diagnosis.provenance],
                "anomalies": [_anomaly(each) for each in self.diagnosis.anomalies],
                "notes": list(self.diagnosis.notes),
                "evidence": {
                    "text": self.evidence.text,
                    "tokens": self.evidence.tokens,
                    "budget": self.evidence.budget,
                },
                "missing": list(self.crash.missing),
                "left_out": list(self.crash.left_out),
                **({"said": said} if said is not None else {}),
            }
        )

    def lines(self) -> list[str]:
        """For a terminal or a log: what happened, the suspects, the stack with its values."""
        meta, snapshot = self.crash.meta, self.crash.snapshot
        place = f" {meta.how}" if meta.how else ""
        python = f", Python {text.clean(meta.python)}" if meta.python else ""
        lines = [f"{text.clean(meta.title)}{text.clean(place)}  (process {meta.pid}{python})"]
        if snapshot.exception is not None:
            lines += _chain_lines(snapshot.exception)
        shown = replace(self.diagnosis, suspects=self.diagnosis.suspects[:_SUSPECTS_SHOWN])
        lines += ["", *text.diagnosis_lines(shown), ""]
        thread = snapshot.focused
        if thread is not None:
            lines.append("stack, innermost first")
            frames = [f for f in thread.frames if f.kind != "label"]
            for frame in frames[:_FRAMES_SHOWN]:
                lines += _frame_lines(frame, self.read(frame.path))
            if len(frames) > _FRAMES_SHOWN:
                lines.append(f"  … {len(frames) - _FRAMES_SHOWN:,} more frames")
        if self.crash.logs:
            lines += ["", "last output", *text.log_lines(self.crash.logs)]
        for said in self.crash.missing:
            lines.append(f"damaged: {text.clean(said)}")
        return [*lines, "", f"open it: iqdebug open {text.clean(str(self.crash.path))}"]


def report_on(
    crash: Crash, budget: int = BUDGET, here: bool = False, reach: Reach | None = None
) -> CrashReport:
    """Rank and pack. Source text comes from the file; where it holds none, from the disk within
    ``reach``. ``here`` as in :func:`~iqdebug.workflows.diagnosis_inputs.crash_facts`."""
    read = source_reader(crash, reach or Reach())

    def children(reference: int) -> Sequence[Variable]:
        return list(itertools.islice(children_of(crash, reference), _CHILDREN))

    snapshot = crash.snapshot
    diagnosis = crash_diagnosis(crash, read, here, reach)
    evidence = packed(
        snapshot,
        diagnosis,
        read_source=read,
        budget=budget,
        children=children,
        logs=crash.logs,
        diff=(crash.git.diff, crash.git.root) if crash.git is not None else ("", ""),
    )
    return CrashReport(crash, diagnosis, evidence, read)


def _exception(error: ExceptionInfo) -> dict[str, Any]:
    return {
        "type": error.type,
        "message": error.message,
        "link": error.link,
        "notes": list(error.notes),
        "chain": [_exception(each) for each in error.chain],
        "members": [_exception(each) for each in error.members],
    }


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "file": frame.path,
        "line": frame.line,
        "function": frame.name,
        "user_code": frame.kind == "user",
        "kind": frame.kind,
        "variables": {
            v.name: {"type": v.type, "value": v.value} for v in frame.locals or () if v.kind != "group"
        },
    }


def _suspect(suspect: Suspect, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "file": suspect.path,
        "line": suspect.line,
        "function": suspect.function,
        "score": suspect.score,
        "reasons": list(suspect.reasons),
        "proof": {v.name: v.value for v in suspect.proof},
    }


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {
        "kind": anomaly.kind.value,
        "text": anomaly.text,
        "file": anomaly.path,
        "line": anomaly.line,
        "function": anomaly.function,
        "weight": anomaly.weight,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "expression": step.expression,
        "how": step.how,
        "file": step.path,
        "line": step.line,
        "function": step.function,
        "value": step.value.value if step.value is not None else None,
        "before": [_step(each) for each in step.before],
    }


def _chain_lines(error: ExceptionInfo, indent: str = "  ") -> list[str]:
    words = {"cause": "caused by", "context": "while handling", "member": "member"}
    lines = [f"{indent}note: {text.clean(note)}" for note in error.notes]
    for each in (*error.members, *error.chain):
        message = text.clean(each.message)[:200]
        lines.append(f"{indent}{words.get(each.link, 'and')} {text.clean(each.type)}: {message}")
        lines += _chain_lines(each, indent + "  ") if each.members or each.notes else []
    return lines


def _frame_lines(frame: Frame, source: Sequence[str]) -> list[str]:
    lines = [f"  {text.clean(frame.name)}  {text.clean(frame.path)}:{frame.line}"]
    if 0 < frame.line <= len(source):
        lines.append(f"      {text.clean(source[frame.line - 1].strip())}")
    if frame.kind != "stdlib":
        listed = [v for v in frame.locals or () if v.kind != "group"]
        lines += [f"        {text.clean(v.name)} = {text.clean(v.value)}" for v in listed[:_LOCALS_SHOWN]]
        if len(listed) > _LOCALS_SHOWN:
            lines.append(f"        … {len(listed) - _LOCALS_SHOWN} more")
    return lines
