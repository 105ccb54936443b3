"""A crash file on the screen, and the walk through an exception's causes, live or recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.session import Capability
from iqdebug.core.state import ExceptionInfo, Frame, Variable
from iqdebug.crash import open_crash
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.exceptions import ExceptionsScreen
from iqdebug.workflows.open_crash import recorded_app
from tests.support.crashfile import PROGRAM, chunk, container, contents, line_of, written
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import notices, screen, shows, status, until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def recording(tmp_path: Path, listed: list[Any] | None = None, **meta: Any) -> Any:
    listed = listed if listed is not None else contents()
    listed[0][1].update(meta)
    path = tmp_path / "x.iqcrash"
    path.write_bytes(written(listed, left_out=["the environment of 3 children"]))
    return recorded_app(open_crash(path), project=str(tmp_path))


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 50)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_a_recording_opens_in_the_same_panes(tmp_path: Path, size: tuple[int, int]) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "26 ▶", "recorded 2026-11-22 14:03, ValueError in main")
        assert " for " not in status(app) and "attaching" not in status(app)
        if size[0] >= 80:
            await shows(pilot, "pid 4711", "Python 3.12.1", "▶ main", "user = <User name='Ada'>", "caused by")
        await shows(pilot, "e exceptions", "? help", "q leave", "possible: ValueError")
        await pilot.press("q")


async def test_the_exceptions_are_a_tree_and_enter_goes_to_a_traceback(tmp_path: Path) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "26 ▶", "e: caused by KeyError")
        await pilot.press("e")
        await shows(
            pilot, "▶ ValueError: no such user", "note: while greeting Ada", "caused by KeyError: 'uid'"
        )
        await pilot.press("down", "enter")
        await shows(
            pilot, "traceback of KeyError", "▶ greet", "17 ▶", "first = {'x': 0", "e: back to ValueError"
        )
        await pilot.press("k")
        await shows(pilot, "▶ main", "24 ▶", "loop = {'me'")
        await pilot.press("e", "up", "enter")
        await shows(pilot, "MainThread crashed", "26 ▶", "user = <User")


async def test_the_stacks_row_opens_the_tree(tmp_path: Path) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "e: caused by KeyError")
        await pilot.press("2", "down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExceptionsScreen), "the tree")


async def test_values_open_and_nothing_runs(tmp_path: Path) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "user = <User")
        await pilot.press("3", "down", "enter")
        await shows(pilot, "name = 'Ada'", "mail = <property>  (not read)", "key = <masked>")
        await pilot.press("down", "down", "v")
        await shows(pilot, "mail: property")
        await pilot.press("escape", "equals_sign")
        await until(pilot, lambda: notices(app), "a notice")
        assert "nothing runs here" in notices(app)[-1]
        await pilot.press("5", *"rows[2]['x']", "enter", *"print(1)", "enter")
        await shows(pilot, "›› rows[2]['x']", "cannot run code")
        await pilot.press("escape", "n")
        refusal = ["cannot step: recorded: nothing runs here"]
        await until(pilot, lambda: notices(app)[-1:] == refusal, "a notice")


async def test_about_says_what_the_file_knows(tmp_path: Path) -> None:
    listed = contents()
    report = {"nodeid": "tests/test_a.py::test_b", "when": "call", "report": "E assert 1 == 2"}
    listed.append(("TEST", {**report, "sections": [["Captured stdout", "printed\x1b[31m"]], "worker": "gw1"}))
    listed.append(("NATV", {"signal": "SIGSEGV", "text": "Fatal Python error: Segmentation fault"}))
    app = recording(tmp_path, listed, why="test", masked=False)
    async with app.run_test(size=(100, 100)) as pilot:
        await shows(pilot, "ValueError in test_b")
        await pilot.press("a")
        await shows(
            pilot,
            "main.py --fast",
            "/srv/app",
            "0123456789abcdef on main",
            "+new",
            "msgspec 0.19",
            "TOKEN=<masked>",
            "the environment of 3 children",
            "NOT masked",
            "SIGSEGV",
            "E assert 1 == 2",
            r"printed\x1b[31m",
        )


async def test_a_long_text_moves_with_the_first_key(tmp_path: Path) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "ValueError in main")
        await pilot.press("a")
        await shows(pilot, "This file")
        await pilot.press("down")
        await until(pilot, lambda: "This file" not in screen(app), "scrolled by a line")
        await pilot.press("end")
        await shows(pilot, "textual 8.2.8")
        await pilot.press("pageup", "home")
        await shows(pilot, "This file")


async def test_damage_is_said_in_the_status_and_named_in_about(tmp_path: Path) -> None:
    rows = [chunk(*c) for c in contents()]
    rows[3] = rows[3][:-1] + b"\0"
    path = tmp_path / "x.iqcrash"
    path.write_bytes(container(rows))
    app = recorded_app(open_crash(path))
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "damaged: 2 things are missing", "neither recorded nor on this machine")
        await pilot.press("a")
        await shows(pilot, "the source of a file is damaged", "no end mark")


async def test_recorded_and_todays_source_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text("# a new line\n" + PROGRAM)
    line = line_of("raise ValueError")
    app = recording(tmp_path, contents(str(path)))
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, f"{line} ▶         raise ValueError", "recorded; changed since (T: today's)")
        await pilot.press("T")
        await shows(
            pilot, f"{line} ▶     except KeyError", f"TODAY's text; line {line} then is {line + 1} now"
        )
        assert app.query_one(SourcePane).cursor_line == line
        await pilot.press("T")
        await shows(pilot, f"{line} ▶         raise ValueError", "changed since")


async def test_where_there_is_one_text_the_key_says_why(tmp_path: Path) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "recorded; not in the project you stand in")
        await pilot.press("T")
        await until(pilot, lambda: notices(app), "a notice")
        assert notices(app) == ["the file is not in the project you stand in"]
        await pilot.press("question_mark")
        await shows(
            pilot,
            "(not now: the file is not in the project you stand in)",
            "(not now: recorded: nothing runs here)",
        )


@pytest.mark.parametrize("size", [(1, 1), (40, 10), (60, 15), (300, 90)])
@pytest.mark.parametrize("key", ["e", "a", "T"])
async def test_no_size_breaks_the_recordings_screens(tmp_path: Path, size: tuple[int, int], key: str) -> None:
    app = recording(tmp_path)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.session is not None, "open")
        await pilot.press(key)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.is_running


async def test_hostile_texts_steer_nothing(tmp_path: Path) -> None:
    listed = contents()
    node = listed[1][1]["nodes"][0]
    node.update(type=scenario.HOSTILE, message=scenario.HOSTILE, notes=[scenario.HOSTILE])
    listed[0][1].update(argv=[scenario.HOSTILE], how=scenario.HOSTILE)
    app = recording(tmp_path, listed)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "26 ▶")
        for key in ("e", "escape", "a", "escape"):
            await pilot.press(key)
            assert all(c.isprintable() for c in screen(app).replace("\n", ""))


# live sessions show the same tree


def live() -> FakeSession:
    inner = (Frame("lookup", scenario.SERVICE, 30, locals=(Variable("key", "'sku'", "str"),)),)
    member = ExceptionInfo("TimeoutError", "after 3 s", link="member", frames=inner)
    cause = ExceptionInfo("KeyError", "'sku'", link="cause", frames=inner, members=(member,))
    bare = ExceptionInfo("OSError", "gone", link="context")
    now = scenario.crashed()
    return FakeSession(
        snapshot=replace(now, exception=ExceptionInfo("Failed", "no tea", chain=(cause, bare), notes=("n1",)))
    )


async def test_a_live_stop_walks_its_causes_too() -> None:
    session = live()
    app = app_on(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "crashed", "▶ accept", "caused by KeyError and 2 more")
        await pilot.press("e", "down", "enter")
        await shows(pilot, "traceback of KeyError", "▶ lookup", "30 ▶", "key = 'sku'")
        session.push(replace(session.snapshot, revision=9))
        await pilot.pause()
        await shows(pilot, "▶ lookup", "key = 'sku'")
        await pilot.press("e", "end", "enter")
        await until(pilot, lambda: notices(app), "a notice")
        assert notices(app) == ["no traceback is known of OSError"]
        session.push(scenario.running(9))
        await until(pilot, lambda: "running" in status(app), "running")
        assert "traceback of" not in screen(app)


async def test_without_an_exception_the_key_says_so() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        assert "e exceptions" not in screen(app) and app.controllers.state.why_not(Capability.STEP) == ""
        await pilot.press("e", "a", "T")
        await until(pilot, lambda: len(notices(app)) == 3, "notices")
        assert notices(app)[0] == "no exception is known"
