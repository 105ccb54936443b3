"""A command run to its end, or to its limit, with everything that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from iqdebug.capture.__main__ import entered
from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import Text, message, render
from iqdebug.core.paths import frame_kind
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.to_snapshot import place_of

__all__ = ["Execution", "Failure", "execute", "failure_of", "failures_in"]

MAX_OUTPUT_BYTES = 60_000  # bytes of output kept from each end
KILL_TIMEOUT = 5  # seconds for the end of what was killed; one that waits for a disk may take longer
_MARK = "IQDEBUG_TRY"
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+), in (\S+)')
_ERROR = re.compile(r"^(?:E\s+)?([A-Za-z_][\w.]*)(?::\s?(.*))?$")
_HEAD = re.compile(r"^\s*(?:\|\s*)?(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):")


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception and where it arose: ``function`` is the innermost of the person's own code, without
    its class."""

    type: str
    function: str
    message: str = ""

    def same(self, other: Failure) -> bool:
        """Whether both are of one type and arose in one function."""
        return _last(self.type) == _last(other.type) and self.function == other.function

    @property
    def shown(self) -> Text:
        what = f"{self.type}: {self.message}" if self.message else self.type
        if not self.function:
            return what
        return message("assistant.actions.failure.in_function", failure=what, function=self.function)


@dataclass(frozen=True, slots=True)
class Execution:
    """``output`` is what was written to both streams, cut in the middle where it is long. ``code`` is
    the exit code, negative for a signal, None when the limit ended it."""

    code: int | None
    output: str
    seconds: float
    timed_out: bool = False
    failures: tuple[Failure, ...] = ()

    @property
    def words(self) -> Text:
        """How it ended."""
        if self.timed_out:
            return message("assistant.actions.run.ended", seconds=f"{self.seconds:.0f}")
        if self.failures:
            return self.failures[0].shown
        if self.code is not None and self.code < 0:
            return message("assistant.actions.run.signal", signal=-self.code)
        if self.code:
            return message("assistant.actions.run.exit_code", code=self.code)
        return message("assistant.actions.run.ended_well")


async def execute(
    words: Sequence[str],
    cwd: str,
    environ: Mapping[str, str],
    *,
    seconds: float,
    crashes: Path | None = None,
) -> Execution:
    """Run it in a process group of its own, without input. When it has ended, or the time is up,
    everything that it started is killed, also what left the group, and has ended on return.

    :param crashes: a folder for crash files of Python processes among them, from which failures are read.
    :raises UsageError: it cannot be started.
    """
    token = secrets.token_hex(12)
    settings = {**environ, _MARK: token}
    if crashes is not None:
        crashes.mkdir(parents=True, exist_ok=True)
        settings["IQDEBUG_CAPTURE"] = str(crashes)
        settings.update(entered(settings), IQDEBUG_CAPTURE_BOOT="children")
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            list(words),
            cwd=cwd,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise UsageError(message("assistant.actions.run.not_started", program=words[0]), str(error)) from None
    reader = _Reader(process)
    timed_out = False
    try:
        # The end of the process counts, not that of its output, which a child may keep open.
        timed_out = not await asyncio.to_thread(_ended, process, seconds)
    finally:
        await asyncio.to_thread(_finish, process, token, reader)
    output = reader.text
    taken = time.monotonic() - started
    failures = (*_recorded(crashes), *failures_in(output))
    code = None if timed_out else process.returncode
    return Execution(code, output, taken, timed_out, tuple(dict.fromkeys(failures)))


class _Reader(threading.Thread):
    """Takes the output as it comes, so that the program never waits for us; keeps both its ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True, name="iqdebug-output")
        assert process.stdout is not None
        self._stream = process.stdout
        self._head, self._tail, self._total = b"", b"", 0
        self.start()

    def run(self) -> None:
        with self._stream:
            while part := os.read(self._stream.fileno(), 65_536):
                self._total += len(part)
                room = MAX_OUTPUT_BYTES - len(self._head)
                self._head += part[:room]
                self._tail = (self._tail + part[max(room, 0) :])[-MAX_OUTPUT_BYTES:]

    @property
    def text(self) -> str:
        left = self._total - len(self._head) - len(self._tail)
        cut = b""
        if left > 0:
            words = render(message("assistant.actions.run.left_out", count=f"{left:,}"))
            cut = f"\n{words}\n".encode()
        return (self._head + cut + self._tail).decode("utf-8", "replace")


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _finish(process: subprocess.Popen[bytes], token: str, reader: _Reader) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + KILL_TIMEOUT
    killed: set[psutil.Process] = set()
    while True:
        # Looked for anew each time: one of them may have started another meanwhile.
        for child in _marked(token):
            with contextlib.suppress(psutil.Error):
                child.kill()
            killed.add(child)
        killed = {child for child in killed if _lives(child)}
        if not killed or time.monotonic() > deadline:
            break
        time.sleep(0.005)
    reader.join(5)


def _marked(token: str) -> Iterator[psutil.Process]:
    """Those that inherited the environment, wherever they have moved to."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == token:
                yield process


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def failure_of(crash: Crash) -> Failure | None:
    """What a crash file records; None where there was no exception."""
    root = crash.exceptions.get(crash.root) if crash.root is not None else None
    if root is None:
        return None
    place = place_of(crash)
    return Failure(root.type, _short(place[2]) if place is not None else "", root.message)


def _recorded(folder: Path | None) -> list[Failure]:
    failures = []
    for path in sorted(folder.glob("*.iqcrash")) if folder is not None and folder.is_dir() else []:
        try:
            failure = failure_of(open_crash(path))
        except IqdebugError:
            continue
        if failure is not None:
            failures.append(failure)
    return failures


def failures_in(output: str) -> list[Failure]:
    """The exceptions of the tracebacks in a text, the last one first: what ended the program."""
    failures: list[Failure] = []
    function, own, inside = "", "", False
    for line in output.splitlines():
        frame = _FRAME.match(line.lstrip("| "))
        if _HEAD.match(line):
            function = own = ""
            inside = True
        elif frame is not None and inside:
            function = frame[3]
            if frame_kind(frame[1]) == "user":
                own = frame[3]
        elif inside and line and not line[0].isspace():
            error = _ERROR.match(line.lstrip("| "))
            if error is not None and function:
                type_ = error[1].removeprefix("__main__.").removeprefix("builtins.")
                failures.append(Failure(type_, _short(own or function), (error[2] or "")[:200]))
                inside = False
    return list(dict.fromkeys(reversed(failures)))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _short(qualified: str) -> str:
    return qualified.rpartition(".")[2] or qualified
