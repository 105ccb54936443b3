"""The stop reader against the far end of real connections: what is read, what is dropped, what is said when
nothing answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from iqdebug.core.errors import ProtocolError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.messages import render
from iqdebug.core.state import ExceptionInfo, Origin, Phase, ProcessInfo
from iqdebug.dap import protocol
from iqdebug.dap.agent_client import AgentClient
from iqdebug.dap.agent_events import HeldEvent
from iqdebug.dap.client import DapClient
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.snapshot_store import SnapshotStore, connecting
from iqdebug.dap.stop_reader import StopReader
from iqdebug.dap.target_client import TargetClient

FRAME = {"id": 4, "name": "f", "path": __file__, "line": 3}
THREAD = {"id": 1, "ident": 77, "name": "main", "os": None, "main": True, "total": 1, "frames": [FRAME]}
TASK = {"name": "t", "coro": "work", "running": False, "awaiting": "", "frames": []}
STACKS = {"threads": [{**THREAD, "stopped": True}], "tasks": [TASK]}
LOCALS = [[4, [{"n": "x", "v": "1", "t": "int"}]]]
ERROR = {"type": "KeyError", "message": "'a'", "link": "", "notes": [], "chain": [], "members": []}
EXCEPTION = {**ERROR, "own": False, "frames": [FRAME]}
RAISED = protocol.StoppedBody(reason="exception", threadId=1)

Answers = dict[str, Any]


class Target:
    """The far end: answers as the agent and as debugpy would, with what a test has put in ``answers``. A
    function among them is called when the request comes."""

    def __init__(self, store: SnapshotStore, client: TargetClient, answers: Answers) -> None:
        self.store = store
        self.answers = answers
        finder = Finder(client, MemorySources())
        self.reader = StopReader(store, client, finder, reason_of=lambda info: f"at {info.type}")

    def answer(self, name: str) -> Any:
        answer = self.answers.get(name)
        return answer() if callable(answer) else answer

    async def serve_agent(self, far: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=far)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while True:
                (size,) = struct.unpack(">I", await reader.readexactly(4))
                request = json.loads(await reader.readexactly(size))
                data = json.dumps({"id": request["id"], "result": self.answer(request["op"])}).encode()
                writer.write(struct.pack(">I", len(data)) + data)

    async def serve_debugger(self, far: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=far)
        decoder = protocol.Decoder()
        with contextlib.closing(writer):
            while data := await reader.read(1 << 16):
                for content in decoder.feed(data):
                    request = json.loads(content)
                    body = self.answer(request["command"]) or {}
                    reply = {"seq": 1, "type": "response", "request_seq": request["seq"], "success": True}
                    sent = json.dumps({**reply, "body": body}).encode()
                    writer.write(b"Content-Length: %d\r\n\r\n" % len(sent) + sent)


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    near, far = socket.socketpair()
    near_dap, far_dap = socket.socketpair()
    store, client = SnapshotStore(connecting(ProcessInfo(os.getpid(), "", "3.12", "", ""))), TargetClient()
    made = Target(store, client, {"threads": STACKS, "details": LOCALS, "exception": EXCEPTION})
    serving = [
        asyncio.ensure_future(made.serve_agent(far)),
        asyncio.ensure_future(made.serve_debugger(far_dap)),
    ]
    streams = await asyncio.open_connection(sock=near)
    client.agent = AgentClient(*streams, lambda event: None, lambda: None)
    dap_streams = await asyncio.open_connection(sock=near_dap)
    client.dap = DapClient(*dap_streams, lambda event: None, lambda failure: None)
    yield made
    await client.agent.close()
    await client.dap.close()
    await asyncio.gather(*serving, return_exceptions=True)


def paused(store: SnapshotStore) -> int:
    return store.begin_epoch(phase=Phase.PAUSED, origin=Origin.DAP, reason="exception", focus=1)


def goes_on(target: Target, answer: Any) -> Callable[[], Any]:
    """The target has gone on when the answer comes."""

    def answered() -> Any:
        target.store.begin_epoch(phase=Phase.RUNNING)
        return answer

    return answered


async def test_a_stop_is_read_in_three_parts_of_one_epoch(target: Target) -> None:
    epoch = paused(target.store)
    assert await target.reader.read_stacks(epoch, 1)
    stacks = target.store.snapshot
    assert [f.name for f in stacks.threads[0].frames] == ["f"] and stacks.tasks[0].coroutine == "work"
    assert stacks.threads[0].frames[0].locals is None and stacks.exception is None

    target.answers["exceptionInfo"] = {"exceptionId": "builtins.KeyError", "breakMode": "unhandled"}
    await target.reader.read_exception(epoch, RAISED)
    crashed = target.store.snapshot
    assert crashed.phase is Phase.CRASHED and crashed.reason == "at KeyError"
    assert crashed.exception is not None and crashed.exception.uncaught

    await target.reader.read_locals(epoch)
    (variable,) = target.store.snapshot.threads[0].frames[0].locals or ()
    assert (variable.name, variable.value, variable.type) == ("x", "1", "int")
    assert (target.store.epoch, target.store.snapshot.revision) == (epoch, 3)


async def test_an_exception_that_is_caught_is_a_pause(target: Target) -> None:
    epoch = paused(target.store)
    target.answers["exceptionInfo"] = {"exceptionId": "builtins.KeyError", "breakMode": "always"}
    await target.reader.read_exception(epoch, RAISED)
    assert target.store.phase is Phase.PAUSED
    error = target.store.snapshot.exception
    assert isinstance(error, ExceptionInfo) and not error.uncaught


@pytest.mark.parametrize("part", ["stacks", "exception", "locals"])
async def test_an_answer_that_comes_after_the_target_went_on_is_dropped(target: Target, part: str) -> None:
    epoch = paused(target.store)
    if part == "locals":
        await target.reader.read_stacks(epoch, 1)
    op = {"stacks": "threads", "exception": "exception", "locals": "details"}[part]
    target.answers[op] = goes_on(target, target.answers[op])
    if part == "stacks":
        assert not await target.reader.read_stacks(epoch, 1)
    elif part == "exception":
        await target.reader.read_exception(epoch, RAISED)
    else:
        await target.reader.read_locals(epoch)
    now = target.store.snapshot
    assert (now.epoch, now.revision, now.phase, now.exception) == (epoch + 1, 0, Phase.RUNNING, None)
    assert all(f.locals is None for t in now.threads for f in t.frames)


async def test_locals_of_a_stop_that_is_over_at_once_are_not_asked_for(target: Target) -> None:
    epoch = paused(target.store)
    await target.reader.read_stacks(epoch, 1)
    target.answers["details"] = lambda: pytest.fail("asked for")
    reading = asyncio.ensure_future(target.reader.read_locals(epoch))
    await asyncio.sleep(0)
    target.store.begin_epoch(phase=Phase.RUNNING)
    await reading
    assert target.store.snapshot.revision == 0


async def test_a_stack_of_another_shape_is_refused_and_nothing_is_published(target: Target) -> None:
    epoch = paused(target.store)
    target.answers["threads"] = {"threads": [{**THREAD, "frames": [{**FRAME, "line": "3"}]}], "tasks": []}
    with pytest.raises(ProtocolError):
        await target.reader.read_stacks(epoch, 1)
    assert target.store.snapshot.revision == 0 and target.store.snapshot.threads == ()


async def test_a_thread_that_the_agent_holds_begins_an_epoch_of_its_own(target: Target) -> None:
    target.store.update(0, phase=Phase.RUNNING)
    hold = HeldEvent(number=5, kind="uncaught", how="", thread=77, late=True)
    await target.reader.read_held(hold, "looking only: the interpreter is ending")
    now = target.store.snapshot
    assert (now.epoch, now.phase, now.focus, now.reason) == (1, Phase.CRASHED, 1, "at KeyError")
    assert now.detail == "looking only: the interpreter is ending"
    assert now.threads[0].frames[0].locals


async def test_a_held_thread_is_not_shown_once_the_program_has_ended(target: Target) -> None:
    def ends() -> Any:
        target.store.begin_epoch(phase=Phase.ENDED)
        return EXCEPTION

    target.answers["exception"] = ends
    await target.reader.read_held(HeldEvent(number=5, kind="uncaught", how="", thread=77, late=True), "")
    assert (target.store.epoch, target.store.phase) == (1, Phase.ENDED)


async def test_a_look_at_a_running_target(target: Target) -> None:
    target.store.update(0, phase=Phase.RUNNING, detail="pausing")
    await target.reader.read_running()
    now = target.store.snapshot
    assert (now.origin, now.focus, now.detail) == (Origin.LIVE, 1, "pausing")
    target.answers["threads"] = goes_on(target, {"threads": [], "tasks": []})
    await target.reader.read_running()
    assert (target.store.epoch, target.store.snapshot.revision) == (1, 0)
    assert target.store.snapshot.threads == now.threads


async def test_that_the_lock_is_held_is_reported_until_the_target_answers_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.store.update(0, phase=Phase.RUNNING)
    agent = target.reader._client.agent
    assert agent is not None

    async def too_late(op: str, **arguments: object) -> Any:
        raise TimeoutError(op)

    with monkeypatch.context() as slow:
        slow.setattr(agent, "request", too_late)
        await target.reader.read_running()
        assert "holds the interpreter lock" in render(target.store.snapshot.detail)
        await target.reader.explain_pause(0)
        assert render(target.store.snapshot.detail).startswith("pause requested: ")
        await target.reader.read_running()
        assert "holds the interpreter lock" in render(target.store.snapshot.detail)
    await target.reader.read_running()
    assert target.store.snapshot.detail == ""
    await target.reader.explain_pause(0)
    await target.reader.read_running()
    assert render(target.store.snapshot.detail).startswith("pause requested: ")  # the pause still waits


async def test_a_stop_whose_stack_is_not_read_in_time_says_so(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = paused(target.store)
    agent = target.reader._client.agent
    assert agent is not None

    async def too_late(op: str, **arguments: object) -> Any:
        raise TimeoutError(op)

    monkeypatch.setattr(agent, "request", too_late)
    assert not await target.reader.read_stacks(epoch, 1)
    assert render(target.store.snapshot.detail) == "the stack could not be read in time"
