"""A program whose threads are gevent's greenlets is attached to, held, stepped, left and as before."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from iqdebug.core.messages import render
from iqdebug.core.session import StepKind
from iqdebug.core.state import Breakpoint, Phase
from iqdebug.peek.first_look import peek
from iqdebug.peek.processes import process_info
from tests.conftest import marker
from tests.dap.launching import launched, plan
from tests.dap.targets import PROGRAMS, attached, top
from tests.dap.test_client_dies import client_of
from tests.real.environments import python_with
from tests.real.green import Load, hub_of, named, serving, unharmed, whole_course

pytestmark = pytest.mark.slow

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


async def test_a_look_from_outside_says_what_it_does_not_see() -> None:
    async with serving(sys.executable, "gevent") as server:
        seen = await asyncio.to_thread(peek, server.target.pid)
        assert seen.threads[0].wait == "waiting for events: the gevent hub"
        assert render(seen.detail).endswith(
            "greenlets that wait are not seen from outside, only by attaching"
        )
        assert "a pause holds all those of a thread" in process_info(server.target.pid).attach.warnings[0]


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


async def test_a_crash_after_patching_is_held_and_with_breakpoints_said_not_to_be() -> None:
    program = PROGRAMS / "green_crash.py"
    what = plan(sys.executable, str(program))
    async with launched(what) as run:
        assert top(await run.crashed()).line == marker(program, "crash")
    where = Breakpoint(str(PROGRAMS / "green_server.py"), 1)
    async with launched(what, breakpoints=[where]) as run:
        end = await run.watcher.until(lambda s: s.phase is Phase.ENDED, 20)
        assert (
            render(end.reason) == "ended, exit code 1; not held: it patched its threads with breakpoints set"
        )


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
async def test_a_program_that_iqdebug_starts_and_that_patches_afterwards(library: str) -> None:
    """With breakpoints pydevd is there before: it lets the program go, in words. Without, it comes
    when the person pauses."""
    program = PROGRAMS / "green_server.py"
    where = Breakpoint(str(program), marker(program, "turn"))
    what = plan(sys.executable, str(program), library, "background")
    async with launched(what, breakpoints=[where]) as run:
        end = await run.watcher.until(lambda s: s.phase is Phase.DETACHED, 20)
        assert "attach again" in render(end.reason)
        await run.said("ready")
        assert "Traceback" not in run.text and "pydev" not in run.text
    async with launched(what) as run:
        await run.said("ready")
        await run.session.pause()
        stop = await run.watcher.stopped(timeout=20)
        assert named(stop, "greenlet main").is_greenlet
        await run.session.set_breakpoints([where])
        await run.session.resume()
        stop = await run.watcher.stopped(after=stop.epoch)
        assert top(stop).name == "background"
        assert (await run.session.evaluate("turn >= 0", top(stop), stop.epoch)).value == "True"
        assert "Traceback" not in run.text and "pydev" not in run.text


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
async def test_one_that_was_asked_for_values_before_it_patched(library: str) -> None:
    what = plan(sys.executable, str(PROGRAMS / "green_later.py"), library)
    async with launched(what) as run:
        await run.said("begun")
        assert (await run.session.evaluate("ANSWER", None, 0)).value == "42"
        await run.session.evaluate("ASKED.set()", None, 0)
        await run.said("patched")
        await run.session.pause()
        stop = await run.watcher.stopped(timeout=20)
        frame = next(f for f in named(stop, "greenlet main").frames if f.name == "background")
        known = await run.session.evaluate("[t.name for t in threading._active.values()]", frame, stop.epoch)
        assert "accountant" in known.value and "iqdebug" not in known.value
        await run.session.resume()
        assert "Traceback" not in run.text and "pydev" not in run.text
