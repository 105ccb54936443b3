"""What a session reports, kept for tools: the last log records, and a way to wait for the next stop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, LogRecord, Phase, Snapshot

__all__ = ["OVER", "Events"]

OVER = (Phase.ENDED, Phase.DETACHED)
MAX_LOG_RECORDS = 5_000
VALUES_TIMEOUT = 0.6  # seconds for the values of a stop, which come after its stack


class Events:
    """A listener of one session, from now until :meth:`close`."""

    def __init__(self, session: DebugSession) -> None:
        self._current: Callable[[], Snapshot] = lambda: session.snapshot
        self._changed = asyncio.Event()
        self.logs: deque[LogRecord] = deque(maxlen=MAX_LOG_RECORDS)
        self.lost = 0
        self.log_count = 0
        self._stop = session.subscribe(self)

    def close(self) -> None:
        self._stop()

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self._changed.set()

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.logs.extend(records)
        self.log_count += len(records)
        self.lost += dropped
        self._changed.set()

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self._changed.set()

    async def stopped(self, after: int, seconds: float) -> Snapshot | None:
        """The next stop later than epoch ``after``, with its values, or the end; None when neither came
        in time."""

        def described() -> bool:
            s = self._current()
            return s.phase in OVER or (s.phase.is_stopped and s.epoch > after and s.revision > 0)

        if not await self._until(described, seconds):
            return None
        epoch = self._current().epoch

        def whole() -> bool:
            s = self._current()
            thread = s.focused
            frames = [f for f in thread.frames if f.kind == "user"] if thread is not None else []
            return s.epoch != epoch or s.phase in OVER or not frames or frames[0].locals is not None

        await self._until(whole, VALUES_TIMEOUT)
        return self._current()

    async def _until(self, fulfilled: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not fulfilled():
            left = deadline - loop.time()
            if left <= 0:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                return fulfilled()
        return True
