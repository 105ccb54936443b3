"""A worker of gunicorn's gevent class, which its master watches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from iqdebug.core.session import StepKind
from iqdebug.core.state import Breakpoint, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from tests.conftest import marker
from tests.dap.targets import PROGRAMS, Watcher, top, until_true
from tests.real.environments import python_with
from tests.support.interpreters import python_version

APP = PROGRAMS / "green_app.py"


def _get(port: int, timeout: float = 10.0) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=timeout) as answer:
        body: bytes = answer.read()
        return body


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return _get(port, 2.0) == b"42"
    return False


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _said(log: Path) -> list[str]:
    """Without the line about gunicorn's own control socket, which may come late."""
    return [line for line in log.read_text().splitlines() if "Control socket" not in line]


@contextlib.asynccontextmanager
async def _gunicorn(python: str, log: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "--chdir", str(APP.parent))
    with log.open("wb") as errors:
        master = await asyncio.create_subprocess_exec(
            *(python, "-m", "gunicorn", *options, "green_app:application"),
            stdout=errors,
            stderr=errors,
            env={**os.environ, "HOME": str(log.parent)},
            start_new_session=True,
        )
    try:
        while not await asyncio.to_thread(_answers, port):
            assert master.returncode is None, log.read_text()
            await asyncio.sleep(0.05)
        yield master, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(master.pid, signal.SIGKILL)
        await master.wait()


@pytest.mark.real
@pytest.mark.parametrize("minor", ["", "3.10", "3.12", "3.13"])
async def test_a_worker_comes_through(minor: str, tmp_path: Path) -> None:
    python = python_with(minor, "gevent", "gunicorn", "packaging") if minor else sys.executable
    log = tmp_path / "log"
    async with _gunicorn(python, log) as (master, port):
        (worker,) = _children(master.pid)
        before = _said(log)
        for _ in range(2):
            session = await attach(
                ProcessInfo(worker, "", python_version(python), "", ""),
                AttachOptions(breakpoints=[Breakpoint(str(APP), marker(APP, "answer"))]),
            )
            watcher = Watcher(session)
            try:
                asked = asyncio.ensure_future(asyncio.to_thread(_get, port))
                stop = await watcher.stopped()
                assert top(stop).name == "answer"
                await session.step(StepKind.OVER, stop.focus or 0)
                stop = await watcher.stopped(after=stop.epoch)
                assert (await session.evaluate("doubled", top(stop), stop.epoch)).value == "42"
                await session.set_breakpoints([])
                await session.resume()
                assert await asked == b"42"
                await session.pause()
                await watcher.stopped(after=stop.epoch)
            finally:
                await session.detach()
            await until_true(lambda: _answers(port), what="an answer")
        assert _children(master.pid) == [worker]
        assert _said(log) == before
        master.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(master.wait(), 20) == 0
