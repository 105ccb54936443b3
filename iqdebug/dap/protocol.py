"""The messages of the Debug Adapter Protocol that iqdebug uses, and their framing.

Parsed at the edge into a closed union: :class:`Response`, :class:`Event`, :class:`ReverseRequest`.
Bodies stay raw until the one place that knows their shape decodes them.
Source of names and shapes: the DAP specification, 1.7x, and debugpy 1.8.22's schema.
"""

from __future__ import annotations

import msgspec

from iqdebug.core.errors import ProtocolError
from iqdebug.core.json_text import json_bytes, json_value
from iqdebug.core.messages import message

__all__ = [
    "Decoder",
    "Event",
    "Message",
    "Response",
    "ReverseRequest",
    "StoppedBody",
    "decode",
    "encode",
]

MAX_MESSAGE = 64 << 20
"""Bytes of one message; a longer announcement is taken for garbage on the stream."""

_MAX_HEADER = 4096  # bytes of the lines before a message


class Response(msgspec.Struct, frozen=True, tag="response", tag_field="type"):
    request_seq: int
    success: bool
    command: str = ""
    message: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"{}")


class Event(msgspec.Struct, frozen=True, tag="event", tag_field="type"):
    event: str
    body: msgspec.Raw = msgspec.Raw(b"{}")


class ReverseRequest(msgspec.Struct, frozen=True, tag="request", tag_field="type"):
    command: str
    seq: int = 0
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


Message = Response | Event | ReverseRequest


class StoppedBody(msgspec.Struct, frozen=True):
    reason: str = ""
    threadId: int | None = None
    description: str | None = None
    text: str | None = None
    allThreadsStopped: bool = False


class OutputBody(msgspec.Struct, frozen=True):
    output: str = ""
    category: str = "console"


class BreakpointBody(msgspec.Struct, frozen=True):
    verified: bool = False
    message: str | None = None
    line: int | None = None
    id: int | None = None


class BreakpointsBody(msgspec.Struct, frozen=True):
    breakpoints: list[BreakpointBody] = []


class EvaluateBody(msgspec.Struct, frozen=True):
    result: str = ""
    type: str | None = None
    value: str | None = None
    variablesReference: int = 0


class VariableBody(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""
    type: str | None = None
    variablesReference: int = 0
    evaluateName: str | None = None


class VariablesBody(msgspec.Struct, frozen=True):
    variables: list[VariableBody] = []


class CompletionItem(msgspec.Struct, frozen=True):
    label: str
    text: str | None = None
    type: str | None = None
    start: int | None = None
    length: int | None = None


class CompletionsBody(msgspec.Struct, frozen=True):
    targets: list[CompletionItem] = []


class ExceptionDetails(msgspec.Struct, frozen=True):
    message: str | None = None
    typeName: str | None = None
    stackTrace: str | None = None


class ExceptionInfoBody(msgspec.Struct, frozen=True):
    exceptionId: str = ""
    description: str | None = None
    breakMode: str = ""
    details: ExceptionDetails = ExceptionDetails()


class AuthorizeBody(msgspec.Struct, frozen=True):
    """Of pydevd's own request."""

    clientAccessToken: str = ""


class CapabilitiesBody(msgspec.Struct, frozen=True):
    supportsRestartFrame: bool = False


def encode(seq: int, command: str, arguments: object) -> bytes:
    """A framed request."""
    content = json_bytes({"seq": seq, "type": "request", "command": command, "arguments": arguments})
    return b"Content-Length: %d\r\n\r\n" % len(content) + content


def encode_failure(seq: int, request: ReverseRequest) -> bytes:
    """A framed refusal of a request that the server made of us."""
    body = {"seq": seq, "type": "response", "request_seq": request.seq, "success": False}
    content = json_bytes({**body, "command": request.command, "message": "not supported"})
    return b"Content-Length: %d\r\n\r\n" % len(content) + content


def decode(content: bytes) -> Message:
    """:raises ProtocolError: the content is not a DAP message."""
    try:
        decoded: Message = json_value(content, Message)
        return decoded
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = content[:60].decode("ascii", "replace")
        raise ProtocolError(
            message("dap.server.no_message"),
            message("dap.server.no_message.why", error=str(error), shown=repr(shown)),
            message("dap.server.no_message.fix"),
        ) from error


class Decoder:
    """Cuts a byte stream into message contents."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._expected: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The contents completed by ``data``, in order.

        :raises ProtocolError: the stream is not framed as DAP.
        """
        self._buffer += data
        contents: list[bytes] = []
        while True:
            if self._expected is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    if len(self._buffer) > _MAX_HEADER:
                        raise self._garbage()
                    return contents
                self._expected = self._length(bytes(self._buffer[:end]))
                del self._buffer[: end + 4]
            if len(self._buffer) < self._expected:
                return contents
            contents.append(bytes(self._buffer[: self._expected]))
            del self._buffer[: self._expected]
            self._expected = None

    def _length(self, header: bytes) -> int:
        for line in header.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                try:
                    length = int(value)
                except ValueError:
                    break
                if 0 <= length <= MAX_MESSAGE:
                    return length
                break
        raise self._garbage(header)

    def _garbage(self, header: bytes | None = None) -> ProtocolError:
        shown = bytes(header if header is not None else self._buffer)[:60].decode("ascii", "replace")
        return ProtocolError(
            message("dap.server.garbage"),
            message("dap.server.garbage.why", shown=repr(shown)),
            message("dap.server.garbage.fix"),
        )
