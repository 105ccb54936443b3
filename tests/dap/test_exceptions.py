"""Stops at exceptions, on every interpreter."""

from __future__ import annotations

import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import Phase, StopCause
from tests.dap.targets import attached, named, on_pythons, running, top

pytestmark = pytest.mark.slow


@on_pythons()
async def test_uncaught_in_the_main_thread_is_a_crash(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        target.tell("raise")
        stop = await watcher.until(lambda s: s.exception is not None)
        assert stop.phase is Phase.CRASHED
        assert stop.exception is not None
        assert (stop.exception.type, stop.exception.message) == ("ValueError", "too many: 42")
        assert stop.exception.uncaught and render(stop.reason) == "uncaught ValueError"
        assert stop.cause is StopCause.EXCEPTION
        assert (top(stop).name, top(stop).line) == ("on_raise", target.line("raise"))
        assert named(await session.variables(top(stop), stop.epoch), "number").value == "40"
        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.ENDED)
        assert await target.exit_code() == 1
        assert target.stdout == b"ready\n"
        errors = target.stderr.decode()
        assert errors.startswith("Traceback") and errors.endswith("ValueError: too many: 42\n")
        assert "iqdebug" not in errors and "pydevd" not in errors


@on_pythons()
async def test_uncaught_in_a_thread_is_a_crash(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        target.tell("thread_raise")
        stop = await watcher.until(lambda s: s.exception is not None)
        assert stop.phase is Phase.CRASHED and stop.exception is not None
        assert stop.exception.type == "ZeroDivisionError"
        assert stop.focused is not None and stop.focused.name == "failing"
        assert top(stop).line == target.line("thread-raise")
        await session.resume()
        assert await target.readline() == '"joined"'
        await target.goes_on()


@on_pythons()
async def test_raised_stops_where_it_is_caught_later(python: str) -> None:
    async with (
        running(python, "service.py") as target,
        attached(target, exceptions=("raised",)) as (session, watcher),
    ):
        target.tell("caught")
        stop = await watcher.until(lambda s: s.exception is not None)
        assert stop.phase is Phase.PAUSED and stop.exception is not None
        assert stop.exception.type == "KeyError" and not stop.exception.uncaught
        assert top(stop).line == target.line("caught")
        await session.resume()
        assert await target.readline() == '"caught"'


@on_pythons()
async def test_exceptions_that_leave_user_code(python: str) -> None:
    async with (
        running(python, "service.py") as target,
        attached(target, exceptions=("userUnhandled",), just_my_code=True) as (session, watcher),
    ):
        target.tell("library_catches")
        stop = await watcher.until(lambda s: s.exception is not None)
        assert stop.exception is not None and stop.exception.type == "LookupError"
        assert stop.focused is not None
        assert target.line("leaves") in [f.line for f in stop.focused.frames]
        await session.resume()
        assert await target.readline() == '"handled"'
        await target.goes_on()


@on_pythons("3.8", "3.12", "3.14")
async def test_causes_hang_on_the_exception(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        target.tell("chained")
        stop = await watcher.until(lambda s: s.exception is not None)
        assert stop.exception is not None
        (cause,) = stop.exception.chain
        assert (stop.exception.type, cause.type, cause.link) == ("RuntimeError", "KeyError", "cause")
        assert cause.frames and cause.frames[0].line == target.line("chained-cause")
        where = await session.variables(cause.frames[0], stop.epoch)
        assert named(where, "self_made").value == "'a local of the cause'"


@on_pythons("3.8", "3.11", "3.14")
async def test_the_exceptions_frames_bring_what_a_ranking_reads(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (_, watcher):
        target.tell("raise")
        stop = await watcher.until(lambda s: s.exception is not None and bool(s.exception.frames))
        assert stop.exception is not None
        raising = stop.exception.frames[0]
        assert raising.name.endswith("on_raise") and 0 < raising.first_line < raising.line
        assert {v.name: v.value for v in raising.locals or ()}["number"] == "40"
        assert (raising.span is None) == stop.python.startswith("3.8")
        assert all(call.path and call.line for frame in stop.exception.frames for call in frame.calls)
