"""Virtual environments with real packages, made once and kept between runs.

They lie in the folder ``IQDEBUG_TEST_ENVS`` (by default ``~/.cache/iqdebug-test-envs``), one for each
interpreter and list of requirements, and are deleted by deleting that folder.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.support.interpreters import python_version

__all__ = ["NoEnvironment", "folder_of_environments", "interpreter_with"]

INSTALL_TIMEOUT = 240.0  # seconds for pip


class NoEnvironment(Exception):
    """The packages cannot be had; the text says which and why."""


def folder_of_environments() -> Path:
    return Path(os.environ.get("IQDEBUG_TEST_ENVS") or Path.home() / ".cache" / "iqdebug-test-envs")


@functools.cache
def interpreter_with(python: str, *requirements: str) -> str:
    """The interpreter of an environment made from ``python`` in which the requirements are installed.

    :raises NoEnvironment: they cannot be installed; with pip's last line.
    """
    version = python_version(python)
    key = hashlib.sha256("\n".join([python, version, *sorted(requirements)]).encode()).hexdigest()[:12]
    folder = folder_of_environments() / f"{version}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may want the same one
        if not (folder / "complete").exists():
            _make(python, folder, requirements)
    return str(folder / "bin" / "python")


def _make(python: str, folder: Path, requirements: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    pip = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary", *requirements)
    commands = [[python, "-m", "venv", str(folder)], [str(folder / "bin" / "python"), *pip]]
    for command in commands if requirements else commands[:1]:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise NoEnvironment(f"no environment with {', '.join(requirements)}: {why}")
    (folder / "complete").write_text("\n".join(requirements))
