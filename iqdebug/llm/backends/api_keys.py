"""The key for a server: from the environment or the system's keyring, for that server alone.

``IQDEBUG_API_KEY`` goes to the server that the setting names, and nowhere else: redirects are not
followed. ``OPENAI_API_KEY`` goes to https://api.openai.com alone, as its owner meant it. The keyring's
entry is looked up by host. A key is never printed, logged or saved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Text, message

__all__ = ["Key", "key_for"]


@dataclass(frozen=True, slots=True)
class Key:
    """:param origin: where it came from."""

    secret: str = field(repr=False)
    origin: Text

    def hidden(self, text: str) -> str:
        """The text without the key: servers repeat it in what they answer."""
        return text.replace(self.secret, "<key>")


def key_for(url: str) -> Key | None:
    """The first of: ``IQDEBUG_API_KEY``, ``OPENAI_API_KEY`` for its own host, the keyring's entry
    "iqdebug" for the host.

    :raises ModelError: it holds what no header may hold. The words do not hold the key.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if key := os.environ.get("IQDEBUG_API_KEY", "").strip():
        return _usable(Key(key, "$IQDEBUG_API_KEY"))
    its_own = (parts.scheme, host) == ("https", "api.openai.com")
    if its_own and (key := os.environ.get("OPENAI_API_KEY", "").strip()):
        return _usable(Key(key, "$OPENAI_API_KEY"))
    stored = _stored(host)
    return _usable(Key(stored, message("llm.key.keyring"))) if stored else None


def _stored(host: str) -> str | None:
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]

        password = keyring.get_password("iqdebug", host)
    except Exception:  # not installed, locked, or without a backend: there is no key then
        return None
    return password.strip() if isinstance(password, str) else None


def _usable(key: Key) -> Key:
    if not all("!" <= c <= "~" for c in key.secret):
        raise ModelError(
            message("llm.key.unusable", origin=key.origin),
            message("llm.key.unusable.why"),
            message("llm.key.unusable.fix"),
        )
    return key
