"""Which lines changed of late, and what the ranking makes of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from iqdebug.diagnosis import diagnose
from iqdebug.system.line_changes import Changes, LineChange, changed_lines
from tests.support.crashing import crash_of

DIFF = """\
diff --git a/shop/cart.py b/shop/cart.py
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -2,4 +2,5 @@ def total
 a
+b
 c
-d
 e
--- a/gone.py
+++ /dev/null
@@ -1,2 +0,0 @@
-x
-y
"""


def git(folder: Path, *words: str, when: str = "") -> None:
    environ = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if when else None
    names = ["-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run(["git", "-C", str(folder), *names, *words], check=True, capture_output=True, env=environ)


def test_lines_of_a_diff() -> None:
    assert changed_lines(DIFF, "/r") == {"/r/shop/cart.py": {3, 5}}
    assert changed_lines("garbage\n@@ nothing\n+++ b/x\n+y", "/r") == {}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "old.py").write_text("one\ntwo\nthree\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "long ago", when="2020-01-02T03:04:05Z")
    (tmp_path / "old.py").write_text("one\n2\nthree\n")
    git(tmp_path, "commit", "-qam", "number two")
    (tmp_path / "old.py").write_text("one\n2\n3\n")
    return tmp_path


def test_old_recent_and_uncommitted_lines(repository: Path) -> None:
    path = str(repository / "old.py")
    changes = Changes()
    assert changes(path, 1) is None
    assert changes(path, 2) == LineChange(0, "number two")
    assert changes(path, 3) == LineChange()
    assert Changes(ask=lambda path: False)(path, 3) is None
    assert Changes(DIFF, "/r", ask=lambda path: False)("/r/shop/cart.py", 3) == LineChange()


def test_what_is_no_repository_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x\n")
    assert Changes()(str(tmp_path / "x.py"), 1) is None
    assert Changes()("<string>", 1) is None


def test_a_changed_line_comes_nearer_to_the_front(tmp_path: Path) -> None:
    case = crash_of(
        """
        def mean(rows):
            count = len(rows)
            return sum(rows) / count

        def report(rows):
            return mean(rows)  # @changed

        report([])
        """,
        tmp_path,
    )
    line = case.line("changed")
    told = diagnose(
        case.crash.snapshot,
        read_source=case.crash.read_source,
        changed=lambda path, n: LineChange(2, "mean of rows") if n == line else None,
    )
    before = [s.line for s in case.diagnosis.suspects].index(line)
    assert [s.line for s in told.suspects].index(line) <= before
    suspect = next(s for s in told.suspects if s.line == line)
    assert "this line was changed 2 days ago: 'mean of rows'" in suspect.reasons
    everywhere = diagnose(
        case.crash.snapshot, read_source=case.crash.read_source, changed=lambda path, n: LineChange()
    )
    assert [s.reasons for s in everywhere.suspects] == [s.reasons for s in case.diagnosis.suspects]
