"""Failures of a server as errors for a person. No message contains the key."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.api_keys import Key
from iqdebug.llm.backends.http_bounds import Endless
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
            f"{base} does not answer", "No connection within 5 seconds", "Is the address right?"
        )
    if isinstance(error, httpx.TimeoutException):
        return ModelError(
            f"{base} fell silent",
            "No sign of an answer in time",
            "It may still read a long prompt: ask again, or set a longer first_token_timeout",
        )
    if isinstance(error, Endless):
        return ModelError(f"{base} was given up", words, "Choose another server, or ask again")
    if any(isinstance(c, socket.gaierror) for c in causes):
        return ModelError(f"The name {host} leads nowhere", words, "Is the address right?")
    if any(isinstance(c, ssl.SSLError) for c in causes):
        fix = "Its certificate is not valid here; SSL_CERT_FILE names other authorities"
        if "WRONG_VERSION" in words or "RECORD_LAYER" in words:
            fix = "It seems to speak http, not https"
        return ModelError(f"{base} cannot be trusted", words, fix)
    if isinstance(error, httpx.ConnectError):
        return ModelError(f"Nothing listens at {base}", words, "Start the server, or choose another model")
    if isinstance(error, httpx.ProxyError):
        return ModelError(f"The proxy does not lead to {base}", words, f"NO_PROXY={host} goes around it")
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        return ModelError(f"{base} hung up", words, "Ask again; the server's log may say why")
    return ModelError(f"{base} could not be used", f"{type(error).__name__}: {words}")


def refused(
    status: int, text: str, base: str, key: Key | None = None, location: str = "", attempts: int = 1
) -> ModelError:
    """The error for an answer with another status than 200.

    :param location: where a redirect points.
    :param attempts: how often it was asked.
    """
    words = server_message(text, key)
    if status in (401, 403):
        used = f"The key from {key.origin} was not accepted" if key is not None else "No key was given"
        return ModelError(f"{base} refuses ({status})", used, "export IQDEBUG_API_KEY=…")
    if status == 404:
        return ModelError(f"{base} has no such path", words, "The address ends in /v1 as a rule")
    if 300 <= status < 400:
        goal = urlsplit(location)
        where = f"To {goal.scheme}://{goal.netloc.rpartition('@')[2]}{goal.path}: " if goal.netloc else ""
        return ModelError(
            f"{base} points elsewhere", f"{where}redirects are not followed", "Use the address it names"
        )
    if is_full(status, text):
        return ModelError("The window is full", words, "/compact folds older turns away")
    if status in (429, 503):
        often = f"Asked {attempts} times. " if attempts > 1 else ""
        return ModelError(f"{base} is busy ({status})", f"{often}{words}", "Ask again in a while")
    return ModelError(f"{base} refuses ({status})", words)


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
