"""A failure in a worker process: its frames are in the file, and the ranking points to them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import iqdebug
from iqdebug.capture import remote
from iqdebug.crash import open_crash
from iqdebug.diagnosis import diagnose
from tests.conftest import marker
from tests.dap.targets import on_pythons

PROGRAM = Path(__file__).parent / "programs" / "pools.py"
ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)


@on_pythons("3.8", "3.13")
@pytest.mark.parametrize("kind", ["futures", "pool"])
def test_the_function_in_the_worker_is_suspected(python: str, kind: str, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    done = subprocess.run(
        [python, "-B", "-m", "iqdebug.capture", "--dir", str(tmp_path), str(PROGRAM), kind],
        capture_output=True,
        text=True,
        timeout=50,
        env={**kept, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 1 and "Odd: no part" in done.stderr
    (path,) = tmp_path.glob("*.iqcrash")
    crash = open_crash(path)
    first, sent, cause = (crash.exceptions[number] for number in (1, 2, 3))
    assert (first.cause, sent.cause, cause.cause) == (2, 3, None)
    assert [(node.type, node.message) for node in (first, sent)] == [("Odd", "no part\n2")] * 2
    assert (cause.type, cause.message) == ("IndexError", "list index out of range")
    assert [crash.frames[n].function for n in cause.frames] == ["part", "work"]
    assert sent.notes == (remote.NOTE,)
    assert crash.meta.place is not None and crash.meta.place[2] == "work"

    suspects = diagnose(crash.snapshot, read_source=lambda name: Path(name).read_text().splitlines()).suspects
    assert (suspects[0].path, suspects[0].line) == (str(PROGRAM), marker(PROGRAM, "cause"))
    innocent = [each.score for each in suspects if each.line == marker(PROGRAM, "innocent")]
    assert all(score < 0.5 for score in innocent)


def test_a_text_that_is_no_traceback() -> None:
    for text in ("", "x", "Traceback (most recent call last):\n", "Traceback (most recent call last):\nX: y"):
        assert remote.sections(text) == []
    head = "Traceback (most recent call last):\n"
    frame = '  File "a.py", line 3, in f\n    x = 1\n    ^^^^^\n  [Previous line repeated 3 more times]\n'
    (one,) = remote.sections('\n"""\n' + head + frame + 'm.X: a\n  b\n\n"""')
    assert one == {"type": "m.X", "message": "a\n  b", "frames": [("a.py", 3, "f")], "link": ""}
    assert len(remote.sections((head + frame) * 1_000)) <= 1
