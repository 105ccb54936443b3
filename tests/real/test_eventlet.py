"""A program whose threads are eventlet's greenlets, as tests/real/test_gevent.py."""

from __future__ import annotations

import signal

import pytest

from tests.dap.targets import attached, top
from tests.dap.test_client_dies import client_of
from tests.real.green import hub_of, named, serving, unharmed, whole_course
from tests.real.test_gevent import interpreter_of

pytestmark = pytest.mark.slow

MINORS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
everywhere = pytest.mark.parametrize(
    "minor", ["", *(pytest.param(minor, marks=pytest.mark.real) for minor in MINORS)]
)


@everywhere
async def test_a_server_comes_through(minor: str) -> None:
    async with serving(interpreter_of(minor, "eventlet"), "eventlet", "background") as server:
        before = await server.report()
        for _ in range(2):
            await whole_course(server)
        await unharmed(server, before)
        server.target.process.send_signal(signal.SIGTERM)
        assert await server.target.exit_code() == -signal.SIGTERM


@everywhere
async def test_a_greenlet_that_waited_already_stops_at_a_breakpoint(minor: str) -> None:
    async with serving(interpreter_of(minor, "eventlet"), "eventlet", "background") as server:
        async with attached(server.target) as (session, watcher):
            await session.set_breakpoints([server.target.breakpoint("turn")])
            assert top(await watcher.stopped()).name == "background"


@everywhere
async def test_an_idle_hub_is_paused_and_its_client_killed(minor: str) -> None:
    async with serving(interpreter_of(minor, "eventlet"), "eventlet") as server:
        before = await server.report()
        async with attached(server.target) as (session, watcher):
            assert named(session.snapshot, "MainThread").wait == "waiting for events: the eventlet hub"
            await session.pause()
            stop = await watcher.stopped(timeout=5.0)
            assert hub_of(stop).wait == "paused while waiting for events: the eventlet hub"
        async with client_of(server.target) as client:
            client.kill()
            assert await server.get(timeout=5.0) == b"42"
        await unharmed(server, before)
