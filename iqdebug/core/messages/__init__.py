"""What people read, as data until the last moment.

A :class:`Message` is the id of a sentence and the values it names. Code makes, keeps, compares and
sorts messages; it never looks into their words. :func:`render` makes the text, from the catalogue of
one language: ``iqdebug/core/messages/en`` for English. Another language is one more such package.

A template names values in braces. ``{owner}`` stands for the value as text: a message inside is
rendered, None is nothing, a tuple is joined with ``, ``. ``{names: and }`` joins with what stands
behind the colon. ``{count:is|are}`` chooses a form by a whole number. ``{place:? at }`` is the value with
`` at `` before it, and nothing where the value is None.

The language is one for the whole process: :func:`set_language`, called once at the start.
"""

from __future__ import annotations

import importlib
import importlib.util
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, Union, cast

from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind

__all__ = [
    "DEFAULT_LANGUAGE",
    "Catalogue",
    "Message",
    "Text",
    "Value",
    "anomaly_kind_message",
    "catalogue_of",
    "confidence_message",
    "contains",
    "current_language",
    "hop_message",
    "message",
    "render",
    "set_language",
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

    def with_values(self, **values: Value) -> Message:
        """The same sentence with other values for some of the names that it has."""
        return Message(self.id, tuple((name, values.get(name, value)) for name, value in self.values))


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


def confidence_message(confidence: Confidence) -> Message:
    return Message(f"confidence.{confidence.name.lower()}")


def contains(whole: Text, part: Text) -> bool:
    """Whether a message is the other, or names it among its values, at any depth."""
    if whole == part:
        return True
    if isinstance(whole, str):
        return False
    values = [each for _, value in whole.values for each in (value if isinstance(value, tuple) else (value,))]
    return any(contains(value, part) for value in values if isinstance(value, (Message, str)))


_language = DEFAULT_LANGUAGE


def set_language(code: str) -> None:
    """From now on messages are rendered in that language; in English where there is no catalogue of it."""
    global _language
    known = code.isidentifier() and importlib.util.find_spec(f"{__name__}.{code}") is not None
    _language = code if known else DEFAULT_LANGUAGE


def current_language() -> str:
    return _language


def render(text: Text, language: str | None = None) -> str:
    """The words of a message, in English where the language lacks the sentence. Text that is no message
    stays as it is. Never raises: a message that an older version kept may lack values, or its template.

    :param language: None: the current one.
    """
    if isinstance(text, str):
        return text
    language = language or _language
    catalogue = catalogue_of(language)
    template = catalogue.TEMPLATES.get(text.id)
    if template is None:
        catalogue = catalogue_of(DEFAULT_LANGUAGE)
        template = catalogue.TEMPLATES.get(text.id, text.id)
    return _Formatter(language, catalogue).vformat(template, (), dict(text.values))


@cache
def catalogue_of(language: str) -> Catalogue:
    """:raises ModuleNotFoundError: there is no such language."""
    return cast(Catalogue, importlib.import_module(f"{__name__}.{language}"))


class _Formatter(string.Formatter):
    def __init__(self, language: str, catalogue: Catalogue) -> None:
        self._language = language
        self._plural_form = catalogue.plural_form

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int) and "|" in format_spec:
            forms = format_spec.split("|")
            return forms[min(self._plural_form(value), len(forms) - 1)]
        if format_spec.startswith("?"):
            return "" if value is None else format_spec[1:] + next(iter(self._texts((value,))))
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
