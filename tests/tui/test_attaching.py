"""From the first look to leaving, whatever happens between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from iqdebug.core.errors import CannotAttach, RequestFailed
from iqdebug.core.state import Phase, Variable
from iqdebug.tui import messages
from iqdebug.tui.panes.stack import StackPane
from tests.tui import scenario
from tests.tui.fake_session import FakeMemory, FakeSession, app_on
from tests.tui.screens import notices, screen, shows, status, until

pytestmark = pytest.mark.slow

REFUSED = CannotAttach("Cannot attach to 4711", "gdb is not installed", "install it: apt install gdb")


async def test_the_peek_is_painted_while_attaching() -> None:
    connecting = asyncio.Event()
    session = FakeSession()
    app = app_on(session, connecting=connecting)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(
            pilot, "attaching: injecting (main thread is asleep in C)", "packer", "with self.ledger_l"
        )
        await pilot.press("f10")
        await until(pilot, lambda: notices(app), "a reason")
        assert "still attaching" in notices(app)[0]
        connecting.set()
        await shows(pilot, "paused (breakpoint)")


async def test_what_cannot_be_attached_stays_in_view_and_can_be_tried_again() -> None:
    app = app_on(REFUSED)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "Cannot attach to 4711", "gdb is not installed", "apt install gdb", "r: try again")
        assert "packer" in screen(app)
        before = app.snapshot
        await until(pilot, lambda: app.snapshot is not before, "a fresh look from outside")

        async def works(*told: object) -> FakeSession:
            return FakeSession()

        app.controllers.connection.connect = works
        await pilot.press("r")
        await shows(pilot, "paused (breakpoint)")
        assert "gdb is not installed" not in screen(app)


async def test_leaving_without_ever_attaching_gives_the_failures_exit_code() -> None:
    app = app_on(REFUSED)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "gdb is not installed")
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None, "the end")
    assert app.return_value == CannotAttach.exit_code


@pytest.mark.parametrize("key", ["q", "shift+f5", "ctrl+q"])
async def test_leaving_detaches_in_sight_of_the_person(key: str) -> None:
    session = FakeSession()
    session.leave_gate.clear()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press(key)
        await until(pilot, lambda: session.detached == 1, "detaching")
        assert "detaching…" in status(app)
        assert app.return_value is None
        session.leave_gate.set()
        await until(pilot, lambda: app.return_value is not None, "the end")
    assert app.return_value == 0 and session.detached == 1


async def test_an_app_that_breaks_detaches_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession()
    app = app_on(session)

    def broken(pane: StackPane, y: int) -> None:
        raise RuntimeError("a fault in drawing")

    with pytest.raises(RuntimeError, match="a fault in drawing"):
        async with app.run_test(size=(80, 24)) as pilot:
            await shows(pilot, "paused (breakpoint)")
            monkeypatch.setattr(StackPane, "render_line", broken)
            app.query_one(StackPane).refresh()
            await pilot.pause()
            await pilot.pause()
    assert session.detached == 1


async def test_a_failing_action_is_a_notice() -> None:
    session = FakeSession(
        failures={"step": RequestFailed("Step refused", "the thread has ended"), "resume": KeyError("odd")}
    )
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("n")
        await until(pilot, lambda: notices(app), "the words")
        assert notices(app) == ["Step refused\nthe thread has ended"]
        await pilot.press("c")
        await until(pilot, lambda: len(notices(app)) == 2, "the words")
        assert "KeyError" in notices(app)[1]
        assert app.is_running


async def test_a_late_look_from_outside_does_not_cover_the_session() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        app.post_message(messages.SnapshotArrived(scenario.peek()))
        app.post_message(messages.SnapshotArrived(scenario.running(epoch=1)))
        await pilot.pause()
        assert app.snapshot is not None and app.snapshot.phase is Phase.PAUSED


async def test_values_of_an_earlier_stop_are_dropped() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "order = {'id': 12")
        assert app.frame is not None
        late = (Variable("late", "'from another stop'"),)
        app.post_message(messages.VariablesArrived(1, app.frame, (), 0, late))
        await pilot.pause()
        assert "late" not in screen(app)


async def test_attaching_again_begins_with_fresh_epochs() -> None:
    first = FakeSession(snapshot=scenario.paused(epoch=40))
    app = app_on(first)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        first.push(replace(scenario.paused(epoch=41), phase=Phase.DETACHED, threads=()))
        await shows(pilot, "r: attach again")

        async def again(*told: object) -> FakeSession:
            return FakeSession(snapshot=scenario.crashed(epoch=2))

        app.controllers.connection.connect = again
        await pilot.press("r")
        await shows(pilot, "crashed: uncaught KeyError")


async def test_history_and_breakpoints_survive() -> None:
    memory = FakeMemory(breakpoints=scenario.breakpoints(), history=["order"])
    session = FakeSession(breakpoints=scenario.breakpoints())
    app = app_on(session, memory=memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("5", *"1+1", "enter")
        await until(pilot, lambda: session.asked("evaluate"), "evaluate")
        await pilot.press("escape", "q")
        await until(pilot, lambda: app.return_value is not None, "the end")
    assert memory.history == ["order", "1+1"]
    assert memory.breakpoints == scenario.breakpoints()
