"""JSON for programs, of values that hold any text: lone surrogates, and what could steer a terminal."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from iqdebug.core.text import is_invisible

__all__ = ["json_bytes", "json_text", "json_value"]


def json_text(value: Any) -> str:
    """Indented JSON of frozen values; every field by its name in :mod:`iqdebug.core.state`. What
    could steer a terminal stands as an escape of JSON."""
    found = msgspec.json.format(msgspec.json.encode(_plain(value)), indent=2).decode()
    return "".join(map(_escaped, found)) if not found.isascii() or "\x7f" in found else found


def _escaped(character: str) -> str:
    if character == "\n" or not is_invisible(character):
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _plain(value: Any) -> Any:
    """Lone surrogates have no UTF-8 form; they become their escapes."""
    built = msgspec.to_builtins(value)
    return _encodable(built)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(v) for v in value]
    return value


def json_bytes(value: Any) -> bytes:
    """JSON on one line. Lone surrogates, which UTF-8 does not have, stand as their escapes."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_plain(value))


def json_value(data: bytes, shape: Any = Any) -> Any:
    """What the JSON says; lone surrogates, which JSON can spell, as their escapes.

    :raises msgspec.DecodeError: it is no JSON, of another shape, or nested too deeply.
    """
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            return msgspec.json.decode(json_bytes(_encodable(json.loads(data))), type=shape)
        except msgspec.DecodeError:
            raise
        except (ValueError, RecursionError):
            raise msgspec.DecodeError(str(error)) from None
