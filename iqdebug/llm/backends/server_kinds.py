"""Which server answers: vLLM, SGLang, llama-server, llama-cpp-python's, or another; and what it can do.

Each is recognised by a path of its own beside ``/v1``:

===================  =============================================  =========================================
vLLM                 ``/version``, ``max_model_len`` in the models  ``/tokenize`` (prompt → count)
SGLang               ``/get_model_info`` or ``/model_info``         ``/tokenize`` (prompt → count), newer ones
llama-server         ``/props``: n_ctx of one slot                  ``/tokenize`` (content → tokens)
llama-cpp-python's   ``/extras/tokenize/count`` in its schema       the same (input → count)
===================  =============================================  =========================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import httpx

from iqdebug.llm.backends.http_bounds import fetched
from iqdebug.llm.untrusted_json import parsed

__all__ = ["Kind", "ServerKind", "count_request", "counted", "recognised"]

Kind = Literal["vllm", "sglang", "llama-server", "llama-cpp-python", "other"]
_PROBE_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class ServerKind:
    """:param window: tokens; 0 where it does not say.
    :param counts: it counts tokens exactly.
    :param warms: a request for one token leaves the prompt in its cache for the next, and hanging up ends
        it. False for llama-cpp-python's server, which reads the prompt to its end and blocks others.
    """

    kind: Kind
    window: int = 0
    counts: bool = False
    warms: bool = False


async def recognised(
    client: httpx.AsyncClient, root: str, models: list[dict[str, object]], model: str
) -> ServerKind:
    """:param root: the address without ``/v1``.
    :param models: the rows of ``/v1/models``.
    :param model: the one that will be used.

    Never raises: a server that does not answer is of kind "other".
    """
    stated = next((_size(m.get("max_model_len")) for m in models if m.get("id") == model), 0)
    props = await _asked(client, f"{root}/props")
    if isinstance(settings := props.get("default_generation_settings"), dict):
        return ServerKind("llama-server", _size(settings.get("n_ctx")), True, True)
    for path, more in (("get_model_info", "get_server_info"), ("model_info", "server_info")):
        if "model_path" in await _asked(client, f"{root}/{path}"):
            server = await _asked(client, f"{root}/{more}")
            sizes = [stated, _size(server.get("context_length")), _size(server.get("max_total_num_tokens"))]
            window = min((size for size in sizes if size), default=0)
            return ServerKind("sglang", window, await _counts(client, root, model), True)
    version = await _asked(client, f"{root}/version")
    if isinstance(version.get("version"), str) and stated:
        return ServerKind("vllm", stated, True, True)
    document = await _asked(client, f"{root}/openapi.json")
    paths = document.get("paths")
    if isinstance(paths, dict) and "/extras/tokenize/count" in paths:
        return ServerKind("llama-cpp-python", stated, True, False)
    return ServerKind("other", stated)


_BILLIONS = re.compile(r"(?<![\w.])(\d{1,4}(?:\.\d{1,3})?)\s?b(?![a-z0-9])", re.IGNORECASE)


def parameters_of(models: list[dict[str, object]], model: str) -> int:
    """How many parameters a model has: as the server states it (llama-server does), else by its name, as
    in ``Qwen2.5-Coder-7B-Instruct``; 0 where neither says."""
    row = next((m for m in models if m.get("id") == model), {})
    meta = row.get("meta")
    if isinstance(meta, dict) and (stated := _size(meta.get("n_params"))):
        return stated
    named = _BILLIONS.search(re.sub("[-_/]", " ", model))
    return int(float(named[1]) * 10**9) if named else 0


def count_request(kind: Kind, model: str, text: str) -> tuple[str, dict[str, object]]:
    """Path beside ``/v1`` and body of a request for the tokens of a text."""
    if kind == "llama-cpp-python":
        return "/extras/tokenize/count", {"input": text}
    if kind == "llama-server":
        return "/tokenize", {"content": text, "add_special": False}
    return "/tokenize", {"model": model, "prompt": text, "add_special_tokens": False}


def counted(answer: object) -> int | None:
    """The number that such a request was answered with."""
    if not isinstance(answer, dict):
        return None
    count, tokens = answer.get("count"), answer.get("tokens")
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    return len(tokens) if isinstance(tokens, list) else None


async def _counts(client: httpx.AsyncClient, root: str, model: str) -> bool:
    path, body = count_request("sglang", model, "a b")
    try:
        answer = await fetched(client, "POST", f"{root}{path}", body, seconds=_PROBE_TIMEOUT)
        return answer.status_code == 200 and counted(parsed(answer.text)) is not None
    except (httpx.HTTPError, ValueError):
        return False


async def _asked(client: httpx.AsyncClient, url: str) -> dict[str, object]:
    try:
        answer = await fetched(client, "GET", url, seconds=_PROBE_TIMEOUT)
        document = parsed(answer.text) if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _size(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
