"""The interpreters that measurements and tests run on."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PROGRAMS", "interpreters", "of_minors", "python_version", "running"]

MINORS = range(8, 15)


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


PROGRAMS = {
    "busy loop": """
import time
def step(i):
    square = i * i
    return square % 7
def work(n):
    total = 0
    for i in range(n):
        total += step(i)
    return total
def serve_forever():
    print("ready", flush=True)
    while True:
        work(20000)
serve_forever()
""",
    "sleeping service": """
import time
def handle(number):
    order = {"id": number, "items": list(range(10))}
    return sum(order["items"])
def wait_for_orders():
    time.sleep(0.05)
def serve_forever():
    print("ready", flush=True)
    number = 0
    while True:
        wait_for_orders()
        number += 1
        handle(number)
serve_forever()
""",
}
"""Programs by what they are like; each has a function ``serve_forever`` and says ``ready`` first."""


@contextmanager
def running(python: str, program: str) -> Iterator[int]:
    """The pid of a fresh process that runs one of :data:`PROGRAMS`; killed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "target.py")
        script.write_text(PROGRAMS[program])
        process = subprocess.Popen(
            [python, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{python} did not start the program")
            yield process.pid
        finally:
            process.kill()
            process.communicate()


def of_minors(pythons: Sequence[str], minors: Sequence[str]) -> list[str]:
    """Those of the interpreters whose version is one of ``minors`` ("3.13", ...)."""
    return [p for p in pythons if ".".join(python_version(p).split(".")[:2]) in minors]
