"""The interpreters of this machine that tests and measurements run on."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from iqdebug.core.python_versions import MINORS

__all__ = ["interpreters", "of_minors", "python_version"]


@functools.cache
def python_version(python: str) -> str:
    """ "3.12.1" for an interpreter's path; "" when it does not run."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@functools.cache
def interpreters() -> tuple[str, ...]:
    """One interpreter for each minor version found: ``IQDEBUG_TEST_PYTHONS`` (paths joined by
    ``:``), PATH, then pyenv's folder."""
    named = [p for p in os.environ.get("IQDEBUG_TEST_PYTHONS", "").split(":") if p]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found: dict[str, str] = {}
    for minor in MINORS:
        candidates = [*named, *sorted(str(p) for p in pyenv.glob(f"3.{minor}.*/bin/python"))]
        on_path = shutil.which(f"python3.{minor}")
        if on_path and "shims" not in on_path:
            candidates.append(on_path)
        for candidate in candidates:
            version = python_version(candidate)
            if version.startswith(f"3.{minor}."):
                found.setdefault(f"3.{minor}", candidate)
    return tuple(found.values())


def of_minors(pythons: Sequence[str], minors: Sequence[str]) -> list[str]:
    """Those of the interpreters whose version is one of ``minors`` ("3.13", ...)."""
    return [p for p in pythons if ".".join(python_version(p).split(".")[:2]) in minors]
