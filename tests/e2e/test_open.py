"""A crash file as a person opens it: a real terminal, keys only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal, needs_tmux
from tests.support.crashfile import sample

pytestmark = [pytest.mark.slow, needs_tmux, pytest.mark.timeout(120)]


@pytest.mark.parametrize("wanted", ["file", "a1b2", "latest"])
def test_open_walk_and_leave(tmp_path: Path, wanted: str) -> None:
    folder = tmp_path / "state" / "iqdebug" / "crashes"
    folder.mkdir(parents=True)
    path = sample(folder)
    words = [sys.executable, "-m", "iqdebug", "open", str(path) if wanted == "file" else wanted]
    with Terminal(words, tmp_path / "state", 100, 30, TZ="UTC") as terminal:
        terminal.wait_for("recorded 2026-11-22 14:03, ValueError in main", "26 ▶", "user = <User")
        terminal.keys("e")
        terminal.wait_for("caused by KeyError: 'uid'", "note: while greeting Ada")
        terminal.keys("Down", "Enter")
        terminal.wait_for("traceback of KeyError", "▶ greet", "first = {")
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
    assert path.exists()
