"""A conversation about a crash that goes on another day."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.assistant.desk import Desk, Known
from iqdebug.assistant.doing import acting_tools
from iqdebug.assistant.slash import COMMANDS
from iqdebug.crash.recorded import RecordedSession
from iqdebug.llm.scripted import Answer, ScriptedBackend
from iqdebug.llm.session_file import Kept, kept_sessions
from iqdebug.llm.window import Window
from tests.assistant.recorded import Recorded, record_example
from tests.assistant.test_desk import Person


@pytest.fixture
def lookup(tmp_path: Path) -> Recorded:
    return record_example("none_lookup", tmp_path)


async def sat_down(found: Recorded, backend: ScriptedBackend, shelf: Path, kept: Kept | None = None) -> Desk:
    known = Known(found.crash, str(found.root), found.crash.read_source)
    desk = Desk(Window(backend), known, commands=COMMANDS, extra=acting_tools, shelf=shelf, kept=kept)
    session = RecordedSession(found.crash)
    desk.begin(session, Person(session))
    desk.moment(session.snapshot, found.diagnosis)
    await desk.settled()
    return desk


async def test_it_goes_on_without_reading_anything_again(lookup: Recorded, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    first = await sat_down(lookup, ScriptedBackend([Answer("It is None.")]), shelf)
    await first.said("why?")
    await first.said("/pin the customer is c3")
    await first.close()
    (kept,) = kept_sessions(shelf)
    assert (kept.title, kept.questions, kept.target) == ("why?", 1, str(lookup.crash.path.resolve()))
    assert all(f.stat().st_mode & 0o077 == 0 for f in kept.folder.iterdir())
    backend = ScriptedBackend([Answer("As I said.")])
    again = await sat_down(lookup, backend, shelf, kept)
    texts = [e.text for e in again.transcript.entries]
    assert (
        texts[1:3] == ["why?", "It is None."] and "the conversation goes on; nothing is read again" in texts
    )
    assert sum(b.message.source == "evidence" for b in backend.blocks) == 1
    before = backend.counters.evaluated
    await again.said("and now?")
    assert backend.counters.evaluated - before < 60  # the pinned note and the question
    assert again.window is not None and again.window.pinned == ("the customer is c3",)
    await again.close()
    (kept,) = kept_sessions(shelf)
    assert kept.questions == 2


async def test_without_the_models_state_the_same_words_are_read_again(
    lookup: Recorded, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    first = await sat_down(lookup, ScriptedBackend([Answer("It is None.")]), shelf)
    await first.said("why?")
    await first.close()
    (kept,) = kept_sessions(shelf)
    (kept.folder / "state").write_text("{")
    backend = ScriptedBackend([Answer("Yes.")])
    again = await sat_down(lookup, backend, shelf, kept)
    assert "the model reads it again" in again.transcript.entries[-2].text + again.transcript.entries[-1].text
    assert [b.message.content for b in backend.blocks][-1] == "It is None."
    await again.said("sure?")
    await again.close()


async def test_what_is_damaged_is_left_out_and_an_empty_one_not_kept(
    lookup: Recorded, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    first = await sat_down(lookup, ScriptedBackend(), shelf)
    await first.close()
    assert kept_sessions(shelf) == []
    (shelf / "broken").mkdir(parents=True)
    (shelf / "broken" / "meta.json").write_text("{}")
    assert kept_sessions(shelf) == []
