"""However long the cause takes to be found, the screen goes on, and no stop shows another one's."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import render
from iqdebug.core.state import Diagnosis, Phase, Snapshot, Suspect
from iqdebug.tui.panes.insight import LOOKING as LOOKING_MESSAGE
from tests.tui import causes, scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.scenario import SERVICE
from tests.tui.screens import notices, screen, shows, status, until

pytestmark = pytest.mark.slow

LOOKING = render(LOOKING_MESSAGE)


class Slow:
    """A diagnosis that takes as long as the test wants, of each snapshot in turn."""

    def __init__(self) -> None:
        self.gates: dict[tuple[int, int], threading.Event] = {}
        self.begun: list[tuple[int, int]] = []

    def __call__(self, snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        now = (snapshot.epoch, snapshot.revision)
        self.begun.append(now)
        assert self.gates.setdefault(now, threading.Event()).wait(30)
        return Diagnosis(f"found at {now}", Confidence.LIKELY, (Suspect(SERVICE, 20, "f", 0.9),))

    def let(self, epoch: int, revision: int = 0) -> None:
        self.gates.setdefault((epoch, revision), threading.Event()).set()


async def test_a_slow_diagnosis_leaves_the_keys_alive_and_says_that_it_is_looked_for() -> None:
    slow = Slow()
    session = FakeSession()
    app = app_on(session, diagnose=slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "▶ accept", LOOKING)
        await pilot.press("k")
        await shows(pilot, "▶ intake")
        await pilot.press("i", "right_square_bracket", "7")
        await until(pilot, lambda: len(notices(app)) == 2, "notices")
        assert set(notices(app)) == {"still looking for the cause"}
        assert screen(app).count(LOOKING) == 2
        slow.let(0)
        slow.let(2)
        await shows(pilot, "likely: found at (2, 0)", "Suspects (1)")
        assert LOOKING not in screen(app)


async def test_an_older_stops_cause_never_takes_a_newer_ones_place() -> None:
    slow = Slow()
    slow.let(0)
    slow.let(3)
    session = FakeSession()
    app = app_on(session, diagnose=slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: (2, 0) in slow.begun, "the first stop's diagnosis")
        await pilot.press("n")
        await shows(pilot, "paused (step)", "found at (3, 0)")
        slow.let(2)
        await until(pilot, lambda: app.controllers.diagnosis.is_idle, "the older one's end")
        assert "found at (3, 0)" in screen(app) and "found at (2, 0)" not in screen(app)


async def test_the_cause_of_the_stop_before_does_not_stand_there_as_if_it_were_of_this_one() -> None:
    slow = Slow()
    slow.let(0)
    slow.let(2)
    app = app_on(FakeSession(), diagnose=slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "found at (2, 0)")
        await pilot.press("n")
        await shows(pilot, "paused (step)", LOOKING)
        assert "found at (2, 0)" not in screen(app)
        slow.let(3)
        await shows(pilot, "found at (3, 0)")


async def test_of_many_looks_only_the_newest_is_asked_about() -> None:
    slow = Slow()
    slow.let(0)
    session = FakeSession()
    app = app_on(session, diagnose=slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: (2, 0) in slow.begun, "the first")
        for revision in range(1, 6):
            session.push(replace(session.snapshot, revision=revision))
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.revision == 5, "the last look")
        slow.let(2, 0)
        slow.let(2, 5)
        await shows(pilot, "found at (2, 5)")
        assert [r for e, r in slow.begun if e == 2] == [0, 5]


async def test_leaving_does_not_wait_for_it() -> None:
    slow = Slow()
    app = app_on(FakeSession(), diagnose=slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None or not app.is_running, "the end")
    assert all(t.daemon for t in threading.enumerate() if t.name == "iqdebug-cause")
    for gate in slow.gates.values():
        gate.set()


async def test_at_an_end_nothing_is_looked_for() -> None:
    session = FakeSession()
    app = app_on(session, diagnose=causes.traced)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "likely:")
        session.push(replace(scenario.running(9), phase=Phase.ENDED, threads=(), exit_code=0))
        await until(pilot, lambda: "ended" in status(app), "the end")
        await pilot.pause(0.3)
        assert LOOKING not in screen(app)
