"""Looking without holding, and the time that a supervisor gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.core.attachability import Supervisor
from iqdebug.core.errors import RequestFailed
from iqdebug.core.session import Capability
from iqdebug.core.state import Phase
from iqdebug.core.supervision import Supervision
from iqdebug.tui.controllers.brief_pause import RecordedStop
from iqdebug.tui.panes.source import SourcePane
from tests.support.crashfile import PATH, contents, written
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import notices, shows, status, until

pytestmark = pytest.mark.slow


class Clock:
    time = 1_000.0

    def __call__(self) -> float:
        return self.time


def supervised(timeout: float = 30.0) -> tuple[FakeSession, Supervision, Clock]:
    clock = Clock()
    found = Supervision(Supervisor("gunicorn", 812, timeout), 1, clock)
    clock.time += 60
    found.stopped()
    return FakeSession(supervision=found), found, clock


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_time_that_is_left_is_counted_down(size: tuple[int, int]) -> None:
    session, found, clock = supervised()
    app = app_on(session)
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "paused (breakpoint)", "gunicorn ends this worker in 30 s: c continues")
        clock.time += 7
        await shows(pilot, "gunicorn ends this worker in 23 s: c continues", seconds=5)
        found.went_on()
        session.push(scenario.running(3))
        await until(pilot, lambda: "gunicorn" not in status(app), "gone when it runs")


async def test_how_it_ended_is_said_where_it_is_seen() -> None:
    session, found, clock = supervised()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        clock.time += 31
        ended = replace(scenario.paused(9), phase=Phase.ENDED, reason=found.why_it_ended(), threads=())
        session.push(ended)
        await shows(pilot, "gunicorn (812) ended this worker after 30 s without a sign: it was paused")
        await shows(pilot, "--no-hold")
        await pilot.press("q")
    assert app.return_value == 0


async def test_a_clock_that_cannot_be_held_says_why() -> None:
    session, found, _ = supervised()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("H")
        await until(pilot, lambda: any("was not found" in n for n in notices(app)), "said")
        assert not found.holding


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path / "crashes"))
    return tmp_path / "crashes"


async def test_a_stop_is_recorded_and_the_process_goes_on_at_once(shelf: Path) -> None:
    session = FakeSession(snapshot=scenario.running(), recorded=written(contents()))
    app = app_on(session, no_hold=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "running")
        session.push(replace(scenario.paused(2), revision=1))
        await until(pilot, lambda: isinstance(app.session, RecordedStop), "the recording")
        assert [i[0] for i in session.intents if i[0] in ("record", "arm", "resume")] == [
            "arm",
            "record",
            "resume",
        ]
        assert session.asked("arm") == [("arm", False)] and session.snapshot.phase is Phase.RUNNING
        await shows(pilot, "recorded 2026-11-22 14:03, breakpoint; the process runs on", "user = <User")
        assert app.query_one(SourcePane).path == PATH
        assert len(list(shelf.iterdir())) == 1

        session.push(replace(scenario.paused(4), revision=1))
        await until(pilot, lambda: len(session.asked("resume")) == 2, "a later stop goes on")
        assert isinstance(app.session, RecordedStop) and len(session.asked("record")) == 1

        await pilot.press("c")
        await until(pilot, lambda: app.session is session, "back")
        assert session.asked("arm")[-1] == ("arm", True)
        await shows(pilot, "running")
        await pilot.press("q")
    assert session.detached == 1


async def test_one_look_at_a_process_that_others_hold(shelf: Path) -> None:
    session = FakeSession(snapshot=scenario.running(), recorded=written(contents()))
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "running")
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.session, RecordedStop), "the recording")
        assert app.session is not None and app.session.why_not(Capability.STEP)
        await pilot.press("n")
        await until(pilot, lambda: any("the process runs on" in n for n in notices(app)), "why not")
        await pilot.press("b")
        await until(pilot, lambda: session.breakpoints, "breakpoints are the process's")
        await pilot.press("c")
        await until(pilot, lambda: app.session is session, "back")
        session.push(replace(scenario.paused(9), revision=1))
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.session, RecordedStop), "of a held one, too")
        await pilot.press("q")
    assert session.detached == 1


async def test_a_stop_that_cannot_be_recorded_goes_on_all_the_same(shelf: Path) -> None:
    failure = RequestFailed("The stop could not be recorded", "no answer within 10 s")
    session = FakeSession(snapshot=scenario.running(), failures={"record": failure})
    app = app_on(session, no_hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "running")
        session.push(replace(scenario.paused(2), revision=1))
        await until(pilot, lambda: session.asked("resume"), "it goes on")
        await until(pilot, lambda: session.asked("arm")[-1:] == [("arm", True)], "the next may come")
        await until(pilot, lambda: any("could not be recorded" in n for n in notices(app)), "said")


async def test_the_process_ends_while_its_recording_is_looked_at(shelf: Path) -> None:
    session = FakeSession(snapshot=scenario.running(), recorded=written(contents()))
    app = app_on(session, no_hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "running")
        session.push(replace(scenario.paused(2), revision=1))
        await until(pilot, lambda: isinstance(app.session, RecordedStop), "the recording")
        session.push(replace(scenario.running(7), phase=Phase.ENDED, reason="exited"))
        await until(pilot, lambda: any("has gone meanwhile" in n for n in notices(app)), "said")
        assert isinstance(app.session, RecordedStop)
        await pilot.press("c")
        await shows(pilot, "the process has ended")
