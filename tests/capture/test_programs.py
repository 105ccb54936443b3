"""Real programs that crash, on every interpreter: their output and exit code do not change, and the crash
file has what happened."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import iqdebug
from tests.conftest import marker
from tests.dap.targets import on_pythons
from tests.support.chunks import crash_files, read

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).resolve().parent / "programs"
ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)


def run(python: str, words: list[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    variables = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))},
        "PYTHONPATH": ROOT,
        "PYTHONDONTWRITEBYTECODE": "1",
        "IQDEBUG_CAPTURE": str(folder),
        **environ,
    }
    return subprocess.run(
        [python, *words], capture_output=True, text=True, errors="replace", timeout=50, env=variables
    )


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+|pid \d+", "0x", text)


def crash(python: str, name: str, folder: Path, *options: str) -> list[dict[str, Any]]:
    """Run a program with and without capture; returns the files it left, oldest first."""
    program = str(PROGRAMS / f"{name}.py")
    plain = run(python, [program], folder / "unused", IQDEBUG_CAPTURE="")
    watched = run(python, ["-m", "iqdebug.capture", *options, program], folder)
    assert watched.returncode == plain.returncode
    assert without_addresses(watched.stdout) == without_addresses(plain.stdout)
    assert without_addresses(watched.stderr) == without_addresses(plain.stderr)
    return [read(path) for path in crash_files(folder)]


def functions(content: dict[str, Any], node: int = 0) -> list[str]:
    frames = {row["id"]: row for chunk in content["FRAM"] for row in chunk["frames"]}
    ids = content["EXCN"][0]["nodes"][node]["frames"]
    return [frames[number]["function"].rsplit(".", 1)[-1] for number in ids]


def lines(content: dict[str, Any], node: int = 0) -> list[int]:
    frames = {row["id"]: row for chunk in content["FRAM"] for row in chunk["frames"]}
    return [frames[number]["line"] for number in content["EXCN"][0]["nodes"][node]["frames"]]


def local(content: dict[str, Any], function: str, name: str) -> dict[str, Any]:
    values = {key: row for chunk in content["VALU"] for key, row in chunk["values"].items()}
    for chunk in content["FRAM"]:
        for row in chunk["frames"]:
            if row["function"].rsplit(".", 1)[-1] == function:
                for known, _, number in row["locals"]:
                    if known == name:
                        value: dict[str, Any] = values[str(number)]
                        return value
    raise LookupError(name)


@on_pythons()
def test_hostile_values_are_read_from_outside(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "hostile", tmp_path)
    meta = content["META"][0]
    assert (meta["why"], meta["title"]) == ("uncaught", "KeyError: 'missing'")
    assert functions(content) == ["crash", "<module>"]
    assert lines(content)[0] == marker(PROGRAMS / "hostile.py", "raise")
    cyclic = local(content, "crash", "cyclic")
    assert cyclic["size"] == 3
    assert "Hangs" in local(content, "crash", "hangs")["type"]
    assert local(content, "crash", "evil")["text"] == "<Evil>"
    assert "total" in str(local(content, "crash", "spy").get("children"))
    assert not content["ENDE"][0]["left_out"] or "values" in content["ENDE"][0]["left_out"][0]


@on_pythons()
def test_a_file_is_private_and_complete(python: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    crash(python, "hostile", folder)
    (path,) = crash_files(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(p.suffix for p in folder.iterdir()) == [".iqcrash"]


@on_pythons()
def test_chained_exceptions(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "chained", tmp_path)
    nodes = content["EXCN"][0]["nodes"]
    assert [n["type"] for n in nodes] == ["KeyError", "ValueError", "FileNotFoundError"]
    assert nodes[0]["context"] == nodes[1]["id"] and nodes[0]["cause"] is None
    assert nodes[1]["cause"] == nodes[2]["id"] and nodes[1]["suppress"]
    assert functions(content, 2) == ["read", "load"]
    assert "'/nowhere'" in nodes[2]["message"]


@on_pythons("3.11", "3.12", "3.13", "3.14")
def test_groups_and_notes(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "group", tmp_path)
    nodes = {n["id"]: n for n in content["EXCN"][0]["nodes"]}
    root = nodes[content["EXCN"][0]["root"]]
    members = [nodes[number] for number in root["members"]]
    assert [m["message"] for m in members] == ["one", "two"]
    assert members[0]["notes"] == ["while running one"]
    assert nodes[members[0]["cause"]]["type"] == "KeyError"


@on_pythons()
def test_two_threads_at_once(python: str, tmp_path: Path) -> None:
    program = str(PROGRAMS / "threads.py")
    done = run(python, ["-m", "iqdebug.capture", program], tmp_path)
    assert (done.returncode, done.stdout) == (0, "joined\n")
    contents = [read(path) for path in crash_files(tmp_path)]
    assert {c["META"][0]["how"] for c in contents} == {"in thread worker-1", "in thread worker-2"}
    assert all(functions(c)[0] == "worker" for c in contents)


@on_pythons()
def test_unraisable(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "unraisable", tmp_path)
    assert content["META"][0]["why"] == "unraisable"
    assert local(content, "__del__", "state")["text"] == "'closing'"


@on_pythons()
def test_at_shutdown(python: str, tmp_path: Path) -> None:
    contents = crash(python, "at_exit", tmp_path)
    assert "ValueError: at shutdown" in [c["META"][0]["title"] for c in contents]


@on_pythons()
def test_asyncio_tasks_and_callbacks(python: str, tmp_path: Path) -> None:
    contents = crash(python, "task", tmp_path)
    metas = {c["EXCN"][0]["nodes"][0]["type"]: c["META"][0] for c in contents}
    assert metas.keys() == {"LookupError", "ZeroDivisionError"}
    assert metas["LookupError"]["why"] == "task"
    assert "never retrieved" in metas["LookupError"]["how"] and "fails" in metas["LookupError"]["how"]


@on_pythons()
def test_recursion_keeps_both_ends(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "recursion", tmp_path)
    node = content["EXCN"][0]["nodes"][0]
    assert node["type"] == "RecursionError"
    assert node["frames_total"] > 900 > len(node["frames"])
    assert (functions(content)[0], functions(content)[-1]) == ("down", "<module>")
    assert any("frames of the middle" in sentence for sentence in content["ENDE"][0]["left_out"])


@on_pythons()
def test_out_of_memory(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "memory", tmp_path)
    assert content["META"][0]["title"] == "MemoryError"
    assert local(content, "grow", "kept")["size"] > 20


@on_pythons()
def test_a_full_disk_leaves_nothing_and_changes_nothing(python: str, tmp_path: Path) -> None:
    assert crash(python, "full_disk", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@on_pythons()
def test_a_forked_child_writes_its_own(python: str, tmp_path: Path) -> None:
    contents = crash(python, "forks", tmp_path)
    assert sorted(c["META"][0]["title"] for c in contents) == [
        "ValueError: in the child",
        "ValueError: in the parent",
    ]
    assert len({c["META"][0]["pid"] for c in contents}) == 2


@on_pythons()
def test_hooks_that_were_there_are_called(python: str, tmp_path: Path) -> None:
    program = str(PROGRAMS / "chained_hook.py")
    done = run(python, [program], tmp_path)
    assert done.stdout.splitlines() == [
        "my thread hook saw IndexError",
        "my thread hook saw IndexError",
        "my own hook saw ValueError",
    ]
    assert (done.stderr, done.returncode) == ("", 1)
    assert [read(p)["META"][0]["why"] for p in crash_files(tmp_path)] == ["thread", "uncaught"]


@on_pythons()
@pytest.mark.parametrize("name", ["exits", "message", "interrupted", "fine"])
def test_what_is_no_crash_leaves_nothing(python: str, name: str, tmp_path: Path) -> None:
    assert crash(python, name, tmp_path) == []
    assert not tmp_path.exists() or list(tmp_path.iterdir()) == []


@on_pythons()
def test_what_fails_inside_print_shows_no_line_of_ours(python: str, tmp_path: Path) -> None:
    (content,) = crash(python, "broken_pipe", tmp_path)
    assert functions(content) == ["say", "<module>"]
    records = content["LOGS"][0]["records"]
    assert "seen here" in [r["text"] for r in records]


@on_pythons()
@pytest.mark.parametrize(("name", "signal"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT")])
def test_native_crashes(python: str, name: str, signal: str, tmp_path: Path) -> None:
    crash(python, name, tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".native"
    code = f"from iqdebug.capture.native import convert; print(convert({str(path)!r}))"
    converted = run(sys.executable, ["-c", code], tmp_path, IQDEBUG_CAPTURE="").stdout.strip()
    content = read(Path(converted))
    assert not path.exists()
    assert content["META"][0]["why"] == "native"
    assert content["NATV"][0]["signal"] == signal
    crashed = next(t for t in content["THRD"][0]["threads"] if t["crashed"])
    frames = {row["id"]: row for chunk in content["FRAM"] for row in chunk["frames"]}
    assert marker(PROGRAMS / f"{name}.py", "raise") in [frames[n]["line"] for n in crashed["frames"]]
    assert any(row["file"].endswith(f"{name}.py") for row in content["SRCE"])


@on_pythons()
def test_a_module_and_its_arguments(python: str, tmp_path: Path) -> None:
    words = [
        "-m",
        "iqdebug.capture",
        "--dir",
        str(tmp_path / "d"),
        "-m",
        "json.tool",
        "/nowhere.json",
        "--sort-keys",
    ]
    done = run(python, words, tmp_path, PYTHONPATH=ROOT)
    plain = run(python, ["-m", "json.tool", "/nowhere.json", "--sort-keys"], tmp_path, IQDEBUG_CAPTURE="")
    assert (done.stderr, done.returncode) == (plain.stderr, plain.returncode)


@on_pythons("3.11")
def test_wrong_use_is_one_sentence(python: str, tmp_path: Path) -> None:
    for words in ([], ["--nonsense", "x.py"], ["-m"]):
        done = run(python, ["-m", "iqdebug.capture", *words], tmp_path)
        assert done.returncode == 2 and done.stderr.startswith("iqdebug.capture: ")


@on_pythons()
def test_a_hook_of_the_programs_own_that_is_set_later(python: str, tmp_path: Path) -> None:
    program = tmp_path / "own.py"
    program.write_text("import sys\nsys.excepthook = lambda *args: print('mine')\nleft = 3\nleft / 0\n")
    done = run(python, ["-m", "iqdebug.capture", str(program)], tmp_path / "c")
    assert (done.stdout, done.stderr, done.returncode) == ("mine\n", "", 1)
    (path,) = crash_files(tmp_path / "c")
    content = read(path)
    assert content["META"][0]["how"] == "after the program's own excepthook"
    assert local(content, "<module>", "left")["text"] == "3"


@on_pythons("3.8", "3.14")
def test_secrets_of_a_command_line(python: str, tmp_path: Path) -> None:
    program = tmp_path / "words.py"
    program.write_text("import sys\nwords = ['mysql', '--password', sys.argv[4], '--user', 'bob']\n1 / 0\n")
    words = [str(program), "--db-password", "Hunter2-zz81", "--count", "cliPw-5512"]
    run(python, ["-m", "iqdebug.capture", *words], tmp_path / "c")
    (path,) = crash_files(tmp_path / "c")
    content = read(path)
    assert content["META"][0]["argv"][1:] == ["--db-password", "<masked>", "--count", "<masked>"]
    assert "Hunter2" not in str(content) and "cliPw" not in str(content) and "bob" in str(content)
