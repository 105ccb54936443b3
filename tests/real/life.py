"""One life of a real server: asked by a bounded client on loopback, with iqdebug coming and going or left
alone. What the two lives have in common is compared by the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import Breakpoint, Phase, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.session import Session
from tests.conftest import marker
from tests.dap.targets import Watcher, frame_of, until_true
from tests.support.interpreters import python_version

PROGRAMS = Path(__file__).resolve().parent / "programs"
HANDLED = PROGRAMS / "handled.py"
START_TIMEOUT = 40.0
REQUESTS = 20  # at each stage of a life


@dataclass(frozen=True)
class Program:
    """``words`` follow the interpreter, with ``{port}`` and ``{folder}``; ``client`` is a second process
    that the requests go through. ``screen``: it draws on a terminal."""

    name: str
    words: tuple[str, ...]
    packages: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    ends_by: signal.Signals = signal.SIGTERM
    screen: bool = False


@dataclass
class Life:
    """What can be compared with another life. ``answers`` lack what differs from run to run."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    children: int = 0
    exit_code: int = 0


class Server:
    def __init__(self, program: Program, port: int, process: asyncio.subprocess.Process, log: Path) -> None:
        self.program = program
        self.port = port
        self.process = process
        self.worker = process.pid
        self._log = log

    def log(self) -> list[str]:
        """Its standard error, with numbers and addresses made equal, sorted: workers take turns."""
        text = self._log.read_text("utf-8", "replace")
        return sorted(re.sub(r"0x[0-9a-f]+|\d+", "0", line) for line in text.splitlines())

    def children(self) -> int:
        return len(psutil.Process(self.process.pid).children(recursive=True))

    def _get(self, number: int, timeout: float) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{number}", timeout=timeout) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    async def ask(self, number: int, timeout: float = 20.0) -> dict[str, Any]:
        answer = await asyncio.to_thread(self._get, number, timeout)
        self.worker = answer.pop("pid")
        return answer

    async def asked(self, first: int) -> list[dict[str, Any]]:
        return [await self.ask(number) for number in range(first, first + REQUESTS)]

    async def answers_soon(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                await self.ask(1, 20.0)
                return
            except OSError:
                if self.process.returncode is not None or time.monotonic() > deadline:
                    pytest.fail(f"{self.program.name} does not answer: {self._log.read_text()[-600:]}")
                await asyncio.sleep(0.05)

    async def end(self) -> int:
        self.process.send_signal(self.program.ends_by)
        return await asyncio.wait_for(self.process.wait(), 20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def started(python: str, program: Program) -> AsyncIterator[Server]:
    """The program, from its first answer to its end, which comes whatever happens."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), _free_port()
        for each in ("queue", "control", "results"):
            (folder / each).mkdir()
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))},
            "FOLDER": name,
            "PYTHONPATH": str(PROGRAMS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "xterm-256color",
        }
        processes: list[asyncio.subprocess.Process] = []

        async def run(words: tuple[str, ...], output: Any, **more: Any) -> asyncio.subprocess.Process:
            filled = [word.format(port=port, folder=name) for word in words]
            process = await asyncio.create_subprocess_exec(
                *(python, *filled), cwd=name, env=environment, start_new_session=True, stderr=output, **more
            )
            processes.append(process)
            return process

        log = folder / "stderr"
        master, slave = pty.openpty() if program.screen else (-1, -1)
        quiet = {"stdin": asyncio.subprocess.DEVNULL, "stdout": asyncio.subprocess.DEVNULL}
        with open(log, "wb") as output:
            if program.screen:
                served = await run(program.words, slave, stdin=slave, stdout=slave)
                asyncio.get_running_loop().add_reader(master, lambda: os.read(master, 65536))
            else:
                served = await run(program.words, output, **quiet)
            if program.client:
                await run(program.client, asyncio.subprocess.DEVNULL, **quiet)
        server = Server(program, port, served, log)
        try:
            await server.answers_soon()
            yield server
        finally:
            if program.screen:
                asyncio.get_running_loop().remove_reader(master)
                os.close(master)
                os.close(slave)
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                process._transport.close()  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def debugging(server: Server, python: str, **options: Any) -> AsyncIterator[tuple[Session, Watcher]]:
    """A session on the process that answers the requests."""
    info = ProcessInfo(server.worker, "", python_version(python), server.program.name, str(PROGRAMS))
    session = await attach(info, AttachOptions(**options))
    try:
        yield session, Watcher(session)
    finally:
        await session.detach()


async def _stopped_in_a_request(server: Server, session: Session, watcher: Watcher) -> dict[str, Any]:
    """One request is held at a breakpoint, looked at, stepped, and let go; its answer."""
    await session.set_breakpoints([Breakpoint(str(HANDLED), marker(HANDLED, "handled"))])
    epoch = session.snapshot.epoch
    request: Awaitable[dict[str, Any]] = asyncio.ensure_future(server.ask(7))
    await watcher.stopped(after=epoch)
    frame, epoch = await frame_of(watcher, "handle")
    assert (await session.evaluate("total + 1", frame, epoch)).value == str(sum(n * n for n in range(8)) + 1)
    assert "squares" in {variable.name for variable in await session.variables(frame, epoch)}
    await session.set_breakpoints([])
    await session.resume()
    return await request


async def lived(python: str, program: Program, debugged: bool) -> Life:
    """Start it, ask it, end it; ``debugged``: with iqdebug attached, pausing, stopping, leaving and
    coming again in between."""
    life = Life()
    async with started(python, program) as server:
        life.answers += await server.asked(0)
        if debugged:
            async with debugging(server, python) as (session, watcher):
                life.answers += await server.asked(20)
                life.answers.append(await _stopped_in_a_request(server, session, watcher))
                await _paused_and_resumed(server, session, watcher)
        else:
            life.answers += await server.asked(20)
            life.answers.append(await server.ask(7))
            life.answers.append(await server.ask(9))
        if debugged:
            life.answers.append(await server.ask(9))
            async with debugging(server, python, pause=True):
                pass  # left while it may be paused
        life.answers += await server.asked(40)
        life.children = server.children()
        life.exit_code = await server.end()
        life.log = server.log()
    return life


async def _paused_and_resumed(server: Server, session: Session, watcher: Watcher) -> None:
    await session.pause()
    await watcher.until(lambda s: s.phase is Phase.PAUSED or "waits in C" in render(s.detail))
    if session.snapshot.phase is Phase.PAUSED:
        assert session.snapshot.focused is not None and session.snapshot.focused.frames
        await session.resume()
    await until_true(lambda: psutil.pid_exists(server.worker))
