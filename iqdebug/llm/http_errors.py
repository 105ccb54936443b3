"""What went wrong with a server, in words."""

from __future__ import annotations

import json
import re

import httpx

from iqdebug.errors import ModelError
from iqdebug.llm.keys import Key

__all__ = ["explained", "refused"]

_FULL = re.compile(r"context.{0,20}(?:length|window|size)|maximum context|too many tokens|exceed", re.I)


def explained(error: Exception, base: str) -> ModelError:
    """A failure of the connection."""
    words = str(error)
    if isinstance(error, httpx.ConnectTimeout):
        return ModelError(
            f"{base} does not answer", "No connection within 5 seconds", "Is the address right?"
        )
    if isinstance(error, httpx.ReadTimeout):
        return ModelError(
            f"{base} fell silent",
            "No sign of an answer in time",
            "It may still read a long prompt; ask again",
        )
    if isinstance(error, httpx.ConnectError):
        if "certificate" in words.lower() or "ssl" in words.lower():
            return ModelError(f"{base} cannot be trusted", words[:200], "Its certificate is not valid here")
        if "name" in words.lower() and "known" in words.lower():
            return ModelError(f"There is no host {base.split('/')[2]}", words[:200])
        return ModelError(
            f"Nothing listens at {base}", words[:200], "Start the server, or choose another model"
        )
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return ModelError(f"{base} hung up in the middle of the answer", words[:200], "Ask again")
    return ModelError(f"{base} could not be used", f"{type(error).__name__}: {words[:200]}")


def refused(status: int, text: str, base: str, key: Key | None) -> ModelError:
    """An answer that is none."""
    told = _told(text)
    if status in (401, 403):
        used = f"The key from {key.origin} was not accepted" if key is not None else "No key was given"
        return ModelError(f"{base} refuses ({status})", used, "export IQDEBUG_API_KEY=…")
    if status == 404:
        return ModelError(f"{base} has no such path", told, "The address ends in /v1 as a rule")
    if 300 <= status < 400:
        return ModelError(
            f"{base} points elsewhere", "Redirects are not followed", "Use the address it names"
        )
    if status in (400, 413, 422) and _FULL.search(told):
        return ModelError("The window is full", told, "/compact folds older turns away")
    if status in (429, 503):
        return ModelError(f"{base} is busy ({status})", told, "Ask again in a while")
    return ModelError(f"{base} refuses ({status})", told)


def _told(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:300]
    if isinstance(found, dict):
        inner = found.get("error", found)
        words = inner.get("message", inner) if isinstance(inner, dict) else inner
        return " ".join(str(words).split())[:300]
    return str(found)[:300]
