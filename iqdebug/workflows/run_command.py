"""Runs a command with the crash hooks in every Python that it starts, and finds what they wrote."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.capture.__main__ import entered
from iqdebug.capture.native import convert
from iqdebug.core.errors import MissingTool, NotPython, UsageError
from iqdebug.core.messages import message
from iqdebug.core.python_versions import OLDEST_TARGET

__all__ = ["Watched", "command_line", "watch"]

VERSION_TIMEOUT = 20.0  # seconds for an interpreter to print its version


@dataclass(frozen=True, slots=True)
class Watched:
    """How a command ended. ``code`` is its exit code, negative for a signal; ``files`` are the crash
    files of it and its children, oldest first; ``pid`` was its own."""

    pid: int
    code: int
    files: tuple[Path, ...]


def command_line(words: Sequence[str], python: str | None) -> list[str]:
    """What to start: a script or ``-m module`` is run by ``python`` (by default the ``python3`` on
    PATH), anything else is a command of its own.

    :raises UsageError: nothing was named, or the script is not there.
    :raises MissingTool: the interpreter or the command is not there.
    """
    if not words:
        raise UsageError(message("cli.diagnose.no_program"), fix=message("cli.diagnose.no_program.fix"))
    first = words[0]
    if python is None and first != "-m" and not first.endswith((".py", ".pyz")):
        if shutil.which(first) is None:
            raise MissingTool(message("cli.no_command", name=first))
        return list(words)
    if first != "-m" and not first.startswith("-") and not Path(first).exists():
        raise UsageError(
            message("cli.no_file", name=first, folder=None), message("cli.no_file.why", folder=os.getcwd())
        )
    interpreter = python or shutil.which("python3") or sys.executable
    if shutil.which(interpreter) is None:
        raise MissingTool(
            message("cli.no_interpreter", name=interpreter), fix=message("cli.no_interpreter.fix")
        )
    if python is not None:
        _require_python(interpreter)
    return [interpreter, *words]


def _require_python(interpreter: str) -> None:
    """:raises NotPython: it is no Python, or one too old for the hooks."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run(
            [interpreter, "-c", code], capture_output=True, text=True, timeout=VERSION_TIMEOUT
        )
        version = done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        version = ""
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise NotPython(message("cli.not_python", interpreter=interpreter))
    if tuple(map(int, parts)) < OLDEST_TARGET:
        raise NotPython(message("cli.diagnose.too_old", interpreter=interpreter, version=version))


def watch(command: Sequence[str], folder: Path, *, mask: bool = True, quiet_stdout: bool = False) -> Watched:
    """Run the command to its end on this terminal. Its crash files are left in ``folder``.

    :param quiet_stdout: what it prints goes to stderr, so that stdout stays ours.
    :raises MissingTool: it cannot be started.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    environ = {**os.environ, "IQDEBUG_CAPTURE": str(fresh), "IQDEBUG_CAPTURE_REPR": "1"}
    environ.update(entered(environ), IQDEBUG_CAPTURE_BOOT="children")
    if not mask:
        environ["IQDEBUG_CAPTURE_NO_MASK"] = "1"
    output = sys.stderr.fileno() if quiet_stdout else None
    try:
        try:
            process = subprocess.Popen(command, env=environ, stdout=output)
        except OSError as error:
            raise MissingTool(
                message("cli.diagnose.cannot_start", program=command[0]), error.strerror or str(error)
            ) from None
        with _left_to_the_child():
            code = process.wait()
        return Watched(process.pid, code, tuple(_gathered(fresh, folder)))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def _left_to_the_child() -> Iterator[None]:
    """Ctrl-C is the program's: it decides what becomes of it."""
    saved = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, saved)


def _gathered(fresh: Path, folder: Path) -> Iterator[Path]:
    """The files of this run, moved to where crashes are kept."""
    for native in sorted(fresh.glob("*.native")):
        convert(str(native))
    for path in sorted(fresh.glob("*.iqcrash"), key=lambda p: p.name):
        kept = folder / path.name
        os.replace(path, kept)
        yield kept
