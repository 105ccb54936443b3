"""Decides by a value whether it could be a secret, if its name alone does not show it."""

from __future__ import annotations

import re

from .secret_strength import ORDINARY, is_digest, is_id, is_path

_DIGIT = re.compile(r"[0-9]")
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)+\Z")
_LETTERS = re.compile(r"[A-Za-z._ \-]+\Z")
_PIN = re.compile(r"[0-9][0-9 \-]{2,14}[0-9]\Z")
_PLACEHOLDER = re.compile(
    r"\$(?:\{[^{}]*\}|[A-Z_][A-Z0-9_]*|\([^()]*\))\Z|\{[^{}]*\}\Z|\{\{[^{}]*\}\}\Z|%(?:\(\w*\))?[sdr]\Z|<[^<>]*>\Z"
    r"|[*•.…]+\Z|[xX]{3,}\Z|\[[\w ]*\]\Z|%[A-Z_]+%\Z"
)


def is_placeholder(value: str) -> bool:
    """Whether it is a placeholder: ``${DB_PASSWORD}``, ``%(password)s``, ``<token>``, ``***``."""
    return _PLACEHOLDER.match(value) is not None


def is_pin(value: str) -> bool:
    """Whether it has 4 to 12 digits, possibly with blanks or dashes between them, and nothing else."""
    return _PIN.match(value) is not None and 4 <= sum(character.isdigit() for character in value) <= 12


def looks_secret(text: str) -> bool:
    """Whether it is one word that could be a password or token: at least 6 characters with a digit or at
    least 12 without, and no keyword, path or ordinary id."""
    if (
        len(text) < 6
        or text in ORDINARY
        or len(text.split(None, 1)) != 1
        or text[0].isspace()
        or text[-1].isspace()
    ):
        return False
    digit = _DIGIT.search(text)
    if len(text) < 12 and not digit:
        return False
    if _PLACEHOLDER.match(text) or _DOTTED.match(text) or (digit and is_id(text)):
        return False
    return not is_path(text)


def looks_random(text: str) -> bool:
    """Whether it :func:`looks_secret`, is no UUID or git hash, and has at least 16 characters, or at least 8
    with three digits. A parser's ``token`` and a mapping's ``key`` are shorter, or words."""
    if not looks_secret(text) or is_digest(text):
        return False
    return len(text) >= 16 or (len(text) >= 8 and len(_DIGIT.findall(text)) >= 3)


def is_wordy(text: str) -> bool:
    """Whether it consists of words, like names: "content-type", "refreshToken"."""
    if not _LETTERS.match(text):
        return False
    return len(text) < 20 or text.lower() == text or text.upper() == text or not text.isalpha()
