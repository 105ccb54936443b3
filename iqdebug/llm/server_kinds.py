"""Which server answers: vLLM, SGLang, llama-server, llama-cpp-python's, or another; and what it can tell.

Each is recognised by a path of its own beside ``/v1``. Sources: the servers' own documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import httpx

__all__ = ["Kind", "ServerKind", "recognised"]

Kind = Literal["vllm", "sglang", "llama-server", "llama-cpp-python", "other"]
_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class ServerKind:
    """:param window: tokens; 0 where it does not say.
    :param counts: it counts tokens exactly.
    :param warms: a request for one token leaves the prompt in its cache for the next.
    """

    kind: Kind
    window: int = 0
    counts: bool = False
    warms: bool = False


async def recognised(client: httpx.AsyncClient, root: str, models: list[dict[str, Any]]) -> ServerKind:
    """:param root: the address without ``/v1``.
    :param models: the rows of ``/v1/models``.

    Never raises: what does not answer is another kind.
    """
    stated = next((m.get("max_model_len") for m in models if isinstance(m.get("max_model_len"), int)), 0) or 0
    props = await _asked(client, f"{root}/props")
    if "default_generation_settings" in props:
        settings = props["default_generation_settings"]
        window = settings.get("n_ctx", 0) if isinstance(settings, dict) else 0
        return ServerKind("llama-server", window if isinstance(window, int) else 0, True, True)
    info = await _asked(client, f"{root}/get_model_info")
    if "model_path" in info:
        server = await _asked(client, f"{root}/get_server_info")
        window = server.get("context_length") or server.get("max_total_num_tokens") or stated
        return ServerKind("sglang", window if isinstance(window, int) else stated, False, True)
    version = await _asked(client, f"{root}/version")
    if isinstance(version.get("version"), str) and stated:
        return ServerKind("vllm", stated, True, True)
    document = await _asked(client, f"{root}/openapi.json")
    if "/extras/tokenize/count" in (document.get("paths") or {}):
        return ServerKind("llama-cpp-python", stated, True, True)
    return ServerKind("other", stated)


async def _asked(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    try:
        answer = await client.get(url, timeout=_SECONDS)
        found = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
