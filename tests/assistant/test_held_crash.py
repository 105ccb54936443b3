"""A program that is held at its crash: fixes are proposed, verified and tested beside it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, Consent, DebuggeeContext
from iqdebug.assistant.transcript import Entry
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Frame, LogRecord, Snapshot, Variable
from iqdebug.llm.messages import ToolCall
from iqdebug.llm.window.window import Window
from iqdebug.workflows.diagnosis_inputs import live_diagnosis
from tests.assistant.recorded import EXAMPLES
from tests.dap.launching import launched, plan
from tests.dap.targets import attached, running
from tests.support.scripted_backend import Answer, ScriptedBackend

pytestmark = pytest.mark.slow

FIX = {
    "path": "divide_by_zero.py",
    "old": "    return total / count  # @fails",
    "new": "    return total / count if count else 0.0",
}


class Person:
    """Consents to everything."""

    def __init__(self, session: DebugSession) -> None:
        self.session = session
        self.asked: list[tuple[str, str]] = []

    def frame(self) -> Frame | None:
        thread = self.session.snapshot.focused
        return thread.frames[0] if thread is not None else None

    def variables(self) -> Sequence[Variable]:
        return ()

    def logs(self) -> Sequence[LogRecord]:
        return ()

    def shows(self, snapshot: Snapshot) -> bool:
        return True

    async def consent(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> Consent:
        self.asked.append((action, detail))
        return "once"

    def put(self, text: str) -> None:
        raise AssertionError(text)

    copy = put


class Talk:
    def __init__(self, session: DebugSession, backend: ScriptedBackend | None = None) -> None:
        window = Window(backend) if backend is not None else None
        self.assistant = AssistantSession(
            window, DebuggeeContext(diagnose=live_diagnosis), commands=COMMANDS, extra=acting_tools
        )
        self.session = session
        self.person = Person(session)

    async def begin(self) -> None:
        self.assistant.begin(self.session, self.person)
        await self.assistant.settled()

    def entries(self, kind: str) -> list[Entry]:
        return [e for e in self.assistant.transcript.entries if e.kind == kind and not e.offers]

    @property
    def flow(self) -> str:
        return "\n".join(
            f"{e.kind}: {e.text} ({e.words}) {e.detail}" for e in self.assistant.transcript.entries
        )


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IQDEBUG_CAPTURE", str(tmp_path / "crashes"))
    root = tmp_path / "shop"
    root.mkdir()
    shutil.copy(EXAMPLES / "divide_by_zero.py", root)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    return root


async def test_a_model_proposes_verifies_and_writes_a_test(shop: Path, tmp_path: Path) -> None:
    backend = ScriptedBackend(
        [
            Answer("The count is 0.", calls=(ToolCall("1", "propose_fix", FIX),)),
            Answer(calls=(ToolCall("2", "verify", {}), ToolCall("3", "write_test", {"equals": "0.0"}))),
            Answer("Fixed and tested."),
        ]
    )
    program = shop / "divide_by_zero.py"
    before = program.read_bytes()
    async with launched(plan(sys.executable, str(program), cwd=shop)) as run:
        await run.crashed()
        talk = Talk(run.session, backend)
        await talk.begin()
        await talk.assistant.submit("fix it")
        proposed, verified, tested = talk.entries("call")
        assert "allowed by rule" in proposed.words, talk.flow
        assert "✔ Fixed" in verified.detail, talk.flow
        assert "Proved" in tested.detail, talk.flow
        assert [action for action, _ in talk.person.asked] == ["run verify", "run write_test"]
        (kept,) = (tmp_path / "crashes").glob("*.iqcrash")
        assert str(kept) in talk.flow and talk.flow.count("kept as a crash file") == 1
        assert program.read_bytes() == before
        assert run.session.snapshot.exception is not None, "it is still held"
        await run.session.resume()
        assert (await run.ended()).exit_code == 1
        await talk.assistant.close()


async def test_without_a_model(shop: Path, tmp_path: Path) -> None:
    program = shop / "divide_by_zero.py"
    async with launched(plan(sys.executable, str(program), cwd=shop)) as run:
        await run.crashed()
        talk = Talk(run.session)
        await talk.begin()
        await talk.assistant.submit("/verify")
        assert "fails again as it was recorded" in talk.flow, talk.flow
        await talk.assistant.submit("/test")
        assert "The test fails as it was recorded" in talk.flow, talk.flow
        (written,) = shop.glob("test_*.py")
        assert "def test_average_zero_division_error" in written.read_text()
        await run.session.resume()
        await run.ended()
        await talk.assistant.submit("/verify")
        assert "needs a crash that can be repeated" in talk.flow and "the process has ended" in talk.flow
        await talk.assistant.close()


async def test_a_process_at_no_exception(tmp_path: Path) -> None:
    wrong = {"path": "service.py", "old": "no such line", "new": "x"}
    backend = ScriptedBackend(
        [
            Answer(calls=(ToolCall("1", "rerun", {}), ToolCall("2", "propose_fix", wrong))),
            Answer("It stands at a breakpoint."),
        ]
    )
    async with (
        running(sys.executable, "service.py") as target,
        attached(target) as (session, watcher),
    ):
        await session.set_breakpoints([target.breakpoint("call")])
        await watcher.stopped()
        talk = Talk(session, backend)
        await talk.begin()
        await asyncio.wait_for(talk.assistant.submit("run it again"), 30)
        again, proposed = talk.entries("call")
        assert "stands at no exception" in again.detail, talk.flow
        assert "does not have these lines" in proposed.detail, talk.flow
        assert talk.person.asked == []
        await talk.assistant.close()
