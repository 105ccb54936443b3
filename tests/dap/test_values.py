"""Hard values are shown without running any code of the target's, and its own text on demand."""

from __future__ import annotations

import time

import pytest

from iqdebug.core.state import Phase
from tests.dap.targets import attached, frame_of, named, on_pythons, running

pytestmark = pytest.mark.slow


@on_pythons()
async def test_listing_runs_no_code_of_the_target(python: str) -> None:
    async with running(python, "values.py") as target, attached(target) as (session, watcher):
        await session.refresh()
        await session.set_breakpoints([target.breakpoint("tick")])
        frame, epoch = await frame_of(watcher, "hold")
        started = time.monotonic()
        rows = await session.variables(frame, epoch)
        for row in [r for r in rows if r.reference]:
            for child in await session.children(row.reference, epoch):
                if child.reference:
                    await session.children(child.reference, epoch)
        assert time.monotonic() - started < 3.0
        assert named(rows, "slow").value == "<Slow>"
        assert named(rows, "point").value == "Point(x=3, y=4)"
        assert named(rows, "red").value == "<Colour.RED: 1>"
        assert len(named(rows, "text").value) < 300 and named(rows, "text").state == "cut"
        assert named(rows, "text").size == 1_000_000
        assert named(rows, "big").value == "<int of 33220 bits>"
        assert named(rows, "keys").size == 2

        million = named(rows, "million")
        assert million.size == 1_000_000 and len(million.value) < 300
        page = await session.children(million.reference, epoch, 999_990, 100)
        assert [v.value for v in page] == [str(n) for n in range(999_990, 1_000_000)]
        assert page[0].name == "[999990]" and page[0].evaluate_name == "million[999990]"
        table = named(rows, "table")
        page = await session.children(table.reference, epoch, 1_500, 2)
        assert [(v.name, v.value) for v in page] == [("'key 1500'", "1500"), ("'key 1501'", "1501")]
        members = await session.children(named(rows, "members").reference, epoch)
        assert sorted(v.value for v in members) == ["1", "2", "3"]
        sly = await session.children(named(rows, "sly").reference, epoch)
        assert named(sly, "plain").value == "1"
        assert (named(sly, "effect").state, named(sly, "effect").kind) == ("lazy", "property")
        slotted = await session.children(named(rows, "slotted").reference, epoch)
        assert named(slotted, "left").value == "'l'"
        loop = await session.children(named(rows, "loop").reference, epoch)
        assert loop[0].reference

        await session.set_breakpoints([])
        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.RUNNING)
        await session.refresh()
        assert await target.ask("ran") == {}


@on_pythons()
async def test_the_values_own_text_on_demand(python: str) -> None:
    async with running(python, "values.py") as target, attached(target) as (session, watcher):
        await session.set_breakpoints([target.breakpoint("tick")])
        frame, epoch = await frame_of(watcher, "hold")
        rows = await session.variables(frame, epoch)
        text = {
            name: await session.full_value(named(rows, name).reference, frame, epoch)
            for name in ("slow", "raising", "huge", "members")
            if named(rows, name).reference
        }
        by_name = {
            name: await session.full_value(name, frame, epoch) for name in ("raising", "members", "text")
        }
        assert text["members"] == by_name["members"] == "{1, 2, 3}"
        assert "RuntimeError" in by_name["raising"] and "no text for you" in by_name["raising"]
        assert 1_000 < len(by_name["text"]) <= 1 << 20
        # An object without attributes has no children and so no reference: ask for it by name.
        assert "slow" in (await session.full_value("slow", frame, epoch))
        huge = await session.full_value("huge", frame, epoch)
        assert len(huge) <= (1 << 20) + 100 and huge.startswith("x")
        await session.set_breakpoints([])
        await session.resume()
        ran = await target.ask("ran")
        assert ran["slow"] >= 1 and ran["huge"] >= 1


@on_pythons()
async def test_a_thousand_frames(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        await session.set_breakpoints([target.breakpoint("deepest")])
        target.tell("recurse")
        stop = await watcher.stopped()
        assert stop.focused is not None
        frames = stop.focused.frames
        assert (stop.focused.frames_total or 0) > 1_000 and len(frames) == 1_000
        assert frames[999].line == target.line("descend")
        started = time.monotonic()
        rows = await session.variables(frames[999], stop.epoch)
        assert named(rows, "depth").value == "999"
        assert time.monotonic() - started < 1.0
        await session.set_breakpoints([])
        await session.resume()
        assert await target.readline() == '"returned"'
