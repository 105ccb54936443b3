"""A target that has replaced what starts threads, what waits and what tells the time is debugged over
the interpreter's own; where these cannot be had either it is left alone, and the reason told."""

from __future__ import annotations

import time

import pytest

from iqdebug.core.errors import CannotAttach
from iqdebug.dap.attach import AttachOptions, attach
from tests.dap.targets import attached, on_pythons, running, top


@on_pythons("3.8", "3.10", "3.12", "3.14")
async def test_threads_that_would_run_in_the_one_that_starts_them(python: str) -> None:
    async with running(python, "replaced.py") as target:
        for _ in range(2):
            async with attached(target, breakpoints=[target.breakpoint("answer")]) as (session, watcher):
                await target.goes_on()
                target.tell("seven")
                stop = await watcher.stopped()
                assert top(stop).line == target.line("answer")
                assert [t.name for t in stop.threads] == ["MainThread"]
                await session.resume()
                assert await target.readline() == '"sevenseven"'
        assert await target.ask("waited") == []
        assert target.stderr == b""


@on_pythons("3.8", "3.11", "3.14")
async def test_no_thread_can_be_had(python: str) -> None:
    async with running(python, "replaced.py", "sealed") as target:
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(CannotAttach) as refusal:
                await attach(target.info(), AttachOptions())
            assert "has replaced the functions that start threads" in str(refusal.value)
            assert time.monotonic() - started < 5
            await target.goes_on(timeout=2.0)
        assert await target.ask("waited") == []
        assert target.stderr == b""
