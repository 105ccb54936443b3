"""A conversation that goes on another day."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.last_stop import LastStopSession, remembered
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.core.errors import ModelError, NotAvailable
from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import render
from iqdebug.core.state import Diagnosis, Frame, LogRecord, Origin, Phase, Snapshot, Thread, Variable
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.llm.window.saved_conversation import SavedConversation, kept_sessions
from iqdebug.llm.window.window import Window
from iqdebug.peek.processes import identity
from tests.assistant.recorded import Recorded, record_example
from tests.assistant.test_session import Person
from tests.support.scripted_backend import Answer, ScriptedBackend


class Watching(Person):
    def logs(self) -> Sequence[LogRecord]:
        return ()


@pytest.fixture
def lookup(tmp_path: Path) -> Recorded:
    return record_example("none_lookup", tmp_path)


async def begun(
    found: Recorded, backend: ScriptedBackend, shelf: Path, kept: SavedConversation | None = None
) -> AssistantSession:
    debuggee = DebuggeeContext(
        found.crash, str(found.root), found.crash.read_source, diagnose=lambda now, earlier: found.diagnosis
    )
    assistant = AssistantSession(
        Window(backend), debuggee, commands=COMMANDS, extra=acting_tools, folder=shelf, resumed=kept
    )
    session = RecordedSession(found.crash)
    assistant.begin(session, Person(session))
    await assistant.settled()
    return assistant


async def test_it_goes_on_without_reading_anything_again(lookup: Recorded, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    first = await begun(lookup, ScriptedBackend([Answer("It is None.")]), shelf)
    await first.submit("why?")
    await first.submit("/pin the customer is c3")
    await first.close()
    (kept,) = kept_sessions(shelf)
    assert (kept.title, kept.questions, kept.target) == ("why?", 1, str(lookup.crash.path.resolve()))
    assert all(f.stat().st_mode & 0o077 == 0 for f in kept.folder.iterdir())
    backend = ScriptedBackend([Answer("As I said.")])
    again = await begun(lookup, backend, shelf, kept)
    texts = [e.text for e in again.transcript.entries]
    assert texts[:2] == ["why?", "It is None."] and "the conversation goes on; nothing is read again" in texts
    assert sum(b.message.source == "evidence" for b in backend.blocks) == 1
    before = backend.counters.evaluated
    await again.submit("and now?")
    assert backend.counters.evaluated - before < 60  # the pinned note and the question
    assert again.window is not None and again.window.pinned == ("the customer is c3",)
    await again.close()
    (kept,) = kept_sessions(shelf)
    assert kept.questions == 2


async def test_without_the_models_state_the_same_words_are_read_again(
    lookup: Recorded, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    first = await begun(lookup, ScriptedBackend([Answer("It is None.")]), shelf)
    await first.submit("why?")
    await first.close()
    (kept,) = kept_sessions(shelf)
    (kept.folder / "state").write_text("{")
    backend = ScriptedBackend([Answer("Yes.")])
    again = await begun(lookup, backend, shelf, kept)
    assert "the model reads it again" in again.transcript.entries[-2].text + again.transcript.entries[-1].text
    assert [b.message.content for b in backend.blocks][-1] == "It is None."
    await again.submit("sure?")
    await again.close()


async def test_what_is_damaged_is_left_out_and_an_empty_one_not_kept(
    lookup: Recorded, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    first = await begun(lookup, ScriptedBackend(), shelf)
    await first.close()
    assert kept_sessions(shelf) == []
    (shelf / "broken").mkdir(parents=True)
    (shelf / "broken" / "meta.json").write_text("{}")
    assert kept_sessions(shelf) == []


async def test_one_about_a_process_goes_on_with_what_was_last_seen_of_it(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    local = Variable("order", "{'sku': 'A1'}", "dict", reference=7, evaluate_name="order")
    secret = Variable("api_key", "'sk_live_4f9a7c21e8d3b650'", "str")
    frame = Frame("accept", "/srv/app.py", 12, id=3, locals=(local, secret))
    thread = Thread(1, "MainThread", frames=(frame,), is_main=True)
    stop = Snapshot(
        4711,
        5,
        Phase.PAUSED,
        Origin.LIVE,
        1.0,
        reason="breakpoint",
        command="app.py",
        threads=(thread,),
        focus=1,
    )
    found = Diagnosis("paused at a breakpoint", Confidence.NO_CLEAR_SUSPECT)
    session = LastStopSession(stop)  # stands for a live one: the snapshot says that it is
    debuggee = DebuggeeContext(identity=lambda pid: f"{pid}:99:boot")
    backend = ScriptedBackend([Answer("It waits.")])
    assistant = AssistantSession(
        Window(backend), debuggee, commands=COMMANDS, extra=acting_tools, folder=shelf
    )
    assistant.begin(session, Watching(session))
    assistant.stop_diagnosed(stop, found)
    await assistant.settled()
    await assistant.submit("what is it?")
    assistant.stop_diagnosed(replace(stop, epoch=6, phase=Phase.ENDED, threads=()), found)
    await assistant.close()

    (kept,) = kept_sessions(shelf)
    assert (kept.process, kept.words) == ("4711:99:boot", "app.py")
    assert b"sk_live" not in kept.moment()
    again = remembered(kept.moment())
    assert again.snapshot.origin is Origin.RECORDED and "has ended" in render(again.snapshot.detail)
    assert again.diagnosis == found
    there = LastStopSession(again.snapshot)
    (row, masked) = await there.variables(again.snapshot.threads[0].frames[0], 5)
    assert (row.name, row.value, row.reference) == ("order", "{'sku': 'A1'}", 0) and "sk_" not in masked.value
    frame = again.snapshot.threads[0].frames[0]
    assert (await there.evaluate("order", frame, 5)).value == "{'sku': 'A1'}"
    assert (await there.evaluate("order.total()", frame, 5)).failed
    with pytest.raises(NotAvailable, match="cannot continue"):
        await there.resume()

    backend = ScriptedBackend([Answer("As I said.")])
    assistant = AssistantSession(
        Window(backend), debuggee, commands=COMMANDS, extra=acting_tools, folder=shelf, resumed=kept
    )
    assistant.begin(there, Watching(there))
    assistant.stop_diagnosed(again.snapshot, again.diagnosis)
    await assistant.settled()
    assert sum(b.message.source == "evidence" for b in backend.blocks) == 1  # it is not told twice
    await assistant.submit("and now?")
    await assistant.close()
    (kept,) = kept_sessions(shelf)
    assert (kept.process, kept.questions) == ("4711:99:boot", 2)  # the same conversation, of the same process


def test_a_damaged_last_stop_is_a_sentence() -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        remembered(b"{")


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    mine = identity(os.getpid())
    assert mine.startswith(f"{os.getpid()}:") and mine == identity(os.getpid())
    assert identity(1 << 22) == ""
