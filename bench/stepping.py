"""Steps through iqdebug's session, timed from the request to the variables of the new stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from iqdebug.core.session import StepKind
from iqdebug.core.state import Breakpoint, LogRecord, Phase, ProcessInfo, Snapshot
from iqdebug.dap.attach import AttachOptions, attach

__all__ = ["Stops", "step_times"]


class Stops:
    """Signals when a snapshot shows the stack of a stop."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._last = 0

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        if snapshot.phase is Phase.PAUSED and snapshot.threads and snapshot.revision:
            self._last = snapshot.epoch
            self._changed.set()

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        pass

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass

    async def after(self, epoch: int) -> None:
        while self._last <= epoch:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 10)


async def step_times(pid: int, version: str, steps: int) -> list[float]:
    """Seconds of each step: step over, the new stop's stacks, and its top frame's variables."""
    info = ProcessInfo(pid=pid, user="", python=version, command="", cwd="")
    session = await attach(info, AttachOptions(exceptions=()))
    stops = Stops()
    session.subscribe(stops)
    times = []
    try:
        epoch = session.snapshot.epoch
        await session.pause()
        await stops.after(epoch)
        for _ in range(steps):
            epoch = session.snapshot.epoch
            started = time.perf_counter()
            thread = session.snapshot.focused
            assert thread is not None
            await session.step(StepKind.OVER, thread.id)
            await stops.after(epoch)
            now = session.snapshot
            assert now.focused is not None
            await session.variables(now.focused.frames[0], now.epoch)
            times.append(time.perf_counter() - started)
    finally:
        await session.detach()
    return times
