"""The command line from outside: exit codes, one to three lines, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
GONE = "2147483646"


def iqdebug(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "iqdebug", *arguments],
        **{
            "cwd": ROOT,
            "env": environment,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "timeout": 50,
            **options,
        },
    )


def complains(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 3 and lines[0].startswith("iqdebug: "), done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


@pytest.mark.parametrize("command", ["peek", "diagnose"])
def test_no_such_process(command: str) -> None:
    complains(iqdebug(command, GONE), 3, GONE)


@pytest.mark.parametrize("command", ["peek", "diagnose"])
def test_not_python(command: str) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        complains(iqdebug(command, str(other.pid)), 4, "Python")
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("command", ["peek", "diagnose"])
def test_a_zombie(command: str) -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert zombie.stdout is not None
    zombie.stdout.read()
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    try:
        done = iqdebug(command, str(zombie.pid))
        assert done.returncode in (3, 4, 6, 8)
        complains(done, done.returncode)
    finally:
        zombie.wait()
        zombie.stdout.close()


def test_its_own_process() -> None:
    code = "import os, sys; from iqdebug.cli.main import main; sys.exit(main(['diagnose', str(os.getpid())]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=50)
    complains(done, 6)


@pytest.mark.parametrize("pid", ["python", "-5", "0", "1.5", "", "99999999999999999999"])
def test_what_is_not_a_pid(pid: str) -> None:
    done = iqdebug("peek", "--", pid)
    assert done.returncode == 2 and "Traceback" not in done.stderr and not done.stdout
    assert "iqdebug ps" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("attach", str(os.getpid()))])
def test_without_a_terminal(arguments: tuple[str, ...]) -> None:
    complains(iqdebug(*arguments), 2, "terminal", "iqdebug")


def test_usage() -> None:
    assert iqdebug("--help").stdout.count("exit codes") == 1
    assert iqdebug("--version").stdout.startswith("iqdebug ")
    assert iqdebug("nonsense").returncode == 2
    for seconds in ("-1", "many", "nan", "1e9"):
        assert iqdebug("diagnose", GONE, "--seconds", seconds).returncode == 2


@pytest.fixture
def target():  # type: ignore[no-untyped-def]
    code = "import time\nname = 'ünïcode 漢'\nprint('ready', flush=True)\nwhile True:\n    time.sleep(0.01)\n"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield str(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("command", [("peek",), ("diagnose",), ("diagnose", "--no-attach")])
def test_the_locale_c_takes_any_value(target: str, command: tuple[str, ...]) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    done = iqdebug(*command, target, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii() and target in done.stdout


@pytest.mark.parametrize(
    "command", [("peek",), ("peek", "--no-locals"), ("diagnose",), ("diagnose", "--no-attach")]
)
def test_json_parses(target: str, command: tuple[str, ...]) -> None:
    done = iqdebug(*command, "--json", target)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    snapshot = found.get("snapshot", found)
    assert snapshot["pid"] == int(target) and snapshot["threads"][0]["frames"]


def test_json_of_the_lists(target: str) -> None:
    rows = json.loads(iqdebug("ps", "--json").stdout)["processes"]
    assert int(target) in [row["pid"] for row in rows]
    assert json.loads(iqdebug("doctor", "--json").stdout)


@pytest.mark.parametrize("command", [("ps",), ("peek",), ("diagnose",), ("peek", "--json")])
def test_a_reader_that_goes_away(target: str, command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = iqdebug(*command, *([] if command == ("ps",) else [target]), stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
