"""Programs that patch functions of the standard library, or run in odd folders: our code neither raises nor
prints there, and works where it can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import iqdebug
from iqdebug.crash import open_crash
from tests.dap.targets import attached, frame_of, named, on_pythons, running

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "replaces_the_library.py"
ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)


def run(python: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV", "XDG"))}
    return subprocess.run(
        [python, "-B", *words],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=50,
        env={**kept, "PYTHONPATH": ROOT, **environ},
    )


@on_pythons("3.8", "3.13")
@pytest.mark.parametrize("words", [("crash", "--capture"), ("late",)], ids=["before", "after"])
def test_a_crash_where_the_library_is_replaced(python: str, words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(python, str(PROGRAM), *words, IQDEBUG_CAPTURE=str(tmp_path))
    alone = run(python, str(PROGRAM), "crash")  # 3.13 itself asks os.stat for the traceback's lines
    assert (done.returncode, done.stdout) == (alone.returncode, alone.stdout)
    assert done.stderr.rstrip().endswith("KeyError: 'missing'")
    assert "iqdebug" not in done.stderr and done.stderr.count("\n") == alone.stderr.count("\n")
    (path,) = tmp_path.glob("*.iqcrash")
    crash = open_crash(path)
    assert crash.missing == () and crash.meta.title == "KeyError: 'missing'"
    assert "fails" in [frame.function for frame in crash.frames.values()]


@on_pythons("3.8", "3.13")
def test_a_home_that_is_a_file(python: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    code = (
        "import iqdebug.capture as c; c.install()\n"
        "try: {}['handed over']\n"
        "except KeyError as error: print(repr(c.capture(error)))\n"
        "{}['missing']"
    )
    done = run(python, "-c", code, HOME=str(tmp_path / "home"))
    assert (done.returncode, done.stdout) == (1, "''\n")
    assert done.stderr.rstrip().endswith("KeyError: 'missing'") and "iqdebug" not in done.stderr


@on_pythons("3.8", "3.13")
def test_a_path_that_no_file_can_have(python: str, tmp_path: Path) -> None:
    code = (
        "import iqdebug.capture as c; c.install()\n"
        "exec(compile('def f(x):\\n    return {}[x]\\nf(5)', '/some\\udfff/where\\udc80.py', 'exec'))"
    )
    done = run(python, "-c", code, IQDEBUG_CAPTURE=str(tmp_path))
    assert done.returncode == 1 and "KeyError: 5" in done.stderr and "iqdebug" not in done.stderr
    (path,) = tmp_path.glob("*.iqcrash")
    crash = open_crash(path)
    assert crash.missing == ()
    assert "f" in [frame.function for frame in crash.frames.values()]


def test_a_folder_that_no_file_can_have() -> None:
    code = (
        "import iqdebug.capture as c; c.install('/tmp/\\udfff')\n"
        "try: {}['handed over']\n"
        "except KeyError as error: print(repr(c.capture(error)))\n"
    )
    done = run(sys.executable, "-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "''\n", "")


@on_pythons("3.8", "3.12")
async def test_attaching_where_json_is_replaced(python: str) -> None:
    async with running(python, str(PROGRAM), "wait") as target:
        async with attached(target) as (session, watcher):
            await session.set_breakpoints([target.breakpoint("line")])
            assert target.process.stdin is not None
            target.process.stdin.write(b"one\n")
            frame, epoch = await frame_of(watcher, "wait")
            rows = await session.variables(frame, epoch)
            assert named(rows, "number").value == "1"
            await session.resume()
            assert await target.readline() == "line 1"
        assert target.process.returncode is None
        assert (target.stdout, target.stderr) == (b"ready\nline 1\n", b"")
