"""Workers whose supervisor ends them when they are paused for long: gunicorn and uvicorn, as they are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import Phase
from iqdebug.crash import open_crash
from iqdebug.crash.folder import put
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.session import Session
from iqdebug.diagnosis.named_places import parse, resolve
from iqdebug.peek.preflight import require_attachable
from iqdebug.system.source_files import read_lines
from tests.dap.targets import Watcher, top, until_true
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

APPLICATION = """\
def app(environ, start):
    answer = b"pong"  # @answer
    start("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


async def asgi(scope, receive, send):
    if scope["type"] == "http":
        answer = b"pong"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": answer})
"""


class Service:
    """A server with workers. ``port`` is on loopback."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def children(self) -> list[int]:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            return [int(word) for word in words]
        return []

    def ask(self) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=20) as reply:
            return bytes(reply.read())

    def answers(self) -> bool:
        try:
            return self.ask() == b"pong"
        except OSError:
            return False


@contextlib.asynccontextmanager
async def service(folder: Path, *words: str) -> AsyncIterator[Service]:
    """``words``: the server's, with {port} where it listens."""
    (folder / "shop.py").write_text(APPLICATION)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = folder / "log"
    with open(log, "wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-B", "-m", *(word.format(port=port) for word in words)),
            cwd=folder,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    started = Service(process, port, log)
    try:
        await until_true(lambda: started.children() and started.answers(), 30, log.read_text())
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def gunicorn(folder: Path, *options: str) -> contextlib.AbstractAsyncContextManager[Service]:
    return service(folder, "gunicorn", "-b", "127.0.0.1:{port}", "-w", "1", *options, "shop:app")


def uvicorn(folder: Path) -> contextlib.AbstractAsyncContextManager[Service]:
    return service(folder, "uvicorn", "--port", "{port}", "--workers", "2", "shop:asgi")


@contextlib.asynccontextmanager
async def attached_to(pid: int, **options: object) -> AsyncIterator[tuple[Session, Watcher]]:
    session = await attach(require_attachable(pid), AttachOptions(**options))  # type: ignore[arg-type]
    try:
        yield session, Watcher(session)
    finally:
        await session.detach()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and bool(Path(f"/proc/{pid}/cmdline").read_bytes())


async def paused_until_it_ends(running: Service, worker: int, name: str, seconds: float) -> None:
    async with attached_to(worker) as (session, watcher):
        found = session.supervision
        assert found is not None and found.supervisor.name == name
        assert found.supervisor.pid == running.process.pid and found.supervisor.timeout_s == seconds
        assert found.warning == ""
        await session.pause()
        await watcher.stopped()
        first = found.left
        # gunicorn's waits half of that for requests, without a sign.
        assert first is not None and seconds / 2 - 1 <= first <= seconds
        assert f"{name} ends this worker in " in found.warning
        await until_true(lambda: (found.left or 0) < first - 1, 5, "it runs down")
        ended = await watcher.until(lambda s: s.phase is Phase.ENDED, timeout=seconds + 15)
        assert render(ended.reason) == (
            f"{name} ({running.process.pid}) ended this worker after {seconds:g} s "
            "without a sign: it was paused"
        )
    await until_true(lambda: [c for c in running.children() if c != worker], 15, "another worker")
    await until_true(running.answers, 15, "it answers again")


async def test_gunicorn_ends_a_paused_worker_as_it_was_told_to_be(tmp_path: Path) -> None:
    async with gunicorn(tmp_path, "--timeout", "4") as running:
        await paused_until_it_ends(running, running.children()[0], "gunicorn", 4.0)


def worker_of(running: Service) -> int:
    for child in running.children():
        if b"--multiprocessing-fork" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise AssertionError(running.log.read_text())


@pytest.mark.real
async def test_uvicorn_ends_a_paused_worker_as_it_was_told_to_be(tmp_path: Path) -> None:
    async with uvicorn(tmp_path) as running:
        await paused_until_it_ends(running, worker_of(running), "uvicorn", 5.0)


async def recorded_without_holding(running: Service, worker: int, place: str, folder: Path) -> None:
    """What L and --no-hold do, five times: the worker is never held for a second, and lives on."""
    async with attached_to(worker) as (session, watcher):
        wanted = await resolve(parse(place), str(folder), session.finder, read_lines)
        for _ in range(5):
            before = session.snapshot.epoch
            await session.set_breakpoints([wanted])
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(None, running.ask)
            stop = await watcher.stopped(after=before, timeout=20)
            began = time.monotonic()
            name, data = await session.record()
            await session.arm(False)
            await session.resume()
            held = time.monotonic() - began
            assert held < 2.5, held
            kept = open_crash(put(name, data)).snapshot
            assert kept.focused is not None and top(stop).name == kept.focused.frames[0].name
            assert kept.focused.frames[0].line == wanted.line
            assert any(v.name == "environ" for v in kept.focused.frames[0].locals or ())
            await session.arm(True)
            await session.set_breakpoints([])
            assert await asked == b"pong"
    assert running.children() == [worker], running.log.read_text()
    assert "TIMEOUT" not in running.log.read_text()


async def test_a_worker_is_looked_at_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path / "crashes"))
    async with gunicorn(tmp_path, "--timeout", "4") as running:
        await recorded_without_holding(running, running.children()[0], "shop.app", tmp_path)


async def held_with_its_clock(worker: int, seconds: float) -> None:
    async with attached_to(worker) as (session, watcher):
        found = session.supervision
        assert found is not None and found.why_not_hold() == ""
        await session.pause()
        await watcher.stopped()
        found.holding = True
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert found.tick()
            await asyncio.sleep(0.5)
        assert alive(worker) and session.snapshot.phase is Phase.PAUSED
        assert found.warning == "gunicorn's clock is held (H lets it go)"


@pytest.mark.real
@pytest.mark.parametrize("kind", ["sync", "gthread"])
async def test_gunicorn_s_clock_is_held_and_let_go_with_the_session(tmp_path: Path, kind: str) -> None:
    async with gunicorn(tmp_path, "--timeout", "3", "-k", kind) as running:
        (worker,) = running.children()
        await held_with_its_clock(worker, 8.0)
        await until_true(running.answers, 10, "it answers when it was left")
        assert running.children() == [worker]
        log = running.log.read_text()
        assert "TIMEOUT" not in log, log
        # Stopped by the kernel, with nobody to hold the clock any more: the arbiter ends it as before.
        os.kill(worker, signal.SIGSTOP)
        await until_true(lambda: running.children() not in ([worker], []), 15, "another worker")


@needs_tmux
@pytest.mark.real
async def test_no_stop_holds_a_busy_worker_with_threads(tmp_path: Path) -> None:
    """Many threads come to the breakpoint at once; each look costs them moments, not answers."""
    command = [sys.executable, "-m", "iqdebug", "attach", "--yes", "--no-hold", "--break", "shop.app"]
    async with gunicorn(tmp_path, "--timeout", "4", "-k", "gthread", "--threads", "8") as running:
        (worker,) = running.children()
        stop = threading.Event()
        answers: list[bytes] = []

        def kept() -> int:
            return len(list((tmp_path / "state").rglob("*.iqcrash")))

        def load() -> None:
            while not stop.is_set():
                answers.append(running.ask())

        clients = [threading.Thread(target=load) for _ in range(6)]
        for client in clients:
            client.start()
        try:
            with Terminal([*command, str(worker)], tmp_path / "state", 100, 30) as it:
                for number in range(1, 5):
                    await until_true(
                        partial(lambda number: kept() == number, number), 20, "another recording"
                    )
                    await asyncio.to_thread(it.wait_for, "recorded 2", "the process runs on", "environ")
                    so_far = len(answers)
                    await until_true(
                        partial(lambda before: len(answers) > before + 50, so_far), 20, "it answers"
                    )
                    it.keys("c")
                await until_true(lambda: kept() == 5, 20, "the last recording")
                it.keys("q")
                await asyncio.to_thread(it.wait_for, "EXIT=0")
        finally:
            stop.set()
            for client in clients:
                await asyncio.to_thread(client.join, 30)
        assert set(answers) == {b"pong"}
        assert running.children() == [worker], running.log.read_text()
        assert "TIMEOUT" not in running.log.read_text()
