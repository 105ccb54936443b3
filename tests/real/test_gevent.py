"""A program whose threads are gevent's greenlets is attached to, held, stepped, left and as before."""

from __future__ import annotations

import signal
import sys

import pytest

from iqdebug.session import StepKind
from tests.dap.targets import attached, top
from tests.dap.test_client_dies import client_of
from tests.real.environments import python_with
from tests.real.green import Load, hub_of, named, serving, unharmed, whole_course

MINORS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
everywhere = pytest.mark.parametrize(
    "minor", ["", *(pytest.param(minor, marks=pytest.mark.real) for minor in MINORS)]
)


def interpreter_of(minor: str, package: str = "gevent") -> str:
    """This one, which has the packages of the tests, or one of another version."""
    return python_with(minor, package) if minor else sys.executable


@everywhere
@pytest.mark.parametrize("support", ["", "True"])
async def test_a_server_comes_through(minor: str, support: str) -> None:
    told = {"GEVENT_SUPPORT": support} if support else {}
    async with serving(interpreter_of(minor), "gevent", "background", **told) as server:
        before = await server.report()
        for _ in range(2):
            await whole_course(server)
        await unharmed(server, before)
        server.target.process.send_signal(signal.SIGTERM)
        assert await server.target.exit_code() == -signal.SIGTERM


@everywhere
async def test_a_greenlet_that_waited_already_stops_at_a_breakpoint(minor: str) -> None:
    async with serving(interpreter_of(minor), "gevent", "background") as server:
        async with attached(server.target) as (session, watcher):
            await session.set_breakpoints([server.target.breakpoint("turn")])
            stop = await watcher.stopped()
            assert top(stop).name == "background"
            await session.step(StepKind.OVER, stop.focus or 0)
            again = await watcher.stopped(after=stop.epoch)
            assert top(again).name == "background"


@everywhere
async def test_an_idle_hub_is_paused(minor: str) -> None:
    async with serving(interpreter_of(minor), "gevent") as server:
        async with attached(server.target) as (session, watcher):
            assert named(session.snapshot, "MainThread").wait == "waiting for events: the gevent hub"
            await session.pause()
            stop = await watcher.stopped(timeout=3.0)
            assert hub_of(stop).wait == "paused while waiting for events: the gevent hub"
            assert "serve_forever" in [f.name.rpartition(".")[2] for f in named(stop, "greenlet main").frames]
            assert not [t for t in stop.threads if "accountant" in t.name]
        assert await server.get() == b"42"


@pytest.mark.parametrize("load", ["idle", "busy"])
async def test_its_client_is_killed_while_it_is_held(load: str) -> None:
    more = ["busy"] if load == "busy" else []
    async with serving(sys.executable, "gevent", *more) as server:
        before = await server.report()
        async with client_of(server.target) as client:
            client.kill()
            assert await server.get(timeout=5.0) == b"42"
        await unharmed(server, before)


async def test_a_loaded_server_answers_all() -> None:
    async with serving(sys.executable, "gevent", "busy") as server:
        before = await server.report()
        load = Load(server)
        for _ in range(3):
            async with attached(server.target, pause=True) as (session, watcher):
                await watcher.stopped()
                await session.resume()
                await load.grows()
            await load.grows()
        await load.stop()
        await unharmed(server, before)
