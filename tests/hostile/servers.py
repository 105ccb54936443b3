"""Servers on loopback that send harmful answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.llm.fake_server import FakeServer

Stream = Callable[[], AsyncIterator[bytes]]


class StreamingServer(FakeServer):
    """Answers each chat request with these bytes, until they end or the client disconnects.

    ``sent`` counts them.
    """

    def __init__(self, stream: Stream, kind: str = "vllm") -> None:
        super().__init__((), kind)
        self.window = 65_536
        self.sent = 0
        self._stream = stream

    async def _chat(self, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        async for part in self._stream():
            writer.write(part)
            self.sent += len(part)
            await writer.drain()
        writer.close()


def for_ever(part: bytes, pause: float = 0.0) -> Stream:
    async def stream() -> AsyncIterator[bytes]:
        while True:
            yield part
            await asyncio.sleep(pause)

    return stream


def once(*parts: bytes) -> Stream:
    async def stream() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return stream
