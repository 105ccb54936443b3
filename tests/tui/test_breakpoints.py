"""Breakpoints: set, edit, switch, delete, jump."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iqdebug.core.state import Breakpoint
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.source import SourcePane
from tests.tui import scenario
from tests.tui.fake_session import FakeMemory, FakeSession, app_on
from tests.tui.scenario import SERVICE, line
from tests.tui.screens import screen, shows, until

pytestmark = pytest.mark.slow


async def test_f9_sets_and_removes_on_the_cursor_line() -> None:
    session = FakeSession()
    memory = FakeMemory()
    app = app_on(session, memory=memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("f9")
        await until(pilot, lambda: session.breakpoints, "set")
        assert session.breakpoints == (Breakpoint(SERVICE, line("key-error"), verified=True),)
        await shows(pilot, "● 58 ▶")
        await until(pilot, lambda: memory.breakpoints == session.breakpoints, "kept for the next time")
        await pilot.press("b")
        await until(pilot, lambda: not session.breakpoints, "removed")


async def test_the_gutter_tells_the_kinds_apart() -> None:
    async with app_on(FakeSession(breakpoints=scenario.breakpoints())).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "● 58", "○ 59", "◐ 60", "◐ 61", "◆ 62")


async def test_a_condition_is_edited_in_a_dialog() -> None:
    session = FakeSession()
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("B")
        await shows(pilot, "Stop only if this expression is true")
        await pilot.press(*"sku==1", "tab", *">= 3", "enter")
        await until(pilot, lambda: session.breakpoints, "set")
        assert session.breakpoints[0].condition == "sku==1"
        assert session.breakpoints[0].hit_condition == ">= 3"


async def test_the_list_switches_deletes_and_jumps() -> None:
    known = scenario.breakpoints()
    session = FakeSession(breakpoints=known)
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("6")
        await shows(pilot, "if order['count'] > 2", "logs accepted", "not verified: no code on this line")
        await pilot.press("space")
        await until(pilot, lambda: session.breakpoints and not session.breakpoints[0].enabled, "disabled")
        await shows(pilot, "orders_service.py:58  disabled")
        pane = app.query_one(BreakpointsPane)
        pane.find("orders_service.py:61")
        await pilot.press("enter")
        await until(pilot, lambda: app.query_one(SourcePane).cursor_line == 61, "the line")
        await pilot.press("delete")
        await until(pilot, lambda: len(session.breakpoints) == len(known) - 1, "deleted")
        assert not any(b.line == 61 for b in session.breakpoints)


async def test_without_a_session_the_list_is_kept_for_the_next_attach() -> None:
    from tests.tui.test_attaching import REFUSED

    memory = FakeMemory()
    async with app_on(REFUSED, memory=memory).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "gdb is not installed")
        await pilot.press("b")
        await until(pilot, lambda: memory.breakpoints, "kept")
        assert memory.breakpoints == (Breakpoint(SERVICE, line("packer-waits")),)
        assert "◌" in screen(pilot.app)


async def test_marks_move_to_where_the_server_put_them() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        moved = replace(Breakpoint(SERVICE, 57), line=58, verified=True)
        app.controllers.connection.breakpoints_changed([moved])
        await shows(pilot, "● 58")
