"""The DAP client against a fake server: answers, deadlines, garbage, the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from iqdebug.core.errors import ConnectionLost, IqdebugError, ProtocolError, RequestFailed
from iqdebug.dap import protocol
from iqdebug.dap.client import DapClient


class FakeServer:
    """The far end of a client's connection; hears requests, says what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.events: list[protocol.Event] = []
        self.closed: list[IqdebugError | None] = []
        self.gone = asyncio.Event()

    def on_closed(self, failure: IqdebugError | None) -> None:
        self.closed.append(failure)
        self.gone.set()

    async def request(self) -> dict[str, Any]:
        header = await self.reader.readuntil(b"\r\n\r\n")
        content = await self.reader.readexactly(int(header.split(b":")[1]))
        found: dict[str, Any] = json.loads(content)
        return found

    def say(self, **message: Any) -> None:
        self.raw(json.dumps({"seq": 1, **message}).encode())

    def answer(self, request: dict[str, Any], **rest: Any) -> None:
        self.say(type="response", request_seq=request["seq"], **{"success": True, **rest})

    def raw(self, content: bytes) -> None:
        self.writer.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)


@pytest.fixture
async def pair() -> AsyncIterator[tuple[DapClient, FakeServer]]:
    near, far = socket.socketpair()
    server = FakeServer(*await asyncio.open_connection(sock=far))
    client = DapClient(*await asyncio.open_connection(sock=near), server.events.append, server.on_closed)
    yield client, server
    await client.close()
    server.writer.close()
    with contextlib.suppress(OSError):
        await server.writer.wait_closed()


Pair = tuple[DapClient, FakeServer]


async def test_answers_find_their_requests_in_any_order(pair: Pair) -> None:
    client, server = pair
    first = asyncio.create_task(client.fetch("a", {}, dict, timeout=5))
    second = asyncio.create_task(client.fetch("b", {}, dict, timeout=5))
    asked = [await server.request(), await server.request()]
    server.say(type="event", event="unheard-of", body={"x": [1]})
    server.answer(asked[1], body={"n": asked[1]["command"]})
    server.answer({"seq": 4711})
    server.answer(asked[0], body={"n": asked[0]["command"]})
    server.answer(asked[0], body={"n": "again"})
    assert (await first, await second) == ({"n": "a"}, {"n": "b"})
    assert [e.event for e in server.events] == ["unheard-of"]


async def test_a_refusal_carries_the_servers_words(pair: Pair) -> None:
    client, server = pair
    asked = asyncio.create_task(client.request("next", {}, timeout=5))
    server.answer(await server.request(), success=False, message="not now")
    with pytest.raises(RequestFailed, match="not now"):
        await asked


async def test_a_late_answer_is_dropped(pair: Pair) -> None:
    client, server = pair
    with pytest.raises(TimeoutError):
        await client.request("slow", {}, timeout=0.01)
    late = await server.request()
    server.answer(late)
    asked = asyncio.create_task(client.fetch("quick", {}, dict, timeout=5))
    server.answer(await server.request(), body={"ok": 1})
    assert await asked == {"ok": 1}


async def test_reverse_requests_are_refused(pair: Pair) -> None:
    _, server = pair
    server.say(type="request", command="startDebugging", arguments={})
    refusal = await server.request()
    assert (refusal["type"], refusal["success"], refusal["command"]) == ("response", False, "startDebugging")


async def test_a_body_of_another_shape_is_an_error_in_words(pair: Pair) -> None:
    client, server = pair
    asked = asyncio.create_task(client.fetch("threads", {}, protocol.BreakpointsBody, timeout=5))
    server.answer(await server.request(), body={"breakpoints": "none"})
    with pytest.raises(ProtocolError):
        await asked
    assert not client.closed


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"Content-Length: 9999999999999\r\n\r\n",
        b'Content-Length: 10\r\n\r\n{"type": "',
        b"Content-Length: 4\r\n\r\nnull",
        b"\0" * 9000,
    ],
)
async def test_garbage_ends_the_connection_and_what_waits_for_it(pair: Pair, garbage: bytes) -> None:
    client, server = pair
    asked = asyncio.create_task(client.request("threads", {}, timeout=5))
    await server.request()
    server.writer.write(garbage)
    with pytest.raises(ProtocolError):
        await asked
    await asyncio.wait_for(server.gone.wait(), 5)
    assert isinstance(server.closed[0], ProtocolError) and len(server.closed) == 1
    with pytest.raises(ConnectionLost):
        await client.request("threads", {}, timeout=5)


async def test_the_end_of_the_stream_fails_what_waits(pair: Pair) -> None:
    client, server = pair
    asked = asyncio.create_task(client.request("threads", {}, timeout=5))
    await server.request()
    server.raw(b'{"type": "event", "event": "last"}')
    server.writer.write(b"Content-Length: 50\r\n\r\n{")
    server.writer.close()
    with pytest.raises(ConnectionLost):
        await asked
    await asyncio.wait_for(server.gone.wait(), 5)
    assert server.closed == [None]
    assert [e.event for e in server.events] == ["last"]


async def test_closing_fails_what_waits(pair: Pair) -> None:
    client, server = pair
    asked = asyncio.create_task(client.request("threads", {}, timeout=5))
    await server.request()
    await client.close()
    with pytest.raises(ConnectionLost):
        await asked
    await client.close()
    assert server.closed == [None]
