"""Real weights: what they really write is understood. Skipped where the files are not here."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.assistant.tools.catalogue import ALL_TOOLS
from iqdebug.llm.backends.base import ReplyFinished, Text, ToolCallEvent
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.messages import Message, Sampling, ToolCall
from tests.support.real_models import QWEN_05B, QWEN_15B, SMOLLM2_135M, real_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SYSTEM = "You help to debug a Python program. Look things up with the tools."
TOOLS = [bound.spec for bound in ALL_TOOLS if bound.spec.name in ("source", "search")]
GREEDY = Sampling(temperature=0.0, max_tokens=160, seed=1)


async def answered(backend: LocalBackend, question: str) -> tuple[str, list[ToolCall], str]:
    """The text of an answer, its calls, and why it ended."""
    await backend.append(Message("user", question))
    text, calls, why = "", [], ""
    async for event in backend.reply(GREEDY):
        if isinstance(event, Text):
            text += event.text
        elif isinstance(event, ToolCallEvent):
            calls.append(event.call)
        elif isinstance(event, ReplyFinished):
            why = event.why
    return text, calls, why


@pytest.mark.parametrize("name", [QWEN_05B, pytest.param(QWEN_15B, marks=pytest.mark.models)])
async def test_a_call_of_a_real_model_is_run_and_not_shown(name: str, tmp_path: Path) -> None:
    """Qwen2.5-Coder was taught ``<tool_call>`` by its template and writes bare JSON."""
    options = LoadOptions(model=str(real_model(name)), n_ctx=4096, n_threads=1)
    backend = LocalBackend("", options, log_file=tmp_path / "worker.log")
    try:
        await backend.open(SYSTEM, TOOLS)
        text, calls, why = await answered(backend, "Show me the source of the function `total`.")
        assert why == "calls" and calls, text
        assert '"arguments"' not in text and "<tool_call>" not in text
        if calls[0].problem:  # the 0.5B takes the function's name for a tool's, and is told
            assert "there are: source, search" in calls[0].problem
        else:
            assert calls[0].name in ("source", "search") and "total" in str(calls[0].arguments)
        for call in calls:
            result = "def total(order):\n    return sum(line.price for line in order.lines)"
            await backend.append(Message("tool", result, "tools", tool_call_id=call.id, name=call.name))
        before = backend.counters
        await answered(backend, "Answer in one sentence: what does it sum up?")
        assert backend.counters.evaluated - before.evaluated < 250, "the log before it was not read again"
    finally:
        await backend.close()


async def test_a_model_without_tools_in_its_template_is_told_of_them(tmp_path: Path) -> None:
    options = LoadOptions(model=str(real_model(SMOLLM2_135M)), n_ctx=4096, n_threads=1)
    backend = LocalBackend("", options, log_file=tmp_path / "worker.log")
    try:
        plain = await backend.open(SYSTEM)
        told = await backend.open(SYSTEM, TOOLS)
        assert told.tokens > plain.tokens + 100
        text, calls, _ = await answered(backend, "Hello. Who are you?")
        assert text.strip() or calls
    finally:
        await backend.close()
