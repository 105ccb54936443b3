"""No text of a program, a crash file, a model file, a model or a server controls the terminal."""

from __future__ import annotations

import ast
import contextlib
import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual.color import Color

from iqdebug.assistant.transcript import ModelStatus
from iqdebug.cli.main import main
from iqdebug.core.json_text import json_text
from iqdebug.core.output import say, say_error, visible
from iqdebug.crash import open_crash
from iqdebug.tui.widgets.printable import Printable
from iqdebug.workflows.open_crash import recorded_app
from tests.support.crashfile import contents, written
from tests.support.tiny_model import write_tiny
from tests.tui.screens import screen, shows, until
from tests.tui.test_chat import READY, ready, talking

pytestmark = pytest.mark.slow

NASTY = (
    "\x1b[31m\x1b]0;owned\x07\x9b2J\x00\x08\r\u202e\u2066\u200b\u2028\ufeff\U000e0041\ud800"
    "[red]m[/][@click=app.quit]q[/]\\["
)
STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\U000e0000-\U000e007f]"
)
ROOT = Path(__file__).parents[2]


def assert_harmless(output: str) -> None:
    match = STEERS.search(output)
    assert match is None, match and output[max(match.start() - 60, 0) : match.end() + 20]


def made_nasty(value: Any) -> Any:
    """The same structure with NASTY appended to every text."""
    if isinstance(value, str):
        return value + NASTY
    if isinstance(value, dict):
        return {name: made_nasty(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [made_nasty(inner) for inner in value]
    return value


_CHOSEN = ("kind", "why", "when", "stream", "level", "created", "format", "state")
"""Fields of which the reader takes some words only: they stay in one of two files."""


def nasty_crash(folder: Path, everything: bool) -> Path:
    listed = copy.deepcopy(contents())
    for _, content in listed:
        kept = {} if everything else {n: v for n, v in content.items() if n in _CHOSEN}
        content.update({**made_nasty(content), **kept})
        if not everything and "values" in content:
            content["values"] = {
                number: {
                    **made_nasty(row),
                    "children": [[c[0], made_nasty(c[1]), c[2]] for c in row.get("children", [])],
                }
                for number, row in dict(contents())["VALU"]["values"].items()
            }
    path = folder / f"crash{NASTY[:4]}{everything}.iqcrash"
    path.write_bytes(written(listed, left_out=[NASTY]))
    return path


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Everything the command prints."""
    with contextlib.suppress(SystemExit):
        main(arguments)
    out, err = capsys.readouterr()
    assert_harmless(out)
    assert_harmless(err)
    assert "Traceback (most" not in err and "should not have happened" not in err, err
    return str(out + err)


@pytest.mark.parametrize("everything", [True, False])
def test_a_crash_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], everything: bool) -> None:
    path = nasty_crash(tmp_path, everything)
    assert "\\x1b[31m" in output_of(capsys, "diagnose", str(path))
    assert "owned" in output_of(capsys, "diagnose", str(path), "--json")
    assert "\\x1b" in output_of(capsys, "crashes", "--dir", str(tmp_path))
    assert "owned" in output_of(capsys, "crashes", "--dir", str(tmp_path), "--json")
    assert "\\x1b" in output_of(capsys, "open", str(path))
    assert "\\x1b" in output_of(capsys, "diagnose", str(tmp_path / f"none{NASTY[:5]}.iqcrash"))


def test_a_model_s_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data" / "iqdebug" / "models"
    folder.mkdir(parents=True)
    path = write_tiny(folder / "x\x1b[31m\u202e.gguf", name=NASTY.replace("\ud800", ""))
    assert "\\x1b" in output_of(capsys, "models", "list")
    for action in ("inspect", "plan"):
        assert "\\x1b" in output_of(capsys, "models", action, str(path))
        assert "owned" in output_of(capsys, "models", action, str(path), "--json")
    assert "\\x1b" in output_of(capsys, "models", "use", str(path))
    assert "\\x1b" in output_of(capsys, "models", "list")
    for action in ("inspect", "plan", "use"):
        output_of(capsys, "models", action, str(path) + "\x1b[0m")


@pytest.fixture
def nasty_server(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose model name, thoughts, words, calls and errors hold NASTY."""
    import json

    turns = [
        {
            "text": "Because. " + NASTY,
            "thinking": NASTY,
            "calls": [["stack", {"thread": NASTY}], [NASTY, {}]],
        },
        {"text": "Truly. " + NASTY},
        {"text": NASTY, "status": 500},
    ]
    script = tmp_path / "script.json"
    script.write_text(json.dumps(turns))
    code = (
        "import asyncio, sys; from tests.llm.fake_server import *\n"
        "async def go():\n"
        "    server = FakeServer(script_of(Path(sys.argv[1])), 'vllm', [json.loads(sys.argv[2])])\n"
        "    server.window = 65536\n"
        "    async with server.running():\n"
        "        print(server.url, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(go())"
    )
    command = [sys.executable, "-c", code, str(script), json.dumps("model" + NASTY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_a_server_and_its_model(
    nasty_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(nasty_crash(tmp_path, False))
    output = output_of(
        capsys, "ask", path, "why?" + NASTY.replace("\0", "").replace("\ud800", ""), "--model", nasty_server
    )
    assert "Because." in output and "Truly." in output and "\\x1b[31m" in output
    assert "\\x1b" in output_of(capsys, "ask", path, "why?", "--model", nasty_server)
    output_of(capsys, "ask", path, "why?", "--model", nasty_server + "#" + NASTY)


_PROGRAM = (
    f"NASTY = {NASTY!r}"
    + """
import sys, threading, logging, time
def wait(local):
    time.sleep(100)
threading.Thread(target=wait, args=(NASTY,), name="worker" + NASTY, daemon=True).start()
named = {}
file = "file" + NASTY.replace("\\0", "").replace("\\ud800", "") + ".py"
exec(compile("def inner(x):\\n    import time\\n    time.sleep(100)", file, "exec"), named)
threading.Thread(target=named["inner"], args=(NASTY,), daemon=True).start()
print("ready", flush=True)
logger = logging.getLogger("logger" + NASTY)
while True:
    logger.warning("said %s", NASTY)
    time.sleep(0.02)
"""
)


def test_a_live_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "program\x1b[31m.py"
    program.write_text(_PROGRAM.encode("ascii", "backslashreplace").decode())
    command: list[str | bytes] = [sys.executable, str(program), "\x1b]0;owned\x07\u202e", b"\xff\x9b"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            pid = str(process.pid)
            for options in ((), ("--json",)):
                assert "owned" in output_of(capsys, "ps", *options)
                assert "owned" in output_of(capsys, "peek", pid, *options)
                assert "owned" in output_of(capsys, "diagnose", pid, *options)
        finally:
            process.kill()


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What widgets drew without escaping it, before the last filter removed it."""
    texts: list[str] = []
    apply = Printable.apply

    def watched(self: Printable, segments: list[Segment], background: Color) -> list[Segment]:
        texts.extend(s.text for s in segments if not s.control and STEERS.search(s.text))
        return apply(self, segments, background)

    monkeypatch.setattr(Printable, "apply", watched)
    return texts


@pytest.mark.parametrize("everything", [True, False])
async def test_the_screen_on_a_crash_file(tmp_path: Path, forgotten: list[str], everything: bool) -> None:
    app = recorded_app(open_crash(nasty_crash(tmp_path, everything)))
    async with app.run_test(size=(160, 50)) as pilot:
        await shows(pilot, "q leave")
        for key in ["1", "2", "3", "4", "5", "6", "7", "8"]:
            await pilot.press(key)
            await pilot.press("down", "enter", "right", "down", "enter")
            await pilot.pause()
        assert_harmless(screen(app))
        for key in ("e", "i", "W", "b", "v", "?"):
            await pilot.press("escape", "1", key)
            await pilot.pause()
            await pilot.press("escape")
        assert app.is_running, "no text is an action"
        assert not forgotten
        await pilot.press("escape", "q")


async def test_the_conversation(forgotten: list[str]) -> None:
    app, friend = talking()
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        friend.transcript.stand(ModelStatus("failed", NASTY, "model" + NASTY, "host" + NASTY, True, 1, 2))
        for kind in ("question", "answer", "thinking", "call", "diff", "note", "error"):
            friend.transcript.add(kind, f"{kind} {NASTY}\n# {NASTY}", detail="+" + NASTY, words=NASTY)
        friend.transcript.add("note", "to ask", offers=("offer " + NASTY,))
        await until(pilot, lambda: "offer" in screen(app))
        friend.transcript.stand(READY)
        assert "[@click=app.quit]" in screen(app) and "[red]m[/]" in screen(app), "markup is text"
        assert_harmless(screen(app))
        app.notify(NASTY, title=NASTY)
        await pilot.pause()
        assert_harmless(screen(app))
        assert not forgotten


def test_the_last_filter_before_the_terminal() -> None:
    segments = [Segment("a\x1b[31mb"), Segment("plain"), Segment("\u202e漢\x9b")]
    assert [s.text for s in Printable().apply(segments, Color(0, 0, 0))] == ["a[31mb", "plain", "漢"]


def test_all_output_passes_one_function(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\nlines\tof " + NASTY, "漢字 ümläut 🙂")
    say_error(NASTY)
    out, err = capsys.readouterr()
    assert_harmless(out + err)
    assert out.startswith("two\nlines\tof \\x1b[31m") and out.endswith("漢字 ümläut 🙂\n")
    assert visible("\U000e0041") == "\\U000e0041"
    assert json_text([NASTY + "\x7f"]).isascii()


def test_nothing_else_prints() -> None:
    """Outside of the code that runs inside programs or as a process of its own, whose output we read, and of
    pytest's plug-in, which pytest shows."""
    package = ROOT / "iqdebug"
    apart = {"agent", "capture", "pytest_plugin", "output.py"}
    own_log = package / "llm" / "worker" / "native.py"  # standard error is a file there
    read_by_us = {own_log, package / "dap" / "remote_exec.py", package / "peek" / "seccomp.py"}
    prints = []
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] in apart or path in read_by_us:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in _WRITES:
                prints.append(f"{path}:{node.lineno}")
    assert prints == []


_WRITES = ("print", "sys.stdout.write", "sys.stderr.write")
