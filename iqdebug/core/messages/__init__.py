"""What people read, as data until the last moment.

A :class:`Message` is the id of a sentence and the values it names. Code makes, keeps, compares and
sorts messages; it never looks into their words. :func:`render` makes the text, from the catalogue of
one language: ``iqdebug/core/messages/en`` for English. Another language is one more such package.

A template names values in braces. ``{owner}`` stands for the value as text: a message inside is
rendered, None is nothing, a tuple is joined with ``, ``. ``{names: and }`` joins with what stands
behind the colon. ``{count:is|are}`` chooses a form by a whole number.
"""

from __future__ import annotations

import importlib
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, Union, cast

from iqdebug.core.evidence import AnomalyKind, HopKind

__all__ = [
    "DEFAULT_LANGUAGE",
    "Catalogue",
    "Message",
    "Text",
    "Value",
    "anomaly_kind_message",
    "catalogue_of",
    "hop_message",
    "message",
    "render",
]

DEFAULT_LANGUAGE = "en"

Single = Union[str, int, float, None, "Message"]
Value = Single | tuple[Single, ...]
"""Not recursive, as msgspec decodes messages of stops that were kept."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence, or a part of one: ``id`` names its template, ``values`` are what the template names,
    sorted by name, so that equal messages are equal values."""

    id: str
    values: tuple[tuple[str, Value], ...] = ()

    def value(self, name: str) -> Value:
        """The value of that name; None where the message carries none."""
        return next((value for key, value in self.values if key == name), None)


Text = Message | str
"""A message, or words that are no sentence of ours: an exception's own text, a line of a log."""


class Catalogue(Protocol):
    """What the package of a language holds."""

    TEMPLATES: Mapping[str, str]
    plural_form: Callable[[int], int]


def message(message_id: str, /, **values: Value | Sequence[Value]) -> Message:
    """A message with its values. The id is always written out where it is called, so that a test can
    hold every template against the values it is given."""
    known: list[tuple[str, Value]] = [
        (name, tuple(value) if isinstance(value, list) else cast(Value, value))
        for name, value in values.items()
    ]
    return Message(message_id, tuple(sorted(known, key=lambda pair: pair[0])))


def anomaly_kind_message(kind: AnomalyKind) -> Message:
    """What such an anomaly is, in general."""
    return Message(f"anomaly_kind.{kind.value}")


def hop_message(kind: HopKind, detail: str = "") -> Message:
    """How a value came, as the end of a sentence that begins with its name."""
    return Message(f"hop.{kind.value}", (("detail", detail),))


def render(text: Text, language: str = DEFAULT_LANGUAGE) -> str:
    """The words of a message in a language, in English where that language lacks the sentence. Text
    that is no message stays as it is. Never raises for values."""
    if isinstance(text, str):
        return text
    catalogue = catalogue_of(language)
    template = catalogue.TEMPLATES.get(text.id)
    if template is None:
        catalogue = catalogue_of(DEFAULT_LANGUAGE)
        template = catalogue.TEMPLATES[text.id]
    return _Formatter(language, catalogue).vformat(template, (), dict(text.values))


@cache
def catalogue_of(language: str) -> Catalogue:
    """:raises ModuleNotFoundError: there is no such language."""
    return cast(Catalogue, importlib.import_module(f"{__name__}.{language}"))


class _Formatter(string.Formatter):
    def __init__(self, language: str, catalogue: Catalogue) -> None:
        self._language = language
        self._plural_form = catalogue.plural_form

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int) and "|" in format_spec:
            forms = format_spec.split("|")
            return forms[min(self._plural_form(value), len(forms) - 1)]
        if isinstance(value, tuple):
            return (format_spec or ", ").join(self._texts(value))
        return next(iter(self._texts((value,))))

    def _texts(self, values: Iterable[Value]) -> list[str]:
        return [
            render(value, self._language)
            if isinstance(value, Message)
            else ("" if value is None else str(value))
            for value in values
        ]
