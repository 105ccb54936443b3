"""What survives a restart of iqdebug, per project."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from iqdebug.core.state import Breakpoint
from iqdebug.core.store import HISTORY_KEPT, ProjectStore, state_folder

MARKS = (
    Breakpoint("/project/a.py", 3, condition="n > 1", enabled=False),
    Breakpoint("/project/ü.py", 9, hit_condition="% 10", log_message="n is {n}"),
)


def test_breakpoints_and_history_come_back_for_their_project(tmp_path: Path) -> None:
    store = ProjectStore("/project", tmp_path)
    assert store.load() == () and store.load_history() == []
    store.save(MARKS)
    store.save_history(["a", "b"])
    store.save(MARKS[:1])
    again = ProjectStore("/project", tmp_path)
    assert again.load() == MARKS[:1] and again.load_history() == ["a", "b"]
    assert ProjectStore("/other", tmp_path).load() == ()
    assert ProjectStore("/odd\udcff", tmp_path).load() == ()


def test_the_history_is_bounded(tmp_path: Path) -> None:
    store = ProjectStore("/project", tmp_path)
    store.save_history([str(n) for n in range(HISTORY_KEPT + 50)])
    assert len(store.load_history()) == HISTORY_KEPT and store.load_history()[-1] == str(HISTORY_KEPT + 49)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"breakpoints": 5}'])
def test_a_damaged_file_counts_as_empty_and_is_mended(tmp_path: Path, damage: bytes) -> None:
    store = ProjectStore("/project", tmp_path)
    store.save(MARKS)
    (file,) = (tmp_path / "projects").iterdir()
    file.write_bytes(damage)
    assert store.load() == ()
    store.save(MARKS)
    assert store.load() == MARKS


def test_only_the_owner_reads_it_and_nothing_is_left_over(tmp_path: Path) -> None:
    store = ProjectStore("/project", tmp_path)
    store.save(MARKS)
    store.save(MARKS)
    (file,) = (tmp_path / "projects").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "projects").write_text("a file where the folder should be")
    store = ProjectStore("/project", tmp_path)
    store.save(MARKS)
    assert store.load() == ()


def test_the_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "iqdebug"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder() == Path(os.path.expanduser("~/.local/state/iqdebug"))
