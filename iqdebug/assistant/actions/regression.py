"""A pytest that reproduces a failure from the captured arguments, and the proof that it does."""

from __future__ import annotations

import ast
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from iqdebug.assistant.actions.execution import Execution, Failure, execute, failure_of
from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.rebuild_values import CannotRebuild
from iqdebug.assistant.actions.replayable_calls import candidates, rebuilt_call
from iqdebug.assistant.actions.rerun import Command, command_of_crash, project_root
from iqdebug.assistant.actions.scratch_copy import Scratch, scratch_copy
from iqdebug.assistant.actions.test_source import Expectation, call_test, program_test, test_name
from iqdebug.assistant.actions.verify import (
    PYTEST_OPTIONS,
    SECONDS,
    Verified,
    in_scratch,
    shown_exactly,
    tried,
)
from iqdebug.core.errors import NotAvailable, UsageError
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash

__all__ = [
    "Expectation",
    "Regression",
    "RegressionTest",
    "Tests",
    "prove",
    "regression_tests",
    "tests_shown_exactly",
    "write_test",
]

MAX_CALLS = 6  # calls that are tried


@dataclass(frozen=True, slots=True)
class RegressionTest:
    """A test that is not written yet. ``path`` is where it would lie; ``function`` is what it calls,
    "" where it runs the whole program; ``failure`` is how it fails without a fix."""

    path: str
    text: str
    function: str
    failure: Failure
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Regression:
    """``test`` is the first that failed as the recording did, or None. ``verified`` are its two runs;
    ``refused`` says of the others why not."""

    test: RegressionTest | None
    verified: Verified | None
    refused_messages: tuple[Message, ...] = ()

    @property
    def refused(self) -> tuple[str, ...]:
        return tuple(render(each) for each in self.refused_messages)

    def lines(self) -> list[str]:
        """The test, what was proved, and what could not be made into one."""
        shown = [
            render(message("assistant.actions.test.no_test", refused=each)) for each in self.refused_messages
        ]
        if self.test is not None and self.verified is not None:
            shown += [render(message("assistant.actions.note", note=note)) for note in self.test.notes]
            shown += [f"{self.test.path}:", *self.test.text.splitlines(), *self.verified.lines(10)]
        return shown


Tests = tuple[tuple[RegressionTest, ...], tuple[Message, ...]]
"""Those that can be made, the best first, and why others cannot."""

_WHOLE_PROGRAM = message("assistant.actions.test.whole_program")


def tests_shown_exactly(crash: Crash, tests: Tests, proposal: Proposal | None, python: str = "") -> str:
    """All that a person agrees to before :func:`prove`: the command and the text of every test that it
    may run."""
    command = replace(command_of_crash(crash, python), test="")
    parts: list[Text] = [shown_exactly(command, proposal, _words(command, "TEST"))]
    for number, test in enumerate(tests[0]):
        parts.append(
            message("assistant.actions.test.first", name="TEST", path=test.path, text=test.text)
            if number == 0
            else message("assistant.actions.test.next", name="TEST", path=test.path, text=test.text)
        )
    without = shlex.join(_words_without_pytest(command, "TEST"))
    parts.append(message("assistant.actions.test.without_pytest", command=without))
    return "\n\n".join(render(part) for part in parts)


def regression_tests(
    crash: Crash,
    diagnosis: Diagnosis | None = None,
    expectation: Expectation | None = None,
    root: str = "",
) -> Tests:
    """The tests that can be made from the recording. The last
    one runs the whole program. Nothing runs, and nothing is written. ``root`` is the project's folder,
    "" for the crash's.

    :raises UsageError: the expectation is no expression.
    :raises NotAvailable: there is no exception, or the project is not on this machine.
    """
    expectation = expectation or Expectation()
    _check(expectation)
    root = root or project_root(crash)
    if not root or failure_of(crash) is None:
        raise NotAvailable(
            message("assistant.actions.test.none"),
            message("assistant.actions.verify.no_exception")
            if root
            else message("assistant.actions.test.none.no_sources"),
        )
    folder = os.path.join(root, "tests")
    folder = folder if os.path.isdir(folder) else root
    command = command_of_crash(crash)
    refused: list[Message] = []
    tests: list[RegressionTest] = []
    for candidate in candidates(crash, diagnosis):
        name = candidate.frame.function
        try:
            call = rebuilt_call(crash, candidate)
        except CannotRebuild as error:
            refused.append(message("assistant.actions.test.refused", of=name, why=error.message))
            continue
        path = _free(folder, test_name(call.target, candidate.failure))
        text = call_test(call, folder, command.source_folders, expectation)
        tests.append(RegressionTest(path, text, call.target, candidate.failure, call.notes))
        if len(tests) >= MAX_CALLS:
            break
    tests += _of_program(crash, command, folder, refused)
    return tuple(tests), tuple(dict.fromkeys(refused))


async def prove(
    crash: Crash,
    tests: Tests,
    proposal: Proposal | None = None,
    *,
    seconds: float = SECONDS,
    python: str = "",
    folder: Path | None = None,
    root: str = "",
) -> Regression:
    """Run the tests in a copy of the project until one fails as it was recorded; then that one with the
    fix. To be called on a person's consent, as :func:`~.verify.verify`.

    :param tests: of :func:`regression_tests`.
    :raises UsageError: the project cannot be copied, or the interpreter not be started.
    """
    command = command_of_crash(crash, python)
    refused = list(tests[1])
    best: Regression | None = None
    with scratch_copy(root or project_root(crash), where=folder) as scratch:
        for test in tests[0]:
            path = Path(scratch.path(test.path))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(test.text, "utf-8")
            before = await _run(scratch, command, path, seconds)
            after = None
            if proposal is not None and any(test.failure.same(f) for f in before.failures):
                scratch.write(proposal)
                after = await _run(scratch, command, path, seconds)
                scratch.restore(proposal)
            path.unlink()
            shown = f"pytest {os.path.relpath(test.path, scratch.root)}"
            verified = _worded(tried(test.failure, before, after, shown, scratch.left_out))
            regression = Regression(test, verified, tuple(refused))
            if verified.verdict in ("fixed", "reproduced"):
                return regression
            if verified.verdict in ("did not reproduce before", "timed out") and after is None:
                of = test.function or _WHOLE_PROGRAM
                refused.append(message("assistant.actions.test.refused", of=of, why=verified.message))
            else:
                best = best or regression
    return (
        replace(best, refused_messages=tuple(refused))
        if best is not None
        else Regression(None, None, tuple(refused))
    )


def write_test(test: RegressionTest) -> Path:
    """Write the test's file, on consent.

    :raises UsageError: a file is there already, or it cannot be written.
    """
    path = Path(test.path)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(test.text)
    except OSError as error:
        raise UsageError(
            message("assistant.actions.test.not_written", path=str(path)), error.strerror or str(error)
        ) from None
    return path


def _worded(verified: Verified) -> Verified:
    words = {
        "fixed": message("assistant.actions.test.proved"),
        "reproduced": message("assistant.actions.test.fails"),
    }.get(verified.verdict, message("assistant.actions.test.proves_nothing", why=verified.message))
    return replace(verified, message=words)


def _check(expectation: Expectation) -> None:
    for text in (expectation.equals, expectation.raises):
        if text:
            try:
                ast.parse(text, mode="eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                raise UsageError(message("assistant.actions.test.no_expression", text=text[:80])) from None
    name = expectation.raises.replace(".", "")
    if name and not name.isidentifier():
        raise UsageError(message("assistant.actions.test.no_exception_name", text=expectation.raises))


def _of_program(
    crash: Crash, command: Command, folder: str, refused: list[Message]
) -> Iterator[RegressionTest]:
    failure = failure_of(crash)
    if command.test or failure is None:
        if command.test:
            why = message("assistant.actions.test.is_test", name=command.test)
            refused.append(message("assistant.actions.test.refused", of=_WHOLE_PROGRAM, why=why))
        return
    if command.why_not:
        refused.append(message("assistant.actions.test.refused", of=_WHOLE_PROGRAM, why=command.why_not))
        return
    text = program_test(command.words[1:], command.cwd, folder, failure, SECONDS)
    yield RegressionTest(_free(folder, test_name("program", failure)), text, "", failure)


def _free(folder: str, name: str) -> str:
    """A path that no file has."""
    for number in range(1, 1000):
        path = os.path.join(folder, f"test_{name}{f'_{number}' if number > 1 else ''}.py")
        if not os.path.lexists(path):
            return path
    return path


async def _run(scratch: Scratch, command: Command, path: Path, seconds: float) -> Execution:
    _, cwd, settings = in_scratch(scratch, command)
    where = cwd if cwd.startswith(scratch.folder) else scratch.folder
    execution = await execute(_words(command, str(path)), where, settings, seconds=seconds)
    if "No module named pytest" in execution.output:
        again = _words_without_pytest(command, str(path))
        execution = await execute(again, where, settings, seconds=seconds)
    return replace(execution, output=scratch.original(execution.output))


def _words(command: Command, test: str) -> list[str]:
    return [command.words[0], "-m", "pytest", test, *PYTEST_OPTIONS]


def _words_without_pytest(command: Command, test: str) -> list[str]:
    run = (
        "import runpy, sys; names = runpy.run_path(sys.argv[1]);"
        "[f() for n, f in names.items() if n.startswith('test_')]"
    )
    return [command.words[0], "-c", run, test]
