"""Crash files and code objects that name files of this machine: no file is opened because of its name."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.ui_context import HeadlessContext
from iqdebug.capture.native import convert
from iqdebug.cli.crash_choice import as_crash_file
from iqdebug.cli.documents.diagnosis import crash_document
from iqdebug.core.json_text import json_text
from iqdebug.core.readable_files import Reach, User, may_be_project, project_around, reach_of_project
from iqdebug.core.state import Frame
from iqdebug.crash import open_crash
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.llm.messages import ToolCall
from iqdebug.peek.first_look import peek
from iqdebug.peek.start_info import reach_of_process, script_of
from iqdebug.system.source_files import open_regular, read_lines
from iqdebug.workflows.crash_report import report_on
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, live_diagnosis, source_reader
from iqdebug.workflows.snapshot_file import from_outside
from tests.assistant.recorded import record_text
from tests.assistant.targets import Bench
from tests.dap.targets import attached, on_pythons, running
from tests.support.crashfile import chunk, container, contents

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MARK = "the-diary-of-somebody-else"
LIMIT = 1 << 30  # bytes of memory for one diagnosis


def crash_naming(path: str, folder: Path, line: int = 1) -> Path:
    """A crash file whose innermost frames are in that file, without recorded source."""
    rows: list[tuple[str, Any]] = []
    for tag, content in contents(path):
        if tag.startswith("SRC") or "parts" in content:
            continue
        for frame in content.get("frames", []):
            frame["line"] = frame["first_line"] = line
        rows.append((tag, content))
    made = folder / "made.iqcrash"
    made.write_bytes(container([chunk(tag, content) for tag, content in rows]))
    assert not open_crash(made).read_source(path)
    return made


def diagnosed(crash: Path, project: Path | str) -> tuple[str, str]:
    """The report and the JSON document of a person whose working folder is the project."""
    report = report_on(open_crash(crash), reach=reach_of_project(str(project)))
    return "\n".join(report.lines()), json_text(crash_document(report))


def commanded(crash: Path, cwd: Path, *options: str) -> str:
    """The output of the command, run in a process with limits on time and memory."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    command = [sys.executable, "-m", "iqdebug", "diagnose", str(crash), *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=cwd, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=bounded
    ) as process:  # nothing is ever written to its standard input, and it is not closed
        assert process.stdout is not None
        try:
            output = process.stdout.read().decode()
            assert process.wait(20) == 0
        finally:
            process.kill()
    return output


def prompt(crash: Path, project: Path | None) -> str:
    """Everything a model would get before a question and from its tools."""
    opened = open_crash(crash)
    known = DebuggeeContext(opened, str(project or ""), opened.read_source)
    desk = AssistantSession(None, known, commands=COMMANDS, extra=acting_tools)
    session = RecordedSession(opened)
    desk.begin(session, HeadlessContext(session))
    reach = reach_of_project(str(project or ""))
    diagnosis = crash_diagnosis(opened, source_reader(opened, reach), reach=reach)
    assert desk.active is not None
    return desk.active.evidence.text(opened.snapshot, diagnosis)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    return folder


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "otherproj" / "diary.py"
    path.parent.mkdir()
    path.write_text(f"# {MARK}\n" * 30)
    return path


def test_a_file_outside_the_project_is_not_read(tmp_path: Path, project: Path, diary: Path) -> None:
    crash = crash_naming(str(diary), tmp_path)
    for text in (*diagnosed(crash, project), *diagnosed(crash, ""), commanded(crash, project)):
        assert MARK not in text
    assert MARK not in prompt(crash, project) and MARK not in prompt(crash, None)


def test_the_named_or_current_project_is_read(tmp_path: Path, project: Path, diary: Path) -> None:
    crash = crash_naming(str(diary), tmp_path)
    assert MARK in commanded(crash, diary.parent)
    assert MARK in commanded(crash, project, "--project", str(diary.parent), "--json")
    assert MARK in prompt(crash, diary.parent)


@pytest.mark.parametrize("name", ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/proc/self/maps"])
def test_files_of_the_system_are_not_read(tmp_path: Path, project: Path, name: str) -> None:
    crash = crash_naming(name, tmp_path)
    for named in (project, "/", "/etc", "/proc", "/proc/self"):
        for text in diagnosed(crash, named):
            assert "root:" not in text and "PYTHONPATH=" not in text and "r-xp" not in text
    assert "root:" not in prompt(crash, project) and "PYTHONPATH=" not in prompt(crash, Path("/proc/self"))


@pytest.mark.parametrize("kind", ["fifo", "device", "stdin", "huge", "link", "folder", "socket"])
def test_special_files_of_the_project_neither_hang_nor_fill_memory(
    tmp_path: Path, project: Path, diary: Path, kind: str
) -> None:
    """Special files in the current project, with the name of a source file."""
    path = project / "x.py"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(8 << 30)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        import socket

        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        path.symlink_to({"device": "/dev/zero", "stdin": "/dev/stdin", "link": str(diary)}[kind])
    crash = crash_naming(str(path), tmp_path)
    for text in (*diagnosed(crash, project), prompt(crash, project)):
        assert MARK not in text


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/zero", "/etc/shadow", "FIFO"])
def test_the_command_ends_within_its_bounds(tmp_path: Path, project: Path, name: str) -> None:
    os.mkfifo(project / "x.py")
    crash = crash_naming(name.replace("FIFO", str(project / "x.py")), tmp_path)
    document = json.loads(commanded(crash, project, "--json"))
    assert document["exception"]["type"] == "ValueError" and "root:" not in json.dumps(document)


@pytest.mark.parametrize(
    "name", [".env", ".git/config", ".aws/credentials", "server.pem", "server.key", "id_rsa"]
)
def test_hidden_files_and_keys_of_the_project_are_not_read(tmp_path: Path, project: Path, name: str) -> None:
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"key = {MARK}\n")
    crash = crash_naming(str(path), tmp_path)
    for text in (*diagnosed(crash, project), prompt(crash, project)):
        assert MARK not in text


@pytest.mark.parametrize(
    "path", ["/x" * 35_000 + ".py", "/tmp/\udfff.py", "/tmp/a\0b.py", "relative/../../x.py", ""]
)
def test_impossible_file_names_are_shown_unchanged(tmp_path: Path, project: Path, path: str) -> None:
    crash = crash_naming(path, tmp_path)
    report, document = diagnosed(crash, project)
    assert "ValueError: no such user" in report and json.loads(document)["exception"]["type"] == "ValueError"


def test_a_link_changed_between_check_and_open_is_not_followed(project: Path, diary: Path) -> None:
    (project / "x.py").symlink_to(diary)
    assert read_lines(str(project / "x.py"), exact=True) == ()
    (project / "sub").symlink_to(diary.parent)
    assert read_lines(str(project / "sub" / "diary.py"), exact=True) == ()
    assert read_lines(str(project / "sub" / "diary.py"))[0] == f"# {MARK}"


def test_a_device_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = os.open

    def noted(path: str, flags: int) -> int:
        if not flags & os.O_PATH:  # which asks no driver
            opened.append(path)
        return real(path, flags)

    monkeypatch.setattr(os, "open", noted)
    for path in ("/dev/null", "/dev/zero", "/dev"):
        with pytest.raises(OSError):
            open_regular(path)
    assert opened == []


async def test_the_tools_read_nothing_that_a_recording_names(
    tmp_path: Path, project: Path, diary: Path
) -> None:
    crash = open_crash(crash_naming(str(diary), tmp_path))
    bench = Bench(RecordedSession(crash), read_source=crash.read_source, recorded=(), project=project)
    for tool, arguments in (
        ("source", {"path": str(diary)}),
        ("git_history", {"path": str(diary), "line": 1}),
        ("frame", {"index": 0}),
        ("search", {"text": "diary"}),
    ):
        assert MARK not in (await bench.call(tool, **arguments)).text, tool


# living processes


@on_pythons("3.11", "3.13")
async def test_a_made_up_file_name_of_a_code_object_opens_nothing(
    python: str, diary: Path, tmp_path: Path
) -> None:
    program = tmp_path / "app" / "main.py"
    program.parent.mkdir()
    (program.parent / "helper.py").write_text("def helped():\n    return 1\n")
    text = "def f():\n    print('ready', flush=True)\n    time.sleep(60)\n"
    program.write_text(f"import time\nexec(compile({text!r}, {str(diary)!r}, 'exec'))\nf()\n")
    async with (
        running(python, str(program), cwd=str(program.parent)) as target,
        attached(target) as (session, _),
    ):
        bench = Bench(session)
        await session.refresh()
        stack = await bench.call("stack")
        assert str(diary) in stack.text
        for tool, arguments in (
            ("source", {"path": str(diary)}),
            ("source", {"function": "f"}),
            ("search", {"text": "diary"}),
            ("git_history", {"path": str(diary), "line": 1}),
            ("frame", {"index": 0}),
        ):
            assert MARK not in (await bench.call(tool, **arguments)).text, tool
        assert str(diary.parent) not in bench.box.context.files.reach.roots
        assert "def helped" in (await bench.call("source", path="helper.py")).text
        assert "time.sleep" in (await bench.call("source", path=str(program))).text
        live = live_diagnosis(session.snapshot, None)
        assert MARK not in repr(live)
        assert MARK not in bench.box.context.read_source(str(diary))


def test_the_script_of_a_process_may_be_read(tmp_path: Path) -> None:
    app, libs, other, home = (tmp_path / n for n in ("app", "libs", "other", "home"))
    for folder in (app / "deep", libs, other, home):
        folder.mkdir(parents=True)
        (folder / "x.py").write_text("x = 1\n")
    (app / "pyproject.toml").write_text("")
    script = app / "deep" / "run.py"
    script.write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    environ = {"PYTHONPATH": str(libs), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script)], cwd="/", env=environ, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        reach = reach_of_process(process.pid, home=str(home))
        process.kill()
    for path in (script, app / "x.py", libs / "x.py", Path(pytest.__file__), Path(threading.__file__)):
        assert reach.why_not(str(path)) == "", path
    for path in (
        other / "x.py",
        home / "x.py",
        Path("/etc/passwd"),
        other / "lib/python3.11/site-packages/x.py",
    ):
        assert reach.why_not(str(path)), path


def test_the_script_of_a_command_line() -> None:
    for words, expected in {
        ("python", "a.py", "-m", "x"): "/w/a.py",
        ("python", "-W", "ignore", "-Xdev", "-u", "/s/a.py"): "/s/a.py",
        ("python", "-m", "http.server"): "",
        ("python", "-Im", "x"): "",
        ("python", "-c", "pass"): "",
        ("python", "-"): "",
        ("gunicorn: worker [app]",): "",
        (): "",
    }.items():
        assert script_of(list(words), "/w") == expected, words


def test_files_that_the_owner_of_a_process_cannot_read_are_not_read(public: Path) -> None:
    """Root peeks at a process of a user who may not read the project beside it."""
    if os.geteuid() != 0:
        pytest.skip("only root may look at other users' processes")
    private, shared, closed = public / "private.py", public / "shared.py", public / "closed" / "x.py"
    closed.parent.mkdir(mode=0o700)
    for path, mode in ((private, 0o600), (shared, 0o644), (closed, 0o644)):
        path.write_text("x = 1\n")
        path.chmod(mode)
    reach = Reach((str(public),), user=User(12345, frozenset({12345})))
    assert reach.why_not(str(shared)) == ""
    assert reach.why_not(str(private)) and reach.why_not(str(closed))
    assert Reach((str(public),)).why_not(str(private)) == ""


def test_folders_that_are_no_project(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config" / "app").mkdir(parents=True)
    (home / "app" / "sub").mkdir(parents=True)
    (home / "app" / ".git").mkdir()
    assert project_around(str(home / "app" / "sub"), str(home)) == str(home / "app")
    for folder in (
        "/",
        "/etc",
        "/etc/ssl",
        "/proc/self",
        "/tmp",
        "/usr",
        "/dev/shm",
        str(home),
        str(tmp_path),
        "a\0b",
    ):
        assert not may_be_project(folder, str(home)), folder
    assert not may_be_project(str(home / ".config" / "app"), str(home))


def test_a_report_without_a_project_reads_the_recording_alone(tmp_path: Path, diary: Path) -> None:
    crash = open_crash(crash_naming(str(diary), tmp_path))
    report = report_on(crash)
    assert MARK not in "\n".join(report.lines()) and MARK not in json_text(crash_document(report))
    assert any(isinstance(f, Frame) and f.path == str(diary) for f in crash.snapshot.threads[0].frames)


WEIRD = ["/srv/a\0b", "/srv/\udfff", "/x" * 35_000, "../" * 9_000, "\n", "-c"]


@pytest.mark.parametrize("word", WEIRD, ids=lambda w: repr(w[:10]))
async def test_no_path_of_a_recording_breaks_a_tool(tmp_path: Path, project: Path, word: str) -> None:
    path = project / "main.py"
    path.write_text("x = 1\n")
    rows = contents(str(path))
    for tag, content in rows:
        if tag == "META":
            content.update(cwd=word, executable=word, argv=[word, word], prefixes=[word])
        if tag == "ENVI":
            content.update(sys_path=[word, str(project)], environ={"PYTHONPATH": word, "PATH": word})
    made = tmp_path / "made.iqcrash"
    made.write_bytes(container([chunk(tag, content) for tag, content in rows]))
    crash = open_crash(made)
    json_text(crash_document(report_on(crash, reach=reach_of_project(str(project)))))
    desk = AssistantSession(
        None, DebuggeeContext(crash, str(project), crash.read_source), commands=COMMANDS, extra=acting_tools
    )
    session = RecordedSession(crash)
    desk.begin(session, HeadlessContext(session))
    desk.stop_diagnosed(crash.snapshot, crash_diagnosis(crash, crash.read_source))
    assert desk.active is not None
    for tool, arguments in (
        ("rerun", {}),
        ("write_test", {}),
        ("propose_fix", {"path": word, "old": "x", "new": "y"}),
        ("source", {"path": word}),
    ):
        result = await desk.active.binding.toolbox.run(ToolCall("1", tool, arguments))
        assert result.failed and "The tool itself failed" not in result.text, (tool, result.text)


# what is written


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "/proc/self/environ", "HOME/.env", "HOME/id_rsa", "HOME/server.key"]
)
def test_a_recorder_includes_only_source_files(tmp_path: Path, name: str) -> None:
    """A program may compile code under any file name."""
    name = name.replace("HOME", str(tmp_path))
    if name.startswith(str(tmp_path)):
        Path(name).write_text(f"key = {MARK}\n")
    recorded = record_text(f"exec(compile('x = 1 / 0', {name!r}, 'exec'))\n", tmp_path)
    assert recorded.crash.snapshot.exception is not None
    assert recorded.crash.read_source(name) == ()
    assert recorded.crash.read_source(str(recorded.program))


async def test_peek_reads_no_file_named_only_by_code(tmp_path: Path, diary: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    text = "def f():\n    print('ready', flush=True)\n    time.sleep(60)\n"
    (app / "main.py").write_text(f"import time\nexec(compile({text!r}, {str(diary)!r}, 'exec'))\nf()\n")
    async with running(sys.executable, str(app / "main.py"), cwd=str(app)) as target:
        data = await asyncio.to_thread(lambda: from_outside(peek(target.process.pid), True))
    made = tmp_path / "made.iqcrash"
    made.write_bytes(data)
    crash = open_crash(made)
    assert crash.read_source(str(diary)) == () and crash.read_source(str(app / "main.py"))


def native(folder: Path, named: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "1-2.native"
    head = json.dumps({"pid": 1, "python": "3.12.1", "argv": ["x"], "cwd": "/"})
    stack = f'Current thread 0x1 (most recent call first):\n  File "{named}", line 1 in f\n'
    path.write_text(f"{head}\nFatal Python error: Segmentation fault\n\n{stack}")
    return path


def test_a_native_crash_of_another_folder_opens_nothing(
    tmp_path: Path, diary: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(project)
    made = as_crash_file(native(tmp_path / "given", diary))
    assert open_crash(made).read_source(str(diary)) == ()
    monkeypatch.chdir(diary.parent)
    assert open_crash(as_crash_file(native(tmp_path / "given", diary))).read_source(str(diary))


def test_a_pipe_among_the_native_crashes_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1-2.native")
    assert convert(str(tmp_path / "1-2.native")) == ""
