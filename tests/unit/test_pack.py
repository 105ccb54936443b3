"""Evidence under a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.evidence.pack import estimated_tokens
from tests.unit.crashing import Case, crash_of

PROGRAM = """
    import logging

    class Order:
        def __init__(self, lines):
            self.lines = lines
            self.rate = None

    def lookup(rates, country):
        if country in rates:
            return rates[country]
        return None

    def total(order):
        amount = sum(order.lines)
        return amount * order.rate  # @raise

    def main():
        order = Order([3, 4, 5])
        order.rate = lookup({"de": 0.19}, "fr")
        print(total(order))

    main()
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return crash_of(PROGRAM, tmp_path)


def test_it_holds_the_failure_its_source_and_its_values(case: Case) -> None:
    text = case.evidence().text
    assert text.startswith("TypeError: unsupported operand")
    assert f"> {case.line('raise')}     return amount * order.rate" in text
    assert "amount: int = 12" in text
    assert "order.rate: NoneType = None" in text
    assert "stack of TypeError, innermost first:" in text


def test_functions_that_have_returned_are_shown(case: Case) -> None:
    text = case.evidence().text
    assert "lookup" in text and "has returned" in text


@pytest.mark.parametrize("budget", [100, 200, 400, 1_000, 4_000, 64_000])
def test_it_keeps_the_budget(case: Case, budget: int) -> None:
    found = case.evidence(budget)
    assert found.tokens <= budget == found.budget
    assert found.tokens == estimated_tokens(found.text)
    assert "TypeError" in found.text


def test_a_smaller_budget_keeps_the_most_valuable(case: Case) -> None:
    assert "return amount * order.rate" in case.evidence(700).text
    assert len(case.evidence(700).text) < len(case.evidence(4_000).text)


def test_the_same_snapshot_gives_the_same_bytes(case: Case) -> None:
    assert case.evidence().text == case.evidence().text


def test_no_value_twice(case: Case) -> None:
    lines = [line for line in case.evidence().text.splitlines() if line.startswith("  order: ")]
    assert len(lines) == 1
