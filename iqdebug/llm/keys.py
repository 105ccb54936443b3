"""The key for a server: from the environment or the system's keyring, for that server alone.

``IQDEBUG_API_KEY`` goes to the server that the setting names, and nowhere else: redirects are not
followed. ``OPENAI_API_KEY`` goes to api.openai.com alone, as its owner meant it. A key is never printed,
logged or saved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Key", "key_for"]


@dataclass(frozen=True, slots=True)
class Key:
    """:param origin: where it came from, in words."""

    secret: str = field(repr=False)
    origin: str


def key_for(url: str) -> Key | None:
    """The first of: ``IQDEBUG_API_KEY``, ``OPENAI_API_KEY`` for its own host, the keyring's entry
    "iqdebug" for the host. Never raises."""
    host = urlsplit(url).hostname or ""
    if found := os.environ.get("IQDEBUG_API_KEY", "").strip():
        return Key(found, "$IQDEBUG_API_KEY")
    if host == "api.openai.com" and (found := os.environ.get("OPENAI_API_KEY", "").strip()):
        return Key(found, "$OPENAI_API_KEY")
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]

        stored = keyring.get_password("iqdebug", host)
    except Exception:  # not installed, locked, or without a backend: there is no key then
        return None
    return Key(stored, "the keyring") if stored else None
