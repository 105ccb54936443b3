"""Pause, look, step, breakpoints of each kind, evaluate: on every interpreter."""

from __future__ import annotations

import pytest

from iqdebug.core.messages import render
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Origin, Phase, Snapshot, StopCause, ThreadState
from iqdebug.core.store import ProjectStore
from tests.dap.targets import attached, frame_of, named, on_pythons, running, step_to, top

pytestmark = pytest.mark.slow


@on_pythons()
async def test_pause_look_step_over_in_out(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        running_now = session.snapshot
        assert running_now.phase is Phase.RUNNING and running_now.origin is Origin.LIVE
        assert {t.name for t in running_now.threads} >= {"MainThread", "blocked"}

        await session.set_breakpoints([target.breakpoint("call")])
        snapshot = await watcher.stopped()
        assert (snapshot.phase, snapshot.origin, render(snapshot.reason)) == (
            Phase.PAUSED,
            Origin.DAP,
            "breakpoint",
        )
        assert snapshot.cause is StopCause.BREAKPOINT
        focused = snapshot.focused
        assert focused is not None and focused.is_main and focused.state is ThreadState.PAUSED
        assert [f.name for f in focused.frames] == ["outer", "main", "<module>"]
        assert [f.line for f in focused.frames[:2]] == [target.line("call"), target.line("work")]
        assert top(snapshot).path == str(target.path)
        assert top(snapshot).kind == "user"
        rows = await session.variables(focused.frames[1], snapshot.epoch)
        assert named(rows, "n").type == "int" and int(named(rows, "n").value) >= 1
        assert rows[-1].kind == "group" and rows[-1].name == "globals"

        await session.set_breakpoints([])
        await session.step(StepKind.IN, focused.id)
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert (top(snapshot).name, top(snapshot).line, render(snapshot.reason)) == (
            "inner",
            target.line("inner"),
            "step",
        )
        assert snapshot.cause is StopCause.STEP
        await session.step(StepKind.OVER, focused.id)
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert top(snapshot).line == target.line("inner-return")
        await session.step(StepKind.OUT, focused.id)
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert top(snapshot).name == "outer"
        snapshot = await step_to(session, watcher, target.line("after-call"))
        await session.step(StepKind.OVER, focused.id)
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert top(snapshot).line == target.line("outer-return")

        await session.run_to(str(target.path), target.line("inner-return"))
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert top(snapshot).line == target.line("inner-return")
        assert session.breakpoints == ()

        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.RUNNING)
        await target.goes_on()  # the line run to was a stop for once only
        await session.pause()
        snapshot = await watcher.stopped(after=snapshot.epoch)
        assert render(snapshot.reason) == "pause" and snapshot.cause is StopCause.PAUSE
        assert session.why_not(Capability.PAUSE) == "already paused"
        await session.detach()
        assert session.snapshot.phase is Phase.DETACHED
        await target.goes_on()


@on_pythons()
async def test_breakpoints_of_each_kind(python: str, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    store = ProjectStore("/project", tmp_path_factory.mktemp("store"))
    async with running(python, "service.py") as target:
        logs = target.breakpoint("outer-return", log_message="n is {n}, second {second}")
        async with attached(target) as (session, watcher):

            async def count_at(*, after: Snapshot | None = None) -> tuple[Snapshot, int]:
                stop = await watcher.stopped(after=after.epoch if after else -1)
                rows = await session.variables(stop.focused.frames[1], stop.epoch)  # type: ignore[union-attr]
                return stop, int(named(rows, "n").value)

            await session.set_breakpoints([target.breakpoint("call", condition="n % 50 == 0")])
            assert [b.verified for b in session.breakpoints] == [True]
            assert watcher.breakpoints == session.breakpoints
            stop, first = await count_at()
            assert first % 50 == 0
            await session.resume()
            stop, second = await count_at(after=stop)
            assert second == first + 50

            # A hit count starts with the breakpoint: the third time it is reached.
            await session.set_breakpoints([target.breakpoint("call", hit_condition="3")])
            await session.resume()
            stop, third = await count_at(after=stop)
            assert third == second + 3

            disabled = target.breakpoint("call", enabled=False)
            await session.set_breakpoints([disabled, logs])
            epoch = stop.epoch
            await session.resume()
            record = await watcher.logged(lambda r: r.text.startswith("n is "))
            words = record.text.replace(",", "").split()
            assert record.stream == "iqdebug"
            assert int(words[4]) == (int(words[2]) + 1) * 2 + 1
            assert session.snapshot.phase is Phase.RUNNING, "a log point must not stop"
            assert session.snapshot.epoch == epoch + 1
            await target.goes_on()
            store.save(session.breakpoints)
        async with attached(target, breakpoints=store.load()) as (session, watcher):
            assert [(b.line, b.enabled, b.log_message) for b in session.breakpoints] == [
                (disabled.line, False, ""),
                (logs.line, True, logs.log_message),
            ]
            await watcher.logged(lambda r: r.text.startswith("n is "))


@on_pythons()
async def test_evaluate_complete_and_set(python: str) -> None:
    async with running(python, "service.py") as target, attached(target) as (session, watcher):
        said = await session.evaluate("6 * 7", None, session.snapshot.epoch)
        assert (said.value, said.type, said.failed) == ("42", "int", False), "while it runs"
        assert (await session.evaluate("MARK = 'x'", None, 0)).failed is False
        assert (await session.evaluate("MARK", None, 0)).value == "'x'"
        assert "ZeroDivisionError" in (await session.evaluate("1 / 0", None, 0)).value
        assert (await session.evaluate("1 +", None, 0)).failed

        await session.set_breakpoints([target.breakpoint("after-call")])
        frame, epoch = await frame_of(watcher, "outer")
        said = await session.evaluate("first + 1000", frame, epoch)
        assert not said.failed and said.type == "int" and int(said.value) > 1000
        said = await session.evaluate("extra = [first, 'two']", frame, epoch)
        assert not said.failed
        said = await session.evaluate("extra", frame, epoch)
        assert said.value.endswith("'two']") and said.reference
        children = await session.children(said.reference, epoch)
        assert "'two'" in [v.value for v in children]
        said = await session.evaluate("1 / 0", frame, epoch)
        assert said.failed and "ZeroDivisionError" in said.value
        said = await session.evaluate("no_such_name", frame, epoch)
        assert said.failed and "NameError" in said.value

        names = [c.text for c in await session.complete("fir", 3, frame, epoch)]
        assert "first" in names
        assert any(c.text == "append" for c in await session.complete("extra.app", 9, frame, epoch))

        assert not (await session.set_variable("first", "77", frame, epoch)).failed
        rows = await session.variables(frame, epoch)
        assert named(rows, "first").value == "77"
        assert (await session.set_variable("first", "1 / 0", frame, epoch)).failed
        await session.step(StepKind.OVER, session.snapshot.focus or 0)
        stop = await watcher.stopped(after=epoch)
        rows = await session.variables(top(stop), stop.epoch)
        assert named(rows, "second").value == "78"

        # what was asked under an epoch that has passed is answered with nothing
        assert await session.variables(frame, epoch) in ((), frame.locals)
        assert await session.children(rows[-1].reference, epoch) == ()
        assert await session.complete("fir", 3, frame, epoch) == ()
        assert (await session.evaluate("first", frame, epoch)).failed
        assert (await session.set_variable("first", "5", frame, epoch)).failed
        assert await session.full_value(rows[-1].reference, frame, epoch) == ""
