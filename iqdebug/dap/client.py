"""A DAP client: requests with deadlines, events in order.

The reader never awaits a handler: it resolves the waiting request or calls ``on_event``, which
must only take note.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from iqdebug.core.errors import ConnectionLost, IqdebugError, ProtocolError, RequestFailed
from iqdebug.core.json_text import json_value
from iqdebug.core.messages import message
from iqdebug.dap import protocol
from iqdebug.dap.agent_rows import UNEXPECTED_SHAPE, unexpected_shape

__all__ = ["DapClient", "decode_body"]

log = logging.getLogger(__name__)

MAX_UNSENT = 1 << 22
"""Bytes that wait for the server to read them."""

_READ_SIZE = 1 << 18  # bytes asked of the connection at a time

T = TypeVar("T")


class DapClient:
    """One DAP connection.

    :param on_event: called with each event, on the loop's thread, before later messages are read.
    :param on_closed: called once when the connection ended, with the reason if it was a failure.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_event: Callable[[protocol.Event], None],
        on_closed: Callable[[IqdebugError | None], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._on_closed = on_closed
        self._waiting: dict[int, asyncio.Future[protocol.Response]] = {}
        self._seq = 0
        self._closed = False
        self._task = asyncio.create_task(self._read(), name="iqdebug.dap.reader")

    @property
    def closed(self) -> bool:
        return self._closed

    async def request(self, command: str, arguments: object = None, *, timeout: float) -> msgspec.Raw:
        """Send a request and return the raw body of its answer.

        :param timeout: seconds until :class:`TimeoutError`; the answer may still arrive later
            and is then dropped.
        :raises RequestFailed: the server refused; the message is the server's.
        :raises ConnectionLost: the connection ended before the answer.
        """
        if self._closed:
            raise self._lost()
        self._seq += 1
        seq = self._seq
        future: asyncio.Future[protocol.Response] = asyncio.get_running_loop().create_future()
        self._waiting[seq] = future
        try:
            self._writer.write(protocol.encode(seq, command, arguments or {}))
            response = await asyncio.wait_for(future, timeout)
        except asyncio.TimeoutError:  # another class than the builtin in 3.10
            raise TimeoutError(f"{command}: no answer within {timeout:g} s") from None
        except OSError as error:
            raise self._lost() from error
        finally:
            self._waiting.pop(seq, None)
        if not response.success:
            raise RequestFailed(response.message or message("dap.server.refused", command=command))
        return response.body

    async def fetch(self, command: str, arguments: object, shape: type[T], *, timeout: float) -> T:
        """:meth:`request`, with the body decoded into ``shape``.

        :raises ProtocolError: the body has another shape.
        """
        body = await self.request(command, arguments, timeout=timeout)
        return decode_body(body, shape)

    async def close(self) -> None:
        """End the connection; pending requests fail with :class:`ConnectionLost`."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._finish(None)

    async def _read(self) -> None:
        decoder = protocol.Decoder()
        failure: IqdebugError | None = None
        try:
            while data := await self._reader.read(_READ_SIZE):
                for content in decoder.feed(data):
                    self._dispatch(protocol.decode(content))
                if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
                    raise ProtocolError(message("dap.server.not_reading"))
        except ProtocolError as error:
            failure = error
        except UNEXPECTED_SHAPE as error:
            failure = unexpected_shape(error)
        except OSError:
            pass
        except Exception as error:  # a handler of events may meet what nobody foresaw
            log.exception("an event could not be taken")
            why = f"{type(error).__name__}: {error}"
            failure = ProtocolError(message("dap.server.unexpected"), why[:300])
        self._finish(failure)

    def _dispatch(self, message: protocol.Message) -> None:
        if isinstance(message, protocol.Response):
            future = self._waiting.get(message.request_seq)
            if future is not None and not future.done():
                future.set_result(message)
        elif isinstance(message, protocol.Event):
            self._on_event(message)
        else:
            log.info("refused the server's request %r", message.command)
            self._seq += 1
            self._writer.write(protocol.encode_failure(self._seq, message))

    def _finish(self, failure: IqdebugError | None) -> None:
        if self._closed:
            return
        self._closed = True
        if failure is not None:
            self._writer.transport.abort()  # closing would wait until what is unsent has been read
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(failure or self._lost())
                future.exception()
        self._on_closed(failure)

    def _lost(self) -> ConnectionLost:
        return ConnectionLost(message("dap.server.ended"), "", message("dap.attach_again"))


def decode_body(body: msgspec.Raw, shape: type[T]) -> T:
    """:raises ProtocolError: the body has another shape."""
    try:
        decoded: T = json_value(bytes(body), shape)
        return decoded
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(message("dap.server.shape"), str(error)) from error
