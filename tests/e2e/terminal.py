"""A real terminal: one tmux server a test, keys in, the screen out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


def until(condition: Callable[[], bool], seconds: float, words: str) -> None:
    """:raises AssertionError: it did not become true in time; says ``words``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, words
        time.sleep(0.05)


class Terminal:
    """A context manager. The command runs in the repository's root with its state in ``state``."""

    def __init__(self, command: list[str], state: Path, columns: int, lines: int, **environment: str) -> None:
        self._name = f"iqdebug-{uuid.uuid4().hex[:8]}"
        settings = {"XDG_STATE_HOME": str(state), "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment}
        words = " ".join(f"{k}={shlex.quote(v)}" for k, v in settings.items())
        run = f"env -u COLUMNS -u LINES {words} {shlex.join(command)}"
        self._line = f"cd {shlex.quote(str(ROOT))} && {run}; echo EXIT=$?; sleep 1000"
        self._size = (str(columns), str(lines))

    def __enter__(self) -> Terminal:
        columns, lines = self._size
        self._tmux("new-session", "-d", "-x", columns, "-y", lines, self._line)
        return self

    def __exit__(self, *exc: object) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        environment = {**os.environ, "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["tmux", "-u", "-L", self._name, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=check,
            env=environment,
            timeout=20,
        )
        return done.stdout

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def keys(self, *names: str) -> None:
        """tmux's key names, one after the other."""
        for name in names:
            self._tmux("send-keys", name)

    def escape(self) -> None:
        """The Escape key alone: the next key must not follow at once, or both are one Alt chord."""
        self.keys("Escape")
        time.sleep(0.3)  # longer than a terminal program waits for the rest of a sequence

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def wait_for(self, *words: str, gone: str = "\0", seconds: float = 20.0) -> str:
        """The first screen that shows all the words, and ``gone`` no longer.

        :raises AssertionError: it did not come in time; the message holds the last screen.
        """
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if all(w in screen for w in words) and gone not in screen:
                return screen
            assert time.monotonic() < deadline, f"{words} did not come on screen:\n{screen}"
            time.sleep(0.05)

    def hang_up(self) -> None:
        """What a dropped connection does: the terminal is gone, SIGHUP to what ran in it."""
        self._tmux("kill-session")
