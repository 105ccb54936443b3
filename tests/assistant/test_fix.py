"""A fix reaches the files on consent alone, and every byte comes back."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from iqdebug.assistant.actions.apply import apply, receipts, undo
from iqdebug.assistant.actions.edits import Hunk
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.core.errors import UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "a.py").write_bytes(b"x = 1\r\ny = 2")
    (folder / "b.py").write_bytes(b"z = 1\n")
    return folder


def proposed(root: Path) -> Proposal:
    edits = [Hunk("a.py", ("x = 1",), ("x = 5",)), Hunk("b.py", ("z = 1",), ("z = 5",))]
    return propose(edits, str(root))


def test_applied_and_undone_byte_for_byte(root: Path, tmp_path: Path) -> None:
    os.chmod(root / "a.py", 0o751)
    receipt = apply(proposed(root), tmp_path / "fixes")
    assert (root / "a.py").read_bytes() == b"x = 5\r\ny = 2"
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == 0o751
    assert [r.files for r in receipts(tmp_path / "fixes")] == [receipt.files]
    assert sorted(p.name for p in root.iterdir()) == ["a.py", "b.py"]
    undo(receipt)
    assert (root / "a.py").read_bytes() == b"x = 1\r\ny = 2"
    assert (root / "b.py").read_bytes() == b"z = 1\n"
    assert receipts(tmp_path / "fixes") == ()
    with pytest.raises(UsageError, match="no fix to undo"):
        undo(receipt)


def test_a_file_that_changed_since_is_left_alone_with_all_others(root: Path, tmp_path: Path) -> None:
    proposal = proposed(root)
    (root / "b.py").write_bytes(b"z = 9\n")
    with pytest.raises(UsageError, match="has changed since"):
        apply(proposal, tmp_path / "fixes")
    assert (root / "a.py").read_bytes() == b"x = 1\r\ny = 2"


def test_undo_does_not_lose_what_came_after(root: Path, tmp_path: Path) -> None:
    receipt = apply(proposed(root), tmp_path / "fixes")
    (root / "b.py").write_bytes(b"z = 5\nmore = 1\n")
    with pytest.raises(UsageError, match="changed after the fix") as caught:
        undo(receipt)
    assert Path(caught.value.fix.partition(": ")[2]).read_bytes() == b"z = 1\n"
    assert (root / "a.py").read_bytes() == b"x = 5\r\ny = 2"


def test_a_read_only_file_is_said_at_both_steps(root: Path, tmp_path: Path) -> None:
    os.chmod(root / "b.py", 0o444)
    proposal = proposed(root)
    assert any("read-only" in words for words in proposal.warnings)
    with pytest.raises(UsageError, match="read-only"):
        apply(proposal, tmp_path / "fixes")
    assert (root / "a.py").read_bytes() == b"x = 1\r\ny = 2"


def test_links_within_the_project_and_other_names_stay_what_they_are(root: Path, tmp_path: Path) -> None:
    (root / "link.py").symlink_to("a.py")
    os.link(root / "a.py", root / "same.py")
    proposal = propose([Hunk("link.py", ("x = 1",), ("x = 5",))], str(root))
    assert any("2 names" in words for words in proposal.warnings)
    receipt = apply(proposal, tmp_path / "fixes")
    assert (root / "link.py").is_symlink()
    assert (root / "same.py").read_bytes() == (root / "a.py").read_bytes() == b"x = 5\r\ny = 2"
    undo(receipt)
    assert (root / "same.py").read_bytes() == b"x = 1\r\ny = 2"


def test_git_sees_one_more_change_and_nothing_else(root: Path, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        settings = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(root), *words]
        return subprocess.run(command, env=settings, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (root / "b.py").write_text("z = 1\nstaged = 1\n")
    git("add", "b.py")
    (root / "b.py").write_text("z = 1\nstaged = 1\ndirty = 1\n")
    index = (root / ".git" / "index").read_bytes()
    staged = git("diff", "--cached")
    receipt = apply(proposed(root), tmp_path / "fixes")
    assert (root / ".git" / "index").read_bytes() == index
    assert (root / "b.py").read_text() == "z = 5\nstaged = 1\ndirty = 1\n"
    undo(receipt)
    assert git("diff", "--cached") == staged
    assert git("stash", "list") == ""
    assert (root / "b.py").read_text() == "z = 1\nstaged = 1\ndirty = 1\n"


def test_a_second_file_that_cannot_be_written_takes_the_first_back(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = proposed(root)
    real = os.replace

    def refusing(source: str, target: str) -> None:
        if str(target).endswith("b.py"):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", refusing)
    with pytest.raises(UsageError, match=r"b\.py could not be written"):
        apply(proposal, tmp_path / "fixes")
    assert (root / "a.py").read_bytes() == b"x = 1\r\ny = 2"
    assert sorted(p.name for p in root.iterdir()) == ["a.py", "b.py"]
