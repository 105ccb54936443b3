"""Every tool that opens a file uses the one check against hidden files, keys, links and outside paths."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.actions.edits import EditRefused, Hunk
from iqdebug.assistant.actions.fix import propose
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.tools import Result
from iqdebug.assistant.ui_context import HeadlessContext
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.diagnosis import diagnose
from iqdebug.llm.messages import ToolCall
from iqdebug.peek.start_info import reach_of_process
from tests.assistant.recorded import Recorded, record_text
from tests.dap.targets import attached, on_pythons, running

pytestmark = pytest.mark.slow

MARK = "zq81-neighbour"
TEXT = f"before = {MARK}-above\nknown line\nafter = {MARK}-below\n"
HIDDEN = [
    ".env",
    ".env.py",
    ".aws/config",
    ".aws/config.py",
    ".ssh/id_rsa",
    ".git/config",
    ".secret/settings.py",
    "server.key",
    "server.pem",
    "id_rsa",
    "prod.env",
    "secrets.json",
    "credentials.yaml",
    "service-account.json",
    ".netrc",
    "data.bin",
]
WRONG_PATHS = [
    "a\0b.py",
    "\udfff.py",
    "/x" * 35_000 + ".py",
    "x" * 70_000,
    "../" * 5_000 + "etc/passwd",
    ".",
    "/",
    "",
]
PROGRAM = """\
def share(total, people):
    return total / people


share(10, 0)
"""


def filled(root: Path) -> None:
    for name in HIDDEN:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "x.py").write_text(TEXT)
    (root / "link.py").symlink_to(outside / "x.py")
    (root / "linked").symlink_to(outside)
    (root / "to_env.py").symlink_to(root / ".env")
    (root / "plain.py").write_text("known line\n")


def all_hidden(root: Path) -> list[str]:
    return [
        *HIDDEN,
        *(str(root / name) for name in HIDDEN),
        *("link.py", "linked/x.py", "to_env.py", "../outside/x.py", str(root.parent / "outside" / "x.py")),
        *("sub/../.env", "./.env", f"{root}/linked/../.env", "/etc/passwd", "/proc/self/environ"),
    ]


def desk_of(recorded: Recorded) -> AssistantSession:
    crash = recorded.crash
    known = DebuggeeContext(crash, str(recorded.root), crash.read_source)
    desk = AssistantSession(None, known, commands=COMMANDS, extra=acting_tools)
    session = RecordedSession(crash)
    desk.begin(session, HeadlessContext(session))
    desk.stop_diagnosed(crash.snapshot, diagnose(crash.snapshot, read_source=crash.read_source))
    return desk


async def call(desk: AssistantSession, name: str, **arguments: Any) -> Result:
    assert desk.active is not None
    return await desk.active.binding.toolbox.run(ToolCall("1", name, arguments))


def calls(path: str) -> list[tuple[str, dict[str, Any]]]:
    near = [
        ("known line", "x"),
        ("known line\nnot this", "x"),
        ("known lime", "x"),
        (" known line", "x"),
        ("=", "x"),
    ]
    return [
        *(("propose_fix", {"path": path, "old": old, "new": new}) for old, new in near),
        ("source", {"path": path}),
        ("source", {"path": path, "function": "known"}),
        ("git_history", {"path": path, "line": 1}),
        ("search", {"text": "known line", "path": path[:300]}),
        ("search", {"text": MARK}),
        ("breakpoints", {"action": "set", "path": path, "line": 2}),
        ("log_point", {"path": path, "line": 2, "message": "x"}),
        ("run_to", {"path": path, "line": 2}),
    ]


async def test_no_tool_reveals_hidden_files_of_a_recording(tmp_path: Path) -> None:
    recorded = record_text(PROGRAM, tmp_path)
    filled(recorded.root)
    desk = AssistantSession(
        None,
        DebuggeeContext(recorded.crash, str(recorded.root), recorded.crash.read_source),
        commands=COMMANDS,
        extra=acting_tools,
    )
    session = RecordedSession(recorded.crash)
    desk.begin(session, HeadlessContext(session))
    desk.stop_diagnosed(
        recorded.crash.snapshot, diagnose(recorded.crash.snapshot, read_source=recorded.crash.read_source)
    )
    for path in all_hidden(recorded.root):
        for name, arguments in calls(path):
            result = await call(desk, name, **arguments)
            answer = result.text.replace(MARK, "", 1) if arguments.get("text") == MARK else result.text
            assert MARK not in answer and "root:x" not in answer, (name, path, result.text)
    for entry in desk.transcript.entries:
        assert MARK not in entry.text + entry.detail
    assert "known line" in (await call(desk, "source", path="plain.py")).text


@on_pythons("3.12")
async def test_no_tool_reveals_hidden_files_of_a_live_process(python: str, tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (root / "main.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    filled(root)
    async with (
        running(python, str(root / "main.py"), cwd=str(root)) as target,
        attached(target) as (session, _),
    ):
        await session.refresh()
        desk = AssistantSession(
            None, DebuggeeContext(project=str(root)), commands=COMMANDS, extra=acting_tools
        )
        desk.begin(session, HeadlessContext(session))
        desk.stop_diagnosed(session.snapshot, diagnose(session.snapshot, read_source=lambda path: ()))
        for path in all_hidden(root)[::2]:
            for name, arguments in calls(path):
                result = await call(desk, name, **arguments)
                answer = result.text.replace(MARK, "", 1) if arguments.get("text") == MARK else result.text
                assert MARK not in answer and "root:x" not in answer, (name, path, result.text)
        refused = await call(desk, "propose_fix", path="main.py", old="time.sleep(61)", new="x")
        assert refused.failed and "main.py" in refused.text


@pytest.mark.parametrize("path", WRONG_PATHS, ids=lambda p: repr(p[:12]))
async def test_impossible_paths_get_an_error_message(tmp_path: Path, path: str) -> None:
    recorded = record_text(PROGRAM, tmp_path)
    desk = AssistantSession(
        None,
        DebuggeeContext(recorded.crash, str(recorded.root), recorded.crash.read_source),
        commands=COMMANDS,
        extra=acting_tools,
    )
    session = RecordedSession(recorded.crash)
    desk.begin(session, HeadlessContext(session))
    desk.stop_diagnosed(
        recorded.crash.snapshot, diagnose(recorded.crash.snapshot, read_source=recorded.crash.read_source)
    )
    for name, arguments in calls(path):
        result = await call(desk, name, **arguments)
        assert "The tool itself failed" not in result.text, (name, result.text)
        assert (len(result.text) < 5_000 and result.text.isprintable()) or "\n" in result.text
        result.text.encode()


@pytest.mark.parametrize("name", HIDDEN)
def test_an_edit_of_a_hidden_file_is_refused_before_it_is_opened(tmp_path: Path, name: str) -> None:
    root = tmp_path / "app"
    root.mkdir()
    filled(root)
    opened: list[str] = []

    def read(path: str) -> bytes:
        opened.append(path)
        return Path(path).read_bytes()

    with pytest.raises(EditRefused) as refused:
        propose(
            [Hunk(name, ("not this", "known line"), ("x",))], str(root), known=[str(root / name)], read=read
        )
    assert opened == [] and MARK not in " ".join(refused.value.lines())


async def test_a_fix_reveals_no_file_that_the_owner_of_the_process_cannot_read(public: Path) -> None:
    """Root requests a fix in the folder of a process that runs as another user."""
    if os.geteuid() != 0:
        pytest.skip("only root may look at other users' processes")
    root = public / "app"
    root.mkdir(mode=0o755)
    (root / "main.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    (root / "private.py").write_text(TEXT)
    (root / "private.py").chmod(0o600)
    command = ["/usr/bin/python3", str(root / "main.py")]
    with subprocess.Popen(command, cwd=root, user=12345, stdout=subprocess.PIPE, env={}) as process:
        assert process.stdout is not None and process.stdout.readline()
        reach = reach_of_process(process.pid)
        process.kill()
    assert reach.why_not(str(root / "main.py")) == "" and reach.why_not(str(root / "private.py"))
    edit = Hunk("private.py", ("not this", "known line"), ("x",))
    with pytest.raises(EditRefused) as refused:
        propose([edit], str(root), why_not=reach.why_not)
    assert MARK not in " ".join(refused.value.lines())
