"""Functions that have returned: how the way of a value leads into them, and where it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crashing import crash_of, steps

pytestmark = pytest.mark.slow


def test_the_variable_of_an_enclosing_function_is_followed(tmp_path: Path) -> None:
    case = crash_of(
        """
        def rates():
            return {}

        def priced(rates_of):
            def price(name):
                return rates_of[name]  # @raise
            return price("tea")

        def main():
            found = rates()
            priced(found)  # @passed

        main()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert ("found", case.line("passed")) in steps(case.diagnosis.provenance)
    assert "rates" in case.functions(4)


def test_a_variable_of_the_same_name_elsewhere_is_not(tmp_path: Path) -> None:
    case = crash_of(
        """
        name = None

        def price(rates):
            return rates["tea"]

        def main(name):
            other = {}
            return price(other)

        main("x")
        """,
        tmp_path,
    )
    assert not [e for e, _ in steps(case.diagnosis.provenance) if e == "name"]


def test_an_argument_is_followed_through_a_wrapper(tmp_path: Path) -> None:
    case = crash_of(
        """
        def logged(work):
            def wrapper(*args, **kwargs):
                return work(*args, **kwargs)
            return wrapper

        @logged
        def total(rows):
            return rows[0]

        def rows_of(text):
            return text.split(";")[9:]

        def main():
            total(rows_of("a;b"))  # @passed

        main()
        """,
        tmp_path,
    )
    assert ("rows_of('a;b')", case.line("passed")) in steps(case.diagnosis.provenance)
    assert "rows_of" in case.functions(4)


def test_what_a_returned_function_called_is_a_suspect_too(tmp_path: Path) -> None:
    case = crash_of(
        """
        def quoted(text):
            return text  # @helper

        def lines(words):
            yield "begin"
            for word in words:
                yield "word " + quoted(word)

        def read(rows):
            found = [row.split()[1] for row in rows]
            return found

        def main():
            read(lines(["a", ""]))

        main()
        """,
        tmp_path,
    )
    assert {"lines", "quoted"} <= set(case.functions())
    assert case.line("helper") in case.lines()


def test_a_call_beside_the_way_is_none(tmp_path: Path) -> None:
    case = crash_of(
        """
        def greeting():
            return "hello"

        def rows_of(count):
            print(greeting())
            return [1] * count

        def main():
            rows = rows_of(0)
            return rows[0]

        main()
        """,
        tmp_path,
    )
    assert "rows_of" in case.functions() and "greeting" not in case.functions()


def test_a_decorator_may_have_changed_what_is_called(tmp_path: Path) -> None:
    case = crash_of(
        """
        def halved(work):
            def inner(value):
                return None  # @nothing
            return inner

        @halved
        def size(value):
            return value

        def main():
            return size(3) + 1

        main()
        """,
        tmp_path,
    )
    assert "halved" in " ".join(case.functions())


def test_what_decided_for_a_call_is_weighed(tmp_path: Path) -> None:
    case = crash_of(
        """
        def tracked(items):
            return {1, 2}

        class Marks:
            def __init__(self):
                self.open = []

            def close(self, item):
                return self.open.pop()

        def add(marks, item, tracking):
            if tracking:
                marks.close(item)

        def main():
            chosen = tracked([1])
            for item in (2, 3):
                add(Marks(), item, item in chosen)

        main()
        """,
        tmp_path,
    )
    assert case.functions(1) == ["Marks.close"]
    assert "tracked" in case.functions()


def test_what_is_unusual_accuses_a_place_that_no_exception_passed(tmp_path: Path) -> None:
    case = crash_of(
        """
        def add(item, kept=[]):  # @default
            kept.append(item)
            only, = kept
            return only

        def main():
            add(1)
            add(2)

        main()
        """,
        tmp_path,
    )
    assert "grown-default" in {a.kind for a in case.diagnosis.anomalies}
    suspect = next(s for s in case.diagnosis.suspects if s.line == case.line("default"))
    assert suspect.function == "add" and suspect.score > 0.3
