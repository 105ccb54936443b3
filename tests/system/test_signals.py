"""What is ended by a signal still cleans up, with all that it needs for it running."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from iqdebug.system import signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_clean_up_has_its_helpers_and_is_not_interrupted_again(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    said: list[str] = []

    async def helper(asked: asyncio.Event, answered: asyncio.Event) -> None:
        await asked.wait()
        answered.set()

    async def work() -> None:
        asked, answered = asyncio.Event(), asyncio.Event()
        task = asyncio.ensure_future(helper(asked, answered))
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), number)
            asked.set()
            await answered.wait()
            said.append("cleaned up")
            await task

    with pytest.raises(KeyboardInterrupt):
        signals.run(work())
    assert said == ["cleaned up"]
    assert signal.getsignal(number) in (before, signal.default_int_handler)


def test_without_a_signal_it_returns_or_raises() -> None:
    async def returns() -> int:
        return 7

    async def fails() -> None:
        raise ValueError("of its own")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    assert signals.run(returns()) == 7
    with pytest.raises(ValueError, match="of its own"):
        signals.run(fails())
    with pytest.raises(asyncio.CancelledError):
        signals.run(cancelled())
