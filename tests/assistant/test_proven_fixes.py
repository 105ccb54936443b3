"""Fixes that follow from the evidence are made without a model, and hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.proven_fixes import proven_fixes
from iqdebug.assistant.actions.verify import verify
from iqdebug.system.source_files import read_lines
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis
from tests.assistant.recorded import Recorded, record_example, record_text

pytestmark = pytest.mark.slow

KEYWORD = """\
def send(address, subject=""):
    return address, subject


def main():
    print(send("ada@example.org", sbject="hello"))


main()
"""
ATTRIBUTE = """\
class Order:
    def __init__(self, number):
        self.customer = "Ada"


def label(order):
    return order.custumer.upper()


print(label(Order(1)))
"""
KEY = """\
def label(row):
    return row["naem"] + "!"


print(label({"name": "Ada", "city": "London"}))
"""


def fixes(case: Recorded) -> tuple[Proposal, ...]:
    diagnosis = crash_diagnosis(case.crash, case.crash.read_source, here=True)
    return proven_fixes(diagnosis, root=str(case.root), read_source=read_lines)


def added(proposal: Proposal) -> list[str]:
    lines = proposal.diff.splitlines()
    return [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (KEYWORD, 'print(send("ada@example.org", subject="hello"))'),
        (ATTRIBUTE, "return order.customer.upper()"),
        (KEY, 'return row["name"] + "!"'),
    ],
    ids=["keyword", "attribute", "key"],
)
async def test_a_name_that_was_nearly_right(source: str, line: str, tmp_path: Path) -> None:
    case = record_text(source, tmp_path)
    (proposal,) = fixes(case)
    assert added(proposal) == [line]
    assert proposal.reason
    assert (await verify(case.crash, proposal, folder=tmp_path)).green


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "mutable_default",
            ["def add_gift(name, gifts=None):  # @gift-default", "if gifts is None:", "gifts = []"],
        ),
        ("unawaited", ["price = await fetch_price(item)  # @unawaited"]),
        ("missing_key", ['return products[str(number)]["price"]  # @fails']),
    ],
)
async def test_examples(name: str, lines: list[str], tmp_path: Path) -> None:
    case = record_example(name, tmp_path)
    (proposal,) = fixes(case)
    assert added(proposal) == lines
    assert (await verify(case.crash, proposal, folder=tmp_path)).green


def test_what_the_program_should_do_instead_is_not_guessed(tmp_path: Path) -> None:
    assert fixes(record_example("divide_by_zero", tmp_path)) == ()
