"""Crash files of real programs, on every interpreter, opened again: the writer and the reader mean
the same."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from iqdebug.core.messages import render
from iqdebug.core.readable_files import reach_of_project
from iqdebug.core.state import EvaluateResult, Frame, Origin, Phase
from iqdebug.crash import Crash, RecordedSession, open_crash
from iqdebug.crash.folder import groups_of, listed
from iqdebug.crash.recorded_sources import RecordedSources, SourceState
from iqdebug.crash.summary import about_sections
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis
from iqdebug.workflows.open_crash import recorded_app
from tests.capture.test_programs import PROGRAMS, run
from tests.conftest import marker
from tests.dap.targets import on_pythons
from tests.support.chunks import crash_files
from tests.tui.screens import shows

pytestmark = pytest.mark.slow

WRITTEN = """\
import asyncio, collections, dataclasses, logging, threading, time

Point = collections.namedtuple("Point", "x y")
logging.basicConfig()


@dataclasses.dataclass
class User:
    name: str
    password: str = "correct-horse-battery"

    @property
    def mail(self):
        raise AssertionError("properties are not read")


def greet(user, rows):
    first = rows[0]
    return "hello " + first["uid"]  # @cause


def main():
    rows = [{"x": n, "uid ": "u%d" % n} for n in range(1000)]
    user, point, text = User("Ada"), Point(1, 2), "line of text\\n" * 3000
    odd = {None: 1, 3.5: "float", ("a", 1): "pair", "\\udc80": "lone"}
    logging.getLogger("app").warning("starting")
    print("printed")
    threading.Thread(target=time.sleep, args=(60,), daemon=True, name="sleeper").start()
    try:
        greet(user, rows)
    except KeyError as error:
        raise ValueError("no such user") from error  # @raise


main()
"""


def recorded(python: str, tmp_path: Path, program: str = "") -> Crash:
    path = PROGRAMS / f"{program}.py"
    if not program:
        path = tmp_path / "written.py"
        path.write_text(WRITTEN)
    run(python, ["-m", "iqdebug.capture", str(path)], tmp_path / "crashes")
    return open_crash(crash_files(tmp_path / "crashes")[0])


def answers(crash: Crash, frame: Frame, *expressions: str) -> list[EvaluateResult]:
    session = RecordedSession(crash)

    async def ask() -> list[EvaluateResult]:
        return [await session.evaluate(each, frame, 1) for each in expressions]

    return asyncio.run(ask())


@on_pythons()
def test_a_crash_opens_as_it_was(python: str, tmp_path: Path) -> None:
    crash = recorded(python, tmp_path)
    assert crash.missing == ()
    now = crash.snapshot
    path = tmp_path / "written.py"
    assert (now.origin, now.phase, render(now.reason)) == (
        Origin.RECORDED,
        Phase.CRASHED,
        "ValueError in main",
    )
    thread = now.focused
    assert thread is not None and thread.is_main and thread.wait == "crashed"
    assert [f.name for f in thread.frames[:2]] == ["main", "<module>"]
    assert {f.kind for f in thread.frames[2:]} <= {"stdlib"}  # runpy, which `-m` starts with
    assert thread.frames[0].line == marker(path, "raise") and thread.frames[0].kind == "user"
    assert "sleeper" in [t.name for t in now.threads]
    error = now.exception
    assert error is not None and error.chain[0].link == "cause"
    assert [f.name for f in error.chain[0].frames] == ["greet", "main"]
    assert error.chain[0].frames[0].line == marker(path, "cause")
    assert [r.text for r in crash.logs if r.stream == "logging"] == ["starting"]
    assert "printed" in [r.text.strip() for r in crash.logs if r.stream == "stdout"]
    found = answers(
        crash,
        thread.frames[0],
        "user.name",
        "user.password",
        "user.mail",
        "rows[3]['x']",
        "rows[-1]['x']",
        "point.y",
        "odd[None]",
        "odd[3.5]",
        "odd['a', 1]",
        "rows[500]",
    )
    assert [r.value for r in found[:2]] == ["'Ada'", "<masked>"]
    assert "is a property" in found[2].value
    assert [r.value for r in found[3:9]] == ["3", "999", "2", "1", "'float'", "'pair'"]
    assert found[9].failed and "1,000" in found[9].value
    assert "correct-horse" not in str(now.exception) + str(list(crash.values.values()))
    long = answers(crash, thread.frames[0], "text")[0].value
    assert long.startswith("line of text\nline") and "of 39,000 characters" in long


@on_pythons("3.8", "3.14")
def test_its_source_is_the_recorded_one_and_the_evidence_reads_it(python: str, tmp_path: Path) -> None:
    crash = recorded(python, tmp_path)
    path = tmp_path / "written.py"
    sources = RecordedSources(crash, reach_of_project(str(tmp_path)))
    assert sources.standing(str(path)) is SourceState.SAME
    path.write_text("gone = True\n")
    assert sources.standing(str(path)) is SourceState.DIFFERS
    as_written = WRITTEN.replace("correct-horse-battery", "<masked>")
    assert crash.read_source(str(path)) == tuple(as_written.splitlines())
    found = crash_diagnosis(crash, crash.read_source)
    lines = {s.line for s in found.suspects}
    assert lines & {marker_of("cause"), marker_of("raise")}
    (group,) = groups_of(listed(tmp_path / "crashes"))
    assert group.place == (str(path), marker_of("raise"), "main")


def marker_of(name: str) -> int:
    return next(n for n, line in enumerate(WRITTEN.splitlines(), 1) if line.endswith(f"# @{name}"))


PROGRAMS_THAT_LEAVE_FILES = (
    "chained",
    "hostile",
    "recursion",
    "task",
    "threads",
    "unraisable",
)


@pytest.mark.parametrize("name", PROGRAMS_THAT_LEAVE_FILES)
def test_every_kind_of_crash_opens_whole(name: str, tmp_path: Path) -> None:
    crash = recorded(sys.executable, tmp_path, name)
    assert crash.missing == () and crash.meta.title
    now = crash.snapshot
    assert now.threads and now.reason and about_sections(crash)
    assert now.exception is not None
    for thread in now.threads:
        for frame in thread.frames[:5]:
            assert frame.path and frame.line >= 0


@on_pythons("3.8", "3.14")
def test_a_native_crash_is_taken_in_when_the_list_is_asked_for(python: str, tmp_path: Path) -> None:
    run(python, ["-m", "iqdebug.capture", str(PROGRAMS / "segfault.py")], tmp_path)
    assert not crash_files(tmp_path)
    done = run(sys.executable, ["-m", "iqdebug", "crashes"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and "SIGSEGV" in done.stdout
    assert "segfault.py:" in done.stdout
    (path,) = crash_files(tmp_path)
    crash = open_crash(path)
    assert crash.missing == () and crash.signal == "SIGSEGV" and "Segmentation fault" in crash.native
    now = crash.snapshot
    function = next(f.name for f in now.focused.frames if f.kind == "user") if now.focused else ""
    assert (
        render(now.reason) == f"SIGSEGV in {function}"
        and now.exception is None
        and now.phase is Phase.CRASHED
    )
    thread = now.focused
    assert thread is not None
    assert marker(PROGRAMS / "segfault.py", "raise") in [f.line for f in thread.frames]


@on_pythons("3.11", "3.14")
def test_a_group_opens_as_a_tree(python: str, tmp_path: Path) -> None:
    error = recorded(python, tmp_path, "group").snapshot.exception
    assert error is not None and [m.message for m in error.members] == ["one", "two"]
    assert error.members[0].notes == ("while running one",)
    assert [e.type for e in error.members[0].chain] == ["KeyError"]


@on_pythons("3.8", "3.12")
async def test_it_opens_on_the_screen(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app = recorded_app(recorded(python, tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(
            pilot, "ValueError in main", "▶ main", "raise ValueError", "user = ", "caused by KeyError"
        )
        await pilot.press("e", "down", "enter")
        await shows(pilot, "▶ greet", "first = {'x': 0")
