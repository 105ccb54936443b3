"""Variables, the console, and values that mean harm."""

from __future__ import annotations

import pytest

from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.variables import VariablesPane
from tests.tui import scenario
from tests.tui.fake_session import FakeMemory, FakeSession, app_on
from tests.tui.screens import notices, screen, shows, until

pytestmark = pytest.mark.slow


def pane_of(app: object) -> VariablesPane:
    return app.query_one("#variables", VariablesPane)  # type: ignore[attr-defined, no-any-return]


async def test_the_stack_does_not_wait_for_values() -> None:
    session = FakeSession()
    session.gate.clear()
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "▶ accept", "reading…")
        assert "order =" not in screen(pilot.app)
        session.gate.set()
        await shows(pilot, "order = {'id': 12")


async def test_states_of_values_have_words() -> None:
    async with app_on(FakeSession()).run_test(size=(200, 50)) as pilot:
        await shows(
            pilot,
            "cursor =   (slow)",
            "ZeroDivisionError: division by zero  (raised)",
            "(not read: Enter runs it)",
            "list[1,000,000]",
        )


async def test_children_are_read_when_opened_and_a_page_at_a_time() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "order = {'id': 12")
        await pilot.press("3", "down", "down", "enter")
        await until(pilot, lambda: pane_of(app).row_count() > 100, "the first page")
        assert session.asked("children") == [("children", 13, 0, 100)]
        pane_of(app).find("[99]")
        await pilot.press("down")
        await shows(pilot, "… 100 of 1,000,000 shown: Enter reads 100 more")
        await pilot.press("enter")
        await until(pilot, lambda: pane_of(app).row_count() > 200, "the second page")
        assert session.asked("children")[-1] == ("children", 13, 100, 100)
        pane_of(app).find("history")
        await pilot.press("enter")
        await until(pilot, lambda: pane_of(app).row_count() < 100, "closed again")


async def test_what_a_step_changed_is_marked_and_what_was_open_stays_open() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "order = {'id': 12")
        await pilot.press("3", "down", "enter")
        await shows(pilot, "'count' = 3")
        session.values["order"] = "{'id': 13}"
        await pilot.press("n")
        await shows(pilot, "{'id': 13}", "changed", "'count' = 3")
        assert screen(app).count("changed") == 1


async def test_a_value_is_set_and_read_again() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "order = {'id': 12")
        pane_of(app).find("sku =")
        await pilot.press("3", "equals_sign")
        await shows(pilot, "New value of sku")
        await pilot.press("end", *["backspace"] * 5, *"'mate'", "enter")
        await until(pilot, lambda: session.asked("set_variable"), "set")
        assert session.asked("set_variable") == [("set_variable", "sku", "'mate'")]
        await shows(pilot, "sku = 'mate'")


async def test_nothing_is_run_for_a_value_until_a_person_asks() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "order = {'id': 12")
        assert not session.asked("full_value") and not session.asked("evaluate")
        await pilot.press("3", "v")
        await shows(pilot, "its own repr")
        assert session.asked("full_value") == [("full_value", 11)]
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1, "closed")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 50)])
async def test_a_hostile_value_is_shown_as_it_is_and_steers_nothing(size: tuple[int, int]) -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.epoch == 2, "the stop")
        session.write(scenario.records())
        app.action_pane("variables")
        await until(pilot, lambda: app.query(VariablesPane).last().row_count() > 5, "values")
        for pane in app.query(VariablesPane):
            pane.find("note =")
        await shows(pilot, r"[bold red]x[/] \x1b[31mred")
        await pilot.press("y", "v")
        await shows(pilot, "its own repr", r"[bold red]x[/] \x1b[31mred")
        await pilot.press("escape", "4")
        await shows(pilot, r"[bold red]x[/] \x1b[31mred")
        assert all(c.isprintable() for c in screen(app).replace("\n", ""))


async def test_the_console_evaluates_in_the_selected_frame() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("k", "5", *"order", "enter")
        await shows(pilot, "›› order", "▸ {'id': 12,", "'count': 3}")
        assert session.asked("evaluate") == [("evaluate", "order", "intake")]
        await pilot.press(*"boom", "enter")
        await shows(pilot, "NameError: name 'boom' is not defined")


async def test_a_result_opens_into_its_children() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 40)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("5", *"order", "enter")
        await shows(pilot, "▸ {'id': 12,")
        lines = app.query_one("#console-lines")
        lines.focus()
        lines.find("▸")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await shows(pilot, "'SKU' = 'tea'")
        assert session.asked("children") == [("children", 12, 0, 100)]
        session.push(scenario.paused(epoch=9))
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.epoch == 9, "another stop")
        app.query_one(ConsolePane).show_result(await session.evaluate("x", None, 2), 2)
        lines.find("▸", -1)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: notices(app), "a notice")
        assert "moved on" in notices(app)[0]


async def test_history_and_completion() -> None:
    session = FakeSession()
    app = app_on(session, memory=FakeMemory(history=["first", "second"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        prompt = app.query_one("#prompt")
        await pilot.press("5", "up", "up")
        assert prompt.value == "first"  # type: ignore[attr-defined]
        await pilot.press("down", "down", *"ord", "tab")
        await shows(pilot, "order  ordered")
        assert prompt.value == "order"  # type: ignore[attr-defined]
