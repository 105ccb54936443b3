"""A program that iqdebug started: its process, its terminal, its end.

On a terminal of its own (a pty) it is the leader of its session; with ``terminal`` it shares
iqdebug's. However iqdebug ends, the program is not left without a terminal: a keeper process holds
the pty and, once iqdebug is gone, writes what still comes to a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from iqdebug.core.messages import Message, message, render

__all__ = ["Program", "ended_message", "ended_words", "shell_code"]

READ_SIZE = 1 << 16
"""Bytes read from the terminal at a time."""

END_TIMEOUT = 2.0
"""Seconds between asking a program to end and ending it."""

DEFAULT_SIZE = (80, 24)
"""Columns and lines of its terminal."""

# Waits for the client's end, then drains the terminal; arguments: its descriptor, the client's
# pipe, and the file, of which at most 8 MiB are written.
_KEEPER = """
import os, sys
master, pipe, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
while os.read(pipe, 1):
    pass
left, file = 8 << 20, None
os.set_blocking(master, True)
os.write(master, bytes([4]))  # end of input: nobody types any more
try:
    while True:
        data = os.read(master, 65536)
        if not data:
            break
        if file is None:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if left > 0:
            left -= os.write(file, data[:left])
except OSError:
    pass
"""


class Program:
    """:param command: the interpreter and its arguments.
    :param terminal: whether the program gets iqdebug's own terminal.
    :param log: where its output goes when iqdebug has left it running.
    :raises OSError: it could not be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: str,
        environment: Mapping[str, str],
        *,
        terminal: bool,
        log: Path,
        size: tuple[int, int] = DEFAULT_SIZE,
    ) -> None:
        self.exit_code: int | None = None
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.log = log
        self.on_output: Callable[[bytes], None] = lambda data: None
        self._loop = asyncio.get_running_loop()
        self._master = -1
        self._keeper: subprocess.Popen[bytes] | None = None
        self._let_go = False
        self._own_session = not terminal
        if terminal:
            self._process = subprocess.Popen(command, cwd=cwd, env=environment)
        else:
            self._process = self._on_pty(command, cwd, environment, size)
        # Whoever awaits the end must find the screen's context variables.
        self._context = contextvars.copy_context()
        threading.Thread(target=self._wait, name="iqdebug.program", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _on_pty(
        self, command: Sequence[str], cwd: str, environment: Mapping[str, str], size: tuple[int, int]
    ) -> subprocess.Popen[bytes]:
        self._master, slave = os.openpty()
        self.resize(*size)
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._keep()
        self._loop.add_reader(self._master, self._read)
        return process

    def _keep(self) -> None:
        theirs, self._lifeline = os.pipe()
        arguments = (str(self._master), str(theirs), str(self.log))
        with contextlib.suppress(OSError):
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _KEEPER, *arguments],
                pass_fds=(self._master, theirs),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        os.close(theirs)

    def _read(self) -> None:
        """What the program wrote; at its end everything that is left comes before :attr:`exited`."""
        try:
            data = os.read(self._master, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:  # no process has the terminal open any more
            data = b""
        if data:
            self.on_output(data)
        else:
            self._loop.remove_reader(self._master)

    def _wait(self) -> None:
        code = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._ended, code, context=self._context)

    def _ended(self, code: int) -> None:
        if self._master >= 0 and not self._let_go:
            for _ in range(1_000):  # what it wrote last
                try:
                    data = os.read(self._master, READ_SIZE)
                except OSError:
                    break
                if not data:
                    break
                self.on_output(data)
        self.exit_code = code
        if not self.exited.done():
            self.exited.set_result(code)

    def write(self, data: bytes) -> None:
        """To the program's standard input; dropped when it has ended or its buffer is full."""
        if self._master >= 0 and self.exit_code is None:
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def resize(self, columns: int, lines: int) -> None:
        if self._master >= 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    async def end(self) -> None:
        """Ask it to end (SIGTERM), and end it (SIGKILL) when it has not done so in time."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.exit_code is not None:
                return
            self._signal(number)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self.exited), END_TIMEOUT)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._own_session:
                os.killpg(self.pid, number)
            else:
                self._process.send_signal(number)

    def let_go(self) -> None:
        """Read no more of what it writes: that is the keeper's now, from :meth:`leave` on."""
        if self._master >= 0 and self.exit_code is None:
            self._let_go = True
            self._loop.remove_reader(self._master)

    def leave(self) -> None:
        """One that still ran when it was let go keeps its terminal; of any other nothing stays."""
        if self._master < 0:
            return
        self._loop.remove_reader(self._master)
        if not self._let_go and self._keeper is not None:
            self._keeper.kill()
        os.close(self._lifeline)
        os.close(self._master)
        self._master = -1
        if self._keeper is not None:
            if self._let_go:
                self._keeper.returncode = 0  # it is meant to outlive us: no warning about that
            else:
                self._keeper.wait()


def _take_terminal() -> None:
    """In the child, before the program: the terminal on its input controls its session, and Ctrl-C
    works there though iqdebug itself may have been started with it ignored."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended_words(code: int | None) -> str:
    """ "ended, exit code 1" or "ended by SIGSEGV (segmentation fault)"."""
    return render(ended_message(code))


def ended_message(code: int | None, *, was_released: bool = False) -> Message:
    """:param was_released: the debugger had to let the program go before."""
    if was_released:
        return message("ended.not_held", ended=ended_message(code))
    if code is None:
        return message("ended")
    if code >= 0:
        return message("ended.exit_code", code=code)
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return message("ended.unknown_signal", number=-code)
    description = (signal.strsignal(-code) or "").lower()
    if not description:
        return message("ended.signal", name=name)
    return message("ended.described_signal", name=name, description=description)


def shell_code(code: int | None) -> int:
    """The exit code as a shell would give it; 0 when there is none."""
    if code is None:
        return 0
    return code if code >= 0 else 128 - code
