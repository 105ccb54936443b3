"""Real processes for tests to attach to, and an ear for what a session says.

A target runs one of ``programs/`` under a given interpreter, takes commands as lines on its
stdin and answers as lines on its stdout. It is killed at the end whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core import python_versions
from iqdebug.core.session import DebugSession, StepKind
from iqdebug.core.state import Breakpoint, Frame, LogRecord, ProcessInfo, Snapshot, Variable
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.session import Session
from tests.conftest import marker
from tests.support.interpreters import interpreters, python_version

PROGRAMS = Path(__file__).resolve().parent / "programs"
MINORS = tuple(f"3.{minor}" for minor in python_versions.MINORS)


def _found() -> dict[str, str]:
    return {".".join(python_version(path).split(".")[:2]): path for path in interpreters()}


def on_pythons(*minors: str) -> pytest.MarkDecorator:
    """Parametrizes ``python`` over the given minor versions (all by default); one that is not
    on this machine is skipped with a reason."""
    found = _found()
    return pytest.mark.parametrize(
        "python",
        [
            pytest.param(
                found.get(minor, ""),
                id=minor,
                marks=() if minor in found else pytest.mark.skip(reason=f"no Python {minor} on this machine"),
            )
            for minor in (minors or MINORS)
        ],
    )


class Target:
    """A running program. ``stdout`` holds every byte that it wrote and that was read so far."""

    def __init__(self, process: asyncio.subprocess.Process, python: str, path: Path, errors: Path) -> None:
        self.process = process
        self.python = python
        self.path = path
        self.stdout = b""
        self._errors = errors

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def process_folder(self) -> str:
        """Its working directory."""
        return os.readlink(f"/proc/{self.pid}/cwd")

    @property
    def stderr(self) -> bytes:
        return self._errors.read_bytes()

    def info(self) -> ProcessInfo:
        return ProcessInfo(self.pid, "", python_version(self.python), self.path.name, str(self.path.parent))

    def line(self, name: str) -> int:
        return marker(self.path, name)

    def breakpoint(self, name: str, **options: Any) -> Breakpoint:
        return Breakpoint(str(self.path), self.line(name), **options)

    async def readline(self, timeout: float = 20.0) -> str:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), timeout)
        self.stdout += line
        return line.decode().rstrip("\n")

    def tell(self, command: str) -> None:
        """Send a command without waiting for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")

    async def ask(self, command: str, timeout: float = 20.0) -> Any:
        """Send a command and return its answer, decoded from JSON."""
        self.tell(command)
        return json.loads(await self.readline(timeout))

    async def exit_code(self, timeout: float = 20.0) -> int:
        """Wait for its end; afterwards ``stdout`` is complete."""
        assert self.process.stdout is not None
        self.stdout += await asyncio.wait_for(self.process.stdout.read(), timeout)
        return await asyncio.wait_for(self.process.wait(), timeout)

    async def goes_on(self, timeout: float = 5.0) -> None:
        """Assert that it answers a command within ``timeout`` seconds."""
        assert await self.ask("ping", timeout) == "pong"


@contextlib.asynccontextmanager
async def running(python: str, program: str, *arguments: str, **options: Any) -> AsyncIterator[Target]:
    """``program`` of ``programs/``, from the moment it says "ready"."""
    path = PROGRAMS / program
    handle, name = tempfile.mkstemp()
    process = await asyncio.create_subprocess_exec(
        python,
        *("-B", "-W", "ignore"),
        str(path),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=handle,
        limit=1 << 24,
        start_new_session=True,
        **options,
    )
    os.close(handle)
    target = Target(process, python, path, Path(name))
    try:
        said = await target.readline()
        assert said == "ready", (said, target.stderr)
        yield target
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        process._transport.close()  # type: ignore[attr-defined]
        os.unlink(name)


class Watcher:
    """Hears a session's listener calls and lets a test wait for one."""

    def __init__(self, session: DebugSession) -> None:
        self.session = session
        self.snapshots: list[Snapshot] = [session.snapshot]
        self.logs: list[LogRecord] = []
        self.breakpoints: Sequence[Breakpoint] = ()
        self._news = asyncio.Event()
        self.stop = session.subscribe(self)

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self._news.set()

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.logs.extend(records)
        self._news.set()

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.breakpoints = breakpoints
        self._news.set()

    async def until(self, predicate: Callable[[Snapshot], bool], timeout: float = 10.0) -> Snapshot:
        """The first published snapshot, the current one included, for which it holds."""
        await self._wait(lambda: predicate(self.snapshots[-1]), timeout, "snapshot")
        return self.snapshots[-1]

    async def stopped(self, after: int = -1, timeout: float = 10.0) -> Snapshot:
        """The description of a stop later than epoch ``after``."""
        return await self.until(lambda s: s.phase.is_stopped and s.epoch > after and s.revision > 0, timeout)

    async def logged(self, predicate: Callable[[LogRecord], bool], timeout: float = 10.0) -> LogRecord:
        await self._wait(lambda: any(map(predicate, self.logs)), timeout, "log record")
        return next(filter(predicate, self.logs))

    async def _wait(self, fulfilled: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        while not fulfilled():
            left = deadline - asyncio.get_running_loop().time()
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(left, 0.001))
            except asyncio.TimeoutError:
                last = self.snapshots[-1]
                pytest.fail(
                    f"no such {what} within {timeout} s; last {last.phase} {last.reason!r} {last.detail!r} "
                    f"logs {self.logs[-3:]}"
                )


@contextlib.asynccontextmanager
async def attached(target: Target, **options: Any) -> AsyncIterator[tuple[Session, Watcher]]:
    """A session on the target, detached at the end."""
    session = await attach(target.info(), AttachOptions(**options))
    try:
        yield session, Watcher(session)
    finally:
        await session.detach()


def top(snapshot: Snapshot) -> Frame:
    """The innermost frame of the thread in focus."""
    assert snapshot.focused is not None
    return snapshot.focused.frames[0]


async def frame_of(watcher: Watcher, name: str) -> tuple[Frame, int]:
    """The frame of a function in the focused stack of the current stop, and its epoch."""
    snapshot = await watcher.stopped()
    assert snapshot.focused is not None
    found = [f for f in snapshot.focused.frames if f.name.rpartition(".")[2] == name]
    assert found, [f.name for f in snapshot.focused.frames]
    return found[0], snapshot.epoch


async def step_to(session: Session, watcher: Watcher, line: int, most: int = 60) -> Snapshot:
    """Step over until the innermost frame stands at ``line``."""
    snapshot = await watcher.stopped()
    for _ in range(most):
        if top(snapshot).line == line:
            return snapshot
        assert snapshot.focus is not None
        await session.step(StepKind.OVER, snapshot.focus)
        snapshot = await watcher.stopped(after=snapshot.epoch)
    pytest.fail(f"line {line} not reached")


def named(variables: Sequence[Variable], name: str) -> Variable:
    found = [v for v in variables if v.name == name]
    assert found, [v.name for v in variables]
    return found[0]


async def until_true(check: Callable[[], Any], timeout: float = 5.0, what: str = "") -> Any:
    """Polls for what has no event: the state of another process as the kernel shows it."""
    deadline = asyncio.get_running_loop().time() + timeout
    while not (result := check()):
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"not within {timeout} s: {what or check}")
        await asyncio.sleep(0.02)
    return result


async def as_before(target: Target, before: dict[str, Any]) -> None:
    """Assert that the target's report is what it was. The kernel may list a thread of ours, or
    the end of a closed connection, a moment longer than it runs."""
    deadline = asyncio.get_running_loop().time() + 3
    while (after := await target.ask("report")) != before and asyncio.get_running_loop().time() < deadline:
        pass
    changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    if changed:
        pytest.fail(f"not as before: {changed}")


def sockets_of(pid: int) -> list[str]:
    """The sockets a process holds, as the kernel names them."""
    names = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            names.append(os.readlink(entry.path))
    return sorted(name for name in names if name.startswith("socket:"))
