"""Mutated tool calls of models give text or a call that the toolbox answers, never an exception."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from iqdebug.assistant.permissions import Gate
from iqdebug.assistant.tools.toolbox import Toolbox
from iqdebug.crash import RecordedSession, open_crash
from iqdebug.llm.backends.base import ToolCallEvent
from iqdebug.llm.chat_format.answer import AnswerReader
from iqdebug.llm.messages import ToolCall
from iqdebug.llm.tool_schema import check_call
from tests.hostile.fuzzing import HOSTILE_TEXTS, bounded, chance_of, mutated_bytes, no_growth
from tests.support.crashfile import sample

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1 << 70, 1e308, float("nan"), [], {}, [[]], {"": []}, "1", "-7", *HOSTILE_TEXTS,
)  # fmt: skip
_SLOW = {"verify", "scan"}
"""Tools that start processes."""


def example(schema: Any, chance: Any) -> Any:
    """Arguments that mostly follow the schema."""
    if chance.random() < 0.15:
        return chance.choice(HOSTILE)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = kind if isinstance(kind, str) else chance.choice(kind)
    if kind == "object":
        return {
            name: example(rule, chance)
            for name, rule in (schema.get("properties") or {}).items()
            if name in schema.get("required", ()) or chance.random() < 0.5
        }
    if kind == "array":
        return [example(schema.get("items", {}), chance) for _ in range(chance.randrange(3))]
    if kind in ("integer", "number"):
        return chance.choice((0, 1, 2, 7, -1, 10**9))
    if kind == "boolean":
        return chance.random() < 0.5
    if kind == "null":
        return None
    return chance.choice(("user", "rows[3]", "greet", "main.py", "/srv/app/main.py", *HOSTILE_TEXTS))


def test_fuzz_tool_texts(tmp_path: Path, fuzz_cases: int) -> None:
    chance = chance_of("tool texts")
    session = RecordedSession(open_crash(sample(tmp_path)))
    box = Toolbox(session, Gate())
    tools = [t for t in box.available_tools() if t.name not in _SLOW]
    taken = run = 0
    loop = asyncio.new_event_loop()
    with no_growth():
        for _ in range(fuzz_cases):
            tool = chance.choice(tools)
            arguments = example(dict(tool.parameters), chance)
            body = json.dumps({"name": tool.name, "arguments": arguments})
            thought = f"<think>{chance.choice(HOSTILE_TEXTS)}</think>"
            text = f"Let me look. {thought}\n<tool_call>\n{body}\n</tool_call>"
            data = text.encode("utf-8", "replace")
            if chance.random() < 0.5:
                data = mutated_bytes(data, chance, data)
            text = data.decode("utf-8", "replace")
            with bounded(text):
                reader = AnswerReader(("<think>", "</think>"), False, tools)
                events = []
                while text:
                    length = chance.choice((1, 7, 40, 5_000))
                    events += reader.feed(text[:length])
                    text = text[length:]
                events += reader.finish()
                for event in events:
                    if isinstance(event, ToolCallEvent):
                        taken += 1
                        json.dumps(dict(event.call.arguments), ensure_ascii=False).encode()
                        written = json.dumps(dict(event.call.arguments))
                        broken = mutated_bytes(written.encode(), chance).decode("utf-8", "replace")
                        for each in (written, broken):
                            given, wrong = check_call(event.call.name, each, tools)
                            assert isinstance(given, dict) and isinstance(wrong, str)
                        if chance.random() < 0.2:
                            result = loop.run_until_complete(box.run(event.call))
                            assert result.text and isinstance(result.summary, str)
                            assert "The tool itself failed" not in result.text, (event.call, result.text)
                            run += 1
                # as a server may hand it over, unchecked
                if chance.random() < 0.1 and isinstance(arguments, dict):
                    result = loop.run_until_complete(box.run(ToolCall("a", tool.name, arguments)))
                    assert "The tool itself failed" not in result.text, (tool.name, arguments, result.text)
                    run += 1
    box.close()
    loop.close()
    assert taken and run
