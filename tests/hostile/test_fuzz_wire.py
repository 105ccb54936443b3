"""A hostile target's messages on both connections give events, a value or an error, and then end."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from iqdebug.core.errors import IqdebugError, ProtocolError
from iqdebug.dap import protocol
from iqdebug.dap.agent_client import AgentClient
from iqdebug.dap.client import DapClient, decode_body
from tests.hostile.fuzzing import HOSTILE_TEXTS, bounded, chance_of, mutated_bytes, no_growth

_TOGETHER = 50  # connections at a time


def agent_frame(message: Any) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


def dap_frame(message: Any) -> bytes:
    data = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(data) + data


STACK = {"threads": [{"id": 1, "name": "main\ud800", "frames": [{"name": "f", "line": 3, "locals": None}]}]}
AGENT = [
    {"id": 1, "result": STACK},
    {"id": 1, "error": "no such frame"},
    {"event": "output", "lines": [["stdout", "words \udfff", 1.5]]},
    {"event": "ended"},
    {"id": [1], "result": None},
    {"id": None},
    [1],
    "text",
]
DAP = [
    {"seq": 1, "type": "event", "event": "stopped", "body": {"reason": "breakpoint", "threadId": 1}},
    {"seq": 2, "type": "event", "event": "output", "body": {"output": "words \ud800\n"}},
    {
        "seq": 3,
        "type": "response",
        "request_seq": 1,
        "success": True,
        "command": "x",
        "body": {"result": "1"},
    },
    {"seq": 4, "type": "response", "request_seq": 1, "success": False, "message": "no \udfff"},
    {"seq": 5, "type": "request", "command": "runInTerminal", "arguments": {}},
    {"seq": 6, "type": "event", "event": "stopped"},
]


async def agent_case(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    closed = asyncio.Event()
    events: list[dict[str, Any]] = []
    client = AgentClient(reader, writer, events.append, closed.set)
    asked = asyncio.create_task(client.request("stacks", timeout=5.0))
    await asyncio.sleep(0)
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    try:
        await asked
    except IqdebugError as error:
        assert error.lines()
    await asyncio.wait_for(closed.wait(), 5)
    await client.close()
    theirs.close()


def take(event: protocol.Event) -> None:
    """Read the messages like a session does."""
    if event.event == "stopped":
        decode_body(event.body, protocol.StoppedBody)
    elif event.event == "output":
        decode_body(event.body, protocol.OutputBody)


async def dap_case(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    closed = asyncio.Event()
    failures: list[IqdebugError | None] = []

    def over(failure: IqdebugError | None) -> None:
        failures.append(failure)
        closed.set()

    client = DapClient(reader, writer, take, over)
    asked = asyncio.create_task(client.fetch("evaluate", {}, protocol.EvaluateBody, timeout=5.0))
    await asyncio.sleep(0)
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    try:
        assert isinstance((await asked).result, str)
    except IqdebugError as error:
        assert error.lines()
    await asyncio.wait_for(closed.wait(), 5)
    assert failures[0] is None or isinstance(failures[0], ProtocolError)
    await client.close()
    theirs.close()


Case = tuple[Callable[[Any], bytes], list[Any], Callable[[bytes], Any]]


@pytest.mark.parametrize("name", ["agent", "dap"])
async def test_fuzz_wire(name: str, fuzz_cases: int) -> None:
    frame, messages, case = (
        (agent_frame, AGENT, agent_case) if name == "agent" else (dap_frame, DAP, dap_case)
    )
    chance = chance_of(f"wire {name}")
    left = fuzz_cases
    with no_growth():
        while left > 0:
            batch = []
            for _ in range(min(left, _TOGETHER)):
                chosen = [chance.choice(messages) for _ in range(chance.randrange(1, 4))]
                if chance.random() < 0.3:
                    chosen.append({**chance.choice(DAP), "event": chance.choice(HOSTILE_TEXTS)})
                data = b"".join(map(frame, chosen))
                batch.append(mutated_bytes(data, chance, data)[: 1 << 16] if chance.random() < 0.9 else data)
            left -= len(batch)
            with bounded(batch[0]):
                await asyncio.gather(*map(case, batch))


@pytest.mark.parametrize("depth", [100_000])
async def test_fuzz_wire_deep(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    await agent_case(struct.pack(">I", len(deep)) + deep)
    body = b'{"type": "event", "event": "stopped", "body": ' + deep + b"}"
    await dap_case(b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def test_a_lone_surrogate_does_not_end_the_connection() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    client = AgentClient(reader, writer, lambda event: None, lambda: None)
    asked = asyncio.create_task(client.request("stacks", timeout=5.0))
    await asyncio.sleep(0)
    theirs.sendall(agent_frame({"id": 1, "result": STACK}))
    assert (await asked)["threads"][0]["name"] == "main\\ud800"
    await client.close()
    theirs.close()
