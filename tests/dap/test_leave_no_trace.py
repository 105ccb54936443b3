"""After a detach a target is what it was before, on every interpreter."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from iqdebug.core.session import StepKind
from iqdebug.core.state import Phase
from tests.dap.targets import Target, as_before, attached, frame_of, on_pythons, running

pytestmark = pytest.mark.slow


async def _use_everything(target: Target) -> None:
    async with attached(target) as (session, watcher):
        await session.set_breakpoints([target.breakpoint("call")])
        frame, epoch = await frame_of(watcher, "outer")
        await session.variables(frame, epoch)
        await session.evaluate("n + 1", frame, epoch)
        await session.complete("n", 1, frame, epoch)
        await session.step(StepKind.IN, session.snapshot.focus or 0)
        await watcher.stopped(after=epoch)
        await session.set_breakpoints([target.breakpoint("call", condition="False")])
        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.RUNNING)
        assert await target.ask("log") == "logged"
        record = await watcher.logged(lambda r: r.stream == "logging")
        assert (record.text, record.level, record.logger) == ("order 7 is late", 30, "service")
        target.tell("print")
        assert await target.readline() == "a line of its own"
        await watcher.logged(lambda r: r.stream == "stdout" and r.text == "a line of its own")
        await session.evaluate("print('asked')", None, 0)
        assert await target.readline() == "asked"
        await session.refresh()


@on_pythons()
async def test_nothing_stays_behind(python: str) -> None:
    async with running(python, "service.py", "3") as target:
        assert await target.ask("caught") == "caught"
        before = await target.ask("report")
        said = target.stdout
        await _use_everything(target)
        assert target.stdout == said + b'"logged"\na line of its own\nasked\n'
        await as_before(target, before)
        async with attached(target, pause=True) as (_, watcher):
            await watcher.stopped()  # left while paused, this time
        await as_before(target, before)
        target.tell("exit")
        assert await target.exit_code() == 3
        assert target.stderr == b""


@on_pythons()
async def test_ten_attaches_to_one_process(python: str) -> None:
    async with running(python, "service.py") as target:
        before = await target.ask("report")
        for _ in range(10):
            async with attached(target, pause=True) as (_, watcher):
                stop = await watcher.stopped()
                assert stop.focused is not None and stop.focused.frames
            await target.goes_on()
        await as_before(target, before)
        assert target.stderr == b""


@on_pythons("3.11", "3.12")
async def test_a_breakpoint_that_was_taken_out_holds_in_the_next_session(python: str) -> None:
    async with running(python, "service.py") as target:
        for _ in range(2):
            async with attached(target) as (session, watcher):
                await session.set_breakpoints([target.breakpoint("call")])
                stop = await watcher.stopped()
                await session.set_breakpoints([])
                await session.resume()
                await target.goes_on()
                await session.pause()
                await watcher.stopped(after=stop.epoch)


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_no_port_is_opened_and_no_process_is_left(python: str) -> None:
    async with running(python, "service.py") as target, attached(target):
        ours = {os.getpid(), target.pid}
        inodes = {
            os.readlink(link)[8:-1]
            for pid in ours
            for link in Path(f"/proc/{pid}/fd").iterdir()
            if os.path.islink(link) and os.readlink(link).startswith("socket:[")
        }
        for table in ("tcp", "tcp6"):
            file = Path("/proc/net", table)
            rows = file.read_text().splitlines()[1:] if file.exists() else []
            assert not [row for row in rows if row.split()[9] in inodes]
        listening = [
            row
            for row in Path("/proc/net/unix").read_text().splitlines()[1:]
            if row.split()[6] in inodes and row.split()[3] == "00010000"
        ]
        assert not listening
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in children if pid != str(target.pid)]
    assert "gdb" not in names, json.dumps(names)
