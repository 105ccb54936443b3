"""A pane and a key are one entry each: everything else follows from the tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest
from rich.text import Text
from textual.binding import BindingType

import iqdebug.tui
from iqdebug.core.messages import render
from iqdebug.core.state import Snapshot
from iqdebug.tui.actions import Action, actions_for, bindings_of
from iqdebug.tui.app import DebugApp
from iqdebug.tui.controllers.wiring import Controllers
from iqdebug.tui.pane_table import PANES, PaneSpec
from iqdebug.tui.widgets.rows import Row, RowsView
from tests.tui import fake_session
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import notices, screen, shows

pytestmark = pytest.mark.slow


class TasksPane(RowsView):
    """A pane that is nowhere else in the program."""

    def __init__(self) -> None:
        super().__init__(empty="no tasks", id="tasks")

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.set_rows([Row(Text(f"task {task.name}")) for task in snapshot.tasks])


def _greet(controllers: Controllers) -> None:
    controllers.window.notify("a new key")


_PANES = (
    *PANES,
    PaneSpec(
        id="tasks",
        keys="9",
        shown="9",
        words="To the tasks",
        titles=("Tasks", "Tasks", "Tsk"),
        build=lambda c: TasksPane(),
        help="Tasks: nothing but arrows.",
    ),
)
_ACTIONS = (*actions_for(_PANES), Action("greet", "Z", "Z", "Say hello", _greet, hint="hello"))


class ExtendedApp(DebugApp):
    CSS_PATH = str(Path(iqdebug.tui.__file__).with_name("app.tcss"))
    PANES = _PANES
    ACTIONS = _ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(_ACTIONS)]


@pytest.fixture
def extended(monkeypatch: pytest.MonkeyPatch) -> DebugApp:
    monkeypatch.setattr(fake_session, "DebugApp", ExtendedApp)
    return app_on(FakeSession())


async def test_one_entry_gives_a_pane_its_tab_key_help_and_snapshots(extended: DebugApp) -> None:
    async with extended.run_test(size=(140, 90)) as pilot:
        await shows(pilot, "paused (breakpoint)", " 9 Tasks")
        await pilot.press("9")
        await shows(pilot, "task fetch-7")
        assert extended.focused is not None and extended.focused.id == "tasks"
        await pilot.press("tab")
        assert extended.focused.id == "source", "Tab goes round through all of them"
        await pilot.press("?")
        await shows(pilot, "Tasks: nothing but arrows.", "9  To the tasks")
        titles = {command.title for command in extended.get_system_commands(extended.screen)}
        assert "To the tasks" in titles


async def test_a_pane_of_the_narrowest_terminal_has_its_shortest_name(extended: DebugApp) -> None:
    async with extended.run_test(size=(66, 15)) as pilot:
        await shows(pilot, "paused (breakpoint)", " 9 Tsk", " 1 Src ")


async def test_one_entry_gives_a_key_its_binding_hint_help_and_palette(extended: DebugApp) -> None:
    async with extended.run_test(size=(140, 90)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("Z")
        assert notices(extended) == ["a new key"]
        await pilot.press("?")
        await shows(pilot, "Z  Say hello")
        assert "Z hello" in screen(extended)


def test_no_key_and_no_pane_is_there_twice() -> None:
    keys = Counter(key for action in actions_for(PANES) for key in action.keys.split(","))
    assert [key for key, count in keys.items() if count > 1] == []
    assert len({pane.id for pane in PANES}) == len({pane.keys for pane in PANES}) == len(PANES)
    assert len({action.name for action in actions_for(PANES)}) == len(actions_for(PANES))


def test_every_pane_says_how_it_is_reached() -> None:
    for pane in PANES:
        assert pane.keys.split(",")[0] == pane.shown.split()[0] and pane.words and all(pane.titles)
        long, short, tiny = (len(render(title)) for title in pane.titles)
        assert long >= short >= tiny
