"""Edits that the rules prove: where they stand, and when there is none."""

from __future__ import annotations

import textwrap

import pytest

from iqdebug.core.evidence import Replacement
from iqdebug.diagnosis.rules.replacements import (
    Statement,
    awaited_call,
    default_made_in_body,
    imported_module,
    other_attribute,
    other_key,
    other_keyword,
    other_name,
)
from iqdebug.diagnosis.source.outline import Outline


def at(source: str, line: int) -> Statement:
    return Statement("/a.py", outline_of(source), line)


def outline_of(source: str) -> Outline:
    return Outline(tuple(textwrap.dedent(source).strip("\n").split("\n")))


def applied(source: str, edit: Replacement | None) -> str:
    """The text with the edit made; the text that it replaces must stand there."""
    assert edit is not None
    lines = textwrap.dedent(source).strip("\n").split("\n")
    start = sum(len(line) + 1 for line in lines[: edit.line - 1]) + edit.column
    end = sum(len(line) + 1 for line in lines[: edit.end_line - 1]) + edit.end_column
    text = "\n".join(lines)
    assert text[start:end] == edit.old
    return text[:start] + edit.new + text[end:]


def test_columns_count_characters_not_bytes() -> None:
    source = 'größe = "äöü" + row["naem"]'
    edit = other_key(at(source, 1), "'naem'", "'name'")
    assert applied(source, edit) == 'größe = "äöü" + row["name"]'


def test_a_key_of_another_type_is_converted_where_it_is_looked_up() -> None:
    source = "price = prices[number]"
    assert applied(source, other_key(at(source, 1), "18", "'18'")) == "price = prices[str(number)]"
    assert other_key(at(source, 1), "'naem'", "'name'") is None


@pytest.mark.parametrize("source", ["a(naem) + naem", "total = 1"])
def test_what_may_mean_two_places_or_none_is_not_edited(source: str) -> None:
    assert other_name(at(source, 1), "naem", "name") is None


def test_an_attribute_and_a_keyword_are_renamed() -> None:
    source = "send(order.custumer, sbject=1)"
    attribute = other_attribute(at(source, 1), "custumer", "customer")
    assert applied(source, attribute) == "send(order.customer, sbject=1)"
    keyword = other_keyword(at(source, 1), "sbject", "subject")
    assert applied(source, keyword) == "send(order.custumer, subject=1)"


def test_await_goes_before_the_call_and_into_brackets_where_something_is_taken_from_it() -> None:
    source = """
        async def main():
            return fetch(1).price
        """
    edited = applied(source, awaited_call(at(source, 2), "fetch(1)"))
    assert edited.endswith("return (await fetch(1)).price")
    plain = source.replace("async ", "")
    assert awaited_call(at(plain, 2), "fetch(1)") is None


def test_await_goes_to_the_only_assignment_of_a_name() -> None:
    source = """
        async def main():
            price = fetch(1)
            return price + 1
        """
    assert "price = await fetch(1)" in applied(source, awaited_call(at(source, 3), "price"))
    twice = source.replace("return", "price = fetch(2)\n            return")
    assert awaited_call(at(twice, 4), "price") is None


def test_a_shared_default_is_made_in_the_body() -> None:
    source = '''
        def add(name, gifts=[], *, top=1):
            """Adds."""
            gifts.append(name)
        '''
    made = applied(source, default_made_in_body(at(source, 1), "gifts")).split("\n")
    assert made[0] == "def add(name, gifts=None, *, top=1):"
    assert made[2:] == ["    if gifts is None:", "        gifts = []", "    gifts.append(name)"]
    assert default_made_in_body(at("def add(gifts=[]): return gifts", 1), "gifts") is None


def test_an_import_stands_before_the_first_one() -> None:
    source = "from __future__ import annotations\n\nimport os\nprint(json)"
    edit = imported_module("/a.py", outline_of(source), "json")
    assert "\nimport json\nimport os\n" in applied(source, edit)
    assert imported_module("/a.py", outline_of("print(json)"), "json") is None
