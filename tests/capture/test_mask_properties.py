"""No form of a secret that was learnt is left, whatever the secret and the text around it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from iqdebug.capture.mask import MASK, Masker
from iqdebug.capture.secret_strength import is_strong
from tests.capture.test_mask import knowing

pytestmark = pytest.mark.slow


ANY = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("'\"\\%/+&=@:; \n\t{}<>…é漢🔑0aA"),
    ),
    max_size=30,
)


def overlaps_mask(secret: str) -> bool:
    """Whether text beside a mask could spell the secret with letters of the mask's own."""
    return secret in MASK or any(
        secret.startswith(MASK[-size:]) or secret.endswith(MASK[:size]) for size in range(1, len(MASK) + 1)
    )


def in_repr(write: Callable[[str], str]) -> Callable[[str], set[str]]:
    """The text inside a ``repr``, with either kind of quotes."""

    def bodies(secret: str) -> set[str]:
        escaped = write('"' + secret).partition('"')[2][:-1]
        return {escaped, escaped.replace("\\'", "'")}

    return bodies


def bytes_repr(text: str) -> str:
    return repr(text.encode())


def json_unicode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def quote_lower(text: str) -> str:
    return re.sub("%..", lambda m: m.group().lower(), quote(text, safe=""))


WRITERS: list[tuple[Callable[[str], str], Callable[[str], set[str]]]] = [
    (str, lambda s: {s}),
    (repr, in_repr(repr)),
    (ascii, in_repr(ascii)),
    (bytes_repr, in_repr(bytes_repr)),
    (lambda t: repr([t, {t: t}]), in_repr(repr)),
    (json.dumps, lambda s: {json.dumps(s)[1:-1]}),
    (json_unicode, lambda s: {json_unicode(s)[1:-1]}),
    (quote, lambda s: {quote(s)}),
    (quote_plus, lambda s: {quote_plus(s)}),
    (quote_lower, lambda s: {quote_lower(s)}),
    (lambda t: f"https://h/p?q={quote_plus(t)}&x", lambda s: {quote_plus(s)}),
]


@given(ANY.filter(is_strong), ANY, ANY, st.lists(ANY, max_size=3))
@settings(max_examples=400, deadline=None, database=None)
@example("a'b\"c\\d", "it's ", ' "x" ', [])
@example("a'bcd", 'say "', "", [])
@example("\\\\\\\\", "\\", "\\", ["\\n\\n"])
@example("%41%25", "%", "%41", [])
@example("0000", "000", "00", ["00000"])
@example("/../", "https://", "", [])
def test_no_registered_secret_is_left_in_any_form(
    secret: str, before: str, after: str, others: list[str]
) -> None:
    assume(is_strong(secret) and not set(secret) <= {"*", "•"} and not overlaps_mask(secret))
    masker = knowing(secret, *others)
    of_bytes = knowing(secret.encode())
    whole = before + secret + after
    for write, forms_of in WRITERS:
        written = write(whole)
        forms = {form for form in forms_of(secret) if form in written}
        assert forms, "the test itself"
        for each in (masker, of_bytes):
            scrubbed = each.scrub(written)
            for form in {secret, *forms}:
                assert overlaps_mask(form) or form not in scrubbed, write


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None, database=None)
def test_any_text_can_be_scrubbed_and_learnt_from(text: str) -> None:
    masker = Masker()
    masker.learn_from_text(text)
    masker.learn(text)
    scrubbed = masker.scrub(text)
    assert isinstance(scrubbed, str)
    masker.is_secret(text, text)
