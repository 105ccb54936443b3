"""The card, the details and the suspects, at stops and in recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from iqdebug.core.evidence import Confidence, HopKind
from iqdebug.core.state import Diagnosis, Step, Suspect
from iqdebug.crash import open_crash
from iqdebug.tui.app import DebugApp
from iqdebug.tui.panes.insight import card_text
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.suspects import SuspectsPane
from iqdebug.workflows.open_crash import recorded_app
from tests.support.crashfile import contents, written
from tests.tui import causes, scenario
from tests.tui.causes import PRICES
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.scenario import SERVICE, line
from tests.tui.screens import compare, notices, screen, shows, until

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda s: f"{s[0]}x{s[1]}")


def app_at_crash(diagnose: Callable[..., object] = causes.traced) -> DebugApp:
    return app_on(FakeSession(snapshot=causes.crashed()), diagnose=diagnose)


async def settled(pilot: Pilot[int], app: DebugApp) -> None:
    await shows(pilot, "crashed: uncaught KeyError", "`order` has no key 'sku'", "▶ accept")


def place(app: DebugApp) -> tuple[str, int]:
    source = app.query_one(SourcePane)
    return source.path, source.cursor_line


# the card


async def test_the_card_says_what_why_where_and_proves_it_within_seven_lines() -> None:
    app = app_at_crash()
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot, app)
        card = screen(app).split("\n")[:7]
        assert card[0].startswith(" likely: KeyError: 'sku': `order` has no key 'sku'")
        assert "suspect OrderService.accept  orders_service.py:58" in card[1]
        assert "why     the key 'SKU' is there, in other letters" in card[2]
        assert "proof   order = {'id': 12, 'count': 3, 'SKU': 'tea'}   sku = None" in card[4]
        assert "only running it again would prove more" in card[5]
        assert "i: all about it   ]: to the 4 suspects" in card[6]
        assert app.query_one("#card").size.height == 7


async def test_a_small_terminal_keeps_the_first_suspect_and_its_proof() -> None:
    app = app_at_crash()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app)
        card = screen(app).split("\n")[:3]
        assert "suspect OrderService.accept  orders_service.py:58  the key 'SKU' is" in card[1]
        assert "proof   order = {" in card[2] and card[2].endswith("]: to the 4 suspects")


async def test_a_reason_that_the_headline_has_no_room_for_is_said_below() -> None:
    reason = "`user` is None, and it is subscripted"
    suspect = Suspect(SERVICE, 58, "accept", 0.9, (reason,))
    headline = causes.headline("TypeError: 'NoneType' object is not subscriptable", 58, reason)
    found = Diagnosis(headline, Confidence.LIKELY, (suspect,))
    assert str(card_text(found, 3, 200)).count(reason) == 1
    assert reason in str(card_text(found, 3, 78)).split("\n")[1]


@pytest.mark.parametrize("most", range(1, 8))
def test_the_card_never_takes_more_lines_than_it_may(most: int) -> None:
    found = causes.traced(causes.crashed())
    for count in range(4):
        some = tuple(replace(s, reason_messages=s.reasons[:count]) for s in found.suspects[:count])
        for suspects in (some, tuple(replace(s, proof=()) for s in some)):
            assert len(card_text(replace(found, suspects=suspects), most).split("\n")) <= most


async def test_with_no_good_suspect_it_says_so_and_what_there_is_to_read() -> None:
    app = app_at_crash(causes.untraced)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "no clear suspect: SystemError", "i: what the exception means")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: notices(app), "a notice")
        assert notices(app)[0].startswith("no good suspect")
        await pilot.press("7")
        await shows(
            pilot,
            "Suspects: none",
            "no good suspect: nothing that was seen accuses a place",
            "this exception's values could not be traced",
        )
        await pilot.press("enter", "left", "right", "i")
        await shows(pilot, "What it means", "an extension module, is at fault")


async def test_a_stop_without_an_exception_has_no_failing_value() -> None:
    app = app_on(FakeSession(), diagnose=scenario.quiet)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "no clear suspect: every thread waits for work")
        await pilot.press("W")
        await shows(pilot, "no exception: there is no failing value to follow")


@BOTH
async def test_the_details_have_everything_and_lead_there(size: tuple[int, int]) -> None:
    app = app_at_crash()
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press("i")
        await shows(pilot, "What it means", "a dictionary was asked for a key", "1 OrderService.accept")
        seen = screen(app)
        for _ in range(40):
            await pilot.press("down")
            seen += screen(app)
        for words in (
            "`order` is not checked before it is used",
            "sku = None",
            "4 fetch",
            "TimeoutError arises here",
            "which differs from 'sku'",
            "a default that grew to 1,000,000",
            "the service logs and drops other errors",
        ):
            assert words in seen
        await pilot.press("home", *["right_square_bracket"] * 2, "enter")
        await until(
            pilot, lambda: app.frame is not None and app.frame.name == "intake", "the suspect's frame"
        )
        assert place(app) == (SERVICE, line("intake-get"))


# the suspects


@BOTH
async def test_the_bracket_goes_from_suspect_to_suspect_in_every_pane(size: tuple[int, int]) -> None:
    app = app_at_crash()
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.frame is not None and app.frame.name == "accept", "the first")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.frame is not None and app.frame.name == "intake", "the second")
        assert place(app) == (SERVICE, line("intake-get"))
        await shows(pilot, "▶ intake", "Variables  intake", "`order` is passed on here")
        await pilot.press("right_square_bracket")
        await shows(pilot, "read_order has returned")
        assert place(app) == (SERVICE, 20)
        await pilot.press("right_square_bracket")
        await shows(
            pilot, "in the traceback of Time", "traceback of TimeoutError", "▶ fetch", "url = '/prices'"
        )
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: notices(app), "a notice")
        assert notices(app) == ["this is the last suspect"] and place(app)[0] == PRICES
        await pilot.press(*["left_square_bracket"] * 2)
        await until(pilot, lambda: place(app) == (SERVICE, line("intake-get")), "back to the second")
        await shows(pilot, "▶ intake")
        assert "traceback of TimeoutError" not in screen(app)


@BOTH
async def test_in_the_pane_moving_shows_and_enter_goes_there(size: tuple[int, int]) -> None:
    app = app_at_crash()
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press("7")
        await shows(pilot, "Suspects (4)  likely", "(returned)")
        await pilot.press("down")
        await until(pilot, lambda: place(app) == (SERVICE, line("intake-get")), "the line shown")
        assert app.frame is not None and app.frame.name == "accept"
        await pilot.press("enter")
        await until(pilot, lambda: app.frame is not None and app.frame.name == "intake", "the frame")
        await pilot.press("down")
        await shows(pilot, "read_order has returned")
        await pilot.press("up", "right_square_bracket")
        await until(pilot, lambda: place(app) == (SERVICE, 20), "the one after that under the cursor")


async def test_a_suspect_folds_out_to_its_reasons_and_values() -> None:
    app = app_at_crash()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app)
        pane = app.query_one(SuspectsPane)
        await pilot.press("7", "right")
        await shows(pilot, "· the key 'SKU' is there", "▾  1 accept")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: place(app) == (SERVICE, line("key-error")), "its line")
        await pilot.press("left")
        assert pane.cursor == 0
        await pilot.press("left")
        await until(pilot, lambda: "· the key" not in screen(app), "folded in")


async def test_the_list_comes_in_sight_from_its_first_suspect_on() -> None:
    app = app_at_crash()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app)
        await pilot.press("right_square_bracket", "right_square_bracket", "7")
        await shows(pilot, "▸  1 accept", "  2 intake")


async def test_one_pane_at_a_time_enter_turns_to_the_source() -> None:
    app = app_at_crash()
    async with app.run_test(size=(60, 15)) as pilot:
        await shows(pilot, "58 ▶", "7 Why")
        await pilot.press("7", "down", "enter")
        await shows(pilot, "51 ▶", "Source")


async def test_a_suspect_of_a_function_that_stands_elsewhere_says_where() -> None:
    guard = Suspect(SERVICE, line("key-error") - 1, "accept", 0.9, ("the check belongs here",), thread_id=3)
    app = app_at_crash(lambda now, earlier: Diagnosis("KeyError", Confidence.POSSIBLE, (guard,)))
    async with app.run_test(size=(200, 50)) as pilot:
        await shows(pilot, "possible: KeyError")
        await pilot.press("right_square_bracket")
        await shows(pilot, f"accept stands at line {line('key-error')}", "suspect 1 of 1", "58 ▶")
        assert place(app) == (SERVICE, line("key-error") - 1)


async def test_an_index_of_another_stack_is_not_believed() -> None:
    """The evidence counts in the cause's traceback; the thread's frame of that number is another."""
    suspect = Suspect(PRICES, 41, "fetch", 0.9, ("it timed out",), thread_id=3, frame_index=0)
    app = app_at_crash(lambda now, earlier: Diagnosis("KeyError", Confidence.POSSIBLE, (suspect,)))
    async with app.run_test(size=(200, 50)) as pilot:
        await shows(pilot, "possible: KeyError")
        await pilot.press("right_square_bracket")
        await shows(pilot, "traceback of TimeoutError", "▶ fetch", "Variables  fetch")


# where the value came from


@BOTH
async def test_the_way_of_the_value_is_a_tree_to_follow(size: tuple[int, int]) -> None:
    app = app_at_crash()
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press("W")
        await shows(pilot, "▾ `order` = {'id'", "where it failed", "orders_service.py:58", "`read_order(…)`")
        await pilot.press("down")
        await until(pilot, lambda: place(app) == (SERVICE, line("intake-get")), "the caller's line")
        await pilot.press("enter")
        await until(pilot, lambda: app.frame is not None and app.frame.name == "intake", "the caller")
        await pilot.press("down")
        await shows(pilot, "read_order has returned")
        assert place(app) == (SERVICE, 20)
        await pilot.press("left")
        await until(pilot, lambda: "`row`" not in screen(app), "folded in")
        await pilot.press("left")
        await until(pilot, lambda: place(app) == (SERVICE, line("intake-get")), "the hop above")
        await pilot.press("down", "right")
        await shows(pilot, "`row`")
        compare(app, f"way-{size[0]}x{size[1]}")


def chain(length: int) -> Step:
    step = Step("x0", HopKind.ASSIGNED, SERVICE, 20, "f0")
    for n in range(1, length):
        step = Step(f"x{n}", HopKind.ASSIGNED, SERVICE, 20, f"f{n}", before=(step,))
    return step


async def test_a_long_way_with_hostile_values_draws_and_folds() -> None:
    words = scenario.HOSTILE
    hostile = replace(chain(60), expression=words, kind=HopKind.SET, detail=words, function=words)
    found = replace(causes.traced(causes.crashed()), provenance=(hostile,), meaning_message=scenario.HOSTILE)
    app = app_at_crash(lambda now, earlier: found)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app)
        for key in ("W", "end", "left", "left", "home", "i", "end", "escape"):
            await pilot.press(key)
            assert all(c.isprintable() for c in screen(app).replace("\n", ""))
        assert app.is_running


async def test_what_was_folded_out_and_the_cursor_survive_a_newer_look() -> None:
    session = FakeSession(snapshot=causes.crashed())
    app = app_on(session, diagnose=causes.traced)
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot, app)
        await pilot.press("7", "right", "down")
        await shows(pilot, "· the key 'SKU' is there")
        at = app.query_one(SuspectsPane).current_key
        session.push(replace(session.snapshot, revision=4))
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.revision == 4, "the newer look")
        await until(pilot, lambda: app.controllers.diagnosis.is_up_to_date, "its diagnosis")
        await shows(pilot, "· the key 'SKU' is there")
        assert app.query_one(SuspectsPane).current_key == at


# recordings


@BOTH
async def test_a_recording_walks_its_suspects_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "x.iqcrash"
    path.write_bytes(written(contents()))
    app = recorded_app(open_crash(path))
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "26 ▶", "possible: ValueError", "suspect greet")
        await pilot.press("7")
        await shows(pilot, "Suspects (", "main.py:26")
        frames = set()
        diagnosis = app.controllers.diagnosis.current
        found = diagnosis.suspects if diagnosis is not None else ()
        for number in range(1, len(found) + 1):
            await pilot.press("right_square_bracket")
            wanted = found[number - 1]
            there = partial(lambda suspect: place(app) == (suspect.path, suspect.line), wanted)
            await until(pilot, there, f"suspect {number}")
            frames.add(app.frame.name if app.frame is not None else "")
        assert "greet" in frames or "main" in frames
        await pilot.press("i")
        await shows(pilot, "Suspects, the likeliest first")
