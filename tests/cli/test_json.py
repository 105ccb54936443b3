"""Every command's ``--json``, run for real: one document, as its schema in docs/schemas says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iqdebug.cli.main import main
from iqdebug.core.config import load
from iqdebug.core.exit_codes import ExitCode
from iqdebug.llm.window.saved_conversation import PROCESS
from iqdebug.peek.processes import identity
from tests.assistant.recorded import record_example
from tests.cli.documents import document
from tests.conftest import EXAMPLES
from tests.e2e.test_conversation import script_for, serving
from tests.llm.test_pull import BODY, Hub, hub
from tests.native.fakes import pinned_to, programs, small_source
from tests.support.crashfile import sample
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

__all__ = ["hub"]  # a fixture

PROGRAM = """
import time
def wait(name):
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
wait("ünïcode")
"""

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STATE", "CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("IQDEBUG_CAPTURE", "IQDEBUG_MODEL", "IQDEBUG_RUNTIME_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def target() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def printed(output: Output, name: str, *words: str, code: int = ExitCode.DONE) -> dict[str, Any]:
    """The document of that name that the command printed."""
    output.readouterr()
    assert main([*words, "--json"]) == code
    return document(output.readouterr().out, name)


def test_ps(target: int, capsys: Output) -> None:
    rows = {row["pid"]: row for row in printed(capsys, "processes", "ps")["processes"]}
    assert rows[target]["python"].startswith("3.") and rows[target]["thread_count"] == 1


def test_doctor(capsys: Output) -> None:
    capsys.readouterr()
    code = main(["doctor", "--json"])
    found = document(capsys.readouterr().out, "doctor")
    assert "py-spy" in [check["name"] for check in found["checks"]] and found["ok"] is (code == ExitCode.DONE)


def test_peek(target: int, capsys: Output) -> None:
    found = printed(capsys, "snapshot", "peek", str(target))
    frame = found["threads"][0]["frames"][0]
    assert (frame["function"], frame["line"]) == ("wait", 6)
    assert "ünïcode" in frame["variables"]["name"]["value"] and found["pid"] == target
    bare = printed(capsys, "snapshot", "peek", str(target), "--no-locals")
    assert bare["threads"][0]["frames"][0]["variables"] is None


@pytest.mark.parametrize("attach", [(), ("--no-attach",)], ids=["attached", "outside"])
def test_diagnose_a_process(target: int, attach: tuple[str, ...], capsys: Output) -> None:
    found = printed(capsys, "diagnosis", "diagnose", str(target), "--seconds", "0.1", *attach)
    assert found["target"] == "process" and found["snapshot"]["pid"] == found["pid"] == target
    assert found["frames"] == found["snapshot"]["threads"][0]["frames"] != []
    assert found["headline"] and found["crash_file"] is None and found["not_attached"] == ""


@pytest.mark.parametrize("name", ["none_lookup", "divide_by_zero", "missing_key"])
def test_diagnose_a_command_its_file_and_open_it(
    name: str, capfd: Output, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    program = EXAMPLES / f"{name}.py"
    capfd.readouterr()
    command = ["diagnose", "--json", "--python", sys.executable, "--", str(program)]
    assert main(command) == ExitCode.DONE
    found = document(capfd.readouterr().out, "diagnosis")
    assert (found["target"], found["why"], found["snapshot"]) == ("crash", "uncaught", None)
    first = found["suspects"][0]
    assert first["rank"] == 1 and first["file"] == str(program) and first["reasons"]
    assert 0 < found["evidence"]["tokens"] <= found["evidence"]["budget"]
    again = printed(capfd, "diagnosis", "diagnose", found["crash_file"])
    assert again["suspects"] and again["exception"] == found["exception"]

    record = printed(capfd, "crash", "open", found["crash_file"])
    assert record["snapshot"]["exception"] == found["exception"] and str(program) in record["sources"]
    assert record["fingerprint"] == found["fingerprint"] and record["command"] == found["command"]
    (thread,) = [t for t in record["snapshot"]["threads"] if t["id"] == record["snapshot"]["focus"]]
    assert [f for f in thread["frames"] if f["kind"] != "label"] == found["frames"]


def test_suspects_have_one_shape(capsys: Output, tmp_path: Path) -> None:
    program = tmp_path / "busy.py"
    program.write_text("def spin():\n    print(1, flush=True)\n    while True:\n        pass\nspin()\n")
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        try:
            process = printed(capsys, "diagnosis", "diagnose", str(busy.pid), "--no-attach")
        finally:
            busy.kill()
    crash = printed(capsys, "diagnosis", "diagnose", str(sample(tmp_path)))
    assert process.keys() == crash.keys()
    assert process["suspects"][0]["function"] == "spin" and crash["suspects"]
    keys = {frozenset(suspect) for found in (process, crash) for suspect in found["suspects"]}
    assert keys == {frozenset({"rank", "file", "line", "function", "score", "reasons", "variables"})}


def test_diagnose_a_command_without_a_crash(tmp_path: Path, capfd: Output) -> None:
    program = tmp_path / "ends.py"
    program.write_text("import sys; print('its own'); sys.exit(4)")
    capfd.readouterr()
    code = main(["diagnose", "--json", "--python", sys.executable, "--", str(program)])
    assert code == ExitCode.NOTHING_THERE
    found = document(capfd.readouterr().out, "diagnosis")
    assert (found["target"], found["why"], found["exit_code"]) == ("command", "ended", 4)
    assert found["suspects"] == [] and found["exception"] is None and str(program) in found["command"]


def test_a_crash_file_with_everything_in_it(tmp_path: Path, capsys: Output) -> None:
    record = printed(capsys, "crash", "open", str(sample(tmp_path)))
    assert record["snapshot"]["tasks"] and record["logs"] and record["environment"]
    assert record["left_out"] == ["the environment of 3 children"]
    found = printed(capsys, "diagnosis", "diagnose", str(sample(tmp_path)))
    assert found["exception"]["type"] == "ValueError" and found["left_out"] == record["left_out"]


def test_snapshot_and_crashes(target: int, tmp_path: Path, capsys: Output) -> None:
    written = printed(capsys, "crash-file", "snapshot", str(target), "--no-attach")
    assert Path(written["crash_file"]).is_file() and written["pid"] == target
    assert written["not_attached"] == "asked for"
    listed = printed(capsys, "crashes", "crashes")
    assert [f["crash_file"] for g in listed["groups"] for f in g["files"]] == [written["crash_file"]]
    sample(tmp_path)
    (group,) = printed(capsys, "crashes", "crashes", "--dir", str(tmp_path))["groups"]
    assert group["place"]["function"] == "main" and group["count"] == 1


@pytest.mark.timeout(150)
def test_ask_and_a_diagnosis_with_an_answer(tmp_path: Path, capsys: Output) -> None:
    recorded = record_example("none_lookup", tmp_path)
    crash, script = str(recorded.crash.path), script_for("none_lookup", recorded.program)
    project = ("--project", str(recorded.root))
    with serving(script, tmp_path) as url:
        reply = printed(capsys, "reply", "ask", crash, "why does it fail", "--model", url, *project)
    assert reply["answer"].startswith("**The cause**") and reply["calls"][0]["call"] == "stack()"
    with serving(script, tmp_path) as url:
        words = ["diagnose", crash, "--ask", "why does it fail", "--model", url, *project]
        found = printed(capsys, "diagnosis", *words)
    assert found["suspects"] and found["reply"]["answer"] == reply["answer"]


def test_resume(tmp_path: Path, capsys: Output) -> None:
    assert printed(capsys, "conversations", "resume")["conversations"] == []
    own = os.getpid()
    crash = str(sample(tmp_path))
    for number, target in enumerate((crash, f"{PROCESS}{identity(own)}", f"{PROCESS}1234567:0")):
        folder = tmp_path / "state" / "iqdebug" / "conversations" / f"c{number}"
        folder.mkdir(parents=True)
        about = {"version": 1, "saved": 9.0 - number, "target": target, "setting": "none", "title": "Why?"}
        (folder / "meta.json").write_text(json.dumps({**about, "questions": 2, "flow": [], "words": "app"}))
    listed = printed(capsys, "conversations", "resume")["conversations"]
    assert [(c["number"], c["crash_file"], c["pid"], c["runs"]) for c in listed] == [
        (1, crash, None, None),
        (2, None, own, True),
        (3, None, 1234567, False),
    ]


def test_models(tmp_path: Path, capsys: Output) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    listed = printed(capsys, "models", "models", "list")
    assert listed["setting"] == "none" and listed["downloaded"] == [] and len(listed["models"]) > 5
    file = printed(capsys, "model-file", "models", "inspect", str(path))
    assert (file["model_file"], file["shape"]["layers"], file["size"]) == (str(path), 2, path.stat().st_size)
    planned = printed(capsys, "model-plan", "models", "plan", str(path), "--ram", "4G", "--vram", "0")
    assert planned["machine"]["ram"] == 4 << 30 and planned["plans"][0]["fits"]
    suited = printed(capsys, "model-recommendations", "models", "recommend")
    assert suited["ram_bandwidth"] > 0
    assert all(each["command"].startswith("iqdebug models pull ") for each in suited["recommendations"])
    chosen = printed(capsys, "model-choice", "models", "use", str(path))
    assert chosen["setting"] == f"llama:{path}" and Path(chosen["config_file"]).is_file()


def test_models_pull(hub: Hub, tmp_path: Path, capsys: Output) -> None:
    words = ["models", "pull", "o/r", "--file", "m.gguf", "--endpoint", hub.url, "--to", str(tmp_path)]
    found = printed(capsys, "model-download", *words)
    expected = {"model_file": str(tmp_path / "m.gguf"), "size": len(BODY), "setting": ""}
    assert found == {"schema": found["schema"], **expected}


def test_models_pull_and_use(
    hub: Hub, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write_tiny(tmp_path / "m.gguf").read_bytes()
    monkeypatch.setattr("tests.llm.test_pull.BODY", whole)
    monkeypatch.setattr(hub, "etag", hashlib.sha256(whole).hexdigest())
    words = ["o/r", "--file", "m.gguf", "--endpoint", hub.url, "--to", str(tmp_path / "to"), "--use"]
    found = printed(capsys, "model-download", "models", "pull", *words)
    assert found["setting"] == f"llama:{tmp_path / 'to' / 'm.gguf'}" == load().model.setting


def test_runtime(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IQDEBUG_RUNTIME_CACHE", str(tmp_path / "cache"))
    for words in (["status"], [], ["--json", "status"]):
        assert printed(capsys, "runtimes", "runtime", *words)["runtimes"] == []
    sdist = small_source(tmp_path)
    monkeypatch.setenv("PATH", str(programs(tmp_path / "programs")))
    with pinned_to(sdist):
        built = printed(capsys, "runtime-build", "runtime", "build", "--sdist", str(sdist))
        assert Path(built["library_folder"]).is_dir() and built["backend"] == "cpu"
        (listed,) = printed(capsys, "runtimes", "runtime", "status")["runtimes"]
        assert listed["in_use"] and listed["current"] and built["library_folder"].startswith(listed["folder"])
    removed = printed(capsys, "runtime-removal", "runtime", "remove")
    assert removed["count"] == 1 and removed["freed"] > 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("peek", "2147483646"), ExitCode.NOTHING_THERE, "2147483646"),
        (("diagnose", "2147483646"), ExitCode.NOTHING_THERE, "2147483646"),
        (("diagnose",), ExitCode.USAGE, "Nothing was named to diagnose"),
        (("open", "/nowhere/x.iqcrash"), ExitCode.CRASH_FILE, "There is no file /nowhere/x.iqcrash"),
        (("ask", "/nowhere/x.iqcrash", "why?"), ExitCode.CRASH_FILE, "There is no file /nowhere/x.iqcrash"),
        (("models", "use", "nowhere.gguf"), ExitCode.MODEL, "There is no file nowhere.gguf"),
        (("models", "plan", "nowhere"), ExitCode.MODEL, "There is no model or file nowhere"),
        (("models", "use", "gpt-oss-20b"), ExitCode.USAGE, "gpt-oss-20b is not on this machine"),
        (("models", "pull", "nowhere"), ExitCode.USAGE, "There is no model nowhere"),
        (("resume", "1"), ExitCode.USAGE, "A conversation goes on on a screen, not as JSON"),
        (("peek", "python"), ExitCode.USAGE, "not a process id"),
        (("crashes", "--nonsense"), ExitCode.USAGE, "--nonsense"),
        (("nonsense",), ExitCode.USAGE, "nonsense"),
    ],
)
def test_an_error_is_a_document_too(words: tuple[str, ...], code: int, message: str, capsys: Output) -> None:
    error = printed(capsys, "error", *words, code=code)["error"]
    assert message in error["message"] and error["exit_code"] == code


def test_an_error_stays_on_stderr_for_people(capsys: Output) -> None:
    for words in (["peek", "2147483646"], ["peek", "2147483646", "--json"]):
        assert main(words) == ExitCode.NOTHING_THERE
        out, err = capsys.readouterr()
        assert err.startswith("iqdebug: there is no process 2147483646\n") and bool(out) is (
            "--json" in words
        )
