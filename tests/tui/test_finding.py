"""To a file or a function that is on no stack, and breakpoints there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from iqdebug.core.state import Breakpoint, CodePlace
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.chooser import matching
from tests.conftest import EXAMPLES
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.scenario import SERVICE, line
from tests.tui.screens import notices, shows, until

pytestmark = pytest.mark.slow

OTHER = str(EXAMPLES / "deep_recursion.py")
CELL = "<ipython-input-3-0123456789ab>"


@dataclass
class FakeFinder:
    """:param places: what each name stands for."""

    places: dict[str, tuple[CodePlace, ...]] = field(default_factory=dict)

    async def files(self) -> tuple[CodePlace, ...]:
        memory = CodePlace("", CELL, 1, in_memory=True)
        return (
            CodePlace("deep_recursion", OTHER, 1),
            CodePlace("json", "/usr/lib/python3.12/json.py", 1),
            memory,
        )

    async def functions(self) -> tuple[CodePlace, ...]:
        return (
            CodePlace("deep_recursion.descend", OTHER, 12),
            CodePlace("orders_service.OrderService.accept", SERVICE, line("key-error")),
        )

    async def named(self, name: str) -> tuple[CodePlace, ...]:
        return self.places.get(name, ())

    async def source(self, path: str) -> tuple[str, ...]:
        return ()


def with_finder(**places: tuple[CodePlace, ...]) -> FakeSession:
    return FakeSession(finder=FakeFinder(places))


async def test_a_file_is_opened_by_a_part_of_its_name_and_takes_a_breakpoint() -> None:
    session = with_finder()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("O")
        await shows(pilot, "Open a file", "json.py", "in memory")
        await pilot.press(*"deep", "space", *"rec")
        await shows(pilot, "1 of")
        await pilot.press("enter")
        source = app.query_one(SourcePane)
        await until(pilot, lambda: source.path == OTHER, "the file")
        await pilot.press("down", "down", "b")
        await until(pilot, lambda: session.breakpoints, "set")
        assert session.breakpoints == (Breakpoint(OTHER, 3, verified=True),)
        await pilot.press("g")
        await until(pilot, lambda: source.path == SERVICE, "back at the current line")


async def test_a_function_is_gone_to_with_the_arrows() -> None:
    app = app_on(with_finder())
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("F")
        await shows(pilot, "deep_recursion.descend", "OrderService.accept")
        await pilot.press("down", "enter")
        source = app.query_one(SourcePane)
        await until(pilot, lambda: source.cursor_line == line("key-error"), "the second")
        assert source.path == SERVICE


async def test_what_is_not_listed_is_looked_for_everywhere() -> None:
    places: dict[str, tuple[CodePlace, ...]] = {"json.loads": (CodePlace("json.loads", OTHER, 4),)}
    app = app_on(FakeSession(finder=FakeFinder(places)))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("F", *"json.loads")
        await shows(pilot, "Enter looks everywhere")
        await pilot.press("enter")
        source = app.query_one(SourcePane)
        await until(pilot, lambda: (source.path, source.cursor_line) == (OTHER, 4), "the function")
        await pilot.press("F", *"no.such", "enter")
        await until(pilot, lambda: any("there is no function no.such" in n for n in notices(app)), "said")
        await pilot.press("O", *f"{OTHER}:7", "enter")
        await until(pilot, lambda: source.cursor_line == 7, "the line")


async def test_break_in_the_console() -> None:
    two = (CodePlace("a.get", "/srv/shop/a.py", 3), CodePlace("b.get", "/srv/shop/b.py", 4))
    here = (CodePlace("orders_service.OrderService.accept", SERVICE, line("key-error")),)
    session = with_finder(accept=here, get=two)
    app = app_on(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("5", *"break", "space", *"accept", "enter")
        await shows(pilot, f"breakpoint at orders_service.py:{line('key-error')}")
        assert [b.line for b in session.breakpoints] == [line("key-error")]
        await pilot.press(*"break", "space", *f"{OTHER}:13", "enter")
        await shows(pilot, "breakpoint at deep_recursion.py:13")
        await pilot.press(*"break", "space", *"get", "enter")
        await shows(pilot, "get may be any of 2 functions", "a.get (/srv/shop/a.py:3)")
        await pilot.press(*"break", "space", *f"{OTHER}:5000", "enter")
        await shows(pilot, "is past the end")
        await pilot.press(*"break", "enter")
        await shows(pilot, "break FILE:LINE, or break FUNCTION")
        assert len(session.breakpoints) == 2
        assert not session.asked("evaluate")


async def test_one_that_was_moved_is_shown_so() -> None:
    moved = Breakpoint(SERVICE, 58, verified=True, remark="moved here from line 57, which has no code")
    cell = Breakpoint(CELL, 2, verified=True, in_memory=True)
    async with app_on(FakeSession(breakpoints=(moved, cell))).run_test(size=(120, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("6")
        await shows(pilot, "moved here from line 57, which has no code", "for this process only")


async def test_names_of_the_target_cannot_steer_the_screen() -> None:
    session = with_finder()
    session.finder.files = lambda: _hostile()  # type: ignore[union-attr,method-assign]
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("O")
        await shows(pilot, "[bold red]x[/]")


async def _hostile() -> tuple[CodePlace, ...]:
    return (CodePlace(scenario.HOSTILE, f"/srv/{scenario.HOSTILE}.py", 1),)


def test_what_is_typed_begins_the_name_of_what_comes_first() -> None:
    names = ("shop/stock_orders.py", "shop/orders.py", "orders/other.py")
    places = [(name, "", CodePlace("", name, 1)) for name in names]
    assert matching(places, "orders")[0][0] == "shop/orders.py"
    assert [name for name, _, _ in matching(places, "ORD oth")] == ["orders/other.py"]
