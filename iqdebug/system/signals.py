"""Cancels what runs on an event loop at SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import TypeVar

__all__ = ["run"]

T = TypeVar("T")
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Coroutine[None, None, T]) -> T:
    """As ``asyncio.run``; the first of SIGINT, SIGTERM and SIGHUP cancels ``work`` alone, so that its
    clean-up can still use the loop; later signals are ignored until it is done. On the main thread only.

    :raises KeyboardInterrupt: it was ended by one of them.
    """
    ended = False

    async def listening() -> T | None:
        nonlocal ended
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                task.cancel()

        for number in _ENDING:
            loop.add_signal_handler(number, end)
        try:
            return await task
        except asyncio.CancelledError:
            if not ended:
                raise
            return None
        finally:
            for number in _ENDING:
                with contextlib.suppress(ValueError):
                    loop.remove_signal_handler(number)

    result = asyncio.run(listening())
    if ended:
        raise KeyboardInterrupt
    return result  # type: ignore[return-value]
