"""Tasks that run beside what a session was asked for, and that are awaited or cancelled together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

__all__ = ["BackgroundTasks"]


class BackgroundTasks:
    """Keeps a reference to each task until it ends. Failures are never raised here; the work itself
    catches what it expects."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Wait until no task is left, those included that are spawned meanwhile."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel(self) -> None:
        """Ask each task to end. :meth:`finished` waits until they have."""
        for task in tuple(self._tasks):
            task.cancel()
