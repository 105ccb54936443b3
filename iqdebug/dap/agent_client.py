"""The client's end of the agent's connections: requests, events, and the lease.

Framing: a 4-byte big-endian length, then a JSON object; see :mod:`iqdebug.agent.server`. The agent runs
in the target, so what comes from it is not trusted: a message that is longer than MAX_MESSAGE, is no
object, or makes its handler fail ends the connection, and the failure says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from iqdebug.core.errors import ConnectionLost, IqdebugError, ProtocolError, RequestFailed
from iqdebug.core.json_text import json_bytes, json_value
from iqdebug.core.messages import message
from iqdebug.dap.agent_rows import UNEXPECTED_SHAPE

__all__ = ["AgentClient", "Lease"]

log = logging.getLogger(__name__)

MAX_MESSAGE = 32 << 20
"""Bytes of one message; a crash file, the longest of all, has 8,000,000, a third more as text."""

_HEADER = struct.Struct(">I")


class AgentClient:
    """:param on_event: called with each event, on the loop's thread; must not block.
    :param on_closed: called once when the agent is gone.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_event: Callable[[dict[str, Any]], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._on_closed = on_closed
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._closed = False
        self._failure: IqdebugError | None = None
        self._task = asyncio.create_task(self._read(), name="iqdebug.agent.reader")

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def failure(self) -> IqdebugError | None:
        """Why the connection was given up; None when the agent ended it, or it has not ended."""
        return self._failure

    async def request(self, op: str, *, timeout: float = 3.0, **arguments: object) -> Any:
        """The agent's result.

        :raises RequestFailed: the agent could not do it.
        :raises ConnectionLost: the agent is gone.
        :raises TimeoutError: no answer in time (another thread of the target holds the lock).
        """
        if self._closed:
            raise self._failure or _lost()
        self._number += 1
        number = self._number
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        data = json_bytes({"id": number, "op": op, **arguments})
        try:
            self._writer.write(_HEADER.pack(len(data)) + data)
            reply = await asyncio.wait_for(future, timeout)
        except asyncio.TimeoutError:  # another class than the builtin in 3.10
            raise TimeoutError(f"{op}: no answer within {timeout:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if "error" in reply:
            raise RequestFailed(message("dap.agent.failed", operation=op), str(reply["error"]))
        return reply.get("result")

    async def gone(self, timeout: float) -> bool:
        """Whether the agent ended the connection within ``timeout`` seconds, which it does last."""
        done, _ = await asyncio.wait([self._task], timeout=timeout)
        return bool(done)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._finish()

    async def _read(self) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                while True:
                    (size,) = _HEADER.unpack(await self._reader.readexactly(4))
                    if size > MAX_MESSAGE:
                        raise ValueError(f"a message of {size:,} bytes")
                    self._take(json_value(await self._reader.readexactly(size)))
        except IqdebugError as error:
            self._failure = error
        except (msgspec.DecodeError, *UNEXPECTED_SHAPE) as error:
            self._failure = _given_up(f"{type(error).__name__}: {error}"[:200])
        except Exception as error:  # a handler of events may meet what nobody foresaw
            log.exception("an event of the agent could not be taken")
            self._failure = _given_up(f"{type(error).__name__}: {error}"[:200])
        self._finish()

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            raise TypeError("a message that is no object")
        if "event" in message:
            self._on_event(message)
            return
        number = message.get("id", 0)
        if not isinstance(number, int):
            raise TypeError("a request's number that is none")
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_result(message)

    def _finish(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._failure is not None:
            self._writer.transport.abort()  # closing would wait until what is unsent has been read
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._failure or _lost())
                future.exception()
        self._on_closed()


def _given_up(why: str) -> ProtocolError:
    return ProtocolError(message("dap.agent.given_up"), why, message("dap.agent.given_up.fix"))


def _lost() -> ConnectionLost:
    return ConnectionLost(message("dap.agent.ended"), "", message("dap.attach_again"))


class Lease:
    """Keeps telling the agent that this process lives, from a thread of its own.

    The target is released when the beats stop: this process was killed or stopped, or its event
    loop has not turned for :attr:`STALL` seconds.
    """

    INTERVAL = 0.5
    STALL = 30.0

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.setblocking(True)
        self._connection.settimeout(self.INTERVAL)
        self._ended = threading.Event()
        self._turned = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._turn()
        threading.Thread(target=self._beat, name="iqdebug.lease", daemon=True).start()

    def _turn(self) -> None:
        self._turned = time.monotonic()
        if not self._ended.is_set():
            self._loop.call_later(1.0, self._turn)

    def _beat(self) -> None:
        while not self._ended.wait(self.INTERVAL):
            if time.monotonic() - self._turned > self.STALL:
                break
            try:
                self._connection.send(b".")
            except TimeoutError:
                continue  # the target holds its interpreter lock; its buffer is full of beats
            except OSError:
                break
        self._connection.close()

    def end(self) -> None:
        self._ended.set()
