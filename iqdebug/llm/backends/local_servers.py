"""Finds a model's server on this machine, at the ports where servers listen unless told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from iqdebug.llm.backends.http_bounds import fetched
from iqdebug.llm.backends.http_server import listed_models
from iqdebug.llm.backends.server_kinds import Kind, recognised

__all__ = ["PORTS", "LocalServer", "first_server"]

PORTS = (9931, 8080, 8000, 30000)
"""llama-server's, now and before; vLLM's; SGLang's."""

_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class LocalServer:
    """:param setting: names the first model where several are served.
    :param models: that it serves.
    """

    setting: str
    kind: Kind
    models: tuple[str, ...]


async def first_server(ports: Sequence[int]) -> LocalServer | None:
    """The first that answers on the loopback address as OpenAI's protocol says. Nothing else is connected
    to, and no key is sent: one that wants a key is passed over. Never raises; takes 3 s a port at most, and
    no time where nothing listens."""
    limits = httpx.Timeout(_TIMEOUT)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=limits) as client:
        for port in ports:
            root = f"http://127.0.0.1:{port}"
            try:
                answer = await fetched(client, "GET", f"{root}/v1/models", seconds=_TIMEOUT)
            except httpx.HTTPError:
                continue
            rows = listed_models(answer) if answer.status_code == 200 else None
            names = tuple(name for row in rows or () if (name := str(row.get("id", ""))))
            if rows is None or not names:
                continue
            known = await recognised(client, root, rows, names[0])
            model = f"#{names[0]}" if len(names) > 1 else ""
            return LocalServer(f"{root}/v1{model}", known.kind, names)
    return None
