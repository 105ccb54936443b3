"""What a model may ask to be done: propose a fix, prove it, write a test. All of it asks first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iqdebug.assistant.actions.edits import edits_of_call
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.assistant.actions.regression import (
    Expectation,
    Regression,
    Tests,
    prove,
    regression_tests,
    tests_shown_exactly,
)
from iqdebug.assistant.actions.rerun import command_of_crash, project_root
from iqdebug.assistant.actions.verify import SECONDS, Verified, shown_exactly, verify
from iqdebug.core.errors import IqdebugError
from iqdebug.core.paths import frame_kind
from iqdebug.core.state import Diagnosis
from iqdebug.crash.model import Crash
from iqdebug.llm.messages import Tool

__all__ = ["ACTION_TOOLS", "MUTATE", "ActionContext", "ActionTool", "Outcome"]

MUTATE = "mutate"
"""The right of every tool here: it is asked for each time."""

_LONGEST = 12_000  # characters of an answer to the model


@dataclass(frozen=True, slots=True)
class Outcome:
    """``text`` is the answer to the model; ``result`` what a screen shows, None when it failed."""

    text: str
    result: Proposal | Verified | Regression | None = None

    @property
    def failed(self) -> bool:
        return self.result is None


@dataclass(frozen=True, slots=True)
class ActionTool:
    """``run`` takes a bench and arguments that are valid against the schema, and never raises for what
    is in them: a failure is an answer in words that the model can mend. ``right`` has to be granted
    before. ``starts``: it runs the recorded program."""

    tool: Tool
    run: Callable[[ActionContext, Mapping[str, Any]], Awaitable[Outcome]]
    right: str = MUTATE
    starts: bool = True


class ActionContext:
    """What the tools of a conversation work on: a crash, or a living process, of which fixes can be
    proposed and nothing can be run.

    ``proposal`` is the last that was made: it is what is verified, and what a person may apply with
    :func:`~.applying.apply`. No tool applies it.

    :param root: the project's folder; "" for the crash's.
    :param why_not: why a file may not be read; "" when it may.
    :param known: the files that an edit may mean by a part of their path; none for the crash's.
    :param folder: where scratch copies are made; None for the system's folder.
    """

    def __init__(
        self,
        crash: Crash | None,
        diagnosis: Diagnosis | None = None,
        *,
        root: str = "",
        known: Sequence[str] = (),
        seconds: float = SECONDS,
        folder: Path | None = None,
        python: str = "",
        why_not: Callable[[str], str] = lambda path: "",
    ) -> None:
        self.crash = crash
        self.diagnosis = diagnosis
        self.root = root or (project_root(crash) if crash is not None else "")
        if not known and crash is not None:
            known = [f.file for f in crash.frames.values() if frame_kind(f.file) == "user"]
        self.known = list(dict.fromkeys(known))
        self.proposal: Proposal | None = None
        self.verified: Verified | None = None
        self.regression: Regression | None = None
        self._seconds = seconds
        self._folder = folder
        self._python = python
        self._why_not = why_not
        self._tests: Tests | None = None

    def shown(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """All that a call of a tool which starts something would run, to be agreed to; the tests that
        are shown are those that :meth:`write_test` runs.

        :raises IqdebugError: it could not be run.
        """
        assert self.crash is not None
        if tool == "write_test":
            expectation = _expected(arguments)
            self._tests = regression_tests(self.crash, self.diagnosis, expectation, self.root)
            return tests_shown_exactly(self.crash, self._tests, self.proposal, self._python)
        with_fix = tool == "verify"
        command = command_of_crash(self.crash, self._python)
        return shown_exactly(command, self.proposal if with_fix else None)

    async def propose_fix(self, arguments: Mapping[str, Any]) -> Outcome:
        try:
            self.proposal = propose(
                edits_of_call(arguments), self.root, known=self.known, why_not=self._why_not
            )
        except IqdebugError as error:
            return _refused(error)
        said = "".join(f"\nnote: {each}" for each in self.proposal.warnings)
        words = "The edit fits, and is shown to the person, who decides whether it is applied."
        return Outcome(f"{words}\n{self.proposal.diff}{said}"[:_LONGEST], self.proposal)

    async def verify(self, arguments: Mapping[str, Any]) -> Outcome:
        with_fix = arguments.get("with_fix", True) is not False
        if with_fix and self.proposal is None:
            return Outcome("There is no fix to verify: call propose_fix first, or with_fix=false.")
        if self.crash is None:
            return Outcome(_NOT_RECORDED)
        try:
            self.verified = await verify(
                self.crash,
                self.proposal if with_fix else None,
                root=self.root,
                seconds=self._seconds,
                python=self._python,
                folder=self._folder,
            )
        except IqdebugError as error:
            return _refused(error)
        return Outcome("\n".join(self.verified.lines())[:_LONGEST], self.verified)

    async def write_test(self, arguments: Mapping[str, Any]) -> Outcome:
        if self.crash is None:
            return Outcome(_NOT_RECORDED)
        try:
            tests = self._tests or regression_tests(
                self.crash, self.diagnosis, _expected(arguments), self.root
            )
            self.regression = await prove(
                self.crash,
                tests,
                self.proposal,
                root=self.root,
                seconds=self._seconds,
                python=self._python,
                folder=self._folder,
            )
        except IqdebugError as error:
            return _refused(error)
        text = "\n".join(self.regression.lines())
        return Outcome((text or "no test could be made")[:_LONGEST], self.regression)


def _expected(arguments: Mapping[str, Any]) -> Expectation:
    return Expectation(str(arguments.get("equals") or ""), str(arguments.get("raises") or ""))


def _refused(error: IqdebugError) -> Outcome:
    return Outcome("Refused: " + " ".join(line.rstrip(".") + "." for line in error.lines()))


_NOT_RECORDED = "Refused: the program stands at no exception that could be repeated."
_PROPOSE = (
    "Propose a minimal edit of the program's source. `old` is copied from the file exactly, whole lines, "
    "and stands there only once; `new` replaces it. Nothing is changed until the person agrees."
)
_RERUN = (
    "Run the recorded command or test again in a scratch copy, to see whether it fails as it was recorded."
)
_VERIFY = (
    "Run the recorded command or test in a scratch copy, without and with the last proposed fix; answers "
    "whether the failure is gone, with both outputs."
)
_TEST = (
    "Make a pytest that repeats the failing call with its recorded arguments; it is run in a scratch copy "
    "to prove that it fails without the last proposed fix and passes with it."
)
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
_PROPOSE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "the file, as the stack names it"},
        "old": {"type": "string", "description": "the lines as they are", "minLength": 1},
        "new": {"type": "string", "description": "the lines as they should be"},
    },
    "required": ["path", "old", "new"],
    "additionalProperties": False,
}
_TEST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "equals": {"type": "string", "description": "a Python expression that the result should equal"},
        "raises": {"type": "string", "description": "the exception that should be raised instead"},
    },
    "additionalProperties": False,
}

ACTION_TOOLS = (
    ActionTool(Tool("propose_fix", _PROPOSE, _PROPOSE_SCHEMA), ActionContext.propose_fix, starts=False),
    ActionTool(Tool("rerun", _RERUN, _NOTHING), lambda bench, _: bench.verify({"with_fix": False})),
    ActionTool(Tool("verify", _VERIFY, _NOTHING), lambda bench, _: bench.verify({})),
    ActionTool(Tool("write_test", _TEST, _TEST_SCHEMA), ActionContext.write_test),
)
"""To be put beside the tools that only read."""
