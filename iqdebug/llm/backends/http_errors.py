"""Failures of a server as errors for a person. No message contains the key."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Message, message
from iqdebug.llm.backends.api_keys import Key
from iqdebug.llm.backends.http_bounds import Endless, Unfinished
from iqdebug.llm.backends.sse import EndlessEvent
from iqdebug.llm.untrusted_json import parsed

__all__ = ["explained", "is_full", "refused", "server_message", "stated_window"]

_WINDOW_FULL = re.compile(
    r"context.{0,20}(?:length|window|size)|maximum context|too many tokens|exceed", re.I
)
_STATED_LIMIT = re.compile(r"maximum context length is (\d{2,9})", re.I)
_MAX_QUOTED_CHARACTERS = 300  # characters of a server's own words


def explained(error: Exception, base: str, key: Key | None = None) -> ModelError:
    """The error for a failed connection."""
    host = urlsplit(base).hostname or base
    words = _short(str(error), key)
    causes = list(_causes(error))
    if isinstance(error, httpx.ConnectTimeout):
        return ModelError(
            message("llm.server.no_answer", server=base),
            message("llm.server.no_answer.why"),
            message("llm.server.right_address"),
        )
    if isinstance(error, httpx.TimeoutException):
        return ModelError(
            message("llm.server.silent", server=base),
            message("llm.server.silent.why"),
            message("llm.server.silent.fix"),
        )
    if isinstance(error, Endless):
        what = message("llm.server.given_up", server=base)
        return ModelError(what, error.why, message("llm.server.given_up.fix"))
    if any(isinstance(c, socket.gaierror) for c in causes):
        what = message("llm.server.unknown_name", name=host)
        return ModelError(what, words, message("llm.server.right_address"))
    if any(isinstance(c, ssl.SSLError) for c in causes):
        fix = message("llm.server.untrusted.fix")
        if "WRONG_VERSION" in words or "RECORD_LAYER" in words:
            fix = message("llm.server.speaks_http")
        return ModelError(message("llm.server.untrusted", server=base), words, fix)
    if isinstance(error, httpx.ConnectError):
        what = message("llm.server.down", server=base)
        return ModelError(what, words, message("llm.server.down.fix"))
    if isinstance(error, httpx.ProxyError):
        what = message("llm.server.proxy", server=base)
        return ModelError(what, words, message("llm.server.proxy.fix", name=host))
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        why = message("llm.server.unfinished") if isinstance(error, Unfinished) else words
        return ModelError(message("llm.server.hung_up", server=base), why, message("llm.server.hung_up.fix"))
    what = message("llm.server.unusable", server=base)
    if isinstance(error, EndlessEvent):
        return ModelError(what, message("llm.server.endless_event"))
    return ModelError(what, f"{type(error).__name__}: {words}")


def refused(
    status: int, text: str, base: str, key: Key | None = None, location: str = "", attempts: int = 1
) -> ModelError:
    """The error for an answer with another status than 200.

    :param location: where a redirect points.
    :param attempts: how often it was asked.
    """
    words = server_message(text, key)
    if status in (401, 403):
        if key is not None:
            why = message("llm.server.wrong_key", origin=key.origin)
        else:
            why = message("llm.server.no_key")
        return ModelError(_refuses(base, status), why, "export IQDEBUG_API_KEY=…")
    if status == 404:
        what = message("llm.server.no_path", server=base)
        return ModelError(what, words, message("llm.server.address_rule"))
    if 300 <= status < 400:
        goal = urlsplit(location)
        if goal.netloc:
            address = f"{goal.scheme}://{goal.netloc.rpartition('@')[2]}{goal.path}"
            why = message("llm.server.redirects_to", address=address)
        else:
            why = message("llm.server.redirects")
        return ModelError(
            message("llm.server.elsewhere", server=base), why, message("llm.server.elsewhere.fix")
        )
    if is_full(status, text):
        return ModelError(message("llm.window.full"), words, message("llm.window.compact"))
    if status in (429, 503):
        what = message("llm.server.busy", server=base, status=status)
        often = message("llm.server.busy.often", count=attempts, said=words) if attempts > 1 else words
        return ModelError(what, often, message("llm.server.busy.fix"))
    return ModelError(_refuses(base, status), words)


def _refuses(base: str, status: int) -> Message:
    return message("llm.server.refuses", server=base, status=status)


def is_full(status: int, text: str) -> bool:
    """The server says that the prompt does not fit."""
    return status in (400, 413, 422) and _WINDOW_FULL.search(server_message(text)) is not None


def stated_window(text: str) -> int:
    """The tokens that a server names as its limit when it refuses; 0 where it names none."""
    limit = _STATED_LIMIT.search(text)
    return int(limit[1]) if limit else 0


def server_message(answer: object, key: Key | None = None) -> str:
    """The server's own message, from an error answer of any shape."""
    if isinstance(answer, str):
        text = answer
        try:
            answer = parsed(text)
        except ValueError:
            return _short(text, key)
    if isinstance(answer, dict):
        inner = answer.get("error") or answer.get("message") or answer.get("detail") or answer
        answer = inner.get("message", inner) if isinstance(inner, dict) else inner
    return _short(str(answer), key)


def _short(text: str, key: Key | None) -> str:
    text = key.hidden(text) if key is not None else text
    return " ".join(text.split())[:_MAX_QUOTED_CHARACTERS]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
