"""The same stop at every size, compared by its words with stored pictures."""

from __future__ import annotations

import pytest

from iqdebug.tui.panes.log import LogPane
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import compare, screen, shows, until

pytestmark = pytest.mark.slow

SIZES = [(60, 15), (80, 24), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_a_stop_at_every_size(size: tuple[int, int]) -> None:
    session = FakeSession(breakpoints=scenario.breakpoints())
    app = app_on(session)
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "paused (breakpoint)", "likely: packer", "● 58 ▶")
        session.write(scenario.records())
        await until(pilot, lambda: app.query_one(LogPane).row_count(), "output")
        await until(pilot, lambda: app.query("#variables").first().row_count() > 3, "values")  # type: ignore[attr-defined]
        compare(app, f"stop-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [*SIZES, (40, 10), (20, 4), (1, 1), (300, 90)])
@pytest.mark.parametrize("keys", ["123456", "i", "?", ":"])
async def test_no_size_breaks_anything(size: tuple[int, int], keys: str) -> None:
    session = FakeSession(breakpoints=scenario.breakpoints())
    app = app_on(session)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.epoch == 2, "the stop")
        session.write(scenario.records())
        for key in keys:
            await pilot.press({"?": "question_mark", ":": "colon"}.get(key, key))
            await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.is_running


async def test_too_small_says_so_and_recovers() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(40, 10)) as pilot:
        await shows(pilot, "too small")
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "paused (breakpoint)", "▶ accept")
        assert "too small" not in screen(app)


async def test_the_hints_fit_and_always_name_help_and_leaving() -> None:
    for size in SIZES:
        async with app_on(FakeSession()).run_test(size=size) as pilot:
            await shows(pilot, "? help", "q leave")


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("TERM", "screen"), ("TERM", "dumb")], ids=str
)
async def test_few_colours_or_none_lose_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv(name, value)
    async with app_on(FakeSession(breakpoints=scenario.breakpoints())).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "● 58 ▶", "▶ accept", "order = {'id': 12")
