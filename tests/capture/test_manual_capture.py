"""`capture()` in a program's own handlers: equal failures are counted on one file, and an event loop
goes on."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import iqdebug
from iqdebug.crash import open_crash
from iqdebug.crash.folder import groups_of, listed
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "fails_often.py"
ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)
MAX_HELD = 0.1
"""Seconds of processor time that one call may take of an event loop's thread; some 0.03 go to reading."""


@on_pythons("3.8", "3.13")
@pytest.mark.parametrize("where", ["loop", "plain"])
def test_sixty_failing_requests_leave_two_files(python: str, where: str, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    done = subprocess.run(
        [python, "-B", str(PROGRAM), str(tmp_path), where],
        capture_output=True,
        text=True,
        timeout=50,
        env={**kept, "PYTHONPATH": ROOT},
    )
    assert (done.returncode, done.stderr) == (0, "")
    paths, longest = json.loads(done.stdout)
    groups = {group.newest.meta.title.split(":")[0]: group for group in groups_of(listed(tmp_path))}
    assert {kind: (len(g.files), g.times) for kind, g in groups.items()} == {
        "ValueError": (1, 57),
        "KeyError": (1, 3),
    }
    assert set(paths) == {str(group.newest.path) for group in groups.values()}
    crash = open_crash(groups["ValueError"].newest.path)
    assert crash.missing == () and crash.meta.why == "caught"
    order = next(
        variable
        for variable in next(f for f in crash.frames.values() if f.function == "handler").locals or ()
        if variable.name == "order"
    )
    assert crash.values[order.value].children
    if where == "loop":
        assert longest < MAX_HELD


def test_a_file_that_was_deleted_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from iqdebug.capture import manual_capture
    from iqdebug.capture.settings import Settings

    monkeypatch.setattr(manual_capture, "_known", [manual_capture._Known()])
    settings = Settings(str(tmp_path))

    def failure() -> Exception:
        try:
            raise KeyError("gone")
        except KeyError as error:
            return error

    first = manual_capture.captured(failure(), "", settings, None)
    assert manual_capture.captured(failure(), "", settings, None) == first
    os.unlink(first)
    again = manual_capture.captured(failure(), "", settings, None)
    assert again != first and os.path.exists(again)


def test_a_folder_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    from iqdebug.capture import capture

    (tmp_path / "file").write_text("")
    try:
        raise KeyError("here")
    except KeyError as error:
        assert capture(error, path=str(tmp_path / "file" / "below.iqcrash")) == ""
