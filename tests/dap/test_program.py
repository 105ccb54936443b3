"""What is told of a program's end is told in the context of who started it."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
from pathlib import Path

from iqdebug.dap.program import Program

SCREEN: contextvars.ContextVar[str] = contextvars.ContextVar("screen")


async def test_the_last_output_comes_in_the_starters_context(tmp_path: Path) -> None:
    SCREEN.set("ours")
    seen: list[tuple[bytes, str]] = []
    environ = dict(os.environ)
    program = Program(
        [sys.executable, "-c", "pass"], str(tmp_path), environ, terminal=False, log=tmp_path / "l"
    )
    try:
        program.on_output = lambda data: seen.append((data, SCREEN.get("none")))
        context: list[str] = []
        program.exited.add_done_callback(lambda future: context.append(SCREEN.get("none")))
        assert await asyncio.wait_for(asyncio.shield(program.exited), 20) == 0
        await asyncio.sleep(0)
        assert {name for _, name in seen} <= {"ours"} and context == ["ours"]
        assert program._context.get(SCREEN) == "ours"
    finally:
        program.leave()
