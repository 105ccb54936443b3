"""What every document has: its schema's name and version."""

from __future__ import annotations

import msgspec

from iqdebug.core.json_text import json_text
from iqdebug.core.output import say

__all__ = ["Document", "Error", "Failure", "Part", "say_document"]


class Part(msgspec.Struct, frozen=True):
    """Something within a document. Every key is always there."""


class Document(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema"):
    """What a command prints. ``schema`` is ``iqdebug/NAME/VERSION``."""


class Error(Part, frozen=True):
    """Why a command failed. ``message`` says what happened, ``why`` the cause and ``fix`` what to do
    about it, both "" where that is not known; ``exit_code`` is the command's."""

    message: str
    why: str
    fix: str
    exit_code: int


class Failure(Document, frozen=True, tag="iqdebug/error/1"):
    """Printed instead of a command's own document when the command failed."""

    error: Error


def say_document(document: Document) -> None:
    """Print it as JSON, to standard output."""
    say(json_text(document))
