"""Work that a session does beside what it was asked for, such as reading a stop."""

from __future__ import annotations

import logging
from collections.abc import Coroutine

from iqdebug.core.background_tasks import BackgroundTasks
from iqdebug.core.errors import IqdebugError
from iqdebug.dap.agent_rows import UNEXPECTED_SHAPE, unexpected_shape

__all__ = ["LoggedTasks"]

log = logging.getLogger(__name__)


class LoggedTasks(BackgroundTasks):
    """Foreseeable failures of the work are logged, and end nothing else."""

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        super().spawn(_logged(work))


async def _logged(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except IqdebugError as error:
        log.info("background work ended: %s", error)
    except TimeoutError:
        log.info("background work ended: no answer in time")
    except UNEXPECTED_SHAPE as error:
        log.warning("background work ended: %s", unexpected_shape(error))
