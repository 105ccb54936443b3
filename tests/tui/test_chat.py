"""The conversation's pane: what is shown as it comes, and what the person can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Collapsible, Input

from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.transcript import Mark, ModelStatus, Transcript
from iqdebug.assistant.ui_context import UiContext
from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import render
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Phase, Snapshot
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.llm.window.window import Window
from iqdebug.tui.app import DebugApp
from iqdebug.tui.controllers.brief_pause import RecordedStop
from iqdebug.tui.panes.chat import ChatPane, linked
from iqdebug.tui.panes.source import SourcePane
from tests.support.crashfile import contents, written
from tests.support.scripted_backend import ScriptedBackend
from tests.tui import causes, scenario
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.scenario import SERVICE
from tests.tui.screens import compare, screen, shows, until

pytestmark = pytest.mark.slow


class Friend:
    """Says what a test has it say."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.heard: list[str] = []
        self.stopped = 0
        self.closed = False
        self.screen: UiContext | None = None

    def begin(self, session: DebugSession, ui: UiContext) -> None:
        self.screen = ui

    async def submit(self, text: str) -> None:
        self.heard.append(text)
        self.transcript.add("question", text)

    async def stop(self) -> None:
        self.stopped += 1

    def completions(self, text: str) -> Sequence[str]:
        return [word for word in ("/why", "/watch", "@file:") if word.startswith(text.split(" ")[-1])]

    async def complete_expression(self, before: str, after: str) -> str:
        return "total()" if before.endswith("order.") else ""

    async def close(self) -> None:
        self.closed = True


def talking() -> tuple[DebugApp, Friend]:
    friend = Friend()
    session = FakeSession(snapshot=causes.crashed())
    return app_on(session, diagnose=causes.traced, companion=friend), friend


async def ready(pilot: Pilot[int]) -> None:
    await shows(pilot, "crashed: uncaught KeyError", "`order` has no key 'sku'")
    await pilot.press("8")
    await shows(pilot, "Ask about what is on the screen")


READY = ModelStatus("ready", "ready", "tiny-model", "on this machine", False, 3_000, 131_072)


async def test_a_question_is_sent_and_its_answer_grows() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.stand(READY)
        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: friend.heard == ["why?"])
        answer = friend.transcript.add("answer", "The order has ", running=True)
        await shows(pilot, "› why?", "The order has")
        friend.transcript.put(replace(answer, text="The order has `SKU`, not `sku`.", running=False))
        await shows(pilot, "The order has SKU, not sku.", "tiny-model", "3,000 of 131,072 tokens (2%)")


async def test_thoughts_and_calls_are_folded_and_can_be_opened() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.add("thinking", "let me look at the stack", words="3 s")
        call = friend.transcript.add("call", "stack(thread=1)", running=True)
        await shows(pilot, "thought  3 s", "… stack(thread=1)")
        done = replace(
            call, running=False, detail="accept orders_service.py:58", words="3 frames, allowed by rule"
        )
        friend.transcript.put(done)
        await shows(pilot, "stack(thread=1)   (3 frames, allowed by rule)")
        assert "let me look" not in screen(app)
        for each in app.query(Collapsible):
            each.collapsed = False
        await shows(pilot, "let me look at the stack", "accept orders_service.py:58")


async def test_what_a_model_writes_cannot_draw_on_the_screen() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.add("call", "evil([bold]x[/bold]\x1b[2J)", detail="\x1b[31mred", words="[link]")
        friend.transcript.add("answer", "a\x1b]0;title\x07b [x](https://example.org)")
        await shows(pilot, "evil([bold]x[/bold]\\x1b[2J)", "a\\x1b]0;title\\x07b")


async def test_a_place_in_an_answer_is_a_link_into_the_source() -> None:
    assert (
        linked("see `shop/app.py:31` and x.py:2.")
        == "see [shop/app.py:31](place:shop/app.py:31) and [x.py:2](place:x.py:2)."
    )
    assert linked("```\nx.py:2\n```") == "```\nx.py:2\n```"
    app, _ = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app.query_one(ChatPane).post_message(ChatPane.PlaceChosen("orders_service.py", 33))
        source = app.query_one(SourcePane)
        await until(pilot, lambda: (source.path, source.cursor_line) == (SERVICE, 33))


async def test_history_completion_stop_and_leave() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        field = app.query_one("#question", Input)
        await pilot.press(*"one", "enter", *"two", "enter", "up", "up")
        assert field.value == "one"
        await pilot.press("down", "down")
        assert field.value == ""
        await pilot.press("o", "up")
        assert field.value == "one"
        await pilot.press("down")
        assert field.value == "o"
        await pilot.press("backspace")
        await pilot.press(*"/wh", "tab")
        assert field.value == "/why "
        friend.transcript.stand(replace(READY, state="answering", words="answering"))
        await shows(pilot, "answering", "Esc: stop")
        await pilot.press("escape")
        await until(pilot, lambda: friend.stopped == 1)
        friend.transcript.stand(READY)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "source")


async def test_the_console_asks_the_model_where_the_program_knows_nothing() -> None:
    app, _ = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("escape", "5")
        field = app.query_one("#prompt", Input)
        await pilot.press(*"zz.order.", "tab")
        await until(pilot, lambda: field.value == "zz.order.total")


async def test_a_remote_model_is_named_at_all_times() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.stand(replace(READY, where="gpu.example.org", remote=True))
        await shows(pilot, "every byte goes to gpu.example.org")
        await pilot.press("escape", "4")
        await shows(pilot, "→ gpu.example.org")


async def test_consent_shows_the_exact_text_and_is_refused_by_escape() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert friend.screen is not None
        given: list[str] = []

        async def asked(may_hold: bool) -> None:
            assert friend.screen is not None
            consent = friend.screen.consent
            given.append(
                await consent("evaluate in accept", "probe", "order.total()", "it may run code", may_hold)
            )

        app.run_worker(asked(True))
        await shows(pilot, "The model asks to run code", "order.total()", "s: yes, for this session")
        await pilot.press("s")
        await until(pilot, lambda: given == ["session"])
        app.run_worker(asked(False))
        await shows(pilot, "The model asks to run code")
        assert "for this session" not in screen(app)
        await pilot.press("s", "escape")
        await until(pilot, lambda: given == ["session", "no"])


async def test_leaving_ends_the_model() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("escape", "q")
        await until(pilot, lambda: friend.closed)


async def test_the_picture() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.stand(READY)
        friend.transcript.add("question", "Why does accept fail?")
        friend.transcript.add("thinking", "look at the keys", words="2 s")
        friend.transcript.add("call", "frame(index=0)", detail="accept", words="5 values, allowed by rule")
        friend.transcript.add(
            "answer",
            "**`order` has `SKU`, not `sku`.**\n\n1. orders_service.py:58 reads it\n2. `read_order` kept it",
        )
        friend.transcript.add("diff", "orders_service.py", detail='-    x["SKU"]\n+    x["sku"]')
        await shows(pilot, "has SKU, not sku", '+    x["sku"]')
        compare(app, "chat-120x40")


async def test_the_picture_of_an_answer_with_marks() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        friend.transcript.stand(READY)
        friend.transcript.add("question", "Why does accept fail?")
        text = (
            "In `accept`, `order` is None.\n\n1. `orders_service.py:580` reads it\n2. `read_order` kept it\n"
            "\nSo there is no `sku`."
        )
        marks = [
            ("is None.", "`order` is {'SKU': 'tea-1'} here"),
            ("reads it", "orders_service.py has 96 lines"),
        ]
        answer = friend.transcript.add("answer", text)
        found = [Mark(text.index(claim) + len(claim), claim, f"not so: {so}") for claim, so in marks]
        friend.transcript.put(replace(answer, marks=tuple(found)))
        await shows(pilot, "≠ not so: orders_service.py has 96 lines", "So there is no sku.")
        compare(app, "chat-marked-120x40")


async def test_what_grows_before_it_is_drawn_does_no_harm() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        thought = friend.transcript.add("thinking", "a", running=True)
        answer = friend.transcript.add("answer", "a", running=True)
        for n in range(200):
            thought = friend.transcript.put(replace(thought, text=f"{thought.text} {n}"))
            answer = friend.transcript.put(replace(answer, text=f"{answer.text} {n}"))
        friend.transcript.put(replace(thought, running=False))
        await shows(pilot, "thought", "197 198 199")


async def test_what_is_offered_is_taken_over_by_tab_or_a_click() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        offers = ("Why does accept fail?", "/fix")
        entry = friend.transcript.add("note", "to ask", offers=offers)
        await shows(pilot, "to ask (Tab in the empty field", "› Why does accept fail?", "› /fix")
        field = app.query_one("#question", Input)
        await pilot.press("tab")
        assert field.value == offers[0]
        await pilot.press("tab")
        assert field.value == offers[1]
        await pilot.press("tab", "enter")
        await until(pilot, lambda: friend.heard == [offers[0]])
        await pilot.press(*"/wh", "tab")
        assert field.value == "/why "  # what was typed is completed
        await pilot.press("ctrl+u")
        await pilot.click(next(iter(app.query("_Offer"))))
        assert field.value == offers[0] and app.focused is field
        await pilot.press("ctrl+u")
        friend.transcript.cut(entry.id - 1)
        await pilot.press("tab")
        assert field.value == "" and app.focused is not field


async def test_the_console_completes_on_command_and_says_who_would_write_what() -> None:
    app, _ = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("escape", "5")
        await pilot.press(*"/complete ord", "enter")
        await shows(pilot, "the process: order  ordered", "the model: nothing")
        await pilot.press(*"/complete order.", "enter")
        await shows(pilot, "the process: nothing", "the model: total()")
        await pilot.press(*"/why", "enter")
        await shows(pilot, "the other commands are for the chat (key 8)")


async def test_what_is_folded_is_opened_by_keys() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        field = app.query_one("#question", Input)
        await pilot.press("shift+tab")
        assert app.focused is field  # there is nothing to open yet
        friend.transcript.add("thinking", "the first thought", words="3 s")
        friend.transcript.add("call", "stack()", detail="the result", words="allowed by rule")
        await shows(pilot, "thought  3 s", "stack()")
        await pilot.press("shift+tab", "shift+tab", "enter")
        await shows(pilot, "the first thought")
        await pilot.press("tab", "enter")
        await shows(pilot, "the result")
        await pilot.press("tab")
        assert app.focused is field
        await pilot.press("shift+tab", "escape")
        assert app.focused is field


def with_model(
    session: FakeSession, diagnose: SharedDiagnosis, no_hold: bool = False
) -> tuple[DebugApp, ScriptedBackend]:
    backend = ScriptedBackend()
    assistant = AssistantSession(
        Window(backend), DebuggeeContext(diagnose=diagnose), commands=COMMANDS, settle_s=0.0
    )
    return app_on(session, diagnose=diagnose, companion=assistant, no_hold=no_hold), backend


def evidence_in(backend: ScriptedBackend) -> list[str]:
    return [b.message.content for b in backend.blocks if b.message.source == "evidence"]


async def test_the_model_follows_the_session_and_a_stop_is_diagnosed_once_for_all() -> None:
    diagnosed: list[Snapshot] = []

    def diagnose(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        diagnosed.append(snapshot)
        return causes.traced(snapshot, earlier)

    session = FakeSession(snapshot=causes.crashed())
    app, backend = with_model(session, SharedDiagnosis(diagnose))
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "`order` has no key 'sku'")
        await until(pilot, lambda: evidence_in(backend), "the evidence")
        assert "KeyError" in evidence_in(backend)[-1]
        session.push(causes.crashed(epoch=4))
        await until(pilot, lambda: "evidence of stop 4" in evidence_in(backend)[-1], "the next stop")
        await until(pilot, lambda: len(diagnosed) == 3, "diagnoses")
        assert sorted(s.epoch for s in diagnosed) == [0, 3, 4]  # 0: what was seen from outside at first


async def test_a_stop_that_is_only_recorded_is_not_given_to_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path))
    diagnosed: list[Snapshot] = []

    def diagnose(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        diagnosed.append(snapshot)
        return Diagnosis("it stands", Confidence.NO_CLEAR_SUSPECT)

    session = FakeSession(snapshot=scenario.running(), recorded=written(contents()))
    app, backend = with_model(session, SharedDiagnosis(diagnose), no_hold=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "running")
        session.push(replace(scenario.paused(2), revision=1))
        await until(pilot, lambda: isinstance(app.session, RecordedStop), "the recording")
        await until(pilot, lambda: any("ValueError" in text for text in evidence_in(backend)), "its evidence")
        stopped = [s for s in diagnosed if s.phase in (Phase.PAUSED, Phase.CRASHED)]
        assert stopped and all("process runs on" in render(s.reason) for s in stopped)


async def test_what_is_said_while_the_app_ends_is_kept_and_not_drawn() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app.exit(0)
        friend.transcript.add("note", "the process has ended")
    assert app.return_code == 0
    assert [entry.text for entry in friend.transcript.entries] == ["the process has ended"]


async def test_a_mark_stands_below_what_it_is_about_and_the_answer_grows_on() -> None:
    app, friend = talking()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        answer = friend.transcript.add("answer", "`total` is 7.", running=True)
        await shows(pilot, "total is 7.")
        said = "`total` is 7.\n\nSo it [b]fails"
        mark = Mark(13, "`total` is 7", "not so: `total` is [b]3[/b] here\x1b[2J")
        friend.transcript.put(replace(answer, text=said, marks=(mark,)))
        await shows(pilot, "≠ not so: `total` is [b]3[/b] here\\x1b[2J", "So it [b]fails")
        lines = screen(app).splitlines()
        places = [
            next(n for n, line in enumerate(lines) if each in line)
            for each in ("total is 7", "≠ not so", "So it")
        ]
        assert places == sorted(places) and places[2] - places[0] <= 5
        friend.transcript.put(replace(answer, text=f"{said}[/b] there.", marks=(mark,), running=False))
        await shows(pilot, "≠ not so", "So it [b]fails[/b] there.")
        assert screen(app).count("≠") == 1
