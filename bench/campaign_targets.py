"""The processes that a campaign attaches to: loops and servers that keep working and report their state."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.environments import interpreter_with
from tests.support.interpreters import python_version

__all__ = ["KINDS", "SERVED", "WITH_PACKAGES", "Target", "start"]

_PROGRAMS = Path(__file__).resolve().parent / "programs"
_PACKAGES = ("gevent", "coverage", "gunicorn", "uvicorn", "packaging")  # the last for gunicorn's gevent
SERVED = ("gunicorn", "gunicorn-gevent", "uvicorn")
WITH_PACKAGES = ("gevent", "coverage", *SERVED)
KINDS = ("busy", "busy4", "sleepy", "waiting", "settrace", *WITH_PACKAGES)
"""One or four CPU-bound threads; a main thread that mostly sleeps; one that waits for a lock; one with a
trace function of its own; gevent's monkey patching; coverage run; workers below a supervisor."""

START_TIMEOUT = 30.0
ANSWER_TIMEOUT = 5.0


class Target:
    """A working process. ``pid`` is the process to attach to: for a server, its worker."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._stderr = stderr

    def alive(self) -> bool:
        if self.process.returncode is not None:
            return False
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    def stderr_text(self) -> bytes:
        """What the process has written to its standard error."""
        return self._stderr.read_bytes()

    async def advances(self, timeout: float = ANSWER_TIMEOUT) -> bool:
        """Whether the process does some work within ``timeout`` seconds."""
        raise NotImplementedError

    async def report(self, timeout: float = ANSWER_TIMEOUT) -> dict[str, Any] | None:
        """The process's state (see ``programs/reported.py``); None if it does not answer in time."""
        raise NotImplementedError

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]
        self._stderr.unlink(missing_ok=True)


class _Loop(Target):
    """Counts its work in a file and answers through it."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path, counter: Path) -> None:
        super().__init__(process, stderr)
        self._counter = counter
        self._handle = os.open(counter, os.O_RDWR)
        self._questions = 0

    def _number(self, offset: int) -> int:
        return int(os.pread(self._handle, 20, offset).strip(b"\0 ") or 0)

    async def _until(self, offset: int, wanted: int, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._number(offset) < wanted:
            if self.process.returncode is not None or time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    async def advances(self, timeout: float = ANSWER_TIMEOUT) -> bool:
        return await self._until(0, self._number(0) + 1, timeout)

    async def report(self, timeout: float = ANSWER_TIMEOUT) -> dict[str, Any] | None:
        self._questions += 1
        os.pwrite(self._handle, b"%20d" % self._questions, 32)
        if not await self._until(64, self._questions, timeout):
            return None
        answer: dict[str, Any] = json.loads(Path(f"{self._counter}.report").read_bytes())
        return answer

    async def close(self) -> None:
        await super().close()
        os.close(self._handle)
        self._counter.unlink(missing_ok=True)
        Path(f"{self._counter}.report").unlink(missing_ok=True)


class _Served(Target):
    """A server's worker, queried over HTTP on loopback. Of several workers, the first that answered."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path, port: int) -> None:
        super().__init__(process, stderr)
        self._port = port

    def _get(self, path: str, timeout: float) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=timeout) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    async def _ask(self, path: str, timeout: float, pid: int | None) -> dict[str, Any] | None:
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(OSError, ValueError):
                answer = await asyncio.to_thread(self._get, path, min(left, 2.0))
                if pid in (None, answer["pid"]):
                    return answer
            await asyncio.sleep(0.01)
        return None

    async def started(self) -> bool:
        answer = await self._ask("/", START_TIMEOUT, None)
        if answer is not None:
            self.pid = answer["pid"]
        return answer is not None

    async def advances(self, timeout: float = ANSWER_TIMEOUT) -> bool:
        return await self._ask("/", timeout, self.pid) is not None

    async def report(self, timeout: float = ANSWER_TIMEOUT) -> dict[str, Any] | None:
        return await self._ask("/report", timeout, self.pid)


async def start(python: str, kind: str) -> Target:
    """Start a process of one of :data:`KINDS` and wait until it works.

    :raises NoEnvironment: its packages cannot be installed for that interpreter.
    :raises RuntimeError: it did not start.
    """
    if kind in WITH_PACKAGES:
        python = await asyncio.to_thread(interpreter_with, python, *_PACKAGES)
    handle, name = tempfile.mkstemp(prefix="iqdebug-campaign-")
    counter, port = Path(name), _free_port()
    errors = Path(f"{name}.stderr")
    with open(errors, "wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            # A target with the same claim to the CPU as gdb would only make a campaign longer.
            *("nice", "-n", "10", python, "-B", *_words(kind, name, port)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
            env={**os.environ, "COVERAGE_FILE": f"{name}.coverage", "PYTHONPATH": str(_PROGRAMS)},
        )
    os.close(handle)
    target: Target
    if kind in SERVED:
        target = served = _Served(process, errors, port)
        working = await served.started()
        counter.unlink()
    else:
        target = _Loop(process, errors, counter)
        working = await target.advances(START_TIMEOUT) and await target.advances(START_TIMEOUT)
    if not working:
        output = target.stderr_text()[-300:].decode(errors="replace")
        await target.close()
        raise RuntimeError(f"{kind} did not start under {python_version(python)}: {output}")
    return target


def _words(kind: str, name: str, port: int) -> list[str]:
    if kind.startswith("gunicorn"):
        worker = kind.partition("-")[2] or "sync"
        where = ["--pythonpath", str(_PROGRAMS), "-b", f"127.0.0.1:{port}", "-k", worker]
        return ["-m", "gunicorn", "--log-level", "error", *where, "serving:wsgi"]
    if kind == "uvicorn":
        where = ["--app-dir", str(_PROGRAMS), "--port", str(port), "--workers", "2"]
        return ["-m", "uvicorn", "--log-level", "error", *where, "serving:asgi"]
    program = [str(_PROGRAMS / "working.py"), kind, name]
    return ["-m", "coverage", "run", *program] if kind == "coverage" else program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
