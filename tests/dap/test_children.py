"""Children of a target neither hang nor fail nor stay connected, whenever they are born."""

from __future__ import annotations

import pytest

from iqdebug.core.state import Phase
from tests.dap.targets import Target, attached, on_pythons, running

pytestmark = pytest.mark.slow

SAID = {
    "fork": [0, [5, True]],
    "spawn": [0, [5, True]],
    "subprocess": [0, "None 1"],
}


async def has_healthy_children(target: Target) -> None:
    assert await target.ask("fork") == 0
    assert await target.ask("children", 40) == SAID


@on_pythons()
async def test_children_while_attached_and_after(python: str) -> None:
    async with running(python, "service.py") as target:
        async with attached(target) as (session, watcher):
            await has_healthy_children(target)
            assert session.snapshot.phase is Phase.RUNNING
            await session.pause()
            await watcher.stopped()
            await session.resume()
            await watcher.until(lambda s: s.phase is Phase.RUNNING)
            await has_healthy_children(target)
        await has_healthy_children(target)
        assert target.stderr == b""


@on_pythons("3.8", "3.11", "3.12", "3.13", "3.14")
async def test_a_breakpoint_in_what_a_child_runs(python: str) -> None:
    """The child inherits the breakpoint's instrumentation, and nobody who could answer for it."""
    async with running(python, "service.py") as target:
        async with attached(target) as (session, _):
            await session.set_breakpoints([target.breakpoint("inner", condition="False")])
            await target.goes_on()
            assert await target.ask("fork") == 0
            await session.set_breakpoints([target.breakpoint("child")])
            assert await target.ask("fork") == 0
        assert await target.ask("fork") == 0
        assert target.stderr == b""
