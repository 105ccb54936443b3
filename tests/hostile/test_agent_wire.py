"""The target may send anything over the agent's connections: whatever is no message of the agent's ends the
connection with an error message, using little memory and time, without a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from iqdebug.core.errors import IqdebugError, ProtocolError, RequestFailed
from iqdebug.core.json_text import json_text
from iqdebug.core.messages import render
from iqdebug.core.state import Phase, ProcessInfo, Snapshot
from iqdebug.core.state_lines import snapshot_lines
from iqdebug.dap import protocol
from iqdebug.dap.agent_client import MAX_MESSAGE, AgentClient, Lease
from iqdebug.dap.agent_rows import ThreadsAnswer, decode
from iqdebug.dap.client import DapClient
from iqdebug.dap.rendezvous import MAX_GREETINGS, Rendezvous
from iqdebug.dap.session import Session
from tests.dap.targets import attached, on_pythons, running

pytestmark = pytest.mark.slow

INFO = ProcessInfo(os.getpid(), "", "3.11.0", "", "")
VARIABLE = {"n": "x", "v": "1", "t": "int", "r": 0, "s": 3, "st": "ok", "k": "local", "e": "x"}
FRAME = {"id": 4, "name": "f", "path": "/a.py", "line": 3, "mod": "a", "first": 1, "locals": [VARIABLE]}
FRAME["span"] = [3, 3, 4, 9]
THREAD = {"id": 1, "ident": 7, "name": "t", "os": 5, "main": True, "stopped": False, "total": 1}
THREAD["wait"] = {"id": "wait.hub", "values": [["library", "gevent"]]}
TASK = {"name": "task", "coro": "main", "running": False, "awaiting": "", "frames": [FRAME]}
ANSWERS: dict[str, Any] = {
    "threads": {"threads": [{**THREAD, "frames": [FRAME]}], "tasks": [TASK]},
    "locals": [VARIABLE],
    "children": [VARIABLE],
    "repr": {"text": "x"},
    "read": {"v": "1", "t": "int", "r": 2},
    "evaluate": {"text": "1", "type": "int"},
    "record": {"name": "a.iqcrash", "data": "aGFsbG8="},
}
LOGS = {"event": "logs", "records": [{"t": 1.0, "s": "stdout", "x": "line"}], "dropped": 0}


def framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


class Far:
    """The target's side of one connection."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        self.events: list[Any] = []
        self.closed = asyncio.Event()

    async def agent(self) -> AgentClient:
        streams = await asyncio.open_connection(sock=self.near)
        return AgentClient(*streams, self.events.append, self.closed.set)

    async def say(self, data: bytes) -> None:
        self.far.setblocking(False)
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self.far, data)


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    made = Far(*socket.socketpair())
    yield made
    made.far.close()


async def given_up(far: Far, data: bytes) -> IqdebugError:
    """The error of a request that is answered with these bytes."""
    agent = await far.agent()
    try:
        asking = asyncio.ensure_future(agent.request("threads", timeout=10.0))
        saying = asyncio.ensure_future(far.say(data))
        with pytest.raises(ProtocolError) as caught:
            await asking
        await asyncio.wait_for(far.closed.wait(), 5)
        await saying
        assert agent.failure is caught.value and 1 <= len(caught.value.lines()) <= 3
        with pytest.raises(ProtocolError):
            await agent.request("threads")
        return caught.value
    finally:
        await agent.close()


async def test_a_huge_stated_length_is_refused(far: Far) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await given_up(far, struct.pack(">I", 2_800_000_000) + bytes(1 << 20))
    assert "2,800,000,000" in error.why
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"[]",
        b"7",
        b'{"id": []}',
        b'{"id": {}, "result": 1}',
        b'"\xff"',
        b'"\\ud800"',
        b"",
        b"{",
        bytes(1000),
    ],
    ids=range(11),
)
async def test_malformed_contents_end_the_connection(far: Far, content: bytes) -> None:
    await given_up(far, framed(content))


async def test_a_message_of_maximum_length_is_accepted(far: Far) -> None:
    agent = await far.agent()
    text = "x" * (MAX_MESSAGE - 30)
    asking = asyncio.ensure_future(agent.request("repr", timeout=20.0))
    await asyncio.sleep(0)
    await far.say(framed(json.dumps({"id": 1, "result": text}).encode()))
    assert await asking == text
    await agent.close()


def test_a_sentence_of_the_agents_is_a_flat_message() -> None:
    answer = {"threads": [{**THREAD, "frames": []}], "tasks": []}
    (row,) = decode(answer, ThreadsAnswer).threads
    assert render(row.wait) == "waiting for events: the gevent hub"
    for value in ({"id": "quoted", "values": []}, ["gevent"], None):
        said = {"id": "wait.hub", "values": [["library", value]]}
        with pytest.raises(ProtocolError):
            decode({**answer, "threads": [{**THREAD, "frames": [], "wait": said}]}, ThreadsAnswer)


def mutated(chance: random.Random, value: Any, depth: int = 0) -> Any:
    """The value with some of its parts replaced by other types, or left out."""
    odd: list[Any] = [None, True, -1, 1 << 70, 1.5, "", "x", "\x1b[31m", [], {}, [[]], {"n": 1}, "y" * 5000]
    if chance.random() < 0.12:
        return chance.choice(odd)
    if isinstance(value, dict):
        kept = {k: mutated(chance, v, depth + 1) for k, v in value.items() if chance.random() > 0.03}
        return {**kept, chance.choice(["more", "os", "r"]): chance.choice(odd)} if depth > 9 else kept
    if isinstance(value, list):
        return [mutated(chance, v, depth + 1) for v in value] * chance.choice([1, 1, 1, 3])
    return value


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> int:
    count = int(request.config.getoption("fuzz_cases", 300))
    request.applymarker(pytest.mark.timeout(60 + count // 20))
    return count


class _Ear:
    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self.snapshots = [snapshot]

    def logs_arrived(self, records: Any, dropped: int) -> None:
        for record in records:
            assert type(record.text) is str and type(dropped) is int

    def breakpoints_changed(self, breakpoints: Any) -> None:
        pass


async def test_fuzz_answers_of_every_shape(cases: int) -> None:
    """Whatever the answer is, a session shows it or reports an error."""
    chance = random.Random(13)
    done = 0
    while done < cases:
        near, far = socket.socketpair()
        near_dap, far_dap = socket.socketpair()
        near_lease, far_lease = socket.socketpair()
        session, ear = Session(INFO), _Ear()
        session.subscribe(ear)
        agent = AgentClient(
            *await asyncio.open_connection(sock=near), session.agent_event, session.agent_closed
        )
        dap = await asyncio.open_connection(sock=near_dap)
        client = DapClient(*dap, session.dap_event, session.dap_closed)
        session.connect(client, agent, Lease(near_lease))
        session.target.store.update(0, phase=Phase.RUNNING)
        serving = asyncio.ensure_future(_serve(far, chance))
        try:
            while done < cases and not agent.closed:
                done += 1
                await _ask_everything(session)
                shown = session.snapshot
                assert json_text(shown) and snapshot_lines(shown)
        finally:
            serving.cancel()
            await session.detach()
            for each in (far, far_dap, far_lease):
                each.close()


async def _ask_everything(session: Session) -> None:
    client = session.target.client
    for ask in (
        session.refresh,
        lambda: client.variables(1),
        lambda: client.children(1, 0, 10),
        lambda: client.own_repr(1, None),
        lambda: client.read("x", None),
        lambda: client.evaluate_in_agent("x", None),
        lambda: client.record(thread=1, hold=None, why="caught", how="held", said=""),
    ):
        with contextlib.suppress(IqdebugError, TimeoutError):
            await ask()


async def _serve(far: socket.socket, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection(sock=far)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
        while True:
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            message = json.loads(await reader.readexactly(size))
            answer = mutated(chance, ANSWERS.get(message["op"], {}))
            writer.write(framed(json.dumps({"id": message["id"], "result": answer}).encode()))
            if chance.random() < 0.05:
                writer.write(framed(json.dumps(mutated(chance, LOGS)).encode()))


@pytest.mark.parametrize(
    "event",
    [
        {"event": "stopped", "body": {"reason": [], "threadId": "x"}},
        {"event": "output", "body": {"output": 7}},
        {"event": "stopped", "body": 3},
    ],
    ids=range(3),
)
async def test_debug_events_of_another_shape(event: dict[str, Any]) -> None:
    near, far = socket.socketpair()
    session = Session(INFO)
    failures: list[IqdebugError | None] = []
    client = DapClient(*await asyncio.open_connection(sock=near), session.dap_event, failures.append)
    content = json.dumps({"seq": 1, "type": "event", **event}).encode()
    far.sendall(b"Content-Length: %d\r\n\r\n" % len(content) + content)
    asking = client.request("threads", timeout=10.0)
    with pytest.raises(ProtocolError):
        await asking
    assert isinstance(failures[0], ProtocolError)
    await client.close()
    far.close()


async def test_a_server_that_sends_requests_and_never_reads() -> None:
    near, far = socket.socketpair()
    failed: asyncio.Future[IqdebugError | None] = asyncio.get_running_loop().create_future()
    client = DapClient(*await asyncio.open_connection(sock=near), lambda event: None, failed.set_result)
    content = b'{"seq": 1, "type": "request", "command": "runInTerminal"}'
    flood = (b"Content-Length: %d\r\n\r\n" % len(content) + content) * 200_000
    far.setblocking(False)
    saying = asyncio.ensure_future(asyncio.get_running_loop().sock_sendall(far, flood))
    assert isinstance(await asyncio.wait_for(failed, 30), ProtocolError)
    with contextlib.suppress(OSError):
        await saying
    await client.close()
    far.close()


def test_deeply_nested_content_is_refused() -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(b'{"type": "event", "event": "x", "body": ' + b"[" * 200_000)


async def test_silent_connections_use_no_resources() -> None:
    meeting = Rendezvous(os.getpid(), os.geteuid())
    meeting.start()
    silent = []
    try:
        for _ in range(4 * MAX_GREETINGS):
            one = socket.socket(socket.AF_UNIX)
            one.connect(str(meeting.path))
            silent.append(one)
            await asyncio.sleep(0)
            assert len(meeting._greetings) <= MAX_GREETINGS
        for _ in range(200):  # until all have been accepted
            await asyncio.sleep(0.001)
        assert len(meeting._greetings) <= MAX_GREETINGS
    finally:
        for one in silent:
            one.close()
        meeting.close()
        await asyncio.sleep(0.01)  # the greetings that were broken off end


TURNS = """
__import__('threading').Thread(target=lambda: [
    s.send(b'\\xa6\\xe4\\x9c\\x00' + bytes(1000))
    for n in __import__('os').listdir('/proc/self/fd')
    if __import__('os').path.realpath('/proc/self/fd/' + n).rpartition('/')[2].startswith('socket:')
    for s in [__import__('socket').socket(fileno=__import__('os').dup(int(n)))]
    if s.family == 1
]).start()
"""


@on_pythons("3.11")
async def test_a_target_that_turns_hostile_is_released(python: str) -> None:
    async with running(python, "service.py") as target:
        async with attached(target) as (session, watcher):
            with contextlib.suppress(IqdebugError, RequestFailed, TimeoutError):
                await session.evaluate("".join(TURNS.splitlines()), None, session.snapshot.epoch)
            last = await watcher.until(lambda s: s.phase is Phase.DETACHED)
            assert "given up" in render(last.reason) or "DAP" in render(last.reason)
        await target.goes_on()
