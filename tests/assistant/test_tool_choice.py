"""Which tools a model is shown: a small one few, and what the list costs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.assistant.prompts import system_prompt
from iqdebug.assistant.redaction import RULE
from iqdebug.assistant.tools.catalogue import ALL_TOOLS, FEW_TOOLS, few_of
from iqdebug.core.config import Model
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.backends.server_kinds import parameters_of
from iqdebug.llm.messages import Tool
from iqdebug.llm.speeds import Speed
from iqdebug.llm.tool_formats.base import tool_schema
from tests.assistant.recorded import record_example, record_text
from tests.assistant.test_session import Talk
from tests.support.real_models import QWEN_05B, real_model
from tests.support.scripted_backend import Answer, ScriptedBackend

pytestmark = pytest.mark.slow


class SizedBackend(ScriptedBackend):
    """Remembers which tools it was opened with."""

    def __init__(self, parameters: int, prefill: float = 0.0) -> None:
        super().__init__([Answer("Yes.")])
        self._about = replace(self._about, parameters=parameters, speed=Speed(prefill))
        self.tools: tuple[Tool, ...] = ()

    async def open(self, system: str, tools: object = ()) -> object:  # type: ignore[override]
        self.tools = tuple(tools)  # type: ignore[arg-type]
        return await super().open(system, self.tools)


async def names_shown(tmp_path: Path, parameters: int) -> set[str]:
    backend = SizedBackend(parameters)
    tmp_path.mkdir()
    talk = Talk(record_example("none_lookup", tmp_path), backend)
    await talk.begin()
    await talk.assistant.close()
    return {tool.name for tool in backend.tools}


async def test_a_small_model_is_shown_few_tools(tmp_path: Path) -> None:
    few = await names_shown(tmp_path / "a", 1_540_000_000)
    assert few == {"frame", "variables", "evaluate", "source", "search", "propose_fix"}
    every = await names_shown(tmp_path / "b", 7_600_000_000)
    assert few < every and "git_history" in every
    assert await names_shown(tmp_path / "c", 0) == every, "unknown: all of them"


async def test_a_slow_model_is_given_what_it_reads_in_the_time_a_person_waits(tmp_path: Path) -> None:
    steps = [f"    step_{n} = len(rows) + {n}" for n in range(140)]
    fails = [
        "def total(rows):",
        *steps,
        "    return sum(row['price'] for row in rows)",
        "",
        "total([{}])",
        "",
    ]
    recorded = record_text("\n".join(fails), tmp_path)
    lengths = []
    for prefill in (0.0, 2_000.0, 90.0, 1.0):
        backend = SizedBackend(0, prefill)
        talk = Talk(recorded, backend)
        await talk.begin()
        (evidence,) = [b.message.content for b in backend.blocks if b.message.source == "evidence"]
        lengths.append(len(evidence))
        assert "KeyError" in evidence
        await talk.assistant.close()
    unknown, fast, slow, slowest = lengths
    assert unknown == fast > slow >= slowest, lengths
    assert slow <= 90 * 15 * 3 + 400, "three bytes a token at the least, and the fence"


def test_the_few_tools_exist() -> None:
    assert {bound.spec.name for bound in ALL_TOOLS} >= set(FEW_TOOLS)
    few = {tool.name: tool.parameters for tool in few_of([bound.spec for bound in ALL_TOOLS], "threads")}
    assert list(few["variables"]["properties"]) == ["frame", "name"]
    assert few["search"]["required"] == ("text",) and few["evaluate"]["required"] == ("expression",)
    assert Model().tools == "auto"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen2.5-Coder-1.5B-Instruct", 1_500_000_000),
        ("qwen2.5-coder:7b", 7_000_000_000),
        ("IQuestLab/IQuest-Coder-V1-40B-Loop-Instruct", 40_000_000_000),
        ("qwen3-coder-30b-a3b-instruct", 30_000_000_000),
        ("gpt-4o", 0),
        ("model-v3b-beta", 0),
    ],
)
def test_a_name_tells_the_size(name: str, parameters: int) -> None:
    assert parameters_of([], name) == parameters
    assert parameters_of([{"id": name, "meta": {"n_params": 12345}}], name) == 12345


def test_the_list_of_tools_says_no_bounds_and_keeps_the_words() -> None:
    for bound in ALL_TOOLS:
        shown = json.dumps(tool_schema(bound.spec))
        assert "maxLength" not in shown and "additionalProperties" not in shown
        assert shown.count('"description"') == json.dumps(bound.spec.parameters).count('"description"') + 1
    variables = next(bound.spec for bound in ALL_TOOLS if bound.spec.name == "variables")
    assert variables.parameters["properties"]["count"]["maximum"] == 100, "calls are still checked against it"


async def test_the_constant_part_is_short(tmp_path: Path) -> None:
    """Tokens of system text and tools: at most 1,200 of a small model, 2,000 with all of a recording."""
    backend = LocalBackend(
        "", LoadOptions(model=str(real_model(QWEN_05B)), n_ctx=8192), log_file=tmp_path / "log"
    )
    try:
        system = system_prompt(RULE)
        every = [bound.spec for bound in ALL_TOOLS]
        recorded = [bound.spec for bound in ALL_TOOLS if bound.capability is None]
        for limit, tools in (
            (1_200, few_of(every, "threads")),
            (1_200, few_of(every, "frame")),
            (2_000, recorded),
        ):
            block = await backend.open(system, tools)
            assert block.tokens <= limit, (limit, block.tokens)
    finally:
        await backend.close()
