"""Brings pydevd into a program that iqdebug started, when it is first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from iqdebug.core.errors import CannotAttach, IqdebugError
from iqdebug.core.messages import Text, message
from iqdebug.dap.agent_rows import OpenedRow
from iqdebug.dap.client import DapClient
from iqdebug.dap.handshake import ExceptionFilter, handshake
from iqdebug.dap.live_target import LiveTarget
from iqdebug.dap.rendezvous import Rendezvous

__all__ = ["DebuggerLoader"]

log = logging.getLogger(__name__)

OPEN_TIMEOUT = 20.0
"""Seconds for pydevd to be imported and to answer."""

_FAILED = message("dap.no_debugger")


class DebuggerLoader:
    """:param exceptions: those that pydevd stops at when they are raised.
    :param on_closed: called when the debug connection has ended.
    """

    def __init__(
        self,
        target: LiveTarget,
        rendezvous: Rendezvous,
        exceptions: Sequence[ExceptionFilter],
        on_closed: Callable[[IqdebugError | None], None],
    ) -> None:
        self._target = target
        self._rendezvous = rendezvous
        self._exceptions = exceptions
        self._on_closed = on_closed
        self._lock = asyncio.Lock()
        self.failure: CannotAttach | None = None
        """Why pydevd cannot be had, once that is known."""

    @property
    def is_loaded(self) -> bool:
        return self._target.client.dap is not None

    async def load(self) -> None:
        """Returns once pydevd is in the program, at once where it is already.

        :raises CannotAttach: that is not possible; it is not tried again.
        """
        async with self._lock:
            if self.failure is not None:
                raise self.failure
            if self.is_loaded:
                return
            try:
                await self._load()
            except (IqdebugError, TimeoutError) as error:
                log.info("pydevd could not be brought in: %s", error)
                reason: Text = message("dap.no_answer_in_time")
                if isinstance(error, IqdebugError):
                    reason = [text for text in error.texts if text][-1]
                self.failure = CannotAttach(_FAILED, reason)
                raise self.failure from error

    async def _load(self) -> None:
        target, rendezvous = self._target, self._rendezvous
        opened = await target.client.ask_agent_maybe("open", OpenedRow, OPEN_TIMEOUT)
        if opened is not None:
            raise CannotAttach(_FAILED, opened.refused)
        connection = await asyncio.wait_for(rendezvous.connection("dap"), OPEN_TIMEOUT)
        stream = await asyncio.open_connection(sock=connection)
        dap = target.client.dap = DapClient(*stream, target.dap_event, self._on_closed)
        await handshake(
            target,
            dap,
            rendezvous.token,
            exceptions=self._exceptions,
            breakpoints=target.breakpoints.current,
            # Else every exception that the standard library raises and catches by itself would stop it.
            just_my_code=bool(self._exceptions),
            pause=False,
            timeout=OPEN_TIMEOUT,
        )
