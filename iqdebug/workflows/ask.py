"""A question to the model without a screen: about a process or a crash file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.transcript import Entry, Mark, ModelStatus, Transcript, marked_blocks
from iqdebug.assistant.ui_context import HeadlessContext
from iqdebug.core import text
from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.core.output import wipe, write_over
from iqdebug.core.readable_files import reach_of_project, standing_in
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, LogRecord, ProcessInfo, Snapshot
from iqdebug.crash import open_crash
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.system import signals
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, live_diagnosis, source_reader
from iqdebug.workflows.headless import outside_view

__all__ = ["AskResult", "ask_file", "ask_process"]


@dataclass(frozen=True, slots=True)
class AskResult:
    """A question and its answer. ``marks`` are what in the answer is not so; ``calls`` are the tool calls:
    what was asked for, who allowed it, and the result."""

    question: str
    answer: str
    marks: tuple[Mark, ...]
    thinking: str
    calls: tuple[Entry, ...]
    diffs: tuple[Entry, ...]
    notes: tuple[str, ...]
    standing: ModelStatus

    def lines(self) -> list[str]:
        lines = [f"⚙ {text.clean(c.text)}  ({text.clean(c.words)})" for c in self.calls]
        for block, marks in marked_blocks(self.answer, self.marks):
            lines += [text.clean(line) for line in block.splitlines()]
            lines += [f"  ≠ {text.clean(mark.words)}" for mark in marks]
        for diff in self.diffs:
            lines += ["", text.clean(diff.text), *(text.clean(line) for line in diff.detail.splitlines())]
        return lines


def ask_file(
    path: Path,
    question: str,
    model: str | None,
    progress: bool = True,
    project: str | None = None,
    context: int = 0,
) -> AskResult:
    """:param project: the folder whose files may be read beside the recording; None for the one that the
        person stands in.
    :param context: tokens of the model's window; 0: as configured.
    :raises CrashFileError: the file cannot be opened.
    :raises ModelError: there is no model, or it failed.
    :raises UsageError: the setting names no model that is here.
    """
    crash = open_crash(path)
    own = project if project is not None else standing_in()
    reach = reach_of_project(own)
    read = source_reader(crash, reach)

    def diagnose(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        return crash_diagnosis(crash, read, reach=reach)

    debuggee = DebuggeeContext(crash, own, crash.read_source, diagnose=diagnose)
    assistant = companion_for(model, debuggee, context=context, required=True)
    session = RecordedSession(crash)
    return signals.run(_ask(assistant, session, question, crash.logs, progress))


def ask_process(
    info: ProcessInfo, question: str, model: str | None, progress: bool = True, context: int = 0
) -> AskResult:
    """Attach, look, ask, and let the process run on.

    :raises TargetError: it cannot be attached to.
    :raises ModelError: there is no model, or it failed.
    :raises UsageError: the setting names no model that is here.
    """
    return signals.run(_ask_process(info, question, model, progress, context))


async def _ask_process(
    info: ProcessInfo, question: str, model: str | None, progress: bool, context: int
) -> AskResult:
    debuggee = DebuggeeContext(project=info.cwd, diagnose=live_diagnosis)
    assistant = companion_for(model, debuggee, context=context, required=True)
    options = AttachOptions(pause=False, exceptions=(), outside=outside_view(info.pid))
    session = await attach(info, options, lambda words: None)
    try:
        await session.refresh()
        return await _ask(assistant, session, question, (), progress)
    finally:
        await session.detach()


async def _ask(
    assistant: AssistantSession,
    session: DebugSession,
    question: str,
    logs: Sequence[LogRecord],
    progress: bool,
) -> AskResult:
    reader = _Progress() if progress and sys.stderr.isatty() else None
    if reader is not None:
        assistant.transcript.subscribe(reader)
    try:
        if assistant.window is None:
            raise ModelError(message("cli.ask.no_model"), fix=message("cli.ask.no_model.fix"))
        assistant.begin(session, HeadlessContext(session, logs))
        await assistant.settled()
        await assistant.ask(question)
    finally:
        if reader is not None:
            reader.end()
        await assistant.close()
    return _result(question, assistant.transcript)


def _result(question: str, transcript: Transcript) -> AskResult:
    """:raises ModelError: the model failed."""
    entries = transcript.entries
    failure = next((e for e in entries if e.kind == "error"), None)
    if failure is not None:
        what, *rest = failure.text.splitlines()
        raise ModelError(what, *rest[:2])
    answer, marks = "", []
    for each in (e for e in entries if e.kind == "answer"):
        answer += "\n" if answer else ""
        marks += [replace(mark, at=mark.at + len(answer)) for mark in each.marks]
        answer += each.text
    return AskResult(
        question,
        answer,
        tuple(marks),
        "\n".join(e.text for e in entries if e.kind == "thinking"),
        tuple(e for e in entries if e.kind == "call"),
        tuple(e for e in entries if e.kind == "diff"),
        tuple(e.text for e in entries if e.kind == "note" and not e.offers),
        transcript.standing,
    )


class _Progress:
    """One line of words on stderr while the model loads and reads."""

    def entry_changed(self, entry: Entry) -> None:
        pass

    def entries_removed(self, after: int) -> None:
        pass

    def standing_changed(self, standing: ModelStatus) -> None:
        words = f"{standing.words} → {standing.where}" if standing.remote else standing.words
        write_over(words)

    def end(self) -> None:
        wipe()
