"""The crash that commands and tools work on: the recording, or a file written of the current stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from iqdebug.core.errors import NotAvailable
from iqdebug.core.session import Capability, DebugSession
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put

__all__ = ["CrashFiles"]

_HOW_TO_CATCH_ONE = "`iqdebug run`, `iqdebug diagnose -- COMMAND` and `python -m iqdebug.capture` catch one"


class CrashFiles:
    """:param recorded: the recording that the session is about; None of a process.
    :param on_written: called with words about each file that is written.
    """

    def __init__(self, recorded: Crash | None, on_written: Callable[[str], None]) -> None:
        self._recorded = recorded
        self._on_written = on_written
        self._written: tuple[DebugSession, int, Crash] | None = None  # of which session and epoch

    async def of(self, session: DebugSession | None, purpose: str) -> Crash:
        """The recording, or a file of the exception at which the process stands; one stop is written
        once.

        :param purpose: what needs it, for the message.
        :raises NotAvailable: the process stands at no exception.
        :raises IqdebugError: the file cannot be written.
        """
        if self._recorded is not None:
            return self._recorded
        why = session.why_not(Capability.RECORD) if session is not None else "not attached"
        if session is None or why or session.snapshot.exception is None:
            why = why or "the process stands at no exception"
            raise NotAvailable(f"{purpose} needs a crash that can be repeated", why, _HOW_TO_CATCH_ONE)
        epoch = session.snapshot.epoch
        if self._written is None or self._written[:2] != (session, epoch):
            path = await asyncio.to_thread(put, *await session.record())
            self._on_written(f"kept as a crash file; iqdebug open {path}")
            self._written = (session, epoch, open_crash(path))
        return self._written[2]
