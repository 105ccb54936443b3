"""JSON that a model or a server wrote: parsed within bounds, and with texts that can be kept and sent on."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["MAX_DEPTH", "parsed", "parsed_object", "sound", "sound_text"]

MAX_DEPTH = 64
"""Of lists and objects within each other; no tool and no server needs more."""

_LONE = re.compile("[\ud800-\udfff]")


def parsed(text: str) -> object:
    """The value, :func:`sound`.

    :raises ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return sound(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parsed_object(text: str) -> dict[str, Any]:
    """:func:`parsed`, for an answer that is read key by key.

    :raises ValueError: it is no JSON object, or nested too deeply.
    """
    value = parsed(text)
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def sound(value: object, depth: int = MAX_DEPTH) -> object:
    """The same, with U+FFFD for lone surrogates (JSON may spell them, UTF-8 cannot hold them).

    :raises ValueError: it is nested too deeply.
    """
    if isinstance(value, str):
        return sound_text(value)
    if depth <= 0 and isinstance(value, (dict, list)):
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        return {sound_text(name): sound(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [sound(inner, depth - 1) for inner in value]
    return value


def sound_text(text: str) -> str:
    return text if text.isascii() else _LONE.sub("\ufffd", text)
