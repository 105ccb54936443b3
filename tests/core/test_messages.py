"""Messages and their catalogue: every sentence that code can make has a template, and fits it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import iqdebug
from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind
from iqdebug.core.messages import (
    Message,
    anomaly_kind_message,
    catalogue_of,
    confidence_message,
    en,
    hop_message,
    message,
    render,
)
from iqdebug.diagnosis.knowledge import meanings
from iqdebug.diagnosis.rules.renamed import GONE

PACKAGE = Path(iqdebug.__file__).parent
LANGUAGES = sorted(p.parent.name for p in (PACKAGE / "core" / "messages").glob("*/__init__.py"))


@cache
def written() -> tuple[tuple[str, frozenset[str], str], ...]:
    """Each ``message("id", name=…)`` of the package: its id, the values it gives, and where it stands.
    The id must be written out, or nothing could be checked."""
    calls = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        if "message(" not in text or "core.messages import" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message":
                where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                first = node.args[0]
                assert isinstance(first, ast.Constant) and isinstance(first.value, str), where
                names = frozenset(k.arg for k in node.keywords if k.arg is not None)
                assert len(names) == len(node.keywords), where
                calls.append((first.value, names, where))
    return tuple(calls)


def of_enums_and_tables() -> Iterator[Message]:
    """Messages whose ids come from data."""
    yield from (anomaly_kind_message(kind) for kind in AnomalyKind)
    yield from (hop_message(kind, "x") for kind in HopKind)
    yield from (confidence_message(confidence) for confidence in Confidence)
    yield from (meaning.message for listed in meanings().values() for meaning in listed)
    yield from (instead for _, _, instead in GONE.values() if isinstance(instead, Message))


def named_in(template: str) -> set[str]:
    fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    assert all(name.isidentifier() for name in fields), template
    return fields


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_used_and_gets_the_values_it_names(language: str) -> None:
    templates = catalogue_of(language).TEMPLATES
    used = set()
    for message_id, names, where in written():
        used.add(message_id)
        assert message_id in templates, f"{where}: no template for {message_id}"
        missing = named_in(templates[message_id]) - names
        assert not missing, f"{where}: {message_id} names {missing}, which the message does not carry"
        if language == "en":
            assert not names - named_in(templates[message_id]), f"{where}: {message_id} leaves out a value"
    for made in of_enums_and_tables():
        used.add(made.id)
        assert named_in(templates[made.id]) <= {name for name, _ in made.values}, made.id
    assert set(templates) == used, f"unused: {sorted(set(templates) - used)}"


def test_each_id_is_in_one_file_of_the_catalogue() -> None:
    parts = [m.TEMPLATES for m in vars(en).values() if hasattr(m, "TEMPLATES")]
    assert sum(len(part) for part in parts) == len(en.TEMPLATES)


def test_values_are_filled_in_and_never_read_as_templates() -> None:
    hop = hop_message(HopKind.PASSED, "{name}")
    gave = message("reason.gave_value", name="a{b}", how=hop, code="x = {}")
    assert render(gave) == "`a{b}` is passed as `{name}`: `x = {}`"


def test_lists_numbers_and_what_is_left_out() -> None:
    one = message("anomaly.recursion.same", names=[message("quoted", text="a")], count=1)
    two = message("anomaly.recursion.same", names=[message("quoted", text=n) for n in "ab"], count=2)
    assert render(one) == "`a` is the same every time"
    assert render(two) == "`a`, `b` are the same every time"
    assert render(message("anomaly.recursion", parts=[one, two])).count("; ") == 1
    zone = message("anomaly.naive_datetime", name="now", other=None, made=None)
    assert render(zone) == "`now` has no time zone"


def test_words_that_are_no_message_stay_as_they_are() -> None:
    assert render("{nothing} is replaced") == "{nothing} is replaced"


def test_equal_messages_are_equal_values_however_they_are_written() -> None:
    one, other = (
        message("near.types", wanted="a", known="b"),
        message("near.types", known="b", wanted="a"),
    )
    assert one == other and hash(one) == hash(other) and one.value("known") == "b"
