"""A recording as a debug session: what it answers, and in which words it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.errors import NotAvailable
from iqdebug.core.readable_files import reach_of_project
from iqdebug.core.session import Capability, DebugSession, StepKind
from iqdebug.core.state import Frame, Variable
from iqdebug.crash import RecordedSession, open_crash
from iqdebug.crash.recorded_sources import RecordedSources, SourceState
from tests.support.crashfile import PATH, PROGRAM, contents, line_of, sample, source, written
from tests.tui.fake_session import FakeSession


@pytest.fixture
def session(tmp_path: Path) -> RecordedSession:
    return RecordedSession(open_crash(sample(tmp_path)))


def frame(session: RecordedSession, name: str) -> Frame:
    frames = [f for t in session.snapshot.threads for f in t.frames]
    error = session.snapshot.exception
    assert error is not None
    frames += [f for e in error.chain for f in e.frames]
    return next(f for f in frames if f.name == name)


def by_name(rows: tuple[Variable, ...]) -> dict[str, Variable]:
    return {row.name: row for row in rows}


async def test_it_is_a_session(session: RecordedSession) -> None:
    assert isinstance(session, DebugSession)


async def test_variables_open_page_by_page_and_say_what_was_not_kept(session: RecordedSession) -> None:
    rows = by_name(await session.variables(frame(session, "greet"), 1))
    assert list(rows) == ["user", "rows", "first", "… 2 more were not recorded"]
    assert rows["user"].kind == "argument"
    page = await session.children(rows["rows"].reference, 1, 0, 30)
    rest = await session.children(rows["rows"].reference, 1, 30, 30)
    assert [v.name for v in page] == [f"[{n}]" for n in range(30)]
    assert [v.name for v in rest] == [*(f"[{n}]" for n in range(30, 40)), "… 960 more were not recorded"]
    assert page[3].evaluate_name == "rows[3]"
    attributes = by_name(await session.children(rows["user"].reference, 1))
    assert attributes["name"].value == "'Ada'" and attributes["key"].value == "<masked>"
    assert (attributes["mail"].state, attributes["mail"].kind) == ("lazy", "property")
    assert not attributes["mail"].reference and attributes["mail"].evaluate_name is None


async def test_arrays_globals_and_the_exceptions_attributes_have_rows(session: RecordedSession) -> None:
    rows = by_name(await session.variables(frame(session, "<module>"), 1))
    below = by_name(await session.children(rows["table"].reference, 1))
    assert below["array"].value == "float64 1000 x 3"
    told = by_name(await session.children(below["array"].reference, 1))
    assert [(n, v.value) for n, v in told.items()] == [
        ("dtype", "float64"),
        ("shape", "(1000, 3)"),
        ("min", "0.0"),
        ("max", "9.5"),
        ("mean", "4.1"),
        ("nan", "7"),
    ]
    rows = by_name(await session.variables(frame(session, "main"), 1))
    group = by_name(await session.children(rows["Globals"].reference, 1))
    assert group["Point"].value == "Point(x=1, y=2)" and rows["Globals"].kind == "group"
    own = by_name(await session.children(rows["Attributes of ValueError"].reference, 1))
    assert own["code"].value == "1"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("user.name", "'Ada'"),
        (" rows[3]['x'] ", "1"),
        ("rows[3]['uid ']", "'Ada'"),
        ("rows[-1000]", "{'x': 0, 'uid ': 'u0'}"),
        ("first", "{'x': 0, 'uid ': 'u0'}"),
    ],
)
async def test_names_and_paths_are_answered(session: RecordedSession, expression: str, value: str) -> None:
    found = await session.evaluate(expression, frame(session, "greet"), 1)
    assert (found.value, found.failed) == (value, False)


@pytest.mark.parametrize(
    ("name", "expression", "words"),
    [
        ("greet", "user.name.upper()", "cannot run code"),
        ("greet", "len(rows)", "cannot run code"),
        ("greet", "rows[0:2]", "cannot run code"),
        ("greet", "rows[i]", "cannot run code"),
        ("greet", "x = 1", "cannot run code"),
        ("greet", "import os", "cannot run code"),
        ("greet", "1 +", "SyntaxError"),
        ("greet", "(" * 5000, "too long"),
        ("greet", "nobody", "`nobody` is not among the recorded variables of greet"),
        ("greet", "user.mail", "is a property"),
        ("greet", "user.age", "`user` has no attribute .age"),
        ("greet", "rows[500]", "of `rows` the file has 40 of 1,000 elements"),
        ("greet", "first['uid']", "`first` has no element ['uid'] in the recording"),
        ("greet", "user.key.first", "was masked"),
        ("greet", "rows[" + "9" * 3000 + "]", "was not recorded"),
    ],
)
async def test_what_a_recording_cannot_answer_is_said(
    session: RecordedSession, name: str, expression: str, words: str
) -> None:
    found = await session.evaluate(expression, frame(session, name), 1)
    assert found.failed and words in found.value, found.value


async def test_fields_keys_and_indices_of_several_dimensions(session: RecordedSession) -> None:
    where = frame(session, "<module>")
    assert (await session.evaluate("p.y", where, 1)).value == "2"
    assert (await session.evaluate("table[0, 1]", where, 1)).value == "2"
    assert (await session.evaluate("p['y']", where, 1)).failed
    assert (await session.evaluate("loop['me']['me']['me']", frame(session, "main"), 1)).failed


async def test_a_value_that_holds_itself_can_be_walked_for_ever(session: RecordedSession) -> None:
    main = session.snapshot.exception.chain[0].frames[1]  # type: ignore[union-attr]
    row = by_name(await session.variables(main, 1))["loop"]
    for _ in range(50):
        (row,) = await session.children(row.reference, 1)
    assert row.value == "{'me': {…} (1)}"


async def test_long_texts_are_read_whole_as_far_as_they_were_kept(session: RecordedSession) -> None:
    main = frame(session, "main")
    text = await session.full_value("long", main, 1)
    assert text.startswith("a" * 16384) and "the first 16,384 of 20,000 characters" in text
    rows = by_name(await session.variables(main, 1))
    assert "only this much" in await session.full_value(rows["rows"].reference, main, 1)
    assert "not among" in await session.full_value("nobody", main, 1)


async def test_completion_knows_names_attributes_and_keys(session: RecordedSession) -> None:
    async def offered(text: str, name: str = "greet") -> list[str]:
        found = await session.complete(text, len(text), frame(session, name), 1)
        assert all(text[: c.start] + c.text != "" and c.start + c.length == len(text) for c in found)
        return [c.text for c in found]

    assert await offered("") == ["first", "rows", "user"]
    assert await offered("us") == ["user"]
    assert await offered("user.") == ["key", "mail", "name"]
    assert await offered("user.na") == ["name"]
    assert await offered("first['u") == ["'uid ']"]
    assert await offered("p.", "<module>") == ["x", "y"]
    assert await offered("nobody.") == [] and await offered("f(x).") == []


async def test_nothing_runs_and_it_says_so(session: RecordedSession) -> None:
    for capability in Capability:
        reason = session.why_not(capability)
        free = capability in (Capability.EVALUATE, Capability.COMPLETE, Capability.REPR)
        kept = "a crash file already" if capability is Capability.RECORD else "nothing runs here"
        assert (not reason) if free else (kept in reason)
    where = frame(session, "main")
    for refused in (
        session.pause(),
        session.resume(),
        session.step(StepKind.OVER, 1),
        session.run_to(PATH, 1),
        session.restart_frame(where),
        session.set_variable("x", "1", where, 1),
        session.set_breakpoints(()),
        session.refresh(),
    ):
        with pytest.raises(NotAvailable, match="nothing runs here"):
            await refused
    with pytest.raises(NotAvailable, match="a crash file already"):
        await session.record()
    await session.detach()
    assert await session.variables(where, 2) == () and await session.children(5, 2) == ()


async def test_who_subscribes_is_told_the_recorded_output(session: RecordedSession) -> None:
    told: list[tuple[Any, int]] = []

    class Ear(FakeSession):
        def logs_arrived(self, records: Any, dropped: int) -> None:
            told.append((records, dropped))

    session.subscribe(Ear())()  # type: ignore[arg-type]
    ((records, dropped),) = told
    assert [r.text for r in records] == ["starting", "no user"] and dropped == 3


# the recorded source beside today's


def sources_of(tmp_path: Path, now: str | None, recorded: bool = True) -> tuple[RecordedSources, str]:
    path = tmp_path / "main.py"
    if now is not None:
        path.write_text(now)
    listed = contents(str(path))
    if not recorded:
        listed = [c for c in listed if c[0] != "SRCE"]
    file = tmp_path / "x.iqcrash"
    file.write_bytes(written(listed))
    return RecordedSources(open_crash(file), reach_of_project(str(tmp_path))), str(path)


def test_the_same_file_needs_no_words(tmp_path: Path) -> None:
    sources, path = sources_of(tmp_path, PROGRAM)
    assert sources.standing(path) is SourceState.SAME and sources.words(path, 5, False) == ""
    assert "same today" in sources.why_no_toggle(path)
    assert sources.lines(path, True) == sources.lines(path, False) == tuple(PROGRAM.splitlines())


def test_a_file_that_is_gone_is_shown_as_recorded(tmp_path: Path) -> None:
    sources, path = sources_of(tmp_path, None)
    assert sources.standing(path) is SourceState.ABSENT
    assert "not on this machine" in sources.words(path, 5, False)
    assert sources.lines(path, True) == tuple(PROGRAM.splitlines())


def test_a_changed_file_offers_both_and_says_where_the_line_went(tmp_path: Path) -> None:
    line = line_of("first[")
    sources, path = sources_of(tmp_path, "# a new first line\n" + PROGRAM)
    assert sources.standing(path) is SourceState.DIFFERS and sources.why_no_toggle(path) == ""
    assert "changed since" in sources.words(path, line, False)
    assert sources.words(path, line, True) == f"TODAY's text; line {line} then is {line + 1} now"
    assert sources.lines(path, False)[0] == "import collections"
    assert sources.lines(path, True)[0] == "# a new first line"
    Path(path).write_text(PROGRAM + "# appended\n")
    assert sources.words(path, line, True).endswith(f"line {line} is unchanged")
    Path(path).write_text("nothing = 'of it'\n")
    assert 'was `return "hello " + first["uid"]`' in sources.words(path, line, True)


def test_what_was_not_recorded_is_todays_and_says_so(tmp_path: Path) -> None:
    sources, path = sources_of(tmp_path, "x = 1\n", recorded=False)
    assert sources.standing(path) is SourceState.NOT_RECORDED and sources.lines(path, False) == ("x = 1",)
    assert "none was recorded" in sources.words(path, 1, False)
    assert sources.standing("/nowhere.py") is SourceState.NOTHING and sources.lines("/nowhere.py", True) == ()


def test_parts_of_a_file_keep_their_line_numbers(tmp_path: Path) -> None:
    listed = contents()
    row = {**source(PATH, b""), "parts": [[40, ["forty", "forty-one"]], [3, ["three"]], [41, ["x", "42"]]]}
    listed[3] = ("SRCE", row)
    file = tmp_path / "x.iqcrash"
    file.write_bytes(written(listed))
    lines = open_crash(file).read_source(PATH)
    assert lines[0].startswith("# … lines 1 to 2 were not recorded") and lines[2] == "three"
    assert lines[39:] == ("forty", "forty-one", "42") and lines[10] == ""
