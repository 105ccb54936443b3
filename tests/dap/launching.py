"""Programs that iqdebug starts, with everything that they write."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.state import Phase, Snapshot
from iqdebug.dap.launch import LaunchPlan, launch
from iqdebug.dap.launched_session import LaunchedSession, LaunchOptions
from tests.dap.targets import PROGRAMS, Watcher
from tests.support.interpreters import python_version

PROGRAM = PROGRAMS / "crashing.py"


class Launched:
    """A program under iqdebug; ``text`` is everything that it has written to its terminal."""

    def __init__(self) -> None:
        self.output = b""
        self.session: LaunchedSession
        self.watcher: Watcher
        self._news = asyncio.Event()

    def hear(self, data: bytes) -> None:
        self.output += data
        self._news.set()

    @property
    def text(self) -> str:
        return self.output.decode().replace("\r\n", "\n")

    async def said(self, words: str, timeout: float = 15.0) -> str:
        async def wait() -> None:
            while words not in self.text:
                self._news.clear()
                await self._news.wait()

        try:
            await asyncio.wait_for(wait(), timeout)
        except asyncio.TimeoutError:
            pytest.fail(f"{words!r} was not written: {self.text!r}")
        return self.text

    async def crashed(self) -> Snapshot:
        return await self.watcher.until(lambda s: s.exception is not None, 20)

    async def ended(self) -> Snapshot:
        return await self.watcher.until(lambda s: s.phase is Phase.ENDED, 20)


def plan(
    python: str, *arguments: str, cwd: Path = PROGRAMS, env: Mapping[str, str] | None = None
) -> LaunchPlan:
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHON_COLORS": "0", "TERM": "dumb"}
    environment = {**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **quiet, **(env or {})}
    return LaunchPlan(python, python_version(python), arguments, str(cwd), environment)


@contextlib.asynccontextmanager
async def launched(what: LaunchPlan, **options: Any) -> AsyncIterator[Launched]:
    """Whatever the test leaves of it is ended."""
    found = Launched()
    found.session = await launch(what, LaunchOptions(**options), on_output=found.hear)
    found.watcher = Watcher(found.session)
    try:
        yield found
    finally:
        await found.session.program.end()
        await found.session.detach()


def crash(python: str, *arguments: str, **options: Any) -> contextlib.AbstractAsyncContextManager[Launched]:
    return launched(plan(python, str(PROGRAM), *arguments), **options)
