"""Runs a program on its own terminal and waits until a word is on its screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

__all__ = ["Screen"]

_CONTROL = re.compile(  # CSI, OSC, DCS and short escape sequences
    r"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[()].|.)"
)


class Screen:
    """A context manager: the command runs on a pseudo terminal until the end of the block."""

    def __init__(self, command: Sequence[str], columns: int = 120, rows: int = 40) -> None:
        self._command = command
        self._size = struct.pack("HHHH", rows, columns, 0, 0)
        self._text = ""

    def __enter__(self) -> Screen:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, self._size)
        self._process = subprocess.Popen(
            self._command,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(inner)
        return self

    def wait_for(self, what: str | re.Pattern[str], seconds: float) -> None:
        """Wait until ``what`` has been written to the screen.

        :raises RuntimeError: it was not, in that time or before the program's end.
        """
        pattern = re.compile(re.escape(what)) if isinstance(what, str) else what
        deadline = time.monotonic() + seconds
        while not pattern.search(_CONTROL.sub("", self._text)):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
            try:
                data = os.read(self._terminal, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                seen = _CONTROL.sub("", self._text)[-300:]
                raise RuntimeError(f"{pattern.pattern!r} did not come on the screen: {seen}")
            self._text += data.decode("utf-8", "replace")

    def __exit__(self, *exc: object) -> None:
        """End the program by the hang-up of a closed terminal, or else kill it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGHUP)
        deadline = time.monotonic() + 5
        while self._process.poll() is None and time.monotonic() < deadline:
            if select.select([self._terminal], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    os.read(self._terminal, 65536)
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
