"""The crash that commands and tools work on: the recording, or a file written of the current stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability, DebugSession
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put

__all__ = ["CrashFiles"]


class CrashFiles:
    """:param recorded: the recording that the session is about; None of a process.
    :param on_written: called with words about each file that is written.
    """

    def __init__(self, recorded: Crash | None, on_written: Callable[[Text], None]) -> None:
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
        why: Text = message("assistant.needs_crash.why.not_attached")
        if session is not None:
            why = session.why_not(Capability.RECORD)
        if session is None or why or session.snapshot.exception is None:
            raise NotAvailable(
                message("assistant.needs_crash", purpose=purpose),
                why or message("assistant.needs_crash.why.no_exception"),
                message("assistant.needs_crash.fix"),
            )
        epoch = session.snapshot.epoch
        if self._written is None or self._written[:2] != (session, epoch):
            path = await asyncio.to_thread(put, *await session.record())
            self._on_written(message("assistant.note.crash_file_kept", path=str(path)))
            self._written = (session, epoch, open_crash(path))
        return self._written[2]
