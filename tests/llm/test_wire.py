"""Frames on the wire, whole, in pieces and damaged."""

from __future__ import annotations

import asyncio
import socket
import struct

import msgspec
import pytest

from iqdebug.core.messages import message
from iqdebug.llm import worker_protocol
from iqdebug.llm.tool_formats.grammar import CallGrammar, Trigger

REQUESTS: list[worker_protocol.Request] = [
    worker_protocol.Load(
        1, worker_protocol.LoadOptions(model="/m.gguf", kv_overrides={"a": True, "b": 2, "c": 0.5, "d": "x"})
    ),
    worker_protocol.Tokenize(2, [("a", True), ("<|im_end|>", False)], True),
    worker_protocol.Read(3, [1, 2, 3]),
    worker_protocol.Generate(
        4,
        [1],
        worker_protocol.Sampler(0.6, 0.8, 20, 0.0, 1.0, 9, None),
        CallGrammar("root ::= [a]", (Trigger("<tool_call>", "root"),)),
    ),
    worker_protocol.Complete(5, "def f(", "", worker_protocol.Sampler(0.0, 1.0, 0, 0.0, 1.0, 9, 3)),
    worker_protocol.Save(6, "/p"),
    worker_protocol.Restore(7, "/p", [1]),
    worker_protocol.Cancel(4),
]
ANSWERS: list[worker_protocol.Answer] = [
    worker_protocol.Loading(1, "reading", 0.5),
    worker_protocol.Tokens(2, [[1], []]),
    worker_protocol.Reading(3, 1, 2),
    worker_protocol.Piece(4, "größe"),
    worker_protocol.Finished(4, "stop", [1, 2], ended=True, evaluated=3),
    worker_protocol.Loading(1, message("llm.worker.reading"), 0.5),
    worker_protocol.Failed(5, "what", kind="memory"),
    worker_protocol.Failed(
        5,
        message("llm.worker.try", plan=message("llm.smaller.layers", count=3)),
        fix=message("llm.load.no_gguf"),
    ),
]


def test_requests_arrive_as_they_were_sent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(worker_protocol.encode(request) for request in REQUESTS))
        assert [worker_protocol.receive_from(theirs) for _ in REQUESTS] == REQUESTS
        ours.sendall(worker_protocol.encode(REQUESTS[0])[:-1])
        ours.close()
        assert worker_protocol.receive_from(theirs) is None, "cut off in the middle"


async def test_answers_arrive_byte_by_byte() -> None:
    reader = asyncio.StreamReader()
    for byte in b"".join(worker_protocol.encode(answer) for answer in ANSWERS):
        reader.feed_data(bytes([byte]))
    reader.feed_eof()
    assert [await worker_protocol.receive(reader) for _ in ANSWERS] == ANSWERS
    assert await worker_protocol.receive(reader) is None


async def test_what_is_no_message_is_refused() -> None:
    for data in (
        struct.pack("<I", worker_protocol.MAX_MESSAGE_BYTES + 1),
        struct.pack("<I", 3) + b"\xc1\x00\x00",
    ):
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        with pytest.raises(msgspec.DecodeError):
            await worker_protocol.receive(reader)
    with pytest.raises(msgspec.DecodeError):
        worker_protocol.decode_request(msgspec.msgpack.encode({"type": "Explode", "id": 1}))
