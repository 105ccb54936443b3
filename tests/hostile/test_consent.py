"""Only what a person approved runs, and every character of it was on the screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.app import App

import iqdebug.tui
from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, Consent, DebuggeeContext
from iqdebug.assistant.tools import Result
from iqdebug.core.exact_text import as_seen, exact_lines, shown_as_is
from iqdebug.core.state import Snapshot
from iqdebug.crash import Crash
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.diagnosis import diagnose
from iqdebug.llm.messages import ToolCall
from iqdebug.tui.screens.consent import MAX_SHOWN, ConsentScreen, wrapped
from iqdebug.tui.widgets.rows import RowsView
from tests.assistant.recorded import record, record_text
from tests.tui.screens import screen, shows, until

pytestmark = pytest.mark.slow

SIZES = [(80, 24), (60, 15)]
HIDDEN = {
    "\u202e": "right-to-left override",
    "\u2066": "isolate",
    "\u200b": "zero-width space",
    "\u200d": "zero-width joiner",
    "\ufeff": "byte order mark",
    "\u00ad": "soft hyphen",
    "\u00a0": "no-break space",
    "\u3000": "wide space",
    "\u2028": "line separator",
    "\u3164": "Hangul filler, a letter that cannot be seen",
    "\u2800": "empty Braille pattern",
    "\u0430": "Cyrillic a",
    "\u03bf": "Greek o",
    "\uff45": "fullwidth e, which Python takes for e in a name",
    "\U0001d41e": "bold e, likewise",
    "\u0131": "dotless i",
    "\ufe0f": "variation selector",
    "\u0301": "combining accent",
    "\U000e0041": "tag character",
    "\x1b": "escape",
    "\r": "carriage return",
    "\x0b": "vertical tab",
    "\x85": "next line",
    "\t": "tab",
    "\x7f": "delete",
    "\udc80": "lone surrogate",
}


class Asking(App[None]):
    """A consent dialog, and the answers it got."""

    CSS_PATH = Path(iqdebug.tui.__file__).with_name("app.tcss")

    def __init__(self, detail: str, action: str = "evaluate in f", may_hold: bool = True) -> None:
        super().__init__()
        self._asked = (action, "probe", detail, "it may run code", may_hold)
        self.given: list[Consent | None] = []

    def on_mount(self) -> None:
        self.push_screen(ConsentScreen(*self._asked), self.given.append)


@pytest.mark.parametrize("character", HIDDEN, ids=HIDDEN.values())
def test_invisible_and_confusable_characters_are_escaped(character: str) -> None:
    assert not shown_as_is(character)
    seen = as_seen(character)
    assert seen.isascii() and seen.isprintable()
    assert seen.encode().decode("unicode_escape") == character or character in "\t\udc80"


def test_ordinary_text_is_shown_unchanged() -> None:
    for text in ("total(order, 0.2) == {'a': [1]}", "Müller, Ångström, señor", "注文 エラ 오류"):
        assert all(map(shown_as_is, text.replace(" ", ""))), text


@pytest.mark.parametrize("width", [1, 7, 40])
def test_the_rows_show_every_character_once(width: int) -> None:
    text = "def f():\n\n\n    return  'ä'  \n" + "x" * 95 + "\t\u202e注文" + "\n" * 5 + "end   "
    rows = list(wrapped(text, width, Style()))
    assert "".join(row.plain for row in rows) == "".join(as_seen(c) for c in text if c != "\n")
    prose = list(wrapped("some words " * 20, width, Style(), prose=True))
    assert "".join(row.plain for row in prose) == "some words " * 20
    assert all(row.cell_len <= max(width, 2) for row in [*rows, *prose])


def test_an_escape_differs_from_the_same_letters_in_the_text() -> None:
    (pieces,) = exact_lines("a\u202eb\\u202e")
    assert pieces == [("a", False), ("\\u202e", True), ("b\\u202e", False)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_call_after_300_line_ends_must_be_scrolled_to(size: tuple[int, int]) -> None:
    app = Asking("[1," + "\n" * 300 + "__import__('os').system('id')]")
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "evaluate in f", "[1,", "before a yes", "n Esc: no")
        await pilot.press("y", "s", "end", "y", "s")  # no key leads past what was not seen
        assert app.given == [] and "__import__" not in screen(app)
        view = app.screen.query_one("#consent-box", RowsView)
        view.scroll_to(y=10_000, animate=False, force=True, immediate=True)  # as the scroll bar is drawn
        await shows(pilot, "__import__('os').system('id')]", "before a yes")
        await pilot.press("y", "s", "home")
        assert app.given == []
        for _ in range(60):
            await pilot.press("pagedown")
        await shows(pilot, "y: yes, once", "__import__('os').system('id')]", "it may run code")
        await pilot.press("y")
        await until(pilot, lambda: app.given == ["once"])


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_short_text_can_be_approved_at_once(size: tuple[int, int]) -> None:
    app = Asking("order.total()")
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "order.total()", "it may run code", "y: yes, once", "s: yes, for this session")
        await pilot.press("s")
        await until(pilot, lambda: app.given == ["session"])


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_marks_and_look_alikes_are_visible(size: tuple[int, int]) -> None:
    detail = "ev\u0430l('x') if\u00a0\u202e'a' else \x1b[2J\u200b1"
    app = Asking(detail, action="evaluate\u202e in f\r")
    async with app.run_test(size=size) as pilot:
        await shows(pilot, r"ev\u0430l('x') if\xa0\u202e'a' else \x1b[2J\u200b1", r"evaluate\u202e in f\x0d")
        await pilot.press("escape")
        await until(pilot, lambda: app.given == ["no"])


async def test_a_text_too_long_to_read_cannot_be_approved() -> None:
    app = Asking("1 + " * (MAX_SHOWN // 4 + 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "too long to be shown and allowed")
        app.screen.query_one("#consent-box").seen = 10**9  # type: ignore[attr-defined]
        await pilot.press("y", "s", "n")
        await until(pilot, lambda: app.given == ["no"])


@pytest.mark.parametrize("size", [(1, 1), (20, 4)], ids=str)
async def test_a_screen_without_room_cannot_approve(size: tuple[int, int]) -> None:
    app = Asking("order.total()")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("y", "s")
        assert app.given == []
        await pilot.press("escape")
        await until(pilot, lambda: app.given == ["no"])


async def test_after_a_resize_the_text_must_be_read_again() -> None:
    app = Asking("\n".join(f"line_{n}()" for n in range(15)))
    async with app.run_test(size=(80, 40)) as pilot:
        await shows(pilot, "y: yes, once")
        await pilot.resize_terminal(60, 12)
        await shows(pilot, "before a yes")
        await pilot.press("y")
        assert app.given == []


# what the tools ask for


PROGRAM = """\
def share(total, people):
    return total / people


if __name__ == "__main__":
    share(10, 0)
"""
FIX = {"path": "program.py", "old": "    return total / people", "new": "    return total / max(people, 1)"}


class Eyes:
    """Declines every request and records what was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def frame(self) -> None:
        return None

    def variables(self) -> tuple[()]:
        return ()

    def logs(self) -> tuple[()]:
        return ()

    def shows(self, snapshot: Snapshot) -> bool:
        return True

    async def consent(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> Consent:
        self.shown.append(detail)
        return "no"

    def put(self, text: str) -> None: ...

    def copy(self, text: str) -> None: ...


def desk_of(crash: Crash, root: Path) -> tuple[AssistantSession, Eyes]:
    desk = AssistantSession(
        None, DebuggeeContext(crash, str(root), crash.read_source), commands=COMMANDS, extra=acting_tools
    )
    eyes, session = Eyes(), RecordedSession(crash)
    desk.begin(session, eyes)
    desk.stop_diagnosed(crash.snapshot, diagnose(crash.snapshot, read_source=crash.read_source))
    return desk, eyes


async def call(desk: AssistantSession, name: str, **arguments: Any) -> Result:
    assert desk.active is not None
    return await desk.active.binding.toolbox.run(ToolCall("1", name, arguments))


async def test_write_test_shows_the_expression_and_verify_the_diff(tmp_path: Path) -> None:
    recorded = record_text(PROGRAM, tmp_path)
    desk, eyes = desk_of(recorded.crash, recorded.root)
    expression = "__import__('os').system('touch /tmp/x') or 5"
    result = await call(desk, "write_test", equals=expression)
    assert result.failed and "did not allow" in result.text
    assert f"== {expression}" in eyes.shown[0] and "def test_share" in eyes.shown[0]
    assert re.search(r"-m pytest TEST .*-q\n", eyes.shown[0])
    await call(desk, "propose_fix", **FIX)
    await call(desk, "verify")
    assert "+    return total / max(people, 1)" in eyes.shown[1] and "program.py\n" in eyes.shown[1]
    await call(desk, "rerun")
    assert "+    return" not in eyes.shown[2] and "program.py\n" in eyes.shown[2]


async def test_the_environment_variables_of_a_recording_are_shown(tmp_path: Path) -> None:
    """The author of the file chose them, and some of them run code."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "program.py").write_text(PROGRAM)
    recorded = record(
        root, "program.py", environ={"PYTHONSTARTUP": "/tmp/evil.py", "LD_AUDIT": "/tmp/evil.so"}
    )
    desk, eyes = desk_of(recorded.crash, root)
    await call(desk, "rerun")
    assert "LD_AUDIT=/tmp/evil.so" in eyes.shown[0] and "PYTHONSTARTUP=/tmp/evil.py" in eyes.shown[0]


async def test_commands_of_the_person_show_the_same(tmp_path: Path) -> None:
    recorded = record_text(PROGRAM, tmp_path)
    desk, eyes = desk_of(recorded.crash, recorded.root)
    await call(desk, "propose_fix", **FIX)
    await desk.submit("/verify")
    await desk.submit("/test")
    assert "+    return total / max(people, 1)" in eyes.shown[0]
    assert "def test_share" in eyes.shown[1] and "max(people, 1)" in eyes.shown[1]


async def test_the_shown_edit_is_applied_not_a_later_one(tmp_path: Path) -> None:
    """The model keeps working while the person reads, and may propose another edit."""
    recorded = record_text(PROGRAM, tmp_path)
    desk, _ = desk_of(recorded.crash, recorded.root)
    await call(desk, "propose_fix", **FIX)
    shown = desk.pending.proposal

    async def agree(*_: object) -> Consent:
        await call(desk, "propose_fix", **{**FIX, "new": "    import evil"})
        return "once"

    assert desk.active is not None
    desk.active.binding.ui.consent = agree  # type: ignore[method-assign]
    await desk.submit("/apply")
    assert "max(people, 1)" in recorded.program.read_text() and "evil" not in recorded.program.read_text()
    assert desk.pending.proposal is not shown and desk.pending.proposal is not None


def test_names_of_the_program_cannot_write_lines_of_the_dialog() -> None:
    (line,) = exact_lines("evaluate in f\n\nThis is harmless", one_line=True)
    assert "".join(text for text, _ in line) == r"evaluate in f\n\nThis is harmless"


async def test_nothing_runs_of_a_project_outside_the_working_folder(tmp_path: Path) -> None:
    recorded = record_text(PROGRAM, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    desk, eyes = desk_of(recorded.crash, elsewhere)
    for name in ("rerun", "verify", "write_test"):
        assert (await call(desk, name)).failed
    assert eyes.shown == []
