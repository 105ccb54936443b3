"""Tasks whose exception nobody retrieves, and callbacks that fail, under uvloop."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import iqdebug
from iqdebug.crash import open_crash
from tests.real.environments import python_with

ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)
PROGRAM = """\
import asyncio, gc, sys
import iqdebug.capture
iqdebug.capture.install(sys.argv[1])
import uvloop


async def fails():
    raise LookupError("nobody asks")


def breaks():
    1 / 0


async def main():
    task = asyncio.ensure_future(fails())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(breaks)
    await asyncio.sleep(0.01)


uvloop.install()
asyncio.run(main())
print("over")
"""


@pytest.mark.real
@pytest.mark.timeout(300)
@pytest.mark.parametrize("minor", ["3.9", "3.12"])
def test_failures_that_the_loop_reports(minor: str, tmp_path: Path) -> None:
    python = python_with(minor, "uvloop<0.22")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    folder = tmp_path / "crashes"
    done = subprocess.run(
        [python, "-B", "-W", "ignore", str(program), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**kept, "PYTHONPATH": ROOT},
    )
    assert (done.returncode, done.stdout) == (0, "over\n")
    crashes = [open_crash(path) for path in folder.glob("*.iqcrash")]
    found = {crash.meta.title: crash.meta for crash in crashes}
    assert {title.partition(":")[0] for title in found} == {"LookupError", "ZeroDivisionError"}
    lost = next(meta for title, meta in found.items() if title.startswith("LookupError"))
    assert lost.why == "task" and "never retrieved" in lost.how and "(fails)" in lost.how
