"""Breakpoints named on the command line, in a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import marker
from tests.e2e.terminal import ROOT, Terminal, needs_tmux
from tests.e2e.test_tmux import Target, goes_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROGRAM = """\
import time

from shop import orders

print("ready", flush=True)
while True:
    orders.Service().accept({"tea": 2})
    time.sleep(0.05)
"""
ORDERS = """\
class Service:
    def accept(self, order):
        count = sum(order.values())  # @count
        return self.book(count)

    def book(self, count):

        return count + 1  # @book


def unused():
    return 1
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "orders.py").write_text(ORDERS)
    script = folder / "main.py"
    script.write_text(PROGRAM)
    monkeypatch.chdir(folder)
    target = Target(script)
    monkeypatch.undo()
    yield target
    target.end()


def attach(target: Target, tmp_path: Path, *options: str, size: tuple[int, int] = (100, 30)) -> Terminal:
    command = [sys.executable, "-m", "iqdebug", "attach", "--yes", target.pid, *options]
    return Terminal(command, tmp_path / "state", *size)


def refused(target: Target, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "iqdebug", "attach", "--yes", target.pid, *options],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stderr


@needs_tmux
def test_breakpoints_by_function_and_line_from_the_command_line(shop: Target, tmp_path: Path) -> None:
    orders = shop.script.parent / "shop" / "orders.py"
    count = marker(orders, "count")
    with attach(shop, tmp_path, "--break", "shop.orders.Service.book", "--break", f"orders.py:{count}") as it:
        it.wait_for("paused (breakpoint)", "orders.py")
        it.keys("6")
        it.wait_for(f"orders.py:{count}", f"orders.py:{marker(orders, 'book')}")
        it.keys("c")
        it.wait_for("paused (breakpoint)", "Service.book")
        it.keys("O")
        it.wait_for("Open a file", "shop/orders.py")
        it.type("main")
        it.keys("Enter")
        it.wait_for("main.py", "orders.Service().accept", gone="Open a file")
        it.keys("5")
        it.wait_for("expression or statement")
        it.type("break unused")
        it.keys("Enter")
        it.wait_for("breakpoint at orders.py:12")
        it.escape()
        it.keys("q")
        it.wait_for("EXIT=0")
    goes_on(shop)


@needs_tmux
def test_a_function_that_is_not_there_ends_it_with_words(shop: Target, tmp_path: Path) -> None:
    with attach(shop, tmp_path, "--break", "Service.acept") as it:
        it.wait_for("iqdebug: there is no function Service.acept", "EXIT=2", seconds=40)
    goes_on(shop)


def test_a_line_without_code_is_said_before_anything_is_touched(shop: Target) -> None:
    """There is no terminal here: what is wrong with the place is said before that."""
    for words in ("orders.py", "a b:c", ":3", "x.py:0"):
        code, said = refused(shop, "--break", words)
        assert (code, len(said.splitlines()) <= 3) == (2, True), said
    goes_on(shop)


@needs_tmux
def test_a_line_without_code_is_named_with_its_neighbours(shop: Target, tmp_path: Path) -> None:
    with attach(shop, tmp_path, "--break", "shop/orders.py:7") as it:
        it.wait_for("iqdebug: line 7 of orders.py has no code", "6 and 8", "EXIT=2")
    with attach(shop, tmp_path, "--break", "nowhere.py:7") as it:
        it.wait_for("there is no file nowhere.py", "EXIT=2", seconds=40)
    goes_on(shop)


@needs_tmux
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_stops_that_do_not_hold(shop: Target, tmp_path: Path, size: tuple[int, int]) -> None:
    with attach(shop, tmp_path, "--no-hold", "--break", "Service.book", size=size) as it:
        it.wait_for("recorded 2", "breakpoint; the process runs on", "count")
        goes_on(shop)
        it.keys("c")
        it.wait_for("recorded 2", "breakpoint; the process runs on")
        it.keys("q")
        it.wait_for("EXIT=0")
    goes_on(shop)
