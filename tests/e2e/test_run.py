"""`iqdebug run` as a person uses it: real terminal, real program, keys only."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.slow, needs_tmux, pytest.mark.timeout(120)]

ASKING = """\
import sys

def share(total, people):
    return total / people

def main():
    people = int(input("how many? "))
    print("sharing with", people, flush=True)
    print("each gets", share(100, people), flush=True)

main()
"""

DRAWING = """\
import sys, termios, tty

def crash(number):
    return 1 // number

settings = termios.tcgetattr(0)
tty.setcbreak(0)
try:
    print("press a key", flush=True)
    key = sys.stdin.read(1)
    print("got", key, sys.stdout.isatty(), flush=True)
    if key == "x":
        crash(0)
finally:
    termios.tcsetattr(0, termios.TCSADRAIN, settings)
    print("restored", flush=True)
sys.exit(5)
"""


def iqdebug_run(script: Path, state: Path, *options: str, size: tuple[int, int] = (80, 24)) -> Terminal:
    command = [sys.executable, "-m", "iqdebug", "run", "--python", sys.executable, *options, str(script)]
    return Terminal(command, state, *size)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_a_crash_is_held_looked_at_started_again_and_left(tmp_path: Path, size: tuple[int, int]) -> None:
    script = tmp_path / "asking.py"
    script.write_text(ASKING)
    with iqdebug_run(script, tmp_path / "state", size=size) as terminal:
        terminal.wait_for("how many?")
        terminal.type("0")
        terminal.keys("Enter")
        screen = terminal.wait_for("crashed: uncaught ZeroDivisionError", "total = 100", "people = 0")
        assert "Traceback" not in screen
        terminal.keys("5")
        terminal.wait_for("expression or statement")
        terminal.type("total + 11")
        terminal.keys("Enter")
        terminal.wait_for("111")
        terminal.escape()
        terminal.keys("c")
        terminal.wait_for("ended, exit code 1", "ZeroDivisionError: ", "each gets", "how many? 0")
        terminal.keys("S")
        terminal.wait_for("-- started again --", "keys go to the program")
        terminal.type("4")
        terminal.keys("Enter")
        terminal.wait_for("each gets 25.0", "ended, exit code 0")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")


def test_an_example_that_divides_by_zero_and_the_exit_code(tmp_path: Path) -> None:
    with iqdebug_run(EXAMPLES / "divide_by_zero.py", tmp_path / "state", size=(120, 40)) as terminal:
        terminal.wait_for("crashed: uncaught ZeroDivisionError", "divide_by_zero.py")
        terminal.keys("e")
        terminal.wait_for("Enter: show its traceback")
        terminal.escape()
        terminal.keys("c")
        terminal.wait_for("ended, exit code 1")
        terminal.keys("q")
        terminal.wait_for("EXIT=1")


def test_leaving_a_running_program_asks_and_ends_it(tmp_path: Path) -> None:
    script = tmp_path / "asking.py"
    script.write_text(ASKING)
    with iqdebug_run(script, tmp_path / "state") as terminal:
        terminal.wait_for("how many?")
        terminal.keys("C-]")
        terminal.wait_for("Source")
        terminal.keys("q")
        terminal.wait_for("end the program", "let it run on")
        terminal.keys("e")
        terminal.wait_for("EXIT=0")


def test_a_program_that_has_the_terminal(tmp_path: Path) -> None:
    script = tmp_path / "drawing.py"
    script.write_text(DRAWING)
    with iqdebug_run(script, tmp_path / "state", "--terminal") as terminal:
        terminal.wait_for("press a key")
        terminal.type("x")
        terminal.wait_for("crashed: uncaught ZeroDivisionError", "number = 0")
        terminal.keys("c")
        terminal.wait_for("Traceback", "ZeroDivisionError", "restored", "EXIT=1")
    with iqdebug_run(script, tmp_path / "state", "--terminal") as terminal:
        terminal.wait_for("press a key")
        terminal.type("x")
        terminal.wait_for("crashed: uncaught ZeroDivisionError")
        terminal.keys("S")
        terminal.wait_for("restored\npress a key")
        terminal.type("y")
        terminal.wait_for("got y True", "EXIT=5")


def test_a_dropped_connection_lets_the_held_program_end(tmp_path: Path) -> None:
    script = tmp_path / "asking.py"
    script.write_text(ASKING)
    with iqdebug_run(script, tmp_path / "state") as terminal:
        terminal.wait_for("how many?")
        terminal.type("0")
        terminal.keys("Enter")
        terminal.wait_for("crashed: uncaught ZeroDivisionError")
        terminal.hang_up()
        logs = tmp_path / "state" / "iqdebug" / "runs"
        deadline = time.monotonic() + 15
        while not any("ZeroDivisionError" in log.read_text() for log in logs.glob("*.log")):
            assert time.monotonic() < deadline, "the program did not go on"
            time.sleep(0.05)
