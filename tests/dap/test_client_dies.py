"""Whatever becomes of the client, a paused target runs on within 5 s and can be attached again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from iqdebug.core.session import Capability
from iqdebug.core.state import Phase
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.session import Session
from tests.conftest import EXAMPLES
from tests.dap.targets import Target, Watcher, as_before, attached, on_pythons, running
from tests.support.interpreters import python_version

pytestmark = pytest.mark.slow

SOME = ("3.8", "3.11", "3.12", "3.13", "3.14")


@contextlib.asynccontextmanager
async def client_of(target: Target, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A client process that holds the target paused (with ``run``: attached)."""
    version = python_version(target.python)
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.dap.client_process", str(target.pid), version, *words),
        stdout=asyncio.subprocess.PIPE,
        cwd=EXAMPLES.parent,
    )
    try:
        assert client.stdout is not None
        said = await asyncio.wait_for(client.stdout.readline(), 20)
        assert said.decode().strip() == ("attached" if words else "paused")
        yield client
    finally:
        with contextlib.suppress(ProcessLookupError):
            client.kill()
        await client.wait()
        client._transport.close()  # type: ignore[attr-defined]


async def is_free_again(target: Target, before: dict[str, object]) -> None:
    await target.goes_on(5.0)
    await as_before(target, before)
    async with attached(target, pause=True) as (_, watcher):
        assert (await watcher.stopped()).phase is Phase.PAUSED
    await target.goes_on()
    assert target.stderr == b""


@on_pythons(*SOME)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSTOP])
async def test_a_signal_takes_the_client(python: str, number: signal.Signals) -> None:
    async with running(python, "service.py") as target:
        before = await target.ask("report")
        async with client_of(target) as client:
            target.tell("ping")  # answered as soon as it is no longer paused
            os.kill(client.pid, number)
            assert await target.readline(5.0) == '"pong"'
            await is_free_again(target, before)
            if number in (signal.SIGTERM, signal.SIGHUP):
                assert await asyncio.wait_for(client.wait(), 5) == 130


@on_pythons("3.8", "3.12", "3.14")
async def test_killed_while_the_target_runs(python: str) -> None:
    async with running(python, "service.py") as target:
        before = await target.ask("report")
        async with client_of(target, "run") as client:
            client.kill()
            await is_free_again(target, before)


def _break_debug_connection(session: Session) -> None:
    assert session.target.client.dap is not None
    session.target.client.dap._writer.transport.abort()


def _break_control_connection(session: Session) -> None:
    assert session.target.client.agent is not None
    session.target.client.agent._writer.transport.abort()


@on_pythons(*SOME)
@pytest.mark.parametrize("breaks", [_break_debug_connection, _break_control_connection])
async def test_a_connection_breaks(python: str, breaks) -> None:  # type: ignore[no-untyped-def]
    async with running(python, "service.py") as target:
        before = await target.ask("report")
        session = await attach(target.info(), AttachOptions(pause=True))
        watcher = Watcher(session)
        await watcher.stopped()
        breaks(session)
        ended = await watcher.until(lambda s: s.phase in (Phase.DETACHED, Phase.ENDED))
        assert ended.phase is Phase.DETACHED
        await is_free_again(target, before)
        await session.detach()  # of a session that has ended: no harm


@on_pythons(*SOME)
async def test_the_target_ends(python: str) -> None:
    async with running(python, "service.py") as target, attached(target, exceptions=()) as (session, watcher):
        target.tell("exit")
        await watcher.until(lambda s: s.phase is Phase.ENDED)
        assert await target.exit_code() == 3
        assert "ended" in session.why_not(Capability.PAUSE)
    async with running(python, "service.py") as target, attached(target, pause=True) as (session, watcher):
        await watcher.stopped()
        target.process.kill()
        await watcher.until(lambda s: s.phase is Phase.ENDED)
        await session.detach()
