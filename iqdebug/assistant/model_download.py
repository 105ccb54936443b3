"""Fetches a model's file while the conversation's screen lives on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from iqdebug.llm.gguf.pull import pull
from iqdebug.llm.presets import GgufFile

__all__ = ["ModelDownload"]


class _Stopped(Exception):
    pass


class ModelDownload:
    """One download, in a thread of its own. What an interrupted one left is gone on with.

    :param on_progress: bytes done and in all, at each further hundredth; on the event loop's thread.
    """

    def __init__(self, file: GgufFile, on_progress: Callable[[int, int], None]) -> None:
        self._file = file
        self._on_progress = on_progress
        self._stopped = threading.Event()
        self._hundredths = -1

    async def run(self) -> Path | None:
        """The file, whole and checked; None when it was stopped.

        :raises IqdebugError: it could not be fetched.
        """
        loop = asyncio.get_running_loop()

        def show(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise _Stopped
            if (hundredths := 100 * done // max(total, 1)) != self._hundredths:
                self._hundredths = hundredths
                loop.call_soon_threadsafe(self._on_progress, done, total)

        file = self._file
        try:
            return await asyncio.to_thread(
                pull, file.repository, file.file, sha256=file.sha256, on_bytes=show
            )
        except _Stopped:
            return None
        finally:
            self._stopped.set()

    def stop(self) -> None:
        """End it at the next piece. Idempotent."""
        self._stopped.set()
