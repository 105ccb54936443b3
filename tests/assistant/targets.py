"""What the tests of the assistant share: a gate that remembers, and toolboxes on real targets."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from iqdebug.assistant.permissions import Answer, Gate, Policy, Request
from iqdebug.assistant.tools import Result, Toolbox
from iqdebug.dap.session import Session
from iqdebug.llm.messages import ToolCall
from tests.dap.targets import Target, Watcher, attached, running

PROGRAMS = Path(__file__).resolve().parent / "programs"


class Person:
    """Answers as told, and remembers what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[Request] = []
        self.answers = list(answers)
        self.otherwise = Answer.NO

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        return self.answers.pop(0) if self.answers else self.otherwise


class Bench:
    """A toolbox on a session, with a person behind its gate."""

    def __init__(self, session: Any, policy: Policy | None = None, **options: Any) -> None:
        self.session = session
        self.person = Person()
        self.gate = Gate(policy, self.person)
        self.box = Toolbox(session, self.gate, **options)
        self._numbers = itertools.count(1)

    async def call(self, name: str, /, **arguments: Any) -> Result:
        return await self.box.run(ToolCall(f"call-{next(self._numbers)}", name, arguments))


@contextlib.asynccontextmanager
async def hostile(python: str) -> AsyncIterator[tuple[Bench, Session, Watcher, Target, int]]:
    """The hostile program, stopped in ``held``; last its frame's number, which is 0."""
    async with (
        running(python, str(PROGRAMS / "hostile.py")) as target,
        attached(target) as (session, watcher),
    ):
        await session.set_breakpoints([target.breakpoint("tick")])
        await watcher.stopped()
        await session.set_breakpoints([])
        yield Bench(session), session, watcher, target, 0


async def has_run(session: Session, target: Target) -> dict[str, int]:
    """Let the program go on and say which of its code ran."""
    await session.resume()
    found: dict[str, int] = json.loads(json.dumps(await target.ask("ran")))
    return found
