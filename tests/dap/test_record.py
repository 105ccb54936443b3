"""A stop of a living process as a crash file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import render
from iqdebug.core.session import Capability
from iqdebug.core.state import Frame, Phase
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put
from iqdebug.crash.to_snapshot import kind_of
from tests.conftest import marker
from tests.dap.launching import PROGRAM, crash, launched, plan
from tests.dap.targets import attached, on_pythons, running

pytestmark = pytest.mark.slow

SOME = ("3.8", "3.11", "3.12", "3.14")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path / "crashes"))
    return tmp_path / "crashes"


def nothing_of_ours(kept: Crash) -> None:
    files = {frame.file for frame in kept.frames.values()}
    ours = ("debugpy", "iqdebug/agent", "iqdebug/capture")
    assert not any(name in file for file in files for name in ours)
    assert not any(thread.name.startswith(("iqdebug", "pydevd")) for thread in kept.threads)


@on_pythons()
async def test_a_held_exception(python: str, shelf: Path) -> None:
    async with crash(python, "main") as run:
        stop = await run.crashed()
        name, data = await run.session.record()
        kept = open_crash(put(name, data))
        assert kept.path.parent == shelf and kept.path.stat().st_mode & 0o777 == 0o600
        assert (kept.meta.why, kept.meta.pid) == ("uncaught", stop.pid)
        assert kept.meta.argv == (str(PROGRAM), "main")
        shown = kept.snapshot
        assert shown.exception is not None and shown.exception.message == "box 7 is empty"
        assert shown.focused is not None and shown.focused.is_main
        assert [f.name for f in shown.focused.frames[:3]] == ["deliver", "outer", "main"]
        assert shown.focused.frames[0].line == marker(PROGRAM, "raise")
        box = next(v for v in shown.focused.frames[0].locals or () if v.name == "box")
        assert box.value == "[6, 7]"
        assert "PYTHONPATH" not in kept.environ or kept.environ["PYTHONPATH"] == os.environ.get("PYTHONPATH")
        nothing_of_ours(kept)
        await run.session.resume()
        assert (await run.ended()).exit_code == 1
        assert "box 7 is empty" in run.text


@on_pythons(*SOME)
async def test_in_a_thread(python: str, shelf: Path) -> None:
    async with crash(python, "in_thread") as run:
        await run.crashed()
        kept = open_crash(put(*await run.session.record()))
        assert kept.meta.why == "thread" and kept.meta.how == "in thread courier"
        assert kept.snapshot.focused is not None and kept.snapshot.focused.name == "courier"
        assert {t.name for t in kept.snapshot.threads} == {"courier", "MainThread"}
        nothing_of_ours(kept)


@on_pythons("3.8", "3.14")
async def test_with_its_cause_and_a_text_of_its_own(python: str, shelf: Path) -> None:
    async with crash(python, "cause") as run:
        await run.watcher.until(lambda s: s.exception is not None and s.exception.message == "refused with 7")
        kept = open_crash(put(*await run.session.record())).snapshot.exception
        assert kept is not None and kept.message == "refused with 7"
        assert [each.type for each in kept.chain] == ["KeyError"]


@on_pythons("3.8", "3.14")
async def test_where_pydevd_cannot_come_in(python: str, shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise SystemError('not the queue you want')\n")
    script = tmp_path / "crashing.py"
    script.write_text(PROGRAM.read_text())
    async with launched(plan(python, str(script), "main", cwd=tmp_path)) as run:
        assert "looking only" in render((await run.crashed()).detail)
        kept = open_crash(put(*await run.session.record()))
        assert kept.snapshot.exception is not None and kept.snapshot.exception.message == "box 7 is empty"
        nothing_of_ours(kept)


@on_pythons(*SOME)
async def test_of_an_attached_process(python: str, shelf: Path) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        target.tell("raise")
        await watcher.until(lambda s: s.exception is not None)
        kept = open_crash(put(*await session.record()))
        shown = kept.snapshot
        assert kept.meta.why == "uncaught" and shown.exception is not None and shown.focused is not None
        assert (shown.exception.type, shown.exception.message) == ("ValueError", "too many: 42")
        assert shown.focused.frames[0].name == "on_raise"
        assert shown.focused.frames[-1].name == "<module>"
        nothing_of_ours(kept)


@on_pythons(*SOME)
async def test_a_breakpoint_is_a_snapshot(python: str, shelf: Path) -> None:
    async with (
        running(python, "service.py") as target,
        attached(target) as (session, watcher),
    ):
        assert "pause it first" in session.why_not(Capability.RECORD)
        with pytest.raises(NotAvailable):
            await session.record()
        await session.set_breakpoints([target.breakpoint("call")])
        stop = await watcher.stopped()
        assert stop.phase is Phase.PAUSED and stop.focused is not None
        kept = open_crash(put(*await session.record()))
        assert kept.meta.why == "snapshot" and kept.snapshot.exception is None
        focused = kept.snapshot.focused
        assert focused is not None
        own = [f for f in stop.focused.frames if kind_of(f.path, kept.meta.prefixes) == "user"]
        assert [(f.name, f.line) for f in focused.frames[: len(own)]] == [(f.name, f.line) for f in own]
        nothing_of_ours(kept)


async def test_packages_that_are_installed_beside_debugpy_are_the_programs_own(shelf: Path) -> None:
    def packages(frames: tuple[Frame, ...]) -> set[str]:
        return {"jinja2"} & {part for frame in frames for part in frame.path.split("/")}

    async with running(sys.executable, "library.py") as target, attached(target) as (session, watcher):
        await session.refresh()
        (main,) = (t for t in session.snapshot.threads if t.is_main)
        assert packages(main.frames), [f.path for f in main.frames]
        target.tell("go")
        stop = await watcher.until(lambda s: s.exception is not None)
        kept = open_crash(put(*await session.record())).snapshot
        assert stop.focused is not None and kept.focused is not None
        assert packages(stop.focused.frames) and packages(kept.focused.frames)


def test_a_name_that_is_none_gets_another(shelf: Path) -> None:
    for name in ("../up.iqcrash", "/etc/x.iqcrash", ".iqcrash", "a.txt", "x" * 300 + ".iqcrash", ""):
        assert put(name, b"x").parent == shelf
    assert len(list(shelf.iterdir())) == 6
