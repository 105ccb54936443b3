"""The patched llama.cpp, built once per checkout (minutes) by the command that people use."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.llm.runtime import find_runtime

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("IQDEBUG_RUNTIME_CACHE") or ROOT / ".wheels")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only wait for each other

_COMPILERS = ("c++", "g++", "clang++")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_runtime(CACHE) is None:
        for item in items:
            if "library" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.timeout(1500))  # the first of them builds


@pytest.fixture(scope="session")
def library() -> Path:
    """The folder of the patched libraries."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".building").open("w") as lock:  # another worker of this run may be building it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _built()


def _built() -> Path:
    built = find_runtime(CACHE)
    if built is not None:
        return built
    if not any(shutil.which(name) for name in _COMPILERS):
        pytest.skip(f"no C++ compiler here ({', '.join(_COMPILERS)}): the patched llama.cpp cannot be built")
    done = subprocess.run(
        ["nice", "-n", "10", sys.executable, "-m", "iqdebug", "runtime", "build", "--cpu", "--jobs", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "IQDEBUG_RUNTIME_CACHE": str(CACHE)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    built = find_runtime(CACHE)
    assert built is not None
    return built
