"""A target that has patched the functions for threads, waiting and time is debugged with the interpreter's
own. If those are not available either, it is left alone and the reason is given."""

from __future__ import annotations

import time

import pytest

from iqdebug.core.errors import CannotAttach
from iqdebug.dap.attach import AttachOptions, attach
from tests.dap.targets import attached, on_pythons, running, top

pytestmark = pytest.mark.slow


@on_pythons("3.8", "3.10", "3.12", "3.14")
async def test_patched_threads_that_run_in_their_starter(python: str) -> None:
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
async def test_no_thread_can_be_started(python: str) -> None:
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
