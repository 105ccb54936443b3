"""``pytest --iqdebug-open``: the first failure live on a real terminal, and where it is refused."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import iqdebug.workflows.pytest_hold
from iqdebug.pytest_plugin import holding
from tests.e2e.terminal import Terminal, needs_tmux
from tests.pytest_plugin.runs import prepare, pytest_words, run

pytestmark = pytest.mark.slow

TESTS = """
    import sys, threading

    def total_of(rows):
        total = sum(rows)
        assert total == len(rows) * 3, "each is three"

    def test_sum():
        rows = [1, 2]
        print("about to add")
        total_of(rows)

    def test_second(): assert not "opened again"

    def test_nothing_of_the_debugger_is_left():
        import conftest
        assert [t.name for t in threading.enumerate() if t.name.startswith(("iqdebug", "pydevd"))] == []
        assert not [name for name in sys.modules if name.startswith("_iqdebug_inside")]
        assert sys.gettrace() is conftest.tracer
        assert sys.breakpointhook.__module__ != "pydevd"
"""
CONFTEST = """
    import sys
    def tracer(frame, event, arg): return None
    sys.settrace(tracer)
"""


def opened(tmp_path: Path, *options: str) -> Terminal:
    folder = tmp_path / "tests"
    folder.mkdir()
    prepare(folder, TESTS, conftest=CONFTEST)
    words = pytest_words(
        "--iqdebug-open", "--tb=line", "-c", str(folder / "pytest.ini"), *options, str(folder)
    )
    return Terminal(words, tmp_path / "state", 110, 40, PYTHONPATH=str(folder))


@needs_tmux
@pytest.mark.timeout(120)
def test_the_frames_are_real_and_the_run_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, f"--iqdebug={tmp_path / 'crashes'}") as terminal:
        terminal.wait_for("crashed: uncaught AssertionError", "total_of", "test_sum", "total = 3")
        terminal.keys("5")
        terminal.wait_for("expression or statement")
        terminal.type("rows.append(1000) or sum(rows)")
        terminal.keys("Enter")
        terminal.wait_for("1003")
        terminal.escape()
        terminal.keys("c")
        screen = terminal.wait_for("EXIT=1", "test_a.py::test_sum: opening iqdebug")
        assert "2 failed, 1 passed" in screen and "2 crash files" in screen
        assert screen.count("opening iqdebug") == 1


@needs_tmux
@pytest.mark.timeout(120)
def test_leaving_ends_the_run(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_for("crashed: uncaught AssertionError", "total = 3")
        terminal.keys("q")
        screen = terminal.wait_for("EXIT=2")
        assert "Quitting debugger" in screen and "1 failed" in screen


@needs_tmux
@pytest.mark.timeout(120)
def test_a_screen_that_dies_gives_the_terminal_and_the_run_back(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait_for("crashed: uncaught AssertionError", "total = 3")
        os.kill(screen_of(tmp_path), signal.SIGKILL)
        screen = terminal.wait_for("EXIT=1")
        assert "the screen ended with exit code -9; the run goes on" in screen
        assert "2 failed, 1 passed" in screen


def screen_of(tmp_path: Path) -> int:
    """The process that shows the failure of the run in the folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                state = (entry / "environ").read_bytes()
            except OSError:
                continue
            if b"test_a.py::test_sum" in words and str(tmp_path).encode() in state:
                return int(entry.name)
    raise LookupError("no screen")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-n", "2"), "--iqdebug-open is incompatible with distributing tests"),
        (("--pdb",), "--iqdebug-open and --pdb both want the terminal"),
    ],
)
def test_it_is_refused_where_the_terminal_cannot_be_had(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    prepare(tmp_path, "def test_one(): assert 0\n")
    done = run(tmp_path, "--iqdebug-open", *options)
    assert done.code == pytest.ExitCode.USAGE_ERROR and words in done.output


def test_automatic_workers_give_way_as_they_do_to_pdb(tmp_path: Path) -> None:
    prepare(tmp_path, "def test_one(worker_id): assert worker_id == 'master'\n")
    assert "1 passed" in run(tmp_path, "--iqdebug-open", "-n", "auto").output


def test_without_a_terminal_the_run_says_so_and_goes_on(tmp_path: Path) -> None:
    prepare(tmp_path, "def test_one(): assert 0\ndef test_two(): assert 0\n")
    done = run(tmp_path, "--iqdebug-open")
    assert done.printed_lines == [
        "iqdebug: there is no terminal to open the failure on; --iqdebug writes a file instead"
    ]
    assert "2 failed" in done.output


def test_both_sides_mean_the_same_exit_code() -> None:
    assert iqdebug.workflows.pytest_hold.WENT_ON == holding.WENT_ON
