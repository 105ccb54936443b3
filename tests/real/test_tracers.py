"""Tracers of the program's own are what they were after a detach, and it sees its own while attached."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.state import Breakpoint, Phase
from tests.dap.targets import attached, on_pythons, running, top

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).resolve().parent / "programs" / "traced.py"
LINE = 1 + PROGRAM.read_text().splitlines().index("    doubled = n * 2")


@pytest.mark.parametrize("kind", ["trace", "profile"])
@on_pythons("3.8", "3.9", "3.11", "3.12")
async def test_a_tracer_of_its_own_is_given_back(kind: str, python: str) -> None:
    async with running(python, str(PROGRAM), kind) as target:
        before = await target.ask("report")
        assert before["main"][kind] and before["other"][kind]
        for _ in range(2):
            async with attached(target) as (session, watcher):
                await session.set_breakpoints([Breakpoint(str(PROGRAM), LINE)])
                assert top(await watcher.stopped()).name == "watched"
                await session.set_breakpoints([])
                await session.resume()
                await watcher.until(lambda s: s.phase is Phase.RUNNING)
                meanwhile = await target.ask("report")
                assert meanwhile["main"][kind] and meanwhile["other"][kind]
                if kind == "trace":
                    await watcher.logged(lambda log: "trac" in log.text and log.stream == "iqdebug")
            assert await target.ask("report") == before
        target.tell("end")
        assert await target.exit_code() == 0
        assert target.stderr == b""


@on_pythons("3.9", "3.11", "3.13")
async def test_a_tracer_that_is_set_and_removed_while_attached(python: str) -> None:
    async with running(python, str(PROGRAM), "none") as target:
        async with attached(target) as (_, watcher):
            assert await target.ask("late") == "set"
            if int(python.rpartition("/3.")[2].split(".")[0]) < 12:
                await watcher.logged(lambda log: "breakpoints and pauses do not reach it" in log.text)
        after = await target.ask("report")
        assert after["main"]["trace"] and not after["other"]["trace"]
        async with attached(target):
            assert await target.ask("off") is True
        after = await target.ask("report")
        assert not after["main"]["trace"] and not any(after["main"]["f_traces"][:1])
        target.tell("end")
        assert await target.exit_code() == 0
        assert target.stderr == b""


@on_pythons("3.12", "3.14")
async def test_a_tool_of_sys_monitoring_is_left_alone(python: str) -> None:
    async with running(python, str(PROGRAM), "monitoring") as target:
        before = await target.ask("report")
        async with attached(target) as (session, watcher):
            await watcher.logged(lambda log: "a profiler" in log.text)
            await session.set_breakpoints([Breakpoint(str(PROGRAM), LINE)])
            await watcher.stopped()
            await session.set_breakpoints([])
            await session.resume()
            await watcher.until(lambda s: s.phase is Phase.RUNNING)
            meanwhile = await target.ask("report")
            assert meanwhile["seen"] == before["seen"]
        assert await target.ask("report") == before
        target.tell("end")
        assert await target.exit_code() == 0
        assert target.stderr == b""
