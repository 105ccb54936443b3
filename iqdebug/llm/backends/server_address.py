"""The address of a server, as settings name it."""

from __future__ import annotations

from urllib.parse import urlsplit

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message

__all__ = ["no_address", "require_address"]

MAX_SHOWN = 100  # characters of an address in the message


def require_address(setting: str) -> str:
    """The address in ``http://host:port/v1#model``, without the model.

    :raises UsageError: it is none.
    """
    address = setting.partition("#")[0]
    try:
        parts = urlsplit(address)
        is_known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known:
        raise no_address(address)
    return address


def no_address(address: str) -> UsageError:
    what = message("llm.server.no_address", address=address[:MAX_SHOWN])
    return UsageError(what, "", message("llm.server.no_address.fix"))
