"""Choosing a process."""

from __future__ import annotations

import threading
from dataclasses import replace

from iqdebug.core.attachability import Attachability
from iqdebug.core.state import ProcessInfo
from iqdebug.tui.screens.picker import PickerApp
from tests.tui.screens import compare, screen, shows, until

WEB = ProcessInfo(812, "ada", "3.12.1", "gunicorn shop:app", "/srv/shop", age=7_300, cpu=3.5, rss=90 << 20)
WORKER = ProcessInfo(
    4711,
    "ada",
    "3.11.7",
    "python worker.py",
    "/srv/jobs",
    age=42,
    cpu=99.0,
    rss=38 << 20,
    attach=Attachability(True, cost_message="3.11: the hot loop runs 2 times slower while attached"),
)
ROOTS = ProcessInfo(
    99,
    "root",
    "3.9.18",
    "\x1b[31mupdated [bold]",
    "/",
    attach=Attachability(False, "it belongs to root", "run: sudo iqdebug attach 99"),
)


async def test_the_list_and_the_reason_why_not() -> None:
    app = PickerApp(lambda: [WEB, WORKER, ROOTS])
    async with app.run_test(size=(100, 20)) as pilot:
        await shows(pilot, "gunicorn shop:app", "python worker.py", r"\x1b[31mupdated [bold]")
        await pilot.press("down", "down")
        await shows(pilot, "it belongs to root", "sudo iqdebug attach 99")
        compare(app, "picker")


async def test_typing_filters_and_enter_chooses() -> None:
    app = PickerApp(lambda: [WEB, WORKER, ROOTS])
    async with app.run_test(size=(100, 20)) as pilot:
        await shows(pilot, "gunicorn")
        await pilot.press(*"jobs")
        await shows(pilot, "2 times slower while attached")
        assert "gunicorn" not in screen(app)
        await pilot.press("enter")
    assert app.return_value == 4711


async def test_a_warning_stands_before_what_attaching_costs() -> None:
    told = Attachability(
        True, cost_message="what it costs " * 12, warning_messages=("gunicorn kills a worker that is paused",)
    )
    app = PickerApp(lambda: [replace(WORKER, attach=told)])
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "gunicorn kills a worker that is paused")


async def test_escape_clears_then_leaves() -> None:
    app = PickerApp(lambda: [WEB, WORKER])
    async with app.run_test(size=(100, 20)) as pilot:
        await shows(pilot, "gunicorn")
        await pilot.press(*"zzz")
        await shows(pilot, "no process matches the filter")
        await pilot.press("escape")
        await shows(pilot, "gunicorn")
        await pilot.press("escape")
    assert app.return_value is None


async def test_the_selection_stays_on_its_pid_when_the_list_changes() -> None:
    processes = [WEB, WORKER]
    looks = threading.Semaphore(0)

    def listed() -> list[ProcessInfo]:
        looks.release()
        return list(processes)

    app = PickerApp(listed)
    async with app.run_test(size=(100, 20)) as pilot:
        await shows(pilot, "gunicorn")
        await pilot.press("down")
        processes.insert(0, ROOTS)
        app._look()
        await shows(pilot, "updated")
        await pilot.press("enter")
    assert app.return_value == 4711


async def test_nothing_to_choose_from_says_so() -> None:
    app = PickerApp(list)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "no Python process" in screen(app), "the words")
        await pilot.press("enter")
        assert app.is_running
