"""Work that a session does beside what it was asked for, such as reading a stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from iqdebug.core.errors import IqdebugError
from iqdebug.dap.agent_rows import UNEXPECTED_SHAPE, unexpected_shape

__all__ = ["BackgroundTasks"]

log = logging.getLogger(__name__)


class BackgroundTasks:
    """Foreseeable failures of the work are logged, and end nothing else."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        for task in list(self._tasks):
            task.cancel()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except IqdebugError as error:
        log.info("background work ended: %s", error)
    except TimeoutError:
        log.info("background work ended: no answer in time")
    except UNEXPECTED_SHAPE as error:
        log.warning("background work ended: %s", unexpected_shape(error))
