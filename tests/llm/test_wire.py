"""Frames on the wire, whole, in pieces and damaged."""

from __future__ import annotations

import asyncio
import socket
import struct

import msgspec
import pytest

from iqdebug.llm import wire

REQUESTS: list[wire.Request] = [
    wire.Load(1, wire.LoadOptions(model="/m.gguf", kv_overrides={"a": True, "b": 2, "c": 0.5, "d": "x"})),
    wire.Tokenize(2, [("a", True), ("<|im_end|>", False)], True),
    wire.Read(3, [1, 2, 3]),
    wire.Generate(4, [1], wire.Sampler(0.6, 0.8, 20, 0.0, 1.0, 9, None), "root ::= [a]", "<tool_call>"),
    wire.Complete(5, "def f(", "", wire.Sampler(0.0, 1.0, 0, 0.0, 1.0, 9, 3)),
    wire.Save(6, "/p"),
    wire.Restore(7, "/p", [1]),
    wire.Cancel(4),
]
ANSWERS: list[wire.Answer] = [
    wire.Loading(1, "reading", 0.5),
    wire.Tokens(2, [[1], []]),
    wire.Reading(3, 1, 2),
    wire.Piece(4, "größe"),
    wire.Finished(4, "stop", [1, 2], ended=True, evaluated=3),
    wire.Failed(5, "what", kind="memory"),
]


def test_requests_arrive_as_they_were_sent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(wire.encode(request) for request in REQUESTS))
        assert [wire.receive_from(theirs) for _ in REQUESTS] == REQUESTS
        ours.sendall(wire.encode(REQUESTS[0])[:-1])
        ours.close()
        assert wire.receive_from(theirs) is None, "cut off in the middle"


async def test_answers_arrive_byte_by_byte() -> None:
    reader = asyncio.StreamReader()
    for byte in b"".join(wire.encode(answer) for answer in ANSWERS):
        reader.feed_data(bytes([byte]))
    reader.feed_eof()
    assert [await wire.receive(reader) for _ in ANSWERS] == ANSWERS
    assert await wire.receive(reader) is None


async def test_what_is_no_message_is_refused() -> None:
    for data in (struct.pack("<I", wire.LONGEST + 1), struct.pack("<I", 3) + b"\xc1\x00\x00"):
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        with pytest.raises(msgspec.DecodeError):
            await wire.receive(reader)
    with pytest.raises(msgspec.DecodeError):
        wire.decode_request(msgspec.msgpack.encode({"type": "Explode", "id": 1}))
