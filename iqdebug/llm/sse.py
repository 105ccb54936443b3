"""Server-sent events as OpenAI-compatible servers send them: lines of ``data:``, one JSON each."""

from __future__ import annotations

from collections.abc import AsyncIterator

__all__ = ["events_of"]

_LONGEST = 4_000_000  # characters of one event


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of each event, in order; chunks may be cut anywhere. Comments and other fields are left
    out. Ends with ``[DONE]`` or with the stream.

    :raises ValueError: an event is longer than anybody needs.
    """
    held = b""
    data: list[str] = []
    async for chunk in chunks:
        held += chunk
        if len(held) > _LONGEST:
            raise ValueError("an event without end")
        while (end := held.find(b"\n")) >= 0:
            line, held = held[:end].rstrip(b"\r").decode("utf-8", "replace"), held[end + 1 :]
            if not line:
                whole, data = "\n".join(data), []
                if whole == "[DONE]":
                    return
                if whole:
                    yield whole
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
    if held.startswith(b"data:"):
        data.append(held[5:].decode("utf-8", "replace").strip())
    whole = "\n".join(data)
    if whole and whole != "[DONE]":
        yield whole
