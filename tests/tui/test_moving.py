"""Looking around and driving the target, by keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from iqdebug.core.session import Capability, DebugSession, StepKind
from iqdebug.core.state import Diagnosis, Phase, Snapshot
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.stack import StackPane
from tests.tui import scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.scenario import SERVICE, line
from tests.tui.screens import notices, screen, shows, status, until

pytestmark = pytest.mark.slow


def test_the_fake_is_a_debug_session() -> None:
    assert isinstance(FakeSession(), DebugSession)


async def test_a_stop_shows_the_frame_that_stopped_in_every_pane() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "▶ accept", 'sku = order["sku"]', "order = {'id': 12")
        assert app.frame is not None and app.frame.name == "accept"
        assert app.query_one(SourcePane).cursor_line == line("key-error")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("f10", StepKind.OVER),
        ("n", StepKind.OVER),
        ("f11", StepKind.IN),
        ("s", StepKind.IN),
        ("shift+f11", StepKind.OUT),
        ("o", StepKind.OUT),
    ],
)
async def test_step_keys_step_the_selected_thread(key: str, kind: StepKind) -> None:
    session = FakeSession()
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press(key)
        await until(pilot, lambda: session.asked("step"), "step")
        assert session.asked("step") == [("step", kind, 3)]
        await shows(pilot, "paused (step)")


async def test_continue_and_pause() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("f5")
        await until(pilot, lambda: status(app).startswith(" running"), "running")
        await pilot.press("p")
        await until(pilot, lambda: status(app).startswith(" paused"), "paused")
        assert [i[0] for i in session.intents if i[0] in ("resume", "pause")] == ["resume", "pause"]


async def test_what_is_impossible_says_why() -> None:
    session = FakeSession(refusals={Capability.RESTART_FRAME: "debugpy does not offer it"})
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("R", "p")
        await until(pilot, lambda: len(notices(app)) == 2, "two notices")
        assert "debugpy does not offer it" in notices(app)[0]
        assert "already paused" in notices(app)[1]
        assert not session.asked("restart_frame")
        await pilot.press("question_mark")
        await shows(pilot, "(not now: already paused)")


async def test_help_is_cut_between_words_and_goes_on_below_them() -> None:
    session = FakeSession(refusals={Capability.RESTART_FRAME: "debugpy does not offer to restart a frame"})
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("question_mark")
        await shows(pilot, "(not now: debugpy does not offer to ", " restart a frame)")


async def test_run_to_the_cursor_line() -> None:
    session = FakeSession()
    async with app_on(session).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)", "order = {'id'")
        await pilot.press("down", "down", "u")
        await until(pilot, lambda: session.asked("run_to"), "run to cursor")
        assert session.asked("run_to") == [("run_to", SERVICE, line("key-error") + 2)]


async def test_frames_and_threads_take_the_source_along() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("k")
        await until(pilot, lambda: app.frame is not None and app.frame.name == "intake", "the caller")
        assert app.query_one(SourcePane).cursor_line == line("intake-get")
        await pilot.press("j", "j")
        await until(pilot, lambda: notices(app), "a notice")
        assert notices(app) == ["this is the innermost frame"]
        await pilot.press("t")
        await until(pilot, lambda: app.thread is not None and app.thread.name == "packer", "next thread")
        assert app.query_one(SourcePane).cursor_line == line("packer-waits")


async def test_library_frames_are_folded_until_asked_for() -> None:
    async with app_on(FakeSession()).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "… 3 library frames")
        assert "_bootstrap" not in screen(pilot.app)
        await pilot.press("2", "l")
        await shows(pilot, "_bootstrap_inner")


async def test_a_recursion_of_a_thousand_frames_draws_only_what_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = FakeSession(snapshot=scenario.deep())
    app = app_on(session, diagnose=scenario.quiet)
    drawn: list[int] = []
    original = StackPane.render_line

    def counted(pane: StackPane, y: int) -> object:
        drawn.append(y)
        return original(pane, y)

    monkeypatch.setattr(StackPane, "render_line", counted)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "descend")
        await pilot.press("2", "end")
        await until(
            pilot, lambda: app.query_one(StackPane).cursor == app.query_one(StackPane).row_count() - 1, "end"
        )
        assert app.query_one(StackPane).row_count() == 1_001
        assert max(drawn) < 24


async def test_definition_search_and_back() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        source = app.query_one(SourcePane)
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("d")
        assert source.cursor_line == line("key-error") - 1
        await pilot.press("slash", *"ledger", "enter")
        await until(pilot, lambda: source.cursor_line == line("packer-waits"), "the next match")
        await pilot.press("P")
        assert source.cursor_line < line("key-error")
        await pilot.press("g")
        assert source.cursor_line == line("key-error")


async def test_letters_are_letters_in_the_console() -> None:
    session = FakeSession()
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.press("5", *"cnsq1")
        await pilot.pause()
        assert not session.asked("step") and not session.asked("resume") and not session.detached
        await shows(pilot, "cnsq1")


async def test_tab_reaches_every_pane_even_when_one_shows_at_a_time() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(60, 15)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        seen = []
        for _ in range(7):
            await pilot.press("tab")
            await pilot.pause()
            seen.append(app.focused.id if app.focused is not None else None)
        assert seen == ["stack", "variables", "output", "prompt", "breakpoints", "suspects", "source"]


async def test_a_click_on_a_tab_turns_to_it() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        await pilot.click("#tabs", offset=(18, 0))
        await until(pilot, lambda: app.query_one("#output").display, "the output pane")


async def test_a_suspect_takes_source_and_stack_there() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "likely: packer and refunder wait")
        await pilot.press("i")
        await shows(pilot, "holds stock_lock since 3.2 s", "self.ledger_lock = <locked _thread.lock>")
        await pilot.press("right_square_bracket", "enter")
        await until(pilot, lambda: app.thread is not None and app.thread.name == "refunder", "the suspect")
        assert app.query_one(SourcePane).cursor_line == line("refunder-waits")


async def test_no_clear_suspect_takes_one_line() -> None:
    app = app_on(FakeSession(), diagnose=scenario.quiet)
    async with app.run_test(size=(200, 50)) as pilot:
        await shows(pilot, "no clear suspect: every thread waits for work")
        assert app.query_one("#card").size.height == 1


async def test_a_ranking_that_fails_is_said_and_nothing_else_happens() -> None:
    def broken(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        raise ZeroDivisionError("division by zero")

    async with app_on(FakeSession(), diagnose=broken).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "ZeroDivisionError", "paused (breakpoint)")


async def test_a_running_target_is_looked_at_again_and_the_reader_left_alone() -> None:
    session = FakeSession(snapshot=scenario.running())
    app = app_on(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "running", "as of")
        await pilot.press("end")
        await pilot.pause()
        source = app.query_one(SourcePane)
        read = source.cursor_line
        session.push(replace(scenario.running(), revision=1))
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.revision == 1, "the newer look")
        assert source.cursor_line == read
        await until(pilot, lambda: session.asked("refresh"), "a live look")


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (scenario.crashed(), "crashed: uncaught KeyError"),
        (replace(scenario.paused(), phase=Phase.DETACHED, threads=()), "detached"),
        (
            replace(scenario.paused(), phase=Phase.ENDED, threads=(), exit_code=3),
            "the process has ended with exit code 3",
        ),
    ],
)
async def test_every_phase_has_words(snapshot: Snapshot, words: str) -> None:
    app = app_on(FakeSession(snapshot=snapshot))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, words)


async def test_every_action_is_in_the_palette() -> None:
    app = app_on(FakeSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "paused (breakpoint)")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Continue", "Step over", "Detach and leave; the process runs on"} <= titles
        await pilot.press("colon")
        await until(pilot, lambda: len(app.screen_stack) == 2, "the palette")
        await asyncio.sleep(0)
