"""The program as a person uses it: real terminal, real target, keys only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, marker
from tests.e2e.terminal import Terminal, needs_tmux, until

pytestmark = [pytest.mark.slow, needs_tmux, pytest.mark.timeout(120)]

STEPPING = """\
import time

def add(total, number):
    result = total + number  # @add
    return result

def main():
    total = 0
    number = 0
    print("ready", flush=True)
    while True:
        number += 1
        total = add(total, number)  # @call
        time.sleep(0.01)

main()
"""


class Target:
    def __init__(self, script: Path) -> None:
        self.script = script
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    @property
    def pid(self) -> str:
        return str(self.process.pid)

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def ticks(self) -> int:
        """Voluntary context switches of the main thread: they grow while it runs."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("voluntary_ctxt_switches:")[1].split()[0])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def stepping(tmp_path: Path) -> Iterator[Target]:
    script = tmp_path / "stepping.py"
    script.write_text(STEPPING)
    target = Target(script)
    yield target
    target.end()


def attach(
    target: Target, tmp_path: Path, columns: int = 80, lines: int = 24, **environment: str
) -> Terminal:
    command = [sys.executable, "-m", "iqdebug", "attach", "--yes", target.pid]
    return Terminal(command, tmp_path / "state", columns, lines, **environment)


def goes_on(target: Target, seconds: float = 5.0) -> None:
    """Assert that the main thread makes progress again."""
    before = target.ticks()
    until(lambda: target.ticks() > before + 5, seconds, "the target does not go on")


def debuggers_of(target: Target) -> list[int]:
    """Processes of iqdebug that were started for the target."""
    wanted = {"iqdebug", "attach", target.pid}
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = set((folder / "cmdline").read_text().split("\0"))
            except OSError:
                continue
            found += [int(folder.name)] if wanted <= words else []
    return found


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
def test_a_session_by_keys_only(stepping: Target, tmp_path: Path, columns: int, lines: int) -> None:
    threads = stepping.threads()
    with attach(stepping, tmp_path, columns, lines) as terminal:
        terminal.wait_for("running  for", "main", "stepping.py")
        terminal.keys("p")
        terminal.wait_for("paused")
        # A breakpoint where the call is: move the cursor there by search, set it, run into it.
        terminal.keys("1", "/")
        terminal.wait_for("Search in the source")
        terminal.type("@add")
        terminal.keys("Enter")
        terminal.wait_for("result = total", gone="Search in the source")
        terminal.keys("b")
        terminal.wait_for("●")
        terminal.keys("c")
        terminal.wait_for("paused (breakpoint)", "add", "result")
        terminal.keys("n")
        terminal.wait_for("paused (step)")
        terminal.keys("5")
        terminal.wait_for("expression or statement")
        terminal.type("total + 1_000_000_000 - total + 7")
        terminal.keys("Enter")
        terminal.wait_for("1000000007")
        terminal.escape()
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
    goes_on(stepping)
    until(lambda: stepping.threads() == threads, 5, "threads of ours were left in the target")
    assert stepping.process.poll() is None


def test_breakpoints_survive_a_restart(stepping: Target, tmp_path: Path) -> None:
    line = marker(stepping.script, "add")
    with attach(stepping, tmp_path) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("1", "/")
        terminal.wait_for("Search in the source")
        terminal.type("@add")
        terminal.keys("Enter")
        terminal.wait_for("result = total", gone="Search in the source")
        terminal.keys("b")
        terminal.wait_for("paused (breakpoint)")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
    with attach(stepping, tmp_path) as terminal:
        terminal.wait_for("paused (breakpoint)")
        terminal.keys("6")
        terminal.wait_for(f"stepping.py:{line}")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
    goes_on(stepping)


def test_the_terminal_goes_away_while_the_target_is_paused(stepping: Target, tmp_path: Path) -> None:
    threads = stepping.threads()
    with attach(stepping, tmp_path) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("p")
        terminal.wait_for("paused")
        terminal.hang_up()
        goes_on(stepping)
    until(lambda: stepping.threads() == threads, 6, "threads of ours were left in the target")
    until(lambda: not debuggers_of(stepping), 10, "iqdebug outlived its terminal")
    with attach(stepping, tmp_path) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("p")
        terminal.wait_for("paused")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")


def test_the_demo_s_service_is_explained_before_anyone_asks(tmp_path: Path) -> None:
    target = Target(EXAMPLES / "orders_service.py")
    try:
        with attach(target, tmp_path, 200, 50) as terminal:
            terminal.wait_for("deadlock", "ledger_lock", "stock_lock", seconds=30)
            terminal.keys("i")
            terminal.wait_for("score")
            terminal.escape()
            terminal.keys("q")
            terminal.wait_for("EXIT=0")
    finally:
        target.end()


def test_the_target_ends_while_watched(stepping: Target, tmp_path: Path) -> None:
    with attach(stepping, tmp_path) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        stepping.process.kill()
        stepping.process.wait()
        terminal.wait_for("the process has ended")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")


@pytest.mark.parametrize("environment", [{"LANG": "C", "LC_ALL": "C"}, {"NO_COLOR": "1"}, {"TERM": "screen"}])
def test_a_small_and_poor_terminal(stepping: Target, tmp_path: Path, environment: dict[str, str]) -> None:
    with attach(stepping, tmp_path, 60, 15, **environment) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("p")
        terminal.wait_for("paused")
        terminal.keys("2")
        terminal.wait_for("MainThread")
        terminal.keys("3")
        terminal.wait_for("number")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")


def test_the_picker_finds_and_opens_a_process(stepping: Target, tmp_path: Path) -> None:
    with Terminal([sys.executable, "-m", "iqdebug"], tmp_path / "state", 100, 24) as terminal:
        terminal.wait_for("PID", "ATTACH")
        terminal.type(stepping.pid)
        terminal.wait_for("slowed while attached")
        terminal.keys("Enter")
        terminal.wait_for("Attach? [Y/n]")
        terminal.keys("y", "Enter")
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")


def test_help_and_refused_keys_say_why(stepping: Target, tmp_path: Path) -> None:
    with attach(stepping, tmp_path, 100, 40) as terminal:
        terminal.wait_for("running  for", "stepping.py")
        terminal.keys("n")
        terminal.wait_for("cannot step")
        terminal.keys("F1")
        terminal.wait_for("not now", "Step over")
        terminal.escape()
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
