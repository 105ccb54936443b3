"""Situations in which pydevd fails, prints, or raises into the program: a session works or gives the reason,
and the program is unchanged, its standard error empty."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from iqdebug.core.errors import IqdebugError
from iqdebug.core.state import Breakpoint, Phase
from tests.dap.targets import Target, attached, on_pythons, running, top

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).resolve().parent / "programs" / "faulty.py"
LINE = 1 + PROGRAM.read_text().splitlines().index("    total = n + 1  # breakpoint")


async def looked_at(target: Target, stop: bool = True) -> None:
    async with attached(target) as (session, watcher):
        await session.set_breakpoints([Breakpoint(str(PROGRAM), LINE)])
        if stop:
            assert top(await watcher.stopped()).name == "step"
        await session.set_breakpoints([])
        if stop:
            await session.resume()
            await watcher.until(lambda s: s.phase is Phase.RUNNING)
        await session.refresh()


async def unharmed(target: Target) -> None:
    target.tell("end")
    assert await target.exit_code() == 3
    assert target.stdout == b"ready\n"
    assert target.stderr == b""


@pytest.mark.parametrize("kind", ["gone", "json", "import", "churn", "guarded"])
@on_pythons("3.8", "3.11", "3.13")
async def test_it_is_debugged_like_any_program(kind: str, python: str) -> None:
    async with running(python, str(PROGRAM), kind) as target:
        await looked_at(target)
        await looked_at(target)
        await unharmed(target)


@pytest.mark.parametrize("condition", ["n < 0", "sum(range(20_000)) < 0"], ids=["short", "long"])
@on_pythons("3.8", "3.11")
async def test_exceptions_of_its_signal_handlers_reach_the_program(python: str, condition: str) -> None:
    async with running(python, str(PROGRAM), "signals") as target:
        async with attached(target) as (session, _):
            # A line that does not run keeps pydevd at work in the file.
            await session.set_breakpoints([Breakpoint(str(PROGRAM), LINE, condition=condition)])
            for _ in range(20):
                await session.refresh()
                await asyncio.sleep(0.05)  # not for an event: 400 alarms go off in the time
        await unharmed(target)


@on_pythons("3.8", "3.11", "3.13")
async def test_exceptions_of_its_signal_handlers_in_new_code_reach_the_program(python: str) -> None:
    async with running(python, str(PROGRAM), "signals-new") as target:
        for _ in range(4):  # up to 3.11 the first exception that a trace function raises ends the tracing
            async with attached(target) as (session, _watcher):
                for line in (LINE, LINE + 1) * 4:
                    await session.set_breakpoints([Breakpoint(str(PROGRAM), line, condition="n < 0")])
                    await asyncio.sleep(0.03)  # not for an event: some ten alarms go off in the time
        await unharmed(target)


@on_pythons("3.8", "3.11", "3.12")
async def test_near_the_recursion_limit(python: str) -> None:
    async with running(python, str(PROGRAM), "recursion", "20") as target:
        await looked_at(target)
        await unharmed(target)


@pytest.mark.parametrize("left", ["2", "64"])
@on_pythons("3.9", "3.12")
async def test_with_little_memory_left(left: str, python: str) -> None:
    async with running(python, str(PROGRAM), "memory", left) as target:
        try:
            await looked_at(target, stop=False)
        except IqdebugError as error:
            assert str(error)
        await unharmed(target)


@pytest.mark.parametrize("kind", ["audit-trace", "audit-import", "audit-connect"])
@on_pythons("3.8", "3.11", "3.12")
async def test_a_program_that_forbids_tracing_is_refused_with_the_reason(kind: str, python: str) -> None:
    async with running(python, str(PROGRAM), kind) as target:
        with pytest.raises(IqdebugError) as said:
            await looked_at(target)
        assert str(target.pid) in str(said.value) or "forbid" in str(said.value)
        await unharmed(target)
