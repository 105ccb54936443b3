"""Framing and messages of the DAP stream, garbage included."""

from __future__ import annotations

import json
import random

import pytest

from iqdebug.core.errors import ProtocolError
from iqdebug.dap.protocol import (
    MAX_MESSAGE,
    Decoder,
    Event,
    Response,
    ReverseRequest,
    decode,
    encode,
    encode_failure,
)


def framed(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(content) + content


def test_any_chunking_gives_the_same_messages() -> None:
    contents = [b"{}", b'{"a": "\xc3\xa4"}', b"x" * 5000, b"", b"\r\n\r\n", b"Content-Length: 3\r\n\r\nabc"]
    stream = b"".join(map(framed, contents))
    chance = random.Random(1)
    for _ in range(200):
        decoder, got, rest = Decoder(), [], stream
        while rest:
            size = chance.choice((1, 2, 7, 40, 4096))
            got += decoder.feed(rest[:size])
            rest = rest[size:]
        assert got == contents


def test_other_headers_and_their_case_do_not_matter() -> None:
    assert Decoder().feed(b"Content-Type: x\r\ncontent-length:  2\r\n\r\n{}") == [b"{}"]


@pytest.mark.parametrize(
    "stream",
    [
        b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
        b"Content-Length: ten\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MAX_MESSAGE + 1),
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"no header at all " * 1000,
        bytes(range(256)) * 20,
        b"\r\n\r\n",
    ],
)
def test_garbage_is_named_not_swallowed(stream: bytes) -> None:
    with pytest.raises(ProtocolError) as raised:
        Decoder().feed(stream)
    assert 1 <= len(raised.value.lines()) <= 3
    assert all(line.isprintable() for line in raised.value.lines())


def test_an_unfinished_message_waits() -> None:
    decoder = Decoder()
    assert decoder.feed(b"Content-Le") == []
    assert decoder.feed(b"ngth: 4\r\n\r\nab") == []
    assert decoder.feed(b"cd") == [b"abcd"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"type": "other"}', b'{"type": "response"}', b"\xff\xfe",
     b'{"type": "response", "request_seq": "one", "success": true}', b'{"type": "event", "event": 5}'],
)  # fmt: skip
def test_what_is_not_a_message_is_an_error(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(content)


def test_messages_of_each_type() -> None:
    answer = decode(b'{"type": "response", "seq": 1, "request_seq": 7, "success": true, "body": {"x": 1}}')
    assert isinstance(answer, Response) and answer.request_seq == 7 and bytes(answer.body) == b'{"x": 1}'
    event = decode(b'{"type": "event", "event": "unheard", "extra": [1]}')
    assert isinstance(event, Event) and event.event == "unheard"
    request = decode(b'{"type": "request", "command": "runInTerminal", "seq": 3}')
    assert isinstance(request, ReverseRequest)
    (refusal,) = Decoder().feed(encode_failure(9, request))
    assert json.loads(refusal)["success"] is False and json.loads(refusal)["request_seq"] == 3
    (sent,) = Decoder().feed(encode(4, "next", {"threadId": 1}))
    assert json.loads(sent) == {"seq": 4, "type": "request", "command": "next", "arguments": {"threadId": 1}}
