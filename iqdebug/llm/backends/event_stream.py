"""A server's events until the reply is cancelled or given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from iqdebug.llm.backends.http_bounds import ReplyBounds
from iqdebug.llm.backends.http_errors import explained
from iqdebug.llm.backends.http_server import Server

__all__ = ["events_until_cancelled"]

_MAX_QUEUED_EVENTS = 64


async def events_until_cancelled(
    server: Server, body: dict[str, object], bounds: ReplyBounds, cancelled: asyncio.Event
) -> AsyncGenerator[str, None]:
    """Each event; ends as soon as ``cancelled`` is set, also before the first event.

    :raises ModelError: the server fails, or exceeds the bounds.
    """
    queue: asyncio.Queue[str | Exception | None] = asyncio.Queue(_MAX_QUEUED_EVENTS)

    async def read() -> None:
        try:
            async with aclosing(server.events(body)) as events:
                async for data in events:
                    await queue.put(data)
        except Exception as error:
            await queue.put(error)
        else:
            await queue.put(None)

    reading = asyncio.create_task(read())
    stop = asyncio.create_task(cancelled.wait())
    try:
        while True:
            coming = asyncio.create_task(queue.get())
            await asyncio.wait((coming, stop), timeout=bounds.left(), return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                coming.cancel()
                return
            if not coming.done():
                coming.cancel()
                raise explained(bounds.given_up(), server.base, server.key)
            event = coming.result()
            if isinstance(event, Exception):
                raise event
            if event is None:
                return
            yield event
    finally:
        stop.cancel()
        reading.cancel()
        await asyncio.gather(reading, stop, return_exceptions=True)
