"""Whatever the command line and its environment are, a message and an exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from iqdebug.cli.main import main
from tests.hostile.test_terminal_escapes import assert_harmless
from tests.support.crashfile import sample
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MAX_LINE = 3_000

PATHS = {
    "long": "x" * 70_000,
    "deep": "/" + "y" * 250 + ("/" + "y" * 250) * 300,
    "long crash": "x" * 70_000 + ".iqcrash",
    "half": "\udfff",
    "half in a path": "/tmp/a\udfffb\ud800/x.iqcrash",
    "undecodable": os.fsdecode(b"/tmp/\xff\xfe.iqcrash"),
    "null": "/tmp/a\0b.iqcrash",
    "empty": "",
    "below a file": "/dev/null/x.iqcrash",
    "nobody's home": "~nobody-of-this-name/x",
    "loop": "LOOP",
    "folder": "FOLDER",
    "pipe": "PIPE",
    "device": "/dev/zero",
    "nothing": "/dev/null",
    "escape": "\x1b[31m\u202e.gguf",
    "percent": "%s%n{0}{",
}

COMMANDS = {
    "diagnose": ("diagnose", "{}"),
    "open": ("open", "{}"),
    "open in": ("open", "latest", "--dir", "{}"),
    "ask": ("ask", "{}", "why?"),
    "ask model": ("ask", "SAMPLE", "why?", "--model", "llama:{}"),
    "ask server": ("ask", "SAMPLE", "why?", "--model", "http://{}"),
    "ask server's model": ("ask", "SAMPLE", "why?", "--model", "http://127.0.0.1:9/v1#{}"),
    "ask setting": ("ask", "SAMPLE", "why?", "--model", "{}"),
    "diagnose ask": ("diagnose", "SAMPLE", "--ask", "{}", "--model", "none"),
    "crashes": ("crashes", "--dir", "{}"),
    "prune": ("crashes", "--dir", "{}", "--prune"),
    "inspect": ("models", "inspect", "{}"),
    "plan": ("models", "plan", "{}"),
    "use": ("models", "use", "{}"),
    "pull": ("models", "pull", "{}", "--endpoint", "http://127.0.0.1:9"),
    "pull file": ("models", "pull", "a/b", "--file", "{}", "--endpoint", "http://127.0.0.1:9"),
    "pull to": ("models", "pull", "a/b", "--file", "c", "--endpoint", "http://127.0.0.1:9", "--to", "{}"),
    "pull from": ("models", "pull", "a/b", "--file", "c", "--endpoint", "{}"),
    "run": ("run", "{}"),
    "run with": ("run", "--python", "{}", "/dev/null"),
    "run in": ("run", "--cwd", "{}", "x.py"),
    "run setting": ("run", "--env", "A={}", "{}"),
    "command": ("diagnose", "--", "{}"),
    "command with": ("diagnose", "--python", "{}", "--", "x.py"),
    "peek": ("peek", "{}"),
    "attach": ("attach", "{}"),
    "resume": ("resume", "{}"),
    "snapshot": ("snapshot", "{}"),
    "snapshot to": ("snapshot", "SELF", "--no-attach", "-o", "{}"),
    "runtime": ("runtime", "build", "--sdist", "{}"),
    "command word": ("{}",),
}


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("STATE", "CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path / "crashes"))
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.iqcrash")
    os.symlink("loop.iqcrash", tmp_path / "loop.iqcrash")
    (tmp_path / "folder.iqcrash").mkdir()
    return tmp_path


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    assert_harmless(out + err)
    assert "Traceback (most" not in err and "should not have happened" not in err, err[-3_000:]
    assert all(len(line) < MAX_LINE for line in err.splitlines())
    return code, out + err


@pytest.fixture(scope="module")
def sleeper() -> Iterator[int]:
    """A sleeping Python process."""
    with subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(600)"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("name", COMMANDS)
def test_paths_of_every_kind(
    name: str, place: Path, sleeper: int, capsys: pytest.CaptureFixture[str]
) -> None:
    crash = str(sample(place))
    made = {name: str(place / f"{name.lower()}.iqcrash") for name in ("LOOP", "FOLDER", "PIPE")}
    kept = {"SAMPLE": crash, "SELF": str(sleeper)}
    for kind, path in PATHS.items():
        if name == "snapshot to" and kind in ("device", "nothing"):
            continue  # were it written, this machine would lack the device
        words = [kept.get(w, w.replace("{}", made.get(path, path))) for w in COMMANDS[name]]
        code, output = run_command(capsys, *words)
        assert output or code == 0, (kind, "said nothing")


@pytest.mark.parametrize(
    "name", ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME", "IQDEBUG_CAPTURE"]
)
def test_folders_that_do_not_exist(
    name: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = str(sample(place))
    model = str(write_tiny(place / "tiny.gguf"))
    if name == "HOME":
        for each in ("STATE", "CONFIG", "DATA", "CACHE"):
            monkeypatch.delenv(f"XDG_{each}_HOME")
        monkeypatch.delenv("IQDEBUG_CAPTURE")
    for folder in (crash, "/dev/null/x", "x" * 70_000, str(place / "loop.iqcrash")):
        monkeypatch.setenv(name, folder)
        for words in (
            ["crashes"],
            ["diagnose", crash],
            ["diagnose", "latest"],
            ["ask", crash, "why?"],
            ["ask", crash, "why?", "--model", f"llama:{place / 'none.gguf'}"],
            ["models", "list"],
            ["models", "use", model],
            ["models", "plan", model],
            ["resume"],
            ["runtime", "status"],
        ):
            run_command(capsys, *words)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_the_stream_cannot_encode_are_escaped(encoding: str, place: Path) -> None:
    """In a process whose command line has a path that is not UTF-8."""
    strange = os.path.join(os.fsencode(place), b"\xff\xfe \xe6\xbc\xa2.iqcrash")
    sample(place).rename(os.fsdecode(strange))
    for words in ([b"diagnose", strange], [b"diagnose", strange + b"x"], [b"crashes", b"--dir", place]):
        done = subprocess.run(
            [sys.executable, "-m", "iqdebug", *words],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
            timeout=50,
        )
        assert done.returncode in (0, 11), done.stderr
        assert b"Traceback" not in done.stderr and b"should not" not in done.stderr
        (done.stdout + done.stderr).decode(encoding)


_CLOSINGS = {
    "a pipe that nobody reads": "{} | true",
    "a pipe whose reader leaves": "{} | head -c 1 >/dev/null",
    "closed output": "{} >&-",
    "closed errors": "{} 2>&-",
    "all closed": "{} >&- 2>&- <&-",
    "a full disk": "{} >/dev/full",
    "errors on a full disk": "{} 2>/dev/full",
}


@pytest.mark.parametrize("name", _CLOSINGS)
def test_output_to_a_closed_or_full_stream(name: str, place: Path) -> None:
    crash = sample(place)
    for words in (f"diagnose {crash} --json", "diagnose none.iqcrash", "--help"):
        line = _CLOSINGS[name].replace("{}", f"{sys.executable} -m iqdebug {words}")
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=50,
        )
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, (words, done.stderr)
        assert "should not have happened" not in done.stderr, (words, done.stderr)
        if name == "a full disk" and words != "--help":
            assert done.returncode == 11 if "none" in words else done.returncode == 1
            assert "none" in words or "No space left" in done.stderr, words


def test_a_model_file_with_absurd_numbers(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_tiny(place / "tiny.gguf").read_bytes()
    for key in (
        "block_count",
        "embedding_length",
        "context_length",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
    ):
        at = data.index(b"llama." + key.encode()) + len("llama." + key)
        path = place / "mutated.gguf"
        for kind, value in ((4, b"\xff\xff\xff\xff"), (4, b"\xff\xff\xff\x7f"), (6, b"\xff\xff\x7f\x7f")):
            path.write_bytes(data[:at] + bytes([kind, 0, 0, 0]) + value + data[at + 8 :])
            for action in ("inspect", "plan"):
                for options in ((), ("--json",)):
                    code, _ = run_command(capsys, "models", action, str(path), *options)
                    assert code in (0, 1, 12), (key, value)


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "folder", "link to a folder"])
def test_only_regular_files_are_replaced(kind: str, sleeper: int, capsys: pytest.CaptureFixture[str]) -> None:
    target = "pipe.iqcrash" if "pipe" in kind else "folder.iqcrash"
    if kind.startswith("link"):
        os.symlink(target, "link.iqcrash")
        target = "link.iqcrash"
    before = os.lstat(target)
    code, words = run_command(capsys, "snapshot", str(sleeper), "--no-attach", "-o", target)
    assert code != 0 and target in words, words
    assert os.lstat(target).st_ino == before.st_ino
    assert not [name for name in os.listdir(".") if name.endswith(".part")]
