"""`iqdebug snapshot`: a crash file of a living process, which runs on as before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.core.messages import message
from iqdebug.crash import open_crash
from iqdebug.workflows.snapshot_file import save_snapshot
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = """
import sys, threading, time

class Job:
    def __init__(self):
        self.password = "hunter2-snapshot"
        self.items = list(range(50))

def work(job, pause):
    done = 0
    while True:
        done += 1
        if done % 1000 == 0 or pause:
            sys.stdout.write("%d\\n" % len(sys.modules))
            sys.stdout.flush()
        time.sleep(pause)

pause = float(sys.argv[1])
threading.Thread(target=work, args=(Job(), 0.05), name="beside", daemon=True).start()
work(Job(), pause)
"""


@pytest.fixture
def target(python: str, kind: str):  # type: ignore[no-untyped-def]
    pause = {"busy": "0", "sleeping": "0.02"}[kind]
    process = subprocess.Popen([python, "-B", "-c", PROGRAM, pause], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


@on_pythons()
@pytest.mark.parametrize("kind", ["busy", "sleeping"])
def test_a_living_process_as_a_file(target: subprocess.Popen[str], tmp_path: Path) -> None:
    path, why = save_snapshot(target.pid, tmp_path / "s.iqcrash")
    assert (path, why) == (tmp_path / "s.iqcrash", "")
    crash = open_crash(path)
    assert not crash.missing
    assert (crash.meta.why, crash.meta.pid) == ("snapshot", target.pid)
    assert path.stat().st_mode & 0o777 == 0o600
    names = {t.name: t for t in crash.threads}
    assert {"MainThread", "beside"} <= names.keys()
    assert not any(name.startswith("iqdebug") for name in names)
    focused = crash.snapshot.focused
    assert focused is not None and "work" in [f.name for f in focused.frames]
    assert b"hunter2" not in path.read_bytes()
    job = next(v for f in focused.frames for v in f.locals or () if v.name == "job")
    assert "items" in job.value and "<masked>" in job.value
    # It runs on, and nothing of ours is left in it but what the standard library loaded.
    assert target.stdout is not None
    assert target.stdout.readline() and target.stdout.readline()
    assert target.poll() is None
    assert not [t for t in os.listdir(f"/proc/{target.pid}/fd") if "iqdebug" in _link(target.pid, t)]


def _link(pid: int, number: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{number}")
    except OSError:
        return ""


@pytest.mark.parametrize(("python", "kind"), [(sys.executable, "busy")])
def test_from_outside(target: subprocess.Popen[str], tmp_path: Path) -> None:
    path, why = save_snapshot(target.pid, tmp_path / "s.iqcrash", attach=False)
    crash = open_crash(path)
    assert why == message("cli.snapshot.asked_for") and crash.meta.how == "looked at from outside"
    assert "work" in [f.function for f in crash.frames.values()]
    assert any("from outside" in said for said in crash.left_out)
