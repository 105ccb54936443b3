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

PYTEST_OPTIONS = ("--tb=native", "-p", "no:cacheprovider", "-p", "no:xdist", "-q")

Verdict = Literal[
    "fixed", "another failure", "same failure", "did not reproduce before", "timed out", "reproduced"
]


@dataclass(frozen=True, slots=True)
class Verified:
    """``after`` is None where there was nothing to try; ``words`` say the verdict as a sentence;
    ``notes`` say what the copy or the command lacked. ``command`` is as a person would type it."""

    verdict: Verdict
    words: str
    command: str
    before: Execution
    after: Execution | None = None
    notes: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        """Failed before as it was recorded, and does not fail with the fix."""
        return self.verdict == "fixed"

    def lines(self, most: int = 30) -> list[str]:
        """Verdict, notes, and the last lines of both outputs."""
        shown = [("✔ " if self.green else "✘ ") + self.words, f"  ran: {self.command}"]
        shown += [f"  note: {note}" for note in self.notes]
        for title, run in (("before", self.before), ("with the fix", self.after)):
            if run is not None:
                shown.append(f"{title}: {run.words} ({run.seconds:.1f} s)")
                shown += ["  " + line for line in run.output.rstrip().splitlines()[-most:]]
        return shown


def side_effects(command: Command, times: str = "twice") -> tuple[str, ...]:
    """What to say before anything is run: a copy of the files does not keep a program from acting.

    :param times: how often it runs, in words.
    """
    sentences = [
        "Command and variables are as the recording has them: is it your own?",
    ]
    sentences.append(f"The program runs {times}, in a copy of the project that is deleted afterwards")
    sentences.append(
        "It can still reach the network, databases, and files outside the project, as when it was run by hand"
    )
    return (*sentences, *command.warnings)


def shown_exactly(command: Command, proposal: Proposal | None, words: Sequence[str] = ()) -> str:
    """All that a person agrees to: the command, its folder and variables, and the fix. Variables that
    have the same value in this process are the person's own, and are left out.

    :param words: of the command, where others are run than those that were recorded.
    """
    options = PYTEST_OPTIONS if command.test else ()
    parts = [shlex.join(words or (*command.words, *options)), f"in a copy of {command.cwd or '?'}"]
    other = [
        f"{name}={repr(value) if chr(10) in value else shlex.quote(value)}"
        for name, value in command.environ.items()
        if os.environ.get(name) != value
    ]
    if other:
        parts += ["", "with these variables, as they were recorded:", *sorted(other)]
    if proposal is not None:
        parts += ["", "and again with this fix:", proposal.diff.rstrip("\n")]
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
            "The failure cannot be repeated", command.why_not or "no exception of Python was recorded"
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
    notes: tuple[str, ...] = (),
) -> Verified:
    """The verdict on two runs."""

    def verdict(what: Verdict, words: str) -> Verified:
        return Verified(what, words, command, before, after, notes)

    if not any(expected.same(f) for f in before.failures):
        if before.timed_out:
            return verdict("timed out", f"Without the fix it {before.words}; the failure did not come")
        return verdict(
            "did not reproduce before",
            f"Without the fix it {_past(before)}, where {expected.shown} was recorded: nothing is proved",
        )
    if after is None:
        return verdict("reproduced", f"It fails again as it was recorded: {expected.shown}")
    if any(expected.same(f) for f in after.failures):
        return verdict("same failure", f"It fails with the fix as without: {expected.shown}")
    if after.timed_out:
        return verdict("timed out", f"With the fix it {after.words}; the failure did not come until then")
    if after.failures or after.code:
        return verdict("another failure", f"The recorded failure is gone, but with the fix it {_past(after)}")
    return verdict("fixed", f"Fixed: without the fix {expected.shown}, with it the program ended well")


def _past(run: Execution) -> str:
    return f"failed with {run.words}" if run.failures else run.words


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
