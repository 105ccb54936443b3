"""Limits on a server's answers: time, bytes, characters."""

from __future__ import annotations

import asyncio
import time

import httpx

from iqdebug.core.messages import Message, message

__all__ = ["Endless", "ReplyBounds", "Unfinished", "fetched", "read_whole"]

MAX_BODY = 8_000_000
"""Bytes of an answer that is not streamed."""
MAX_STREAM = 64 * 2**20
"""Bytes of one that is."""
_MAX_EMPTY_EVENTS = 10_000  # in a row that say nothing
_MAX_CHARACTERS_PER_TOKEN = 64  # of what was asked for, in the mean; long tokens have some 20
_MIN_CHARACTER_LIMIT = 100_000
_MAX_REPLY_PATIENCES = 6  # times the patience for a first token


class Endless(httpx.HTTPError):
    """The server sends more than an answer can be; ``why`` says what."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.id)
        self.why = why


class Unfinished(httpx.RemoteProtocolError):
    """The answer ended before its end."""


async def fetched(
    client: httpx.AsyncClient, method: str, url: str, body: object = None, *, seconds: float
) -> httpx.Response:
    """The whole answer.

    :raises httpx.HTTPError: as httpx has it; :class:`Endless` for one that is too long.
    """
    try:
        return await asyncio.wait_for(_fetched(client, method, url, body, seconds), seconds)
    except asyncio.TimeoutError:  # another class than the builtin in 3.10
        raise httpx.ReadTimeout(f"no whole answer within {seconds:g} s") from None


async def _fetched(
    client: httpx.AsyncClient, method: str, url: str, body: object, seconds: float
) -> httpx.Response:
    request = client.build_request(method, url, json=body, timeout=seconds)
    answer = await client.send(request, stream=True)
    try:
        data = await read_whole(answer)
    finally:
        await answer.aclose()
    kept = [
        (k, v) for k, v in answer.headers.multi_items() if k not in ("content-encoding", "content-length")
    ]
    return httpx.Response(answer.status_code, headers=kept, content=data, request=request)


async def read_whole(answer: httpx.Response) -> bytes:
    """:raises Endless: it is longer than :data:`MAX_BODY`."""
    data = bytearray()
    async for chunk in answer.aiter_bytes():
        data += chunk
        if len(data) > MAX_BODY:
            raise Endless(message("llm.server.bytes", count=f"{MAX_BODY:,}"))
    return bytes(data)


class ReplyBounds:
    """Limits on one reply.

    :param patience: seconds without new text.
    :param max_tokens: what was asked for.
    :param characters: of the same answer, from earlier requests.
    """

    def __init__(self, patience: float, max_tokens: int, characters: int = 0) -> None:
        self._patience = patience
        self._most = characters + max(max_tokens * _MAX_CHARACTERS_PER_TOKEN, _MIN_CHARACTER_LIMIT)
        self._began = self._heard = time.monotonic()
        self._characters, self._empty = characters, 0

    def left(self) -> float:
        """Seconds until the next event has to be there."""
        now = time.monotonic()
        return max(
            min(self._heard + self._patience, self._began + _MAX_REPLY_PATIENCES * self._patience) - now,
            0.0,
        )

    def given_up(self) -> httpx.HTTPError:
        """The error to raise when :meth:`left` has passed."""
        if time.monotonic() - self._heard >= self._patience:
            return httpx.ReadTimeout("")
        seconds = f"{_MAX_REPLY_PATIENCES * self._patience:g}"
        return Endless(message("llm.server.not_whole", seconds=seconds))

    def take(self, characters: int) -> None:
        """Count an event; ``characters`` is the length of the answer so far.

        :raises Endless: too many, or too many events that say nothing.
        """
        if characters > self._characters:
            self._characters, self._empty, self._heard = characters, 0, time.monotonic()
        else:
            self._empty += 1
        if characters > self._most:
            raise Endless(message("llm.server.characters", count=f"{characters:,}"))
        if self._empty > _MAX_EMPTY_EVENTS:
            raise Endless(message("llm.server.empty_events", count=f"{self._empty:,}"))
