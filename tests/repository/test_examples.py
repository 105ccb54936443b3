"""The example programs go wrong the way their docstrings say, and compile on Python 3.8."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, marker

PROGRAMS = sorted(EXAMPLES.glob("*.py"))
WAITING = ["deadlock", "busy_loop", "idle_asyncio", "deep_recursion", "big_values", "leaky_cache"]


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda f: f.name)
def test_each_says_what_is_wrong_in_python_3_8(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"), feature_version=(3, 8))
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda f: f.name)
def test_each_marker_names_one_line(file: Path) -> None:
    for name in set(re.findall(r"#.*?@([\w-]+)", file.read_text("utf-8"))):
        assert marker(file, name)


def test_a_marker_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="0 lines marked @nowhere"):
        marker("deadlock.py", "nowhere")


@pytest.mark.parametrize("name", WAITING)
def test_the_waiting_ones_get_ready_and_stay(name: str) -> None:
    command = [sys.executable, "-u", str(EXAMPLES / f"{name}.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                program.wait(0.1)
        finally:
            program.kill()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("none_lookup", "AttributeError: 'NoneType' object has no attribute 'name'"),
        ("divide_by_zero", "ZeroDivisionError: "),
    ],
)
def test_the_failing_ones_fail_at_their_marker(name: str, error: str) -> None:
    file = EXAMPLES / f"{name}.py"
    run = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1
    assert error in run.stderr
    assert f"line {marker(file, 'fails')}, in" in run.stderr


def test_the_order_service_gets_stuck_and_its_backlog_grows() -> None:
    command = [sys.executable, "-u", str(EXAMPLES / "orders_service.py"), "--pace", "0.002"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None and service.stderr is not None
            reports: list[tuple[int, int]] = []
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not _stuck(reports):
                settled, backlog = re.findall(r"\d+", service.stdout.readline())
                reports.append((int(settled), int(backlog)))
            assert _stuck(reports)
        finally:
            service.kill()
        assert "KeyError: 'sku'" in service.stderr.read()


def _stuck(reports: list[tuple[int, int]]) -> bool:
    last = reports[-3:]
    return len(last) == 3 and last[0][0] == last[2][0] and last[0][1] < last[1][1] < last[2][1]
