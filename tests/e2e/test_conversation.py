"""A person talks with a model in a real terminal: with a scripted server that solves a crash, with the tiny
model (its words are noise; the machinery is what is looked at), and without a screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.assistant.recorded import Recorded, record_example
from tests.e2e.terminal import ROOT, Terminal, needs_tmux, until
from tests.support.tiny_model import write_tiny

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

CASES = {
    "none_lookup": (
        '    customer = find(order["customer"])  # @assigned',
        '    customer = find(order["customer"])  # @assigned\n'
        '    if customer is None:\n        return "unknown"',
    ),
    "divide_by_zero": ("return total / count", "return total / max(count, 1)"),
    "http_400": ('form["e-mail"]', 'form["email"]'),
}


def script_for(name: str, program: Path) -> list[dict[str, object]]:
    old, new = CASES[name]
    line = next(text for text in program.read_text().splitlines() if old.strip().splitlines()[0] in text)
    whole = line.replace(old, new) if old in line else new
    fix = {"path": program.name, "old": line, "new": whole}
    return [
        {"thinking": "the stack first", "calls": [["stack", {}]], "after": "why does it fail"},
        {"text": f"**The cause** stands at {program.name}:1.", "after": "stack of thread"},
        {"text": "This mends it.", "calls": [["propose_fix", fix]]},
        {"text": "It checks before it uses.", "after": "The edit fits"},
    ]


@contextmanager
def serving(script: list[dict[str, object]], folder: Path) -> Iterator[str]:
    path = folder / "script.json"
    path.write_text(json.dumps(script))
    words = [sys.executable, "-m", "tests.llm.fake_server", "--script", str(path)]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def opening(found: Recorded, state: Path, model: str) -> Terminal:
    words = [sys.executable, "-m", "iqdebug", "open", str(found.crash.path), "--model", model]
    words += ["--project", str(found.root)]
    return Terminal(words, state, 120, 50, XDG_CONFIG_HOME=str(state))


def agree(terminal: Terminal) -> None:
    """Read the dialog to its end, which is what it takes a yes for."""
    for _ in range(40):
        if "y: yes, once" in terminal.screen():
            break
        terminal.keys("PageDown")
    terminal.wait_for("y: yes, once")
    terminal.keys("y")


@needs_tmux
@pytest.mark.parametrize("name", CASES)
def test_asked_looked_mended_verified_and_tested(name: str, tmp_path: Path) -> None:
    found = record_example(name, tmp_path)
    before = found.program.read_bytes()
    with serving(script_for(name, found.program), tmp_path) as url:
        with opening(found, tmp_path / "state", url) as terminal:
            terminal.wait_for("recorded", "8 Chat")
            terminal.keys("8")
            terminal.wait_for("to ask", "on this machine", "tokens (")
            terminal.type("why does it fail")
            terminal.keys("Enter")
            terminal.wait_for("thought", "stack()", "allowed by rule", "The cause stands at")
            terminal.type("/fix it")
            terminal.keys("Enter")
            screen = terminal.wait_for("proposed:", "/verify runs it in a copy")
            if "without a model" not in screen:  # evidence alone does not prove a fix here
                terminal.wait_for("It checks before it uses.")
            terminal.type("/verify")
            terminal.keys("Enter")
            terminal.wait_for("Do this?", "run the recorded command again")
            agree(terminal)
            terminal.wait_for("✔ Fixed", seconds=60)
            terminal.type("/test")
            terminal.keys("Enter")
            terminal.wait_for("Do this?", "run a test of the failing call")
            agree(terminal)
            terminal.wait_for("write ", "Do this?", seconds=60)
            agree(terminal)
            terminal.wait_for("written:")
            terminal.type("/apply")
            terminal.keys("Enter")
            terminal.wait_for("Do this?", "change ")
            agree(terminal)
            terminal.wait_for("applied to")
            assert found.program.read_bytes() != before
            (test,) = found.root.rglob("test_*.py")
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
                cwd=found.root,
                capture_output=True,
                text=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
            )
            assert done.returncode == 0, done.stdout
            terminal.type("/undo")
            terminal.keys("Enter")
            terminal.wait_for("put back:")
            assert found.program.read_bytes() == before
            terminal.escape()
            terminal.keys("q")
            terminal.wait_for("EXIT=0")


def processes_on(model: Path) -> str:
    return subprocess.run(["pgrep", "-f", str(model)], capture_output=True, text=True).stdout


@needs_tmux
def test_the_tiny_model_reads_answers_stops_and_ends_with_the_screen(tmp_path: Path) -> None:
    found = record_example("none_lookup", tmp_path)
    model = write_tiny(tmp_path / "tiny.gguf", context=32_768)
    with opening(found, tmp_path / "state", f"llama:{model}") as terminal:
        terminal.wait_for("recorded", "8 Chat")
        terminal.keys("8")
        terminal.wait_for("ready", "on this machine", "of 32,768 tokens", seconds=90)
        terminal.type("why?")
        terminal.keys("Enter")
        terminal.wait_for("› why?", "Esc: stop")
        terminal.escape()
        terminal.wait_for("stopped", "ready", gone="Esc: stop")
        terminal.type("/context")
        terminal.keys("Enter")
        terminal.wait_for("what the model has before it")
        terminal.escape()
        terminal.keys("q")
        terminal.wait_for("EXIT=0")
    # tmux and the shell in it, which have the path among their words, end in their own time.
    until(lambda: not processes_on(model), 10, "the model's process outlived the screen")


@needs_tmux
def test_a_conversation_about_a_program_that_has_ended_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "share.py"
    program.write_text("def share(total, people):\n    return total / people\n\nshare(100, 0)\n")
    script: list[dict[str, object]] = [
        {"text": "`people` is zero.", "after": "why so"},
        {"text": "As I said.", "after": "sure about that"},
    ]
    state = tmp_path / "state"
    with serving(script, tmp_path) as url:
        running = [sys.executable, "-m", "iqdebug", "run", "--python", sys.executable, "--model", url]
        with Terminal([*running, str(program)], state, 120, 40, XDG_CONFIG_HOME=str(state)) as terminal:
            terminal.wait_for("crashed:", "8 Chat")
            terminal.keys("8")
            terminal.wait_for("to ask", "› Why does share fail?")
            terminal.type("why so")
            terminal.keys("Enter")
            terminal.wait_for("people is zero.")
            terminal.escape()
            terminal.keys("q")
            terminal.wait_for("end the program")
            terminal.keys("e")
            terminal.wait_for("EXIT=")
        again = [sys.executable, "-m", "iqdebug", "resume"]
        with Terminal(again, state, 120, 40, XDG_CONFIG_HOME=str(state)) as terminal:
            terminal.wait_for("why so", "which has ended", "EXIT=0")
        with Terminal([*again, "1"], state, 120, 40, XDG_CONFIG_HOME=str(state)) as terminal:
            terminal.wait_for("recorded", "the process has ended", "share  share.py:2")
            terminal.keys("8")
            terminal.wait_for("› why so", "people is zero.", "nothing is read again")
            terminal.type("sure about that")
            terminal.keys("Enter")
            terminal.wait_for("As I said.")
            terminal.escape()
            terminal.keys("q")
            terminal.wait_for("EXIT=0")


def asked(found: Recorded, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    environ.pop("IQDEBUG_MODEL", None)
    command = [sys.executable, "-m", "iqdebug", "ask", str(found.crash.path), "why does it fail", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ, timeout=60)


def test_a_question_without_a_screen(tmp_path: Path) -> None:
    found = record_example("none_lookup", tmp_path)
    script = script_for("none_lookup", found.program)
    with serving(script, tmp_path) as url:
        done = asked(found, tmp_path / "state", "--model", url, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["answer"].startswith("**The cause**") and said["calls"][0]["call"] == "stack()"
    assert not said["remote"] and said["tokens"]["used"] > 500


def test_a_diagnosis_with_an_answer_behind_it(tmp_path: Path) -> None:
    found = record_example("none_lookup", tmp_path)
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "s"), "XDG_CONFIG_HOME": str(tmp_path / "s")}
    command = [
        sys.executable,
        "-m",
        "iqdebug",
        "diagnose",
        str(found.crash.path),
        "--ask",
        "why does it fail",
    ]
    with serving([*script_for("none_lookup", found.program)], tmp_path) as url:
        done = subprocess.run(
            [*command, "--model", url, "--json"], capture_output=True, text=True, cwd=ROOT, env=environ
        )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["suspects"] and document["reply"]["answer"].startswith("**The cause**")


def test_without_a_model_or_with_one_that_is_not_there_it_says_so(tmp_path: Path) -> None:
    found = record_example("none_lookup", tmp_path)
    done = asked(found, tmp_path / "state")
    assert done.returncode == 12 and "No model was chosen" in done.stderr
    done = asked(found, tmp_path / "state", "--model", "http://127.0.0.1:9/v1")
    assert done.returncode == 12 and "Nothing listens at" in done.stderr and "Traceback" not in done.stderr
    for setting, complaint in {
        "/nowhere/x.gguf": "There is no file /nowhere/x.gguf",
        "nonsense": "'nonsense' names no model",
        "llama:gpt-oss-20b": "gpt-oss-20b is not on this machine",
    }.items():
        done = asked(found, tmp_path / "state", "--model", setting)
        assert done.returncode == 2 and done.stderr.startswith(f"iqdebug: {complaint}")
        assert "No model was chosen" not in done.stderr
