"""Statements of an answer that are not so get a mark, others none: single cases, and answers made by
program."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from iqdebug.assistant.fact_check import AnswerCheck, Facts
from iqdebug.assistant.transcript import Mark, marked_blocks
from iqdebug.core.state import Frame, Origin, Phase, Snapshot, Thread, Variable
from tests.assistant.planted import answers, facts_of, statements
from tests.assistant.recorded import record_example

SOURCE = """\
RATE = 0.19


class Order:
    def __init__(self, lines):
        self.lines = lines


def net(order, discount=0):
    amount = 0
    for line in order.lines:
        amount = amount + line
    return amount - discount


def total(order, customer):
    share = 0.333
    sum_net = net(order)
    token = "hush"
    name = customer["name"]
    return name.upper(), sum_net, share


def main():
    total(Order([1, 2]), {"name": None})


main()
""".splitlines()


def local(name: str, value: str, kind: str, size: int | None = None, reference: int = 0) -> Variable:
    return Variable(name, value, kind, reference, size)


STOP = Snapshot(
    pid=1,
    epoch=1,
    phase=Phase.CRASHED,
    origin=Origin.RECORDED,
    taken_at=0.0,
    threads=(
        Thread(
            1,
            "main",
            frames=(
                Frame(
                    "total",
                    "/app/shop.py",
                    21,
                    locals=(
                        local("order", "<Order lines=[1, 2]>", "shop.Order", reference=1),
                        local("customer", "{'name': None}", "dict", 1, reference=2),
                        local("share", "0.3333333333333333", "float"),
                        local("sum_net", "3", "int"),
                        local("token", "'hush'", "str", 4),
                        local("name", "None", "NoneType"),
                        local("row", "{'share': 0.7}", "dict", 1),
                    ),
                ),
                Frame("main", "/app/shop.py", 25, locals=()),
                Frame("<module>", "/app/shop.py", 28, locals=(local("RATE", "0.19", "float"),)),
            ),
        ),
    ),
)
CHILDREN = {
    1: (local("lines", "[1, 2]", "list", 2),),
    2: (local("'name'", "None", "NoneType"),),
}


def facts(**other: object) -> Facts:
    known: dict[str, object] = {
        "snapshot": STOP,
        "read_source": lambda path: SOURCE if path == "/app/shop.py" else (),
        "children": lambda reference: CHILDREN.get(reference, ()),
        "is_secret": lambda variable: variable.name == "token",
    }
    return Facts(**{**known, **other})  # type: ignore[arg-type]


def words(answer: str, **other: object) -> list[str]:
    return [mark.words for mark in AnswerCheck(facts(**other)).read(answer, whole=True)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("`sum_net` is 7.", "not so: `sum_net` is 3 here"),
        ("The value of `sum_net` is `7`, so it fails.", "not so: `sum_net` is 3 here"),
        ("It fails because sum_net is 7 at shop.py:21.", "not so: `sum_net` is 3 here"),
        ("- `sum_net`: 7", "not so: `sum_net` is 3 here"),
        ("Here `sum_net == 7`, which is odd.", "not so: `sum_net` is 3 here"),
        ("`name` is 'Ann'.", "not so: `name` is None here"),
        ("`name` is not None here.", "not so: `name` is None here"),
        ("`customer` is None.", "not so: `customer` is {'name': None} here"),
        ("`customer['name']` is 'Ann'.", "not so: `customer['name']` is None here"),
        ("`order.lines` is `[1, 2, 3]`.", "not so: `order.lines` is [1, 2] here"),
        ("`len(order.lines)` is 3.", "not so: `len(order.lines)` is 2 here"),
        ("`order.lines` has 5 elements.", "not so: `len(order.lines)` is 2 here"),
        ("The `row` dictionary is empty.", "not so: `row` is {'share': 0.7} here"),
        ("`order.lines` is empty.", "not so: `order.lines` is [1, 2] here"),
        ("`share` is 0.5.", "not so: `share` is 0.3333333333333333 here"),
        ("`RATE` is 0.25.", "not so: `RATE` is 0.19 in `<module>`"),
        ("`custmer` is None.", "not so: nothing here is called `custmer`"),
        ("The variable `grand_total` is wrong.", "not so: nothing here is called `grand_total`"),
        ("`order.linez` is None.", "not so: nothing here is called `linez`"),
        ("See shop.py:210.", "not so: shop.py has 28 lines"),
        ("It is on line 210 of `shop.py`.", "not so: shop.py has 28 lines"),
        ("It fails on line 210, in `total`.", "not so: no file of the stack has a line 210"),
        ("See `billing.py:3`.", "not so: no billing.py is known here"),
        ("The function `settle` in `shop.py` fails.", "not so: shop.py has no `settle`"),
        ("It fails at shop.py:12 in `total`.", "not so: shop.py:12 is in `net`"),
        ("It fails at shop.py:1 in `total`.", "not so: shop.py:1 is not in `total`"),
        ("错误在 shop.py:210。", "not so: shop.py has 28 lines"),
    ],
)
def test_what_is_not_so_is_marked(answer: str, expected: str) -> None:
    assert words(answer) == [expected]


@pytest.mark.parametrize(
    "answer",
    [
        # it is so
        "`sum_net` is 3, `share` is 0.33 and `name` is None.",
        "`customer` is {'name': None} at shop.py:21 in `total`.",
        "`order.lines` has 2 items; `len(order.lines)` is 2.",
        "`total` (shop.py:21) is called by `main` at `shop.py:25`.",
        "`net` is called at shop.py:18 in `total`.",
        "It is in `app.shop.py:21`.",
        "`share` is 0.333 and `sum_net` is 3.0.",
        # it is about something else
        "`share = 0.333` stands in `total`.",
        "The type of `sum_net` is 7.",
        "The length of `name` is 7.",
        "`sum_net` is 7 times too large.",
        "`sum_net` is 7 or 8.",
        "`sum_net` is 70% of it.",
        "The `sum_net` attribute is 7.",
        "the order's `sum_net` is 7.",
        "`net` is called with discount=7.",
        "The condition `sum_net == 7` is false.",
        "`amount` is 0 in `net`.",
        "It has:\n- `share`: 0.7",
        "In `net`, `order` is None.",
        "raises `KeyError` in `shop.py:21`.",
        "`len` is 3.",
        "`os.environ` is {} and `customer.shape` is (1, 2).",
        "The environment variable `SHOP_MODE` and the parameter `timeout` have a say.",
        "The variable `__cached__` is there.",
        "The log says so on line 210 of its end; see also line 300 in the log.",
        # it may be, was or will be
        "If `name` is 'Ann', it works.",
        "`name` was 'Ann'.",
        "Then `name` is 'Ann'.",
        "Is `name` 'Ann'?",
        "It is not true that `name` is 'Ann'.",
        "The caller expects that `name` is 'Ann'.",
        "Suppose `sum_net` is 7. `share` is 1 and that works.",
        "To fix it, check the name. `name` is 'Ann' and it works.",
        "## Fix\nNow `name` is 'Ann'.\n\n`sum_net` is 7.",
        "A new file `billing.py` could hold it.",
        # it is code
        "```python\nname = 'Ann'\n```\n`name` is 'Ann' here.",
        "```diff\n-name = None\n+name = 'Ann'\n```",
        "    name = 'Ann'",
        "> `name` is 'Ann'",
        "| `name` | 'Ann' |",
        # a language whose conditions are not known
        "如果 `name` is 'Ann'.",
        # a secret is not told
        "`token` is 'loud'.",
    ],
)
def test_what_is_so_or_meant_otherwise_is_not_marked(answer: str) -> None:
    assert words(answer) == []


def test_a_name_with_several_values_or_earlier_ones_is_judged_only_where_one_is_meant() -> None:
    frames = (
        Frame(
            "net",
            "/app/shop.py",
            12,
            locals=(local("amount", "3", "int"), local("order", "None", "NoneType")),
        ),
        *STOP.threads[0].frames,
    )
    stop = Snapshot(1, 1, Phase.PAUSED, Origin.DAP, 0.0, threads=(Thread(1, "main", frames=frames),))
    assert words("`order` is 7.", snapshot=stop) == []
    assert words("`order` is 7 in `net`.", snapshot=stop) == ["not so: `order` is None here"]
    assert words("`amount` is 0.", snapshot=stop) == []  # it was, in the first round
    assert words("Here `amount` is 0.", snapshot=stop) == ["not so: `amount` is 3 here"]
    assert words("At shop.py:12, `amount` is 0.", snapshot=stop) == ["not so: `amount` is 3 here"]
    assert words("At shop.py:10, `amount` is 0.", snapshot=stop) == []
    assert words("Here, on line 10, `amount` is 0.", snapshot=stop) == []


def test_of_a_file_that_is_known_in_part_nothing_is_denied() -> None:
    answer = "`custmer` is None. See shop.py:210. The function `settle` in `shop.py` fails."
    assert words(answer, is_whole=lambda path: False) == []
    assert len(words(answer)) == 3


def test_of_a_running_process_places_alone_are_judged() -> None:
    runs = Snapshot(1, 1, Phase.RUNNING, Origin.LIVE, 0.0, threads=STOP.threads)
    assert words("`sum_net` is 7 at shop.py:99.", snapshot=runs) == ["not so: shop.py has 28 lines"]


def test_what_the_model_was_told_of_is_not_unknown() -> None:
    told = ("the log names billing.py and grand_total",)
    assert words("`grand_total` is 3 in `billing.py`.", told=told) == []
    assert words("See `billing.py:3`.", find_files=lambda name: None) == []


def test_marks_come_as_soon_as_a_sentence_is_whole_and_stay() -> None:
    answer = "The cause: `sum_net` is 7. More of it. `name` is 'Ann'.\n\n- `RATE` is 2\n"
    check = AnswerCheck(facts())
    seen: list[tuple[Mark, ...]] = []
    for end in range(1, len(answer) + 1):
        marks = check.read(answer[:end])
        assert not seen or marks[: len(seen[-1])] == seen[-1]
        assert all(mark.at <= end for mark in marks)
        seen.append(marks)
    whole = check.read(answer, whole=True)
    assert [answer[: mark.at].splitlines()[-1] for mark in whole] == [
        "The cause: `sum_net` is 7.",
        "The cause: `sum_net` is 7. More of it. `name` is 'Ann'.",
        "- `RATE` is 2",
    ]
    assert whole == AnswerCheck(facts()).read(answer, whole=True)
    ends = [len(answer) - len(answer.partition(next_)[2]) for next_ in (" More", "`name`", "\n\n", "`RATE`")]
    assert [len(seen[end - 1]) for end in ends] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    "piece",
    [
        "a/",
        "a.",
        "_",
        "`",
        "e.g. ",
        "1. ",
        "[",
        "`a` is [",
        "`a.b` is ",
        "x = ",
        "line 9 ",
        "- `a`: {",
        "a.py:",
        "“",
        "!",
    ],
)
def test_what_is_made_to_keep_the_checker_busy_is_passed_over(piece: str) -> None:
    words(piece * (1_900 // len(piece)))
    answer = piece * 20_000
    check = AnswerCheck(facts())
    for end in range(0, len(answer), len(answer) // 50):
        check.read(answer[:end])
    assert len(check.read(answer, whole=True)) <= 30
    assert len(words("".join(f"`sum_net` is {n}. " for n in range(50, 150)))) == 30
    assert len(words("`sum_net` is 7. " * 100)) == 1


def test_marks_stand_below_the_paragraph_or_item_that_they_are_about() -> None:
    text = "One.\nTwo.\n- a\n  more\n- b\n\nEnd."
    marks = tuple(Mark(text.index(each) + len(each), each, each) for each in ("One.", "a", "End."))
    assert marked_blocks(text, marks) == [
        ("One.\nTwo.\n", marks[:1]),
        ("- a\n  more\n", marks[1:2]),
        ("- b\n\nEnd.", marks[2:]),
    ]
    assert marked_blocks(text, ()) == [(text, ())]


EXAMPLES = (
    "checkout_crash",
    "divide_by_zero",
    "exhausted_iterator",
    "missing_key",
    "mutable_default",
    "naive_datetime",
    "none_lookup",
    "off_by_one",
)


@pytest.mark.slow
def test_planted_falsehoods_are_marked_and_true_statements_are_not(tmp_path: Path) -> None:
    """Of wrong values, places and names 90% at least; of what is so, or is no statement about what is, 2% at
    most."""
    random_ = random.Random(13)
    counts: Counter[tuple[str, bool]] = Counter()
    wrong = []
    for name in EXAMPLES:
        folder = tmp_path / name
        folder.mkdir()
        crash = record_example(name, folder).crash
        for answer in answers(list(statements(crash, random_)), random_):
            check = AnswerCheck(facts_of(crash))
            text, spans = "", []
            for statement in answer:
                start = len(text)
                text += f"{statement.text}\n\n"
                spans.append((start, len(text), statement))
            for end in range(0, len(text), 7):
                check.read(text[:end])
            marks = check.read(text, whole=True)
            for start, end, statement in spans:
                marked = any(start < mark.at <= end for mark in marks)
                kind = "true" if statement.true else statement.kind
                counts[kind, marked] += 1
                if marked == statement.true:
                    wrong.append((name, statement.text))
    assert sum(counts.values()) > 400, counts
    for kind in ("value", "place", "name"):
        assert counts[kind, True] >= 0.9 * (counts[kind, True] + counts[kind, False]), wrong
    assert counts["true", True] <= 0.02 * (counts["true", True] + counts["true", False]), wrong
