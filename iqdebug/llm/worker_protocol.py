"""Messages between iqdebug and the model's process: length-prefixed msgpack over one socket.

A request carries a number of its own; every answer names it. A request ends with exactly one of
:class:`Finished`, :class:`Tokens`, :class:`Ready` and :class:`Failed`; the others come before it. What a
person reads travels as messages and is rendered by iqdebug, not in the model's process.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TypeAlias

import msgspec

from iqdebug.core.messages import Text
from iqdebug.llm.tool_formats.grammar import CallGrammar

__all__ = [
    "Answer",
    "Cancel",
    "Complete",
    "Failed",
    "Finished",
    "Generate",
    "Load",
    "LoadOptions",
    "Loading",
    "Piece",
    "Read",
    "Reading",
    "Ready",
    "Request",
    "Restore",
    "Sampler",
    "Save",
    "Thoughts",
    "Tokenize",
    "Tokens",
    "decode_answer",
    "decode_request",
    "encode",
    "receive",
    "receive_from",
]

_LENGTH = struct.Struct("<I")
MAX_MESSAGE_BYTES = 256 * 2**20
"""Bytes of one message; more is a sign that the stream is not ours."""


class LoadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A memory plan as llama.cpp takes it.

    :param n_ctx: tokens of the window; 0 for the one the model was trained with.
    :param n_gpu_layers: layers on the GPU; negative for all.
    :param type_k: of the KV cache: "f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0" or "q5_1".
    :param n_batch: tokens evaluated between two looks at whether to stop.
    :param flash_attn: None: llama.cpp decides if layers are on a GPU; else it is off unless the V cache is
        quantised, which needs it.
    :param n_threads: 0 for all hardware threads where prompts are read, and half of them for answers.
    :param lib_path: folder with other llama.cpp libraries than those llama-cpp-python brings.
    :param kv_overrides: metadata of the file, by key, replaced for this load.
    :param swa_full: keep all positions of sliding-window layers, so that the log can be cut anywhere
        without evaluating it again; costs memory.
    """

    model: str
    n_ctx: int = 0
    n_gpu_layers: int = 0
    type_k: str = "f16"
    type_v: str = "f16"
    n_batch: int = 512
    n_ubatch: int = 512
    flash_attn: bool | None = None
    n_threads: int = 0
    lib_path: str = ""
    kv_overrides: dict[str, bool | int | float | str] = {}
    swa_full: bool = True
    use_mmap: bool = True


class Sampler(msgspec.Struct, frozen=True):
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    max_tokens: int
    seed: int | None


class Thoughts(msgspec.Struct, frozen=True):
    """The tags around thoughts. ``inside``: the prompt ends within one."""

    opening: str = ""
    closing: str = ""
    inside: bool = False


# Requests.


class Load(msgspec.Struct, frozen=True, tag=True):
    id: int
    options: LoadOptions


class Tokenize(msgspec.Struct, frozen=True, tag=True):
    """Answered at once, also while the model answers. ``parts``: text, and whether the names of special
    tokens in it mean those tokens."""

    id: int
    parts: list[tuple[str, bool]]
    begin: bool = False  # put the model's begin-of-text token first, where it wants one


class Read(msgspec.Struct, frozen=True, tag=True):
    """Evaluate these tokens, which are the whole log."""

    id: int
    tokens: list[int]


class Generate(msgspec.Struct, frozen=True, tag=True):
    """:param grammar: what the answer keeps to: from its first token on, or from a trigger on.
    :param calls: False: no trigger may match, so that the answer is no call.
    """

    id: int
    tokens: list[int]
    sampler: Sampler
    grammar: CallGrammar = CallGrammar()
    calls: bool = True
    thoughts: Thoughts = Thoughts()


class Complete(msgspec.Struct, frozen=True, tag=True):
    """A completion beside the log. With ``suffix`` the model fills in between, if it can."""

    id: int
    prefix: str
    suffix: str
    sampler: Sampler


class Save(msgspec.Struct, frozen=True, tag=True):
    """Write the state of the log's evaluated part to ``path``, which exists; refused if it is larger than
    ``max_bytes``."""

    id: int
    path: str
    max_bytes: int | None = None


class Restore(msgspec.Struct, frozen=True, tag=True):
    """Replace the evaluated part by that in ``path`` if it is a prefix of ``tokens``."""

    id: int
    path: str
    tokens: list[int]


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Of the request with this number, whether it has begun or not. Has no answer of its own."""

    id: int


Request: TypeAlias = Load | Tokenize | Read | Generate | Complete | Save | Restore | Cancel

# Answers.


class Loading(msgspec.Struct, frozen=True, tag=True):
    id: int
    words: Text
    fraction: float | None


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded.

    :param window: tokens of the context as llama.cpp made it.
    :param identity: the same for files with the same weights' layout and vocabulary.
    :param parameters: of the model.
    :param state_identity: the same where a state that one process saves means the same to another.
    :param ends: the tokens that end an answer, by their names.
    :param cuts: False where the memory cannot drop the log's end (recurrent models).
    """

    id: int
    window: int
    trained: int
    layers: int
    parameters: int
    name: str
    architecture: str
    identity: str
    state_identity: str
    template: str
    vocabulary: int
    bos: str
    eos: str
    ends: dict[int, str]
    chatml: bool
    n_swa: int
    cuts: bool


class Tokens(msgspec.Struct, frozen=True, tag=True):
    id: int
    tokens: list[list[int]]


class Reading(msgspec.Struct, frozen=True, tag=True):
    id: int
    done: int
    total: int


class Piece(msgspec.Struct, frozen=True, tag=True):
    """Text of one or more new tokens: whole characters only."""

    id: int
    text: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """:param why: "stop", "length", "window", "cancelled", "done", or "refused" for a state that cannot
        be restored or is too large to be saved.
    :param tokens: what was generated, an end token included.
    :param ended: the last of them is an end token.
    :param evaluated: prompt tokens computed (the last token of the answer before is none of them, though
        it is computed together with what follows it); ``reused``: those that were there already.
    :param decoded: tokens that passed through the model for this request, generated ones included.
    :param valid: length of the log's evaluated part now.
    """

    id: int
    why: str
    tokens: list[int] = []
    text: str = ""
    ended: bool = False
    evaluated: int = 0
    reused: int = 0
    decoded: int = 0
    valid: int = 0
    first: float = 0.0
    seconds: float = 0.0


class Failed(msgspec.Struct, frozen=True, tag=True):
    """:param kind: "memory" where a smaller plan may help, "window" where the log is too long, "" else.
    :param layers: of the model, where known."""

    id: int
    what: Text
    why: Text = ""
    fix: Text = ""
    kind: str = ""
    layers: int = 0


Answer: TypeAlias = Loading | Ready | Tokens | Reading | Piece | Finished | Failed

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def decode_request(body: bytes) -> Request:
    """:raises msgspec.DecodeError: it is none."""
    return _requests.decode(body)


def decode_answer(body: bytes) -> Answer:
    """:raises msgspec.DecodeError: it is none."""
    return _answers.decode(body)


async def receive(reader: asyncio.StreamReader) -> Answer | None:
    """The next answer; None when the other end is gone, also in the middle of a message.

    :raises msgspec.DecodeError: the stream holds something else.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_MESSAGE_BYTES:
            raise msgspec.DecodeError(f"a message of {length} bytes")
        return decode_answer(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def receive_from(end: socket.socket) -> Request | None:
    """As :func:`receive`, blocking, in the worker."""
    head = _exactly(end, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_MESSAGE_BYTES:
        raise msgspec.DecodeError(f"a message of {length} bytes")
    body = _exactly(end, length)
    return None if body is None else decode_request(body)


def _exactly(end: socket.socket, count: int) -> bytes | None:
    whole = bytearray()
    while len(whole) < count:
        try:
            part = end.recv(min(count - len(whole), 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        whole += part
    return bytes(whole)
