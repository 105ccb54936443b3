"""A breakpoint on a function's head stops in the function; debug builds stop like others."""

from __future__ import annotations

import os
import shutil

import pytest

from iqdebug.dap.session import Session
from tests.dap.targets import Target, Watcher, attached, on_pythons, running, top


@on_pythons("3.8", "3.11", "3.13")
async def test_a_breakpoint_on_a_function_s_head_moves_into_its_body(python: str) -> None:
    async with running(python, "heads.py") as target, attached(target) as (session, watcher):
        for head in ("decorator", "head", "parameter"):
            epoch = session.snapshot.epoch
            await session.set_breakpoints([target.breakpoint(head)])
            stop = await watcher.stopped(after=epoch)
            assert (top(stop).name, top(stop).line) == ("documented", target.line("first"))
            (breakpoint_,) = watcher.breakpoints
            assert breakpoint_.verified and breakpoint_.line == target.line("first")
            assert "first line of its body" in breakpoint_.message
            await session.set_breakpoints([])
            await session.resume()


async def _paused_and_hit(target: Target, session: Session, watcher: Watcher) -> None:
    await session.pause()
    stop = await watcher.stopped()
    await session.set_breakpoints([target.breakpoint("first")])
    await session.resume()
    hit = await watcher.stopped(after=stop.epoch)
    assert hit.focused is not None and hit.focused.is_main
    assert top(hit).line == target.line("first")


@on_pythons("3.8", "3.9", "3.11")
async def test_the_main_thread_stops_where_pydevd_s_compiled_library_is_missing(python: str) -> None:
    environment = dict(os.environ, PYDEVD_LOAD_NATIVE_LIB="0")
    async with running(python, "heads.py", env=environment) as target:
        async with attached(target) as (session, watcher):
            await _paused_and_hit(target, session, watcher)
        assert target.stderr == b""


@pytest.mark.real
@pytest.mark.skipif(shutil.which("python3-dbg") is None, reason="no python3-dbg on this machine")
async def test_the_main_thread_of_a_debug_build_stops() -> None:
    async with running("python3-dbg", "heads.py") as target:
        async with attached(target) as (session, watcher):
            await _paused_and_hit(target, session, watcher)
        async with attached(target, pause=True) as (_, watcher):
            await watcher.stopped()
        assert target.process.returncode is None
        assert target.stderr == b""
