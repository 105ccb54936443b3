"""The tools that a model may call: valid schemas, answers in words, nothing applied."""

from __future__ import annotations

from pathlib import Path

import jsonschema

from iqdebug.assistant.actions.tools import ACTION_TOOLS, MUTATE, ActionContext
from iqdebug.assistant.actions.why import explain, section_lines, why
from tests.assistant.recorded import record_example


async def test_from_a_refused_edit_to_a_proved_one(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    before = case.program.read_bytes()
    bench = ActionContext(case.crash, case.diagnosis, folder=tmp_path)
    tools = {each.tool.name: each for each in ACTION_TOOLS}
    assert set(tools) == {"propose_fix", "rerun", "verify", "write_test"}
    for each in tools.values():
        assert each.right == MUTATE
        jsonschema.Draft202012Validator.check_schema(dict(each.tool.parameters))

    early = await tools["verify"].run(bench, {})
    assert early.failed and "propose_fix first" in early.text
    wrong = {"path": "divide_by_zero.py", "old": "return total // count", "new": "return 0"}
    refused = await tools["propose_fix"].run(bench, wrong)
    assert refused.failed and "does not have these lines" in refused.text
    again = await tools["rerun"].run(bench, {})
    assert "fails again as it was recorded" in again.text

    right = {
        "path": "divide_by_zero.py",
        "old": "    return total / count  # @fails",
        "new": "    return total / count if count else 0.0",
    }
    jsonschema.validate(right, dict(tools["propose_fix"].tool.parameters))
    assert (
        "+    return total / count if count else 0.0" in (await tools["propose_fix"].run(bench, right)).text
    )
    assert "Fixed" in (await tools["verify"].run(bench, {})).text
    tested = await tools["write_test"].run(bench, {"equals": "0.0"})
    assert "Proved" in tested.text and "def test_average_zero_division_error" in tested.text
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
    sections = {s.heading: s for s in why(case.crash.snapshot, case.diagnosis)}
    way = sections["The way of `customer`"]
    assert any("returned by" in line for line in way.lines)
    assert len(way.places) == len(way.lines)
    assert any(place is not None and place[0] == str(case.program) for place in way.places)
