"""What is known of exceptions: found by type, by base class, and by message."""

from __future__ import annotations

import builtins
import re

import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import ExceptionInfo
from iqdebug.diagnosis.knowledge import meaning_of, meanings
from iqdebug.diagnosis.knowledge.bases import BASES, LAST_NAMES

PLAIN = {"BaseException", "Exception", "EnvironmentError", "IOError", "WindowsError"}


def meaning(kind: str, message: str = "") -> str:
    found = meaning_of(ExceptionInfo(kind, message))
    return render(found) if found is not None else ""


@pytest.mark.parametrize(
    "kind",
    sorted(
        name
        for name, found in vars(builtins).items()
        if isinstance(found, type) and issubclass(found, BaseException) and name not in PLAIN
    ),
)
def test_every_exception_of_python_has_a_meaning(kind: str) -> None:
    assert meaning(kind)


@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        ("KeyError", "'id'", "A mapping has no such key."),
        ("AttributeError", "'NoneType' object has no attribute 'x'", "taken from None"),
        ("AttributeError", "'str' object has no attribute 'x'", "has no attribute of that name"),
        ("TypeError", "f() missing 1 required positional argument: 'x'", "arguments of the call"),
        ("RuntimeError", "dictionary changed size during iteration", "while a loop ran over it"),
        ("ValueError", "The truth value of a Series is ambiguous", "used as a condition"),
        ("json.decoder.JSONDecodeError", "Expecting value: line 1 column 1 (char 0)", "does not begin"),
        ("ssl.SSLCertVerificationError", "certificate verify failed: certificate has expired", "out of date"),
        ("ssl.SSLZeroReturnError", "x", "Encryption could not"),
        ("requests.exceptions.ReadTimeout", "x", "did not answer in the time"),
        ("requests.exceptions.RetryError", "x", "A request failed."),
        ("httpx.HTTPStatusError", "404", "raise_for_status"),
        ("sqlalchemy.exc.DataError", "x", "could not be sent"),
        ("sqlalchemy.orm.exc.DetachedInstanceError", "x", "session had ended"),
        ("pydantic_core._pydantic_core.ValidationError", "1 validation error", "does not fit the model"),
        ("shop.models.DoesNotExist", "Order matching query does not exist.", "found none"),
        ("django.urls.exceptions.NoReverseMatch", "x", "No address has that name"),
        ("werkzeug.exceptions.BadRequestKeyError", "x", "not in the request"),
        ("jinja2.exceptions.UndefinedError", "'x' is undefined", "not given"),
        ("numpy.linalg.LinAlgError", "Singular matrix", "no inverse"),
        ("pandas.errors.ParserError", "x", "another number of fields"),
        ("asyncio.exceptions.CancelledError", "", "told to stop"),
        ("asyncio.exceptions.TimeoutError", "", "in the time allowed"),
        ("subprocess.CalledProcessError", "returned non-zero exit status 127.", "not found"),
        ("sqlite3.OperationalError", "no such table: a", "no such table"),
        ("_pickle.PicklingError", "Can't pickle x", "cannot be pickled"),
        ("click.exceptions.NoSuchOption", "x", "no such option"),
        ("_pytest.fixtures.FixtureLookupError", "x", "no fixture"),
        ("ExceptionGroup", "x (2 sub-exceptions)", "Several things failed"),
    ],
)
def test_a_meaning_is_found(kind: str, message: str, words: str) -> None:
    assert words in meaning(kind, message)


@pytest.mark.parametrize("kind", ["", "shop.OrderError", "parsing.ParseError", "x.KeyErrors", "Exception"])
def test_nothing_is_made_up(kind: str) -> None:
    assert meaning(kind, "anything") == ""


def test_the_table_is_well_formed() -> None:
    known = meanings()
    assert len(known) > 200
    for listed in known.values():
        assert sum(not m.pattern for m in listed) <= 1
        for entry in listed:
            re.compile(entry.pattern)
            means, _, look = render(entry.message).partition(". ")
            assert means and look.endswith(".")
    for kind, base in {**BASES, **LAST_NAMES}.items():
        assert base in known or base in BASES, kind


def test_every_word_ends_even_where_bases_go_round() -> None:
    assert all(isinstance(meaning(kind, "x" * 100_000), str) for kind in BASES)
