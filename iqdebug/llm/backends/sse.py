"""Server-sent events as OpenAI-compatible servers send them: lines of ``data:``, one JSON each."""

from __future__ import annotations

__all__ = ["EndlessEvent", "EventParser"]

_MAX_EVENT_BYTES = 4_000_000  # bytes of one event
_MAX_IDLE_LINES = 50_000  # in a row that end no event: empty ones, comments, empty data


class EndlessEvent(ValueError):
    """An event is longer than anybody needs, or does not come."""


class EventParser:
    """Takes bytes, cut anywhere, and gives the data of each event in order. Lines end in LF or CRLF;
    comments and other fields are left out.

    ``ended`` is True from ``[DONE]`` on; what follows it is left out.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._size = 0
        self._idle = 0
        self.ended = False

    def feed(self, chunk: bytes) -> list[str]:
        """:raises EndlessEvent: an event is longer than anybody needs, or does not come."""
        self._held += chunk
        events: list[str] = []
        start = 0
        while not self.ended and (end := self._held.find(b"\n", max(start, self._searched))) >= 0:
            self._line(bytes(self._held[start:end]).removesuffix(b"\r"), events)
            start = end + 1
            if self._size > _MAX_EVENT_BYTES or self._idle > _MAX_IDLE_LINES:
                raise EndlessEvent
        del self._held[:start]
        self._searched = len(self._held)
        if len(self._held) + self._size > _MAX_EVENT_BYTES:
            raise EndlessEvent
        return events

    def finish(self) -> list[str]:
        """What stands without an empty line behind it when the stream ends."""
        events: list[str] = []
        if not self.ended:
            self._line(bytes(self._held).removesuffix(b"\r"), events)
            self._line(b"", events)
        return events

    def _line(self, line: bytes, events: list[str]) -> None:
        self._idle += 1
        if line.startswith(b"data:"):
            part = line[5:].removeprefix(b" ")
            self._data.append(part)
            self._size += len(part) + 1
        elif not line:
            whole = b"\n".join(self._data).decode("utf-8", "replace")
            self._data, self._size = [], 0
            if whole.strip() == "[DONE]":
                self.ended = True
            elif whole:
                events.append(whole)
                self._idle = 0
