"""`iqdebug diagnose FILE` and `-- CMD`: what is printed, where, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CRASH = """
import sys
print("started", flush=True)
class Order:
    password = None
    def __init__(self): self.password = "hunter2-secret"; self.lines = []
    def __repr__(self): return "Order of %d" % len(self.lines)
def mean(order):
    return sum(order.lines) / len(order.lines)
try:
    {}["rate"]
except KeyError as error:
    try:
        mean(Order())
    except ZeroDivisionError as failure:
        raise ValueError("no mean") from failure
"""


def diagnose(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("IQDEBUG")}
    return subprocess.run(
        [sys.executable, "-m", "iqdebug", "diagnose", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**environ, "XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": os.getcwd()},
        timeout=50,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "crash.py").write_text(CRASH)
    (tmp_path / "fine.py").write_text("print('fine')")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(4)")
    return tmp_path


def test_a_command_that_crashes(program: Path) -> None:
    done = diagnose(program, "--python", sys.executable, "--", "crash.py")
    assert done.returncode == 0
    assert done.stdout.startswith("started\n")
    assert "ValueError: no mean" in done.stdout and "mean  " in done.stdout
    assert done.stderr.startswith("Traceback")
    assert "iqdebug open " in done.stdout
    kept = list((program / "state/iqdebug/crashes").iterdir())
    assert [p.suffix for p in kept] == [".iqcrash"]
    again = diagnose(program, str(kept[0]))
    assert again.returncode == 0 and "ValueError: no mean" in again.stdout


def test_its_json_keeps_stdout_to_itself(program: Path) -> None:
    done = diagnose(program, "--json", "--budget", "4000", "--python", sys.executable, "--", "crash.py")
    found = json.loads(done.stdout)
    assert "started" in done.stderr
    assert found["exception"]["type"] == "ValueError"
    assert [e["type"] for e in found["exception"]["chain"]] == ["ZeroDivisionError", "KeyError"]
    assert [f["function"] for f in found["frames"]] == ["<module>"]
    assert found["frames"][0]["kind"] == "user"
    assert {"rank", "file", "line", "function", "score", "reasons"} <= found["suspects"][0].keys()
    assert found["suspects"][0]["function"] == "mean"
    evidence = found["evidence"]
    assert evidence["budget"] == 4000 >= evidence["tokens"] > 0
    assert "Order of 0" in evidence["text"], "diagnose asks objects for their own text"
    assert "hunter2" not in done.stdout


def test_without_masking(program: Path) -> None:
    done = diagnose(program, "--json", "--no-mask", "--python", sys.executable, "--", "crash.py")
    assert "hunter2-secret" in done.stdout


def test_a_program_that_ends_well(program: Path) -> None:
    done = diagnose(program, "--", sys.executable, "fine.py")
    assert (done.returncode, done.stdout) == (3, "fine\n")
    assert "no crash" in done.stderr


def test_a_program_that_ends_well_in_json(program: Path) -> None:
    done = diagnose(program, "--json", "--", sys.executable, "fine.py")
    found = json.loads(done.stdout)
    assert done.returncode == 3
    assert (found["why"], found["exit_code"], found["exception"], found["suspects"]) == ("ended", 0, None, [])


def test_the_latest_and_one_by_its_fingerprint(program: Path) -> None:
    first = json.loads(diagnose(program, "--json", "--python", sys.executable, "--", "crash.py").stdout)
    for name in ("latest", first["fingerprint"][:8]):
        done = diagnose(program, name)
        assert done.returncode == 0 and "ValueError: no mean" in done.stdout


def test_a_file_in_which_all_that_matters_is_damaged_is_no_diagnosis(program: Path) -> None:
    made = Path(
        json.loads(diagnose(program, "--json", "--python", sys.executable, "--", "crash.py").stdout)[
            "crash_file"
        ]
    )
    data = bytearray(made.read_bytes())
    for tag in (b"EXCN", b"THRD", b"FRAM"):
        at = data.find(tag)
        while at >= 0:
            data[at + 16] ^= 0xFF  # within the checked head of the chunk
            at = data.find(tag, at + 1)
    made.write_bytes(data)
    done = diagnose(program, str(made))
    assert done.returncode == 11 and "can be read in" in done.stderr and not done.stdout


def test_one_that_exits_with_a_code(program: Path) -> None:
    done = diagnose(program, "--python", sys.executable, "--", "exits.py")
    assert done.returncode == 3
    assert "exit code 4" in done.stderr and "Traceback" not in done.stderr


def test_a_crash_in_a_child_of_a_shell(program: Path) -> None:
    done = diagnose(program, "--", "sh", "-c", f"{sys.executable} crash.py; exit 0")
    assert done.returncode == 0 and "ValueError" in done.stdout


def test_a_native_crash(program: Path) -> None:
    (program / "native.py").write_text("import os\ndef stop():\n    os.abort()\nstop()\n")
    done = diagnose(program, "--json", "--python", sys.executable, "--", "native.py")
    found = json.loads(done.stdout)
    assert found["why"] == "native" and found["frames"][0]["function"] == "stop"
    assert found["headline"].startswith("SIGABRT") and "called at native.py:3 in stop" in found["headline"]
    assert [s["function"] for s in found["suspects"]] == ["stop", "<module>"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Nothing was named"),
        (("--",), 2, "No program was named"),
        (("--", "nowhere.py"), 2, "no file nowhere.py"),
        (("--", "no-such-command"), 10, "no command no-such-command"),
        (("--python", "/nowhere/python", "--", "fine.py"), 10, "no interpreter"),
        (("--python", "/bin/ls", "--", "fine.py"), 4, "is not a Python interpreter"),
        (("nowhere.iqcrash",), 11, "no file nowhere.iqcrash"),
        (("fine.py",), 11, "not a crash file"),
        (("1", "--", "fine.py"), 2, "Both"),
        (("--budget", "7", "--", "fine.py"), 2, "not a number of tokens"),
    ],
)
def test_bad_input_is_one_to_three_lines(program: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = diagnose(program, *words)
    assert done.returncode == code
    assert said in done.stderr and "Traceback" not in done.stderr
