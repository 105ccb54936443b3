"""Dangerous patterns, with the value that was there when it failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from iqdebug.assistant.actions.scan import Finding, scan
from iqdebug.core.errors import MissingTool
from iqdebug.core.messages import render
from tests.assistant.recorded import record_text

DANGEROUS = """\
import contextlib
import hashlib
import os
import pickle
import random
import sqlite3
import subprocess
import tempfile


def unrelated(data):
    return pickle.loads(data), eval("1"), tempfile.mktemp(), hashlib.md5(b"x"), random.random()


def load(base, name):
    return open(os.path.join(base, name)).read()


def handle(user):
    database = sqlite3.connect(":memory:")
    subprocess.call("echo " + user, shell=True)
    with contextlib.suppress(sqlite3.Error):
        database.execute("SELECT * FROM users WHERE name = '%s'" % user)
    return load("/srv/none", "../../etc/none")


handle("ada'; DROP TABLE users")
"""


def found_in(tmp_path: Path) -> tuple[Finding, ...]:
    case = record_text(DANGEROUS, tmp_path)
    before = sorted(p.name for p in case.root.iterdir())
    found = scan(case.crash.snapshot, read_source=case.crash.read_source)
    assert found.files == 1 and not found.notes
    assert sorted(p.name for p in case.root.iterdir()) == before, "nothing is written into the project"
    return found.findings


def test_the_stack_comes_first_with_its_live_values(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    rules = [f.rule for f in found]
    assert {"B602", "B608", "B301", "B307", "B306", "B324", "B311", "IQ1"} <= set(rules)
    stack = [f for f in found if f.on_stack]
    assert found[: len(stack)] == tuple(stack), "functions of the stack before the rest of the file"
    shell = next(f for f in found if f.rule == "B602")
    assert shell.on_stack and shell.function == "handle" and shell.severity == "HIGH"
    assert [v.value for v in shell.live if v.name == "user"] == [repr("ada'; DROP TABLE users")]
    assert "without a shell" in render(shell.advice)
    unpickled = next(f for f in found if f.rule == "B301")
    assert not unpickled.on_stack and unpickled.function == "unrelated" and unpickled.live == ()
    assert all(f.lines()[1].strip() for f in found)


def test_a_path_that_leaves_its_folder_is_proved_by_its_value(tmp_path: Path) -> None:
    path = [f for f in found_in(tmp_path) if f.rule == "IQ1"]
    assert {(f.function, v.name) for f in path for v in f.live} == {("load", "name")}
    assert path[0].severity == "HIGH"


def test_without_bandit_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = record_text("1 / 0\n", tmp_path)
    monkeypatch.setitem(sys.modules, "bandit.core.manager", None)
    with pytest.raises(MissingTool) as caught:
        scan(case.crash.snapshot, read_source=case.crash.read_source)
    assert caught.value.fix == "pip install 'iqdebug[scan]'"
