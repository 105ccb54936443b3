"""Whether a fix mends a failure: the recorded command or test, run without it and with it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from iqdebug.assistant.actions.execution import Execution, Failure, execute, failure_of
from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.rerun import Command, command_of_crash, project_root
from iqdebug.assistant.actions.scratch_copy import Scratch, scratch_copy
from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.crash import Crash

__all__ = [
    "PYTEST_OPTIONS",
    "SECONDS",
    "Verdict",
    "Verified",
    "in_scratch",
    "shown_exactly",
    "side_effects",
    "tried",
    "verify",
]

SECONDS = 60.0
"""Seconds for each of the two runs, unless something else is asked for."""

_BEFORE = message("assistant.actions.verify.before")
_AFTER = message("assistant.actions.verify.after")
_RUNS = {
    "once": message("assistant.actions.verify.runs_once"),
    "twice": message("assistant.actions.verify.runs_twice"),
    "once or more": message("assistant.actions.verify.runs_more"),
}

PYTEST_OPTIONS = ("--tb=native", "-p", "no:cacheprovider", "-p", "no:xdist", "-q")

Verdict = Literal[
    "fixed", "another failure", "same failure", "did not reproduce before", "timed out", "reproduced"
]


@dataclass(frozen=True, slots=True)
class Verified:
    """``after`` is None where there was nothing to try; ``words`` is ``message`` in words, the verdict as
    a sentence; ``notes`` say what the copy or the command lacked. ``command`` is as a person would type
    it."""

    verdict: Verdict
    message: Message
    command: str
    before: Execution
    after: Execution | None = None
    notes: tuple[Text, ...] = ()

    @property
    def words(self) -> str:
        return render(self.message)

    @property
    def green(self) -> bool:
        """Failed before as it was recorded, and does not fail with the fix."""
        return self.verdict == "fixed"

    def lines(self, most: int = 30) -> list[str]:
        """Verdict, notes, and the last lines of both outputs."""
        shown = [("✔ " if self.green else "✘ ") + self.words]
        shown.append("  " + render(message("assistant.actions.verify.ran", command=self.command)))
        shown += ["  " + render(message("assistant.actions.note", note=note)) for note in self.notes]
        for title, run in ((_BEFORE, self.before), (_AFTER, self.after)):
            if run is not None:
                how = message(
                    "assistant.actions.verify.run", title=title, how=run.words, seconds=f"{run.seconds:.1f}"
                )
                shown.append(render(how))
                shown += ["  " + line for line in run.output.rstrip().splitlines()[-most:]]
        return shown


def side_effects(command: Command, times: str = "twice") -> tuple[str, ...]:
    """What to say before anything is run: a copy of the files does not keep a program from acting.

    :param times: how often it runs: "once", "twice" or "once or more".
    """
    sentences = (
        message("assistant.actions.verify.your_own"),
        _RUNS[times],
        message("assistant.actions.verify.reach"),
        *command.warnings,
    )
    return tuple(render(each) for each in sentences)


def shown_exactly(command: Command, proposal: Proposal | None, words: Sequence[str] = ()) -> str:
    """All that a person agrees to: the command, its folder and variables, and the fix. Variables that
    have the same value in this process are the person's own, and are left out.

    :param words: of the command, where others are run than those that were recorded.
    """
    options = PYTEST_OPTIONS if command.test else ()
    folder = message("assistant.actions.verify.in_copy", folder=command.cwd or "?")
    parts = [shlex.join(words or (*command.words, *options)), render(folder)]
    other = [
        f"{name}={repr(value) if chr(10) in value else shlex.quote(value)}"
        for name, value in command.environ.items()
        if os.environ.get(name) != value
    ]
    if other:
        parts += ["", render(message("assistant.actions.verify.variables")), *sorted(other)]
    if proposal is not None:
        parts += ["", render(message("assistant.actions.verify.with_fix")), proposal.diff.rstrip("\n")]
    return "\n".join(parts)


async def verify(
    crash: Crash,
    proposal: Proposal | None,
    *,
    seconds: float = SECONDS,
    root: str = "",
    python: str = "",
    environ: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Verified:
    """Run the recorded command or test in a copy of the project, first as the files are, then with the
    fix. To be called on a person's consent (see :func:`side_effects`).

    :param proposal: None to see only whether the failure comes again.
    :param environ: variables to set besides the recorded ones, such as secrets that were masked.
    :param folder: where the copy is made.
    :raises NotAvailable: the command cannot be repeated, in words.
    :raises UsageError: the project cannot be copied, or the command not be started.
    """
    command = command_of_crash(crash, python)
    expected = failure_of(crash)
    if command.why_not or expected is None:
        raise NotAvailable(
            message("assistant.actions.verify.impossible"),
            command.why_not or message("assistant.actions.verify.no_exception"),
        )
    with scratch_copy(root or project_root(crash), where=folder) as scratch:
        before = await _run(scratch, command, seconds, environ, "before")
        after = None
        if proposal is not None:
            scratch.write(proposal)
            after = await _run(scratch, command, seconds, environ, "after")
        notes = (*scratch.left_out, *command.warnings)
    return tried(expected, before, after, command.shown, notes)


def tried(
    expected: Failure,
    before: Execution,
    after: Execution | None,
    command: str,
    notes: tuple[Text, ...] = (),
) -> Verified:
    """The verdict on two runs."""

    def verdict(what: Verdict, words: Message) -> Verified:
        return Verified(what, words, command, before, after, notes)

    if not any(expected.same(f) for f in before.failures):
        if before.timed_out:
            return verdict("timed out", message("assistant.actions.verify.no_failure", how=before.words))
        return verdict(
            "did not reproduce before",
            message("assistant.actions.verify.not_again", how=_past(before), failure=expected.shown),
        )
    if after is None:
        return verdict("reproduced", message("assistant.actions.verify.again", failure=expected.shown))
    if any(expected.same(f) for f in after.failures):
        return verdict("same failure", message("assistant.actions.verify.same", failure=expected.shown))
    if after.timed_out:
        return verdict("timed out", message("assistant.actions.verify.not_until_then", how=after.words))
    if after.failures or after.code:
        return verdict("another failure", message("assistant.actions.verify.another", how=_past(after)))
    return verdict("fixed", message("assistant.actions.verify.fixed", failure=expected.shown))


def _past(run: Execution) -> Text:
    return message("assistant.actions.run.failed", failure=run.words) if run.failures else run.words


async def _run(
    scratch: Scratch, command: Command, seconds: float, environ: dict[str, str] | None, name: str
) -> Execution:
    words, cwd, settings = in_scratch(scratch, command)
    settings.update(environ or {})
    if command.test:
        words += PYTEST_OPTIONS
    crashes = None if command.test else Path(scratch.folder).parent / f"crashes-{name}"
    execution = await execute(words, cwd, settings, seconds=seconds, crashes=crashes)
    return replace(execution, output=scratch.original(execution.output))


def in_scratch(scratch: Scratch, command: Command) -> tuple[list[str], str, dict[str, str]]:
    """The command's words, folder and variables with the copy in the project's place: what is imported
    comes from the copy before anything installed."""
    words = [command.words[0], *(_mapped(word, scratch) for word in command.words[1:])]
    cwd = scratch.path(command.cwd)
    settings = {name: _mapped(value, scratch) for name, value in command.environ.items()}
    if "VIRTUAL_ENV" in command.environ:
        settings["VIRTUAL_ENV"] = command.environ["VIRTUAL_ENV"]  # environments are not copied
    settings["PATH"] = command.environ.get("PATH", os.defpath)
    own = [scratch.path(folder) for folder in command.source_folders]
    given = [p for p in settings.get("PYTHONPATH", "").split(os.pathsep) if p and p not in own]
    given = [p for p in given if not p.endswith(os.path.join("iqdebug", "capture", "boot"))]
    settings["PYTHONPATH"] = os.pathsep.join([*own, *given])
    settings["PWD"] = cwd
    if not settings["PYTHONPATH"]:
        del settings["PYTHONPATH"]
    return words, cwd, settings


def _mapped(text: str, scratch: Scratch) -> str:
    """Paths of the project in a word, also behind an equals sign or between colons."""

    def parts() -> Iterator[str]:
        for part in text.split(os.pathsep):
            name, equals, value = part.partition("=")
            if equals and os.path.isabs(value):
                yield name + equals + scratch.path(value)
            else:
                yield scratch.path(part)

    return os.pathsep.join(parts()) if "/" in text else text
