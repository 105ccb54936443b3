"""Tests from captured arguments: which values come back, and what cannot be made into a test."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from iqdebug.assistant.actions.edits import Hunk
from iqdebug.assistant.actions.fix import propose
from iqdebug.assistant.actions.rebuild_values import CannotRebuild, Rebuilder
from iqdebug.assistant.actions.regression import Expectation, prove, regression_tests, write_test
from iqdebug.core.errors import UsageError
from iqdebug.core.messages import render
from iqdebug.crash import Crash
from iqdebug.crash.model import Child, Value
from tests.assistant.recorded import record, record_example, record_text

pytestmark = pytest.mark.slow

VALUES = """\
import collections
import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: float


class Slotted:
    __slots__ = ("name",)

    def __init__(self):
        raise RuntimeError("is not called again")


Pair = collections.namedtuple("Pair", "left right")


class Plain:
    def __init__(self, point):
        self.point = point
        self.tags = {"a", "b"}

    def check(self, *rest, scale=1.0, **options):
        assert self.point == Point(1, 2.5) and self.tags == {"a", "b"}
        assert rest == (1, "zwei") and options == {"mode": b"x"}
        raise LookupError("recorded")


def use(colour, when, amount, path, key, pair, none, nested, slotted, plain, text, zone, queue):
    assert colour is Colour.RED and amount == decimal.Decimal("1.10")
    assert when == datetime.datetime(2026, 11, 22, 14, 3, tzinfo=datetime.timezone.utc)
    assert path == pathlib.Path("/srv/x") and key == uuid.UUID(int=7) and none is None
    assert pair == Pair(1, [2]) and nested == {"a": [1, (2,), {3: True}], "e": []}
    assert slotted.name == "s" and len(text) == 300 and zone == datetime.timedelta(hours=1)
    assert queue == collections.deque([1, 2])
    return plain.check(1, "zwei", scale=float("inf"), mode=b"x")


def main():
    slotted = object.__new__(Slotted)
    slotted.name = "s"
    when = datetime.datetime(2026, 11, 22, 14, 3, tzinfo=datetime.timezone.utc)
    use(
        Colour.RED, when, decimal.Decimal("1.10"), pathlib.Path("/srv/x"), uuid.UUID(int=7), Pair(1, [2]),
        None, {"a": [1, (2,), {3: True}], "e": []}, slotted, Plain(Point(1, 2.5)), "t" * 300,
        datetime.timedelta(hours=1), collections.deque([1, 2]),
    )


if __name__ == "__main__":
    main()
"""


async def test_values_of_all_kinds_come_back(tmp_path: Path) -> None:
    case = record_text(VALUES, tmp_path)
    tests, refused = regression_tests(case.crash, case.diagnosis)
    assert {t.function for t in tests[:2]} == {"Plain.check", "use"}, refused
    for test in tests[:2]:
        found = await prove(case.crash, ((test,), ()), folder=tmp_path)
        assert found.verified is not None and found.verified.verdict == "reproduced", found.lines()
        assert found.verified.before.failures[0].message == "recorded"


REFUSED = {
    "file": (
        "def use(f):\n    raise ValueError('no')\n\n\ndef main():\n    use(open(__file__))\n",
        "`f` is a _io",
    ),
    "cut": (
        "def use(rows):\n    raise ValueError('no')\n\n\ndef main():\n    use(list(range(5000)))\n",
        "not recorded whole",
    ),
    "masked": (
        "def use(password):\n    raise ValueError('no')\n\n\ndef main():\n    use('hunter2hunter2')\n",
        "masked",
    ),
    "again": (
        "def use(n):\n    n = n + 1\n    raise ValueError('no')\n\n\ndef main():\n    use(1)\n",
        "assigned again",
    ),
    "inner": ("def main():\n    def use(n):\n        raise ValueError('no')\n    use(1)\n", "within another"),
    "cycle": (
        "def use(a):\n    raise ValueError('no')\n\n\ndef main():\n    a = []\n    a.append(a)\n    use(a)\n",
        "contains itself",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_the_outer_call_is_taken_and_the_inner_one_explained(name: str, tmp_path: Path) -> None:
    source, why = REFUSED[name]
    case = record_text(f"{source}\n\nif __name__ == '__main__':\n    main()\n", tmp_path)
    tests, refused = regression_tests(case.crash, case.diagnosis)
    assert [t.function for t in tests] == ["main", ""]
    assert why in render(refused[0])


async def test_a_program_that_runs_on_import_is_tested_as_a_whole(tmp_path: Path) -> None:
    case = record_text("def half(n):\n    return n / 0\n\n\nhalf(3)\n", tmp_path)
    tests = regression_tests(case.crash, case.diagnosis)
    assert [t.function for t in tests[0]] == [""]
    assert "runs the program" in render(tests[1][0])
    proposal = propose([Hunk("program.py", ("n / 0",), ("n / 2",))], str(case.root))
    found = await prove(case.crash, tests, proposal, folder=tmp_path)
    assert found.verified is not None and found.verified.green, found.lines()


async def test_a_failure_that_is_not_in_the_arguments_proves_nothing_from_them(tmp_path: Path) -> None:
    source = (
        "STATE = {'ready': True}\n\n\ndef use(n):\n    if not STATE['ready']:\n"
        "        raise ValueError('no')\n\n\n"
        "def main():\n    STATE['ready'] = False\n    use(1)\n\n\nif __name__ == '__main__':\n    main()\n"
    )
    case = record_text(source, tmp_path)
    tests = sorted(regression_tests(case.crash)[0], key=lambda test: test.function != "use")
    assert tests[0].function == "use"
    found = await prove(case.crash, (tuple(tests), ()), folder=tmp_path)
    assert found.test is not None and found.test.function == "main"
    assert any(words.startswith("use: ") for words in found.refused)


async def test_a_package_is_imported_by_its_name_and_an_expectation_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "lib").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "setup.py").write_text("")
    (root / "lib" / "money.py").write_text("async def share(total, people):\n    return total / people\n")
    main = "import asyncio\nimport sys\n\nsys.path.insert(0, 'lib')\nimport money\n\n"
    main += "asyncio.run(money.share(9, 0))\n"
    (root / "main.py").write_text(main)
    case = record(root, "main.py")
    tests = regression_tests(case.crash, case.diagnosis, Expectation(equals="None"))
    test = tests[0][0]
    assert test.path == str(root / "tests" / "test_share_zero_division_error.py")
    assert "from money import share" in test.text and "== None" in test.text
    edit = Hunk(
        "lib/money.py", ("    return total / people",), ("    return total / people if people else None",)
    )
    found = await prove(case.crash, tests, propose([edit], str(root)), folder=tmp_path)
    assert found.verified is not None and found.verified.green, found.lines()
    assert not Path(test.path).exists(), "nothing is written before it is asked for"
    written = write_test(test)
    assert written.read_text() == test.text
    with pytest.raises(UsageError):
        write_test(test)
    ast.parse(test.text)


async def test_an_exception_may_be_what_is_expected(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    tests = regression_tests(case.crash, case.diagnosis, Expectation(raises="ValueError"))
    edit = Hunk(
        "divide_by_zero.py",
        ("    return total / count  # @fails",),
        ("    if not count:", "        raise ValueError('no numbers')", "    return total / count"),
    )
    found = await prove(case.crash, tests, propose([edit], str(case.root)), folder=tmp_path)
    assert found.verified is not None and found.verified.green, found.lines()


def test_an_expectation_that_is_no_expression_is_refused(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    for wrong in (Expectation(equals="1; import os"), Expectation(raises="f()")):
        with pytest.raises(UsageError):
            regression_tests(case.crash, case.diagnosis, wrong)


HOSTILE = [
    Value("range", "print(1)"),
    Value("bytearray", "exit_____(b'')"),
    Value("int", "__import__('os')"),
    Value("datetime.datetime", "datetime.datetime(2026, 1, 1, tzinfo=eval('1'))"),
    Value("decimal.Decimal", "print('x') or Decimal('1')"),
    Value("os; import sys.Name", "<Name>", children=(Child("attribute", "x", 2),)),
    Value("dict", "{}", 1, children=(Child("item", "print(1)", 2),)),
    Value("app.Name", "<Name>", children=(Child("attribute", "x=print(1)", 2),)),
]


@pytest.mark.parametrize("value", HOSTILE, ids=[v.type for v in HOSTILE])
def test_a_recording_puts_no_code_into_a_test(value: Value) -> None:
    """A crash file may come from anybody: of its texts only data becomes source."""
    crash = Crash(Path("x.iqcrash"), values={1: value, 2: Value("int", "1")})
    try:
        source = Rebuilder(crash).rebuilt(1, "x").source
    except CannotRebuild:
        return
    tree = ast.parse(source)
    assert not any(
        isinstance(n, ast.Call) and ast.unparse(n.func) not in ("range", "bytearray") for n in ast.walk(tree)
    )
