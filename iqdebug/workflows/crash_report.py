"""A crash as a report: the diagnosis, the frames, the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from iqdebug.core.messages import Message, message, render
from iqdebug.core.readable_files import Reach
from iqdebug.core.state import Diagnosis, ExceptionInfo, Frame
from iqdebug.core.state_lines import diagnosis_lines, log_lines
from iqdebug.core.text import clean
from iqdebug.crash import Crash
from iqdebug.diagnosis.prompt.pack import Evidence, packed
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, source_reader

__all__ = ["BUDGET", "CrashReport", "report_on"]

BUDGET = 16_000
"""Tokens of evidence unless something else is asked for."""

MAX_FRAMES = 12
MAX_LOCALS = 6
MAX_SUSPECTS = 5


@dataclass(frozen=True, slots=True)
class CrashReport:
    """What `iqdebug diagnose` prints of a crash. ``read`` gives the lines of a file."""

    crash: Crash
    diagnosis: Diagnosis
    evidence: Evidence
    read: Callable[[str], Sequence[str]]

    def lines(self) -> list[str]:
        """For a terminal or a log: what happened, the suspects, the stack with its values."""
        meta, snapshot = self.crash.meta, self.crash.snapshot
        title = message(
            "cli.report.title",
            title=clean(meta.title),
            how=clean(meta.how) or None,
            pid=meta.pid,
            python=clean(meta.python) or None,
        )
        lines = [render(title)]
        if snapshot.exception is not None:
            lines += _chain_lines(snapshot.exception)
        shown = replace(self.diagnosis, suspects=self.diagnosis.suspects[:MAX_SUSPECTS])
        lines += ["", *diagnosis_lines(shown), ""]
        thread = snapshot.focused
        if thread is not None:
            lines.append(render(message("cli.report.stack")))
            frames = [f for f in thread.frames if f.kind != "label"]
            for frame in frames[:MAX_FRAMES]:
                lines += _frame_lines(frame, self.read(frame.path))
            if len(frames) > MAX_FRAMES:
                more = message("cli.report.more_frames", count=f"{len(frames) - MAX_FRAMES:,}")
                lines.append(f"  {render(more)}")
        if self.crash.logs:
            lines += ["", render(message("cli.last_output")), *log_lines(self.crash.logs)]
        for sentence in self.crash.missing:
            lines.append(render(message("cli.report.damaged", words=clean(sentence))))
        return [*lines, "", render(message("cli.open_it", path=clean(str(self.crash.path))))]


def report_on(
    crash: Crash, budget: int = BUDGET, here: bool = False, reach: Reach | None = None
) -> CrashReport:
    """Rank and pack. Source text comes from the file; where it holds none, from the disk within
    ``reach``. ``here`` as in :func:`~iqdebug.workflows.diagnosis_inputs.crash_facts`."""
    read = source_reader(crash, reach or Reach())

    snapshot = crash.snapshot
    diagnosis = crash_diagnosis(crash, read, here, reach)
    evidence = packed(
        snapshot,
        diagnosis,
        read_source=read,
        budget=budget,
        children=crash.children,
        logs=crash.logs,
        diff=(crash.git.diff, crash.git.root) if crash.git is not None else ("", ""),
    )
    return CrashReport(crash, diagnosis, evidence, read)


def _chain_lines(error: ExceptionInfo, indent: str = "  ") -> list[str]:
    lines = [f"{indent}{render(message('cli.note', words=clean(note)))}" for note in error.notes]
    for each in (*error.members, *error.chain):
        lines.append(f"{indent}{render(_linked(each))}")
        lines += _chain_lines(each, indent + "  ") if each.members or each.notes else []
    return lines


def _linked(error: ExceptionInfo) -> Message:
    """The exception, and how it hangs on the one that holds it."""
    name, words = clean(error.type), clean(error.message)[:200]
    if error.link == "cause":
        return message("cli.report.cause", type=name, words=words)
    if error.link == "context":
        return message("cli.report.context", type=name, words=words)
    if error.link == "member":
        return message("cli.report.member", type=name, words=words)
    return message("cli.report.and", type=name, words=words)


def _frame_lines(frame: Frame, source: Sequence[str]) -> list[str]:
    lines = [f"  {clean(frame.name)}  {clean(frame.path)}:{frame.line}"]
    if 0 < frame.line <= len(source):
        lines.append(f"      {clean(source[frame.line - 1].strip())}")
    if frame.kind != "stdlib":
        listed = [v for v in frame.locals or () if v.kind != "group"]
        lines += [f"        {clean(v.name)} = {clean(v.value)}" for v in listed[:MAX_LOCALS]]
        if len(listed) > MAX_LOCALS:
            more = message("cli.report.more", count=len(listed) - MAX_LOCALS)
            lines.append(f"        {render(more)}")
    return lines
