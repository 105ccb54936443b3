"""Work beside what a session was asked for: awaited and cancelled together, its failures raised nowhere."""

from __future__ import annotations

import asyncio
import logging

import pytest

from iqdebug.core.background_tasks import BackgroundTasks
from iqdebug.core.errors import ProtocolError
from iqdebug.dap.background_tasks import LoggedTasks


async def test_finished_waits_also_for_what_is_spawned_meanwhile() -> None:
    tasks, done = BackgroundTasks(), []

    async def inner() -> None:
        await asyncio.sleep(0)
        done.append("inner")

    async def outer() -> None:
        tasks.spawn(inner())
        await asyncio.sleep(0)
        raise ValueError("not raised by finished()")

    tasks.spawn(outer())
    assert len(tasks) == 1
    await tasks.finished()
    assert done == ["inner"] and len(tasks) == 0


async def test_cancelled_work_can_be_awaited() -> None:
    tasks, cleaned = BackgroundTasks(), []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    tasks.spawn(work())
    await asyncio.sleep(0)
    tasks.cancel()
    await asyncio.wait_for(tasks.finished(), 5)
    assert cleaned == [True] and len(tasks) == 0


async def test_foreseeable_failures_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = LoggedTasks()

    async def fail(error: Exception) -> None:
        raise error

    with caplog.at_level(logging.INFO, "iqdebug.dap.background_tasks"):
        for error in (ProtocolError("the adapter hung up"), TimeoutError(), KeyError("row")):
            tasks.spawn(fail(error))
        await tasks.finished()
    words = [record.getMessage() for record in caplog.records]
    assert len(words) == 3 and all(text.startswith("background work ended: ") for text in words)
    assert "the adapter hung up" in words[0] and "no answer in time" in words[1]
