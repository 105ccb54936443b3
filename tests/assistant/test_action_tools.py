"""The tools that a model may call: valid schemas, answers in words, nothing applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.why import explain, section_lines, why
from iqdebug.assistant.permissions import Answer, Right
from iqdebug.assistant.tools.fixing import FIXING_TOOLS
from iqdebug.core.messages import render
from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash
from iqdebug.crash.recorded_session import RecordedSession
from tests.assistant.recorded import record_example
from tests.assistant.targets import Bench

pytestmark = pytest.mark.slow


@dataclass
class RecordedWorkbench:
    """A crash in its project."""

    crash: Crash
    diagnosis: Diagnosis
    root: str
    own_files: Sequence[str]
    scratch_folder: Path
    proposal: Proposal | None = None

    def show_proposal(self, proposal: Proposal) -> None:
        self.proposal = proposal

    async def crash_to_run(self, tool: str) -> tuple[Crash, str]:
        return self.crash, self.root


async def test_from_a_refused_edit_to_a_proved_one(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    before = case.program.read_bytes()
    workbench = RecordedWorkbench(
        case.crash, case.diagnosis, str(case.root), [str(case.program)], tmp_path / "scratch"
    )
    workbench.scratch_folder.mkdir()
    acting = [replace(each, workbench=workbench) for each in FIXING_TOOLS]
    assert [each.spec.name for each in acting] == ["propose_fix", "rerun", "verify", "write_test"]
    assert [each.right for each in acting] == [Right.READ, Right.MUTATE, Right.MUTATE, Right.MUTATE]
    session = RecordedSession(case.crash)
    bench = Bench(session, extra=acting, project=case.root)

    early = await bench.call("verify")
    assert early.failed and "propose_fix first" in early.text
    wrong = {"path": "divide_by_zero.py", "old": "return total // count", "new": "return 0"}
    refused = await bench.call("propose_fix", **wrong)
    assert refused.failed and "does not have these lines" in refused.text
    assert "was not run" in (await bench.call("propose_fix", path="divide_by_zero.py", old="")).text
    assert bench.person.asked == []

    bench.person.answers = [Answer.ONCE]
    again = await bench.call("rerun")
    assert "fails again as it was recorded" in again.text and again.decisions[0].right is Right.MUTATE
    right = {
        "path": "divide_by_zero.py",
        "old": "    return total / count  # @fails",
        "new": "    return total / count if count else 0.0",
    }
    proposed = await bench.call("propose_fix", **right)
    assert "+    return total / count if count else 0.0" in proposed.text and not proposed.failed
    assert workbench.proposal is not None
    for name in ("rerun", "verify", "write_test"):
        denied = await bench.call(name)
        assert denied.failed and f"did not allow this: run {name}" in denied.text
    assert list(workbench.scratch_folder.iterdir()) == []
    bench.person.asked.clear()
    bench.person.answers = [Answer.ONCE] * 2
    assert "Fixed" in (await bench.call("verify")).text
    tested = await bench.call("write_test", equals="0.0")
    assert "Proved" in tested.text and "def test_average_zero_division_error" in tested.text
    assert [(each.tool, render(each.action)) for each in bench.person.asked] == [
        (name, f"run {name}") for name in ("verify", "write_test")
    ]
    times = ("runs twice,", "runs once or more,")
    assert all(words in render(each.why) for words, each in zip(times, bench.person.asked, strict=True))
    assert "if count else 0.0" in bench.person.asked[0].detail
    assert case.program.read_bytes() == before
    assert sorted(p.name for p in case.root.iterdir()) == ["divide_by_zero.py", "pyproject.toml"]


def test_why_and_explain_say_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    case = record_example("http_400", tmp_path)
    short = section_lines(why(case.crash.snapshot, case.diagnosis))
    text = "\n".join(short)
    assert "RuntimeError was caused by BadRequest: 'e-mail'" in text
    assert "create_order, http_400.py" in text
    assert "a model can suggest" in short[-1]
    long = section_lines(explain(case.crash.snapshot, case.diagnosis))
    assert len(long) > len(short)


def test_the_way_of_the_value_is_told_with_places(tmp_path: Path) -> None:
    case = record_example("none_lookup", tmp_path)
    sections = {render(s.heading): s for s in why(case.crash.snapshot, case.diagnosis)}
    way = sections["The way of `customer`"]
    assert any("returned by" in render(line) for line in way.lines)
    assert len(way.places) == len(way.lines)
    assert any(place is not None and place[0] == str(case.program) for place in way.places)
