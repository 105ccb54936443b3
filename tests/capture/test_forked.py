"""Forked children that die by a signal leave their stacks; those that exit leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import iqdebug
from iqdebug.capture.native import convert
from iqdebug.crash import open_crash
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "forks_and_dies.py"
ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    return {**kept, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"}


def run(python: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *words], capture_output=True, text=True, timeout=50, env=environment())


def natives(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.native"))


@on_pythons("3.8", "3.13")
@pytest.mark.parametrize("kind", ["fork", "forkserver"])
def test_a_child_that_dies_leaves_its_stack(python: str, kind: str, tmp_path: Path) -> None:
    done = run(python, str(PROGRAM), str(tmp_path), kind)
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")
    (left,) = natives(tmp_path)  # of those that ended there is none
    kept = open_crash(Path(convert(str(left))))
    assert kept.meta.why == "native" and kept.meta.title.startswith("SIGSEGV")
    assert "dies_in_child" in [frame.function for frame in kept.frames.values()]
    assert not natives(tmp_path)


@on_pythons("3.11")
def test_the_stack_is_there_while_the_parent_goes_on(python: str, tmp_path: Path) -> None:
    code = (
        "import ctypes, os, sys, iqdebug.capture as c\n"
        "c.install(sys.argv[1])\n"
        "for line in sys.stdin:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        ctypes.string_at(0) if line == 'die\\n' else sys.exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    print('over', flush=True)\n"
    )
    with subprocess.Popen(
        [python, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as parent:
        assert parent.stdin is not None and parent.stdout is not None

        def told(word: str) -> str:
            assert parent.stdin is not None and parent.stdout is not None
            parent.stdin.write(word + "\n")
            parent.stdin.flush()
            return parent.stdout.readline()

        assert told("end") == "over\n"
        (left,) = natives(tmp_path)
        assert convert(str(left)) == ""
        made = []
        for _ in range(2):
            assert told("die") == "over\n"
            made.append(convert(str(left)))
            assert convert(str(left)) == ""  # a text is taken once
        assert len({*made}) == 2 and all(made)
        how = open_crash(Path(made[1])).meta.how
        assert how == f"in a child forked from process {parent.pid}"
        parent.stdin.close()
        assert parent.wait(20) == 0
    assert not natives(tmp_path)


def test_who_outlives_its_parent_still_writes(tmp_path: Path) -> None:
    code = (
        "import ctypes, os, sys, iqdebug.capture as c\n"
        "c.install(sys.argv[1])\n"
        "gate, opened = os.pipe()\n"
        "if os.fork():\n"
        "    sys.exit(0)\n"
        "os.close(opened)\n"
        "os.read(gate, 1)\n"  # until the parent has ended
        "ctypes.string_at(0)\n"
    )
    assert run(sys.executable, "-c", code, str(tmp_path)).returncode == 0
    deadline = time.monotonic() + 20
    made = ""
    while not made and time.monotonic() < deadline:
        made = next((found for found in (convert(str(path)) for path in natives(tmp_path)) if found), "")
    assert open_crash(Path(made)).meta.title.startswith("SIGSEGV")


def test_a_fork_costs_nothing_more(tmp_path: Path) -> None:
    code = (
        "import os, sys, iqdebug.capture as c\n"
        "c.install(sys.argv[1])\n"
        "before = sorted(os.listdir(sys.argv[1]))\n"
        "for _ in range(50):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "assert sorted(os.listdir(sys.argv[1])) == before\n"
    )
    done = run(sys.executable, "-c", code, str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert not natives(tmp_path)
