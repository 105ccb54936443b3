"""Targets that are not running Python when iqdebug comes."""

from __future__ import annotations

import asyncio
import time

import pytest

from iqdebug.core.errors import AttachTimeout
from iqdebug.core.messages import render
from iqdebug.core.state import Phase, ThreadState
from iqdebug.dap.attach import AttachOptions, attach
from tests.dap.targets import Watcher, attached, named, on_pythons, running, until_true

pytestmark = pytest.mark.slow

SOME = ("3.8", "3.11", "3.12", "3.13", "3.14")


def threads_in_kernel(pid: int) -> int:
    from pathlib import Path

    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@on_pythons()
@pytest.mark.parametrize("way", ["sleeps", "lock", "reads"])
async def test_a_main_thread_asleep_in_c(python: str, way: str) -> None:
    async with running(python, "blocked.py", way) as target:
        started = time.monotonic()
        async with attached(target) as (session, watcher):
            assert time.monotonic() - started < 8.0
            main = session.snapshot.threads[0]
            assert main.is_main and main.frames[0].name == way
            assert main.state is ThreadState.WAITING
            if way == "sleeps":
                assert main.frames[0].line == target.line("blocked")
            if way == "lock":
                assert named(main.frames[0].locals or (), "held").type == "_thread.lock"
            if way == "reads":
                await session.pause()
                await watcher.until(lambda s: render(s.detail) == "pausing", 2.0)
                explained = await watcher.until(lambda s: "pause requested" in render(s.detail), 4.0)
                assert explained.phase is Phase.RUNNING
        assert target.process.returncode is None
        await until_true(lambda: threads_in_kernel(target.pid) == 1, what="our threads gone")


@on_pythons()
async def test_an_idle_event_loop_pauses(python: str) -> None:
    async with running(python, "blocked.py", "loop") as target, attached(target) as (session, watcher):
        (task,) = session.snapshot.tasks
        assert task.frames[-1].name.rpartition(".")[2] == "main"
        started = time.monotonic()
        await session.pause()
        stop = await watcher.stopped()
        assert time.monotonic() - started < 2.0
        assert stop.focused is not None and stop.focused.is_main
        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.RUNNING)


@on_pythons(*SOME)
@pytest.mark.parametrize("way", ["lock_in_c", "other_holds"])
async def test_the_interpreter_lock_is_held_in_c(python: str, way: str) -> None:
    async with running(python, "blocked.py", way) as target:
        words: list[str] = []

        def heard(said: str) -> None:
            if "completes by itself" in said and "go" not in words:
                target.tell("go")
                words.append("go")

        session = await attach(target.info(), AttachOptions(pause=True), heard)
        try:
            assert words == ["go"]
            if way == "lock_in_c":
                assert await target.readline() == "returned"
            stop = await Watcher(session).stopped()
            assert stop.focused is not None and stop.focused.frames[0].name == way
        finally:
            await session.detach()


@on_pythons(*SOME)
async def test_the_lock_is_held_in_c_while_the_main_thread_sleeps(python: str) -> None:
    async with running(python, "blocked.py", "holds_beside_a_sleeper") as target:
        words: list[str] = []

        def heard(said: str) -> None:
            if "completes by itself" in said and "go" not in words:
                target.tell("go")
                words.append("go")

        session = await attach(target.info(), AttachOptions(), heard)
        try:
            assert words == ["go"] and session.snapshot.phase is Phase.RUNNING
        finally:
            await session.detach()
        assert target.process.returncode is None and target.stderr == b""


@on_pythons("3.8", "3.12", "3.14")
async def test_patience_has_a_bound_when_asked_for(python: str) -> None:
    async with running(python, "blocked.py", "lock_in_c") as target:
        with pytest.raises(AttachTimeout) as raised:
            await attach(target.info(), AttachOptions(wait=0.5))
        assert 1 <= len(raised.value.lines()) <= 3
        target.tell("go")
        assert await target.readline() == "returned"
        # The agent that was asked in finds nobody to talk to, and leaves.
        await until_true(lambda: threads_in_kernel(target.pid) == 1)
        async with attached(target, pause=True) as (_, watcher):
            await watcher.stopped()
        assert target.stderr == b""


@on_pythons(*SOME)
async def test_fifty_threads(python: str) -> None:
    async with running(python, "blocked.py", "many") as target:
        async with attached(target, pause=True) as (session, watcher):
            stop = await watcher.stopped()
            names = {t.name for t in stop.threads}
            assert names >= {f"t{i}" for i in range(50)} | {"MainThread"}
            await session.resume()
            await watcher.until(lambda s: s.phase is Phase.RUNNING)
            await session.refresh()
            assert len(session.snapshot.threads) == 51
        await until_true(lambda: threads_in_kernel(target.pid) == 51)
        await asyncio.sleep(0)
