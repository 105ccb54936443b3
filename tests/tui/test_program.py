"""A program of ours on the screen: its terminal, its keys, starting again, leaving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from iqdebug.core.errors import RequestFailed
from iqdebug.core.state import Phase, Snapshot
from iqdebug.tui.app import DebugApp
from iqdebug.tui.panes.program import ProgramPane
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.screens.leave import LeaveScreen
from iqdebug.tui.widgets.terminal import Terminal, key_bytes
from tests.tui import scenario
from tests.tui.fake_session import FakeMemory, FakeSession

pytestmark = pytest.mark.slow


@dataclass
class FakeHost:
    """A program without a process; ``typed`` is what came to its input."""

    lent: bool = False
    running: bool = True
    log: str = "/home/ada/.local/state/iqdebug/runs/1.log"
    typed: bytes = b""
    size: tuple[int, int] = (0, 0)
    ended: int = 0
    again: int = 0
    went_on: int = 0
    starts: int = 0
    listeners: list[Callable[[bytes], None]] = field(default_factory=list)

    def hear(self, listener: Callable[[bytes], None]) -> None:
        self.listeners.append(listener)

    def say(self, data: bytes) -> None:
        for listener in self.listeners:
            listener(data)

    def write(self, data: bytes) -> None:
        self.typed += data

    def resize(self, columns: int, lines: int) -> None:
        self.size = (columns, lines)

    async def end(self) -> None:
        self.ended += 1
        self.running = False

    def go_on(self) -> None:
        self.went_on += 1

    def start_again(self) -> None:
        self.again += 1


def app_with(host: FakeHost, sessions: Sequence[FakeSession]) -> DebugApp:
    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> FakeSession:
        on_progress("starting the program")
        host.running = True
        host.starts += 1
        return sessions[min(host.starts, len(sessions)) - 1]

    return DebugApp(
        connect,
        title="python orders.py",
        first=None,
        diagnose=scenario.diagnosis,
        read_source=scenario.read_source,
        breakpoint_store=FakeMemory(),
        program=host,
        clock=lambda: scenario.NOON + 12.0,
    )


def running() -> FakeSession:
    return FakeSession(snapshot=scenario.running(1))


def ended(epoch: int = 5, code: int = 1) -> Snapshot:
    return replace(
        scenario.running(epoch), phase=Phase.ENDED, reason=f"ended, exit code {code}", exit_code=code
    )


def pane(app: DebugApp) -> ProgramPane:
    return app.query_one(ProgramPane)


def status(app: DebugApp) -> str:
    return str(app.query_one(StatusBar).render())


async def settled(pilot: Pilot[int]) -> None:
    for _ in range(3):
        await pilot.pause()


async def test_keys_go_to_the_program_until_they_are_taken_back() -> None:
    host, session = FakeHost(), running()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert pane(app).has_focus and not app.query_one("#main").display
        assert host.size == (pane(app).size.width, pane(app).size.height) and host.size[1] > 12
        await pilot.press("q", "n", "enter", "up", "ctrl+c", "tab", "escape", "0")
        assert host.typed == b"qn\r\x1b[A\x03\t\x1b0"
        assert "^] iqdebug's keys" in status(app) and "continue" not in status(app)
        await pilot.press("f6")
        await settled(pilot)
        assert session.asked("pause")
        await pilot.press("n")
        assert session.asked("step"), "at a stop the keys are iqdebug's"
        assert host.typed.endswith(b"0")


async def test_the_way_out_of_the_pane_and_back() -> None:
    host = FakeHost()
    app = app_with(host, [running()])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+right_square_bracket")
        await settled(pilot)
        assert app.query_one("#source").has_focus and app.query_one("#main").display
        await pilot.press("0")
        await settled(pilot)
        assert pane(app).has_focus and not app.query_one("#main").display
        assert host.typed == b""


async def test_a_stop_shows_what_stopped_and_the_end_shows_the_output() -> None:
    host, session = FakeHost(), running()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        host.say(b"\x1b[31mred\x1b[0m line\r\n")
        session.push(scenario.paused(2))
        await settled(pilot)
        assert app.query_one("#source").has_focus and app.query_one("#main").display
        assert app.query_one("#variables").display
        host.running = False
        session.push(ended())
        await settled(pilot)
        assert pane(app).has_focus and pane(app).content.startswith("red line")
        assert "ended, exit code 1 (S: start it again)" in status(app)


@pytest.mark.parametrize("key", ["S", "ctrl+shift+f5"])
async def test_starting_again_after_the_end_and_before_it(key: str) -> None:
    host = FakeHost()
    first, second, third = running(), running(), running()
    app = app_with(host, [first, second, third])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        host.say(b"first run\r\n")
        host.running = False
        first.push(ended())
        await settled(pilot)
        await pilot.press(key)
        await settled(pilot)
        assert (host.starts, first.detached) == (2, 1)
        assert app.session is second and pane(app).has_focus
        assert "first run" in pane(app).content and "-- started again --" in pane(app).content
        second.push(scenario.paused(2))
        await settled(pilot)
        await pilot.press(key)
        await settled(pilot)
        assert (host.starts, host.ended, second.detached) == (3, 2, 1)


async def test_leaving_asks_what_becomes_of_the_program() -> None:
    for key, ends in (("r", 0), ("e", 1)):
        host, session = FakeHost(), running()
        app = app_with(host, [session])
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await pilot.press("shift+f5")
            await settled(pilot)
            assert isinstance(app.screen, LeaveScreen) and session.detached == 0
            await pilot.press("escape")
            await settled(pilot)
            assert not isinstance(app.screen, LeaveScreen)
            await pilot.press("shift+f5")
            await settled(pilot)
            await pilot.press(key)
            await settled(pilot)
        assert (host.ended, session.detached, app.return_value) == (ends, 1, 0)


async def test_a_crash_can_be_kept_on_leaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path))
    host, session = FakeHost(), running()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("shift+f5", "k")
        await settled(pilot)
        assert isinstance(app.screen, LeaveScreen), "there is nothing to keep"
        await pilot.press("escape")
        session.push(scenario.crashed())
        await settled(pilot)
        session.failures["record"] = RequestFailed("Not recorded", "the program went on meanwhile")
        await pilot.press("shift+f5", "k")
        await settled(pilot)
        assert session.detached == host.ended == 0, "it is not left when the crash cannot be kept"
        assert any("went on meanwhile" in str(n.message) for n in app._notifications)
        del session.failures["record"]
        await pilot.press("shift+f5", "k")
        await settled(pilot)
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == b"a crash file"
    assert (host.ended, session.detached, app.return_value) == (1, 1, 0)
    assert app.last_words == f"kept as {kept}"


async def test_leaving_after_the_end_does_not_ask() -> None:
    host, session = FakeHost(), running()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        host.running = False
        session.push(ended())
        await settled(pilot)
        await pilot.press("q")
        await settled(pilot)
    assert session.detached == 1 and host.ended == 0


async def test_a_lent_terminal_is_given_back_when_the_program_goes_on() -> None:
    host, session = FakeHost(lent=True), FakeSession()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert not app.query(ProgramPane)
        await pilot.press("c")
        await settled(pilot)
    assert not session.asked("resume"), "it goes on once the screen is gone"
    assert host.went_on == 1 and session.detached == 0 and app.return_value is None


async def test_a_lent_terminal_is_given_back_when_a_step_does_not_end() -> None:
    host, session = FakeHost(lent=True), FakeSession()
    app = app_with(host, [session])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        session.push(scenario.running(session.snapshot.epoch + 1))
        await settled(pilot)
    assert host.went_on == 0 and session.detached == 0 and app.return_value is None


async def test_a_session_without_a_program_refuses_in_words() -> None:
    from tests.tui.fake_session import app_on

    app = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("S", "0")
        await settled(pilot)
        said = " ".join(str(n.message) for n in app._notifications)
        assert "iqdebug run" in said


# the terminal in memory


def test_what_scrolls_away_is_kept_and_comes_back_coloured() -> None:
    terminal = Terminal(20, 4)
    terminal.write(b"".join(b"\x1b[3%dmline %d\x1b[0m\r\n" % (n % 8, n) for n in range(10)))
    terminal.settle()
    assert terminal.text().splitlines()[:2] == ["line 0", "line 1"]
    (coloured, *_) = terminal.segments(1, 20, None)
    assert coloured.text == "line 1" and coloured.style is not None and coloured.style.color is not None
    assert coloured.style.color.name == "red"


@pytest.mark.parametrize("lines", [3, 5, 9])
def test_a_change_of_size_loses_no_line(lines: int) -> None:
    terminal = Terminal(20, 6)
    terminal.write(b"one\r\ntwo\r\nthree\r\nfour\r\n$ ")
    terminal.settle()
    terminal.resize(20, lines)
    assert terminal.text().split() == ["one", "two", "three", "four", "$"]
    terminal.write(b"typed")
    terminal.settle()
    assert terminal.text().endswith("$ typed")


def test_a_flood_is_cut_and_counted() -> None:
    terminal = Terminal()
    for start in range(0, 60_000, 1_000):
        terminal.write(b"".join(b"number %d\r\n" % n for n in range(start, start + 1_000)))
    terminal.settle()
    assert terminal.lost > 30_000 and terminal.text().rstrip().endswith("number 59999")


def test_what_is_no_terminal_text_does_no_harm() -> None:
    terminal = Terminal(20, 4)
    terminal.write(
        bytes(range(256)) + b"\x1b[99999999;1H\x1b[?3h\x1b]0;title\x07\x1b[38;5;999m\xff\xfe after"
    )
    terminal.settle()
    terminal.write(b"\x1b[0m\r\nfine\r\n")
    terminal.settle()
    assert "fine" in terminal.text() and "\x1b" not in terminal.text()


def test_cursor_keys_in_both_modes() -> None:
    assert key_bytes("up", None) == b"\x1b[A"
    terminal = Terminal()
    terminal.write(b"\x1b[?1h")
    terminal.settle()
    assert terminal.key("up", None) == b"\x1bOA"
    assert terminal.key("ctrl+d", "\x04") == b"\x04" and terminal.key("f20", None) == b""
