"""The output pane: floods, filters, following."""

from __future__ import annotations

import pytest

from iqdebug.core.state import LogRecord
from iqdebug.tui.panes.log import MAX_RECORDS, LogPane
from iqdebug.tui.panes.source import SourcePane
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import screen, shows, until

pytestmark = pytest.mark.slow


async def test_a_flood_is_painted_seldom_and_held_within_bounds() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("4")
        pane = app.query_one(LogPane)
        painted = pane.paints
        batches = 0
        for batch in range(0, 60_000, 100):
            session.write([LogRecord(scenario.NOON, "stdout", f"line {batch + n}") for n in range(100)])
            batches += 1
        session.write([LogRecord(scenario.NOON, "stdout", "the last line")], dropped=1_234)
        await shows(pilot, "the last line", "1,234 lines came too fast")
        assert pane.row_count() == MAX_RECORDS
        assert pane.paints - painted < batches / 10
        await pilot.press("n")
        await until(pilot, lambda: session.asked("step"), "a step under the flood")


async def test_levels_and_words_filter() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 40)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        session.write(scenario.records())
        await pilot.press("4")
        await shows(pilot, "settled 3, backlog 21")
        await pilot.press("w", "w")
        await shows(pilot, "warnings and above", "order 12 dropped")
        assert "accepted: 2" not in screen(app) and "settled 3" not in screen(app)
        await pilot.press("w", "w", "slash", *"order 7", "enter")
        await until(pilot, lambda: app.query_one(LogPane).row_count() == 1, "one line left")
        await shows(pilot, "order 7 accepted")


async def test_whoever_reads_back_is_not_taken_to_the_end() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        session.write(scenario.records())
        await pilot.press("4")
        pane = app.query_one(LogPane)
        await shows(pilot, "following")
        await until(pilot, lambda: pane.row_count() == len(scenario.records()), "all lines")
        await pilot.press("home")
        await shows(pilot, "not following")
        painted = pane.paints
        session.write(scenario.records())
        await until(pilot, lambda: pane.paints > painted, "a paint")
        assert pane.scroll_offset.y == 0
        await pilot.press("f")
        await until(pilot, lambda: pane.scroll_offset.y > 0, "the end again")


async def test_enter_goes_to_the_line_that_logged() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        session.write(scenario.records())
        await pilot.press("4")
        await shows(pilot, "settled 3")
        app.query_one(LogPane).find("order 12 dropped")
        await pilot.press("enter")
        await until(
            pilot, lambda: app.query_one(SourcePane).cursor_line == scenario.line("swallowed"), "the line"
        )
