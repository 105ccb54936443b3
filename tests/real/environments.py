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

import pytest

from bench.targets import interpreters, python_version

__all__ = ["folder_of_environments", "interpreter", "python_with"]

_INSTALL_TIMEOUT = 240.0  # seconds for pip


def folder_of_environments() -> Path:
    return Path(os.environ.get("IQDEBUG_TEST_ENVS") or Path.home() / ".cache" / "iqdebug-test-envs")


def interpreter(minor: str) -> str:
    """The path of this machine's interpreter of a minor version ("3.12"); skips the test without one."""
    for path in interpreters():
        if python_version(path).startswith(minor + "."):
            return path
    pytest.skip(f"no Python {minor} on this machine")


@functools.cache
def python_with(minor: str, *requirements: str) -> str:
    """The interpreter of an environment of that minor version in which the requirements are
    installed. Skips the test, with pip's last line, where they cannot be had."""
    base = interpreter(minor)
    version = python_version(base)
    key = hashlib.sha256("\n".join([base, version, *sorted(requirements)]).encode()).hexdigest()[:12]
    folder = folder_of_environments() / f"{version}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want the same one
        if not (folder / "complete").exists():
            _make(base, folder, requirements)
    return str(folder / "bin" / "python")


def _make(base: str, folder: Path, requirements: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    pip = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary", *requirements)
    for command in ([base, "-m", "venv", str(folder)], [str(folder / "bin" / "python"), *pip]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT, check=False)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            pytest.skip(f"no environment with {', '.join(requirements)}: {why}")
    (folder / "complete").write_text("\n".join(requirements))
