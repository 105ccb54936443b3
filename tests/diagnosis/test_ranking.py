"""The ranking of places: each rule where it speaks, and where it must not."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from iqdebug.diagnosis.ranking.order import with_second_lines
from iqdebug.diagnosis.source.functions import Candidate
from tests.support.crashing import Case, crash_of, steps

pytestmark = pytest.mark.slow


def test_an_error_that_arises_by_itself_accuses_its_own_line_first(tmp_path: Path) -> None:
    case = crash_of(
        """
        def mean(rows):
            return sum(rows) / len(rows)  # @raise

        def report(rows):
            return mean(rows)

        report([])
        """,
        tmp_path,
    )
    assert (case.first.function, case.first.line) == ("mean", case.line("raise"))
    # `report` only handed on the list that the module made.
    assert case.functions(3) == ["mean", "<module>", "report"]
    scores = [s.score for s in case.diagnosis.suspects]
    assert scores == sorted(scores, reverse=True)


def test_a_function_that_returned_nothing_is_a_suspect(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Store:
            def find(self, uid):
                for key in (1, 2):
                    if key == uid:
                        return "ann"
                return None  # @nothing

        def find_user(store, uid):
            return store.find(uid)  # @handed

        def greet(store, uid):
            user = find_user(store, uid)  # @assigned
            return user.upper()  # @raise

        greet(Store(), 7)
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert {"find_user", "Store.find"} <= set(case.functions(3))
    way = steps(case.diagnosis.provenance)
    assert ("user", case.line("assigned")) in way
    assert ("store.find(…)", case.line("nothing")) in way
    root = case.diagnosis.provenance[0]
    assert root.value is not None and root.value.value == "None"


def test_falling_off_the_end_is_told(tmp_path: Path) -> None:
    case = crash_of(
        """
        def pick(rows):
            for row in rows:
                if row > 10:
                    return row

        best = pick([1, 2])
        print(best + 1)  # @raise
        """,
        tmp_path,
    )
    assert "pick" in case.functions(3)
    hop = case.diagnosis.provenance[0].before[0].before[0]
    assert hop.how == "returned None: its end was reached"


def test_a_look_up_that_does_as_told_is_not_to_blame(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Table:
            def __init__(self):
                self.rows = {1: "a"}

            def __getitem__(self, key):
                return self.rows[key]

        def neighbours(table, path):
            found = []
            for node in path:
                found.append(table[node])  # @asked
            return found

        neighbours(Table(), [1, 5])
        """,
        tmp_path,
    )
    assert (case.first.function, case.first.line) == ("neighbours", case.line("asked"))


def test_a_look_up_that_does_more_stays_first(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Table:
            def __init__(self):
                self.rows = {1: "a"}

            def __getitem__(self, key):
                key = key + 1
                if key > 100:
                    key = 0
                value = self.rows[key]
                return value

        def show(table):
            return table[1]

        show(Table())
        """,
        tmp_path,
    )
    assert case.first.function == "Table.__getitem__"


def test_a_check_that_complains_points_at_its_callers(tmp_path: Path) -> None:
    case = crash_of(
        """
        def ensure_positive(amount):
            if amount <= 0:
                raise ValueError("amount must be positive")  # @raise

        def discount(price, share):
            reduced = price - price * share  # @made
            ensure_positive(reduced)  # @called
            return reduced

        def checkout():
            return discount(10, 1.5)

        checkout()
        """,
        tmp_path,
    )
    assert case.first.function == "discount"
    assert case.line("made") in case.lines(5)


def test_a_wrapper_is_passed_over(tmp_path: Path) -> None:
    case = crash_of(
        """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)
            return wrapper

        @logged
        def half(text):
            return text / 2  # @raise

        @logged
        def start():
            return half("x")

        start()
        """,
        tmp_path,
    )
    assert case.functions(2) == ["half", "start"]
    assert all("wrapper" not in name for name in case.functions(3))


def test_the_first_cause_comes_before_what_reports_it(tmp_path: Path) -> None:
    case = crash_of(
        """
        def parse(text):
            return int(text)  # @cause

        def load(text):
            try:
                return parse(text)
            except ValueError as error:
                raise RuntimeError("cannot load") from error

        load("x7")
        """,
        tmp_path,
    )
    assert case.first.line == case.line("cause")


def test_a_failure_of_the_handler_is_its_own(tmp_path: Path) -> None:
    case = crash_of(
        """
        def load(cache, key):
            try:
                return cache[key]
            except KeyError:
                return cache.missing.append(key)  # @raise

        load({}, "a")
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert case.diagnosis.headline.startswith("AttributeError")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_the_members_of_a_group_come_first(tmp_path: Path) -> None:
    case = crash_of(
        """
        def one():
            return {}["one"]  # @one

        def both():
            failures = []
            for each in (one,):
                try:
                    each()
                except KeyError as error:
                    failures.append(error)
            raise ExceptionGroup("several", failures)

        both()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("one")


def test_a_value_that_breaks_its_annotation_is_its_senders_fault(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Response:
            def __init__(self, content: str, headers: "dict[str, str]"):
                self.start(headers)

            def start(self, headers: "dict[str, str]"):
                return [key for key, value in headers.items()]

        def page(*args):
            name = args[0]
            status = args[1]
            return Response(name, status)  # @sent

        page("index", 201)
        """,
        tmp_path,
    )
    assert (case.first.function, case.first.line) == ("page", case.line("sent"))


def test_a_value_that_keeps_it_is_not(tmp_path: Path) -> None:
    case = crash_of(
        """
        def start(headers: "dict[str, str]"):
            return [value.strip() for value in headers.values()]  # @raise

        def page():
            return start({"a": 1})

        page()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")


def test_a_recursion_names_what_goes_round(tmp_path: Path) -> None:
    case = crash_of(
        """
        def clean(text):
            return text.strip()

        def walk(node, depth):
            text = clean(node["name"])
            if not text:
                return []
            return branch(node, depth + 1)

        def branch(node, depth):
            return walk(node, depth)

        walk({"name": "x"}, 0)
        """,
        tmp_path,
    )
    assert case.first.function == "walk"
    assert "clean" not in case.functions(2)


def test_the_condition_and_the_line_after_the_value_are_offered(tmp_path: Path) -> None:
    case = crash_of(
        """
        import sys

        def write(message, file=None):
            target = file if file is not None else None  # @assigned
            end = "."  # @after
            if message:  # @guard
                target.write(message + end)  # @raise

        write("x")
        """,
        tmp_path,
    )
    assert {case.line("raise"), case.line("assigned"), case.line("after")} <= set(case.lines(6))
    assert case.line("guard") in case.lines(8)


def test_attributes_are_followed_to_where_they_are_set(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Job:
            def __init__(self):
                self.result = None  # @set

            def show(self):
                return self.result.upper()  # @raise

        Job().show()
        """,
        tmp_path,
    )
    assert ("self.result", case.line("set")) in steps(case.diagnosis.provenance)


def test_without_source_the_frames_are_named(tmp_path: Path) -> None:
    case = crash_of("exec(compile('def f():\\n  return 1 / 0\\nf()', '/gone/x.py', 'exec'))", tmp_path)
    assert case.functions(3), "the program's own frame at least"


def test_of_several_look_ups_on_a_line_the_failing_one_is_named(tmp_path: Path) -> None:
    case = crash_of(
        """
        def load(settings, key):
            return settings["db"][key]

        load({"db": {"user": "ann"}}, "url")
        """,
        tmp_path,
    )
    assert "`settings` has no key" not in case.diagnosis.headline
    case = crash_of(
        """
        def load(settings, key):
            return settings[key]["url"]

        load({"db": {"user": "ann"}}, "cache")
        """,
        tmp_path,
    )
    assert "`settings` has no key 'cache'" in case.diagnosis.headline


PACKAGES = """
        import os, sys
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib", "site-packages"))
"""


def _packages(folder: Path, program: str, **files: str) -> Case:
    named = {f"lib__site-packages__{name}": text for name, text in files.items()}
    return crash_of(textwrap.dedent(PACKAGES).lstrip() + textwrap.dedent(program), folder, **named)


DATES = """
    def parse_it_strictly(text):
        parts = text.split("-")
        if len(parts) != 3:
            raise ValueError("no date: %r" % text)
        return tuple(int(part) for part in parts)
"""


def test_a_package_that_complains_tells_about_the_package_that_called_it(tmp_path: Path) -> None:
    case = _packages(
        tmp_path,
        """
        import iqd_border_forms

        def load(fields):
            return [iqd_border_forms.value(field) for field in fields]

        load(["2024-01-02", "2024-01-02+01-00"])
        """,
        iqd_border_dates=DATES,
        iqd_border_forms="""
            import iqd_border_dates

            def value(field):
                cleaned = field.strip()
                return iqd_border_dates.parse_it_strictly(cleaned)
        """,
    )
    assert case.first.function == "value"
    assert {"parse_it_strictly", "load"} <= set(case.functions(4))


def test_within_one_package_what_complains_stays_first(tmp_path: Path) -> None:
    case = _packages(
        tmp_path,
        """
        import iqd_within

        iqd_within.value("2024")
        """,
        iqd_within=textwrap.dedent(DATES)
        + textwrap.dedent(
            """
            def value(field):
                return parse_it_strictly(field)
            """
        ),
    )
    assert "parse_it_strictly" in case.functions(2)
    assert case.first.function != "value"


def test_a_comparison_is_no_look_up(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Row:
            def __init__(self, cells):
                self.cells = cells

            def __eq__(self, other):
                return len(self.cells) == len(other)  # @raise

        def find(rows, wanted):
            return [row for row in rows if row == wanted]

        find([Row([1])], 1)
        """,
        tmp_path,
    )
    assert (case.first.function, case.first.line) == ("Row.__eq__", case.line("raise"))


def test_what_tells_cases_apart_lacks_one(tmp_path: Path) -> None:
    case = crash_of(
        """
        def written(value):
            if isinstance(value, int):
                return str(value)
            elif isinstance(value, str):
                return repr(value)
            else:
                raise RuntimeError(value)  # @raise

        def dump(fields, out):
            for name in sorted(fields):
                out.append(name + " = " + written(fields[name]))

        dump({"a": 1, "b": 2.5}, [])
        """,
        tmp_path,
    )
    assert (case.first.function, case.first.line) == ("written", case.line("raise"))


def test_a_check_of_one_thing_lacks_none(tmp_path: Path) -> None:
    case = crash_of(
        """
        def half(number):
            if number % 2:
                raise ValueError("odd: %d" % number)  # @raise
            return number // 2

        def share(total, parts):
            rest = total - parts
            return half(rest)

        share(10, 3)
        """,
        tmp_path,
    )
    assert case.first.function != "half"


def test_a_default_that_nobody_sent_is_the_receivers_own(tmp_path: Path) -> None:
    case = _packages(
        tmp_path,
        """
        import iqd_default

        iqd_default.cleared("12")
        """,
        iqd_default="""
            import os

            def cleared(pid, folder=None):
                if folder is None:
                    folder = os.environ.get("IQD_NOT_SET")
                return os.path.join(folder, pid)
        """,
    )
    assert case.first.function == "cleared"


def test_none_beside_what_failed_accuses_nobody(tmp_path: Path) -> None:
    case = _packages(
        tmp_path,
        """
        import iqd_beside

        iqd_beside.built("name", None)
        """,
        iqd_beside="""
            def fill(target, func):
                target.append(func)

            def built(func, doc):
                fill([doc], func, func="again")
        """,
    )
    assert case.first.function == "built"


def test_three_functions_come_first_and_then_further_lines() -> None:
    def candidate(function: str, line: int, weight: float) -> Candidate:
        return Candidate("a.py", line, function, weight)

    places = [candidate("f", 1, 0.9), candidate("g", 2, 0.8), candidate("e", 3, 0.5), candidate("h", 4, 0.4)]
    places += [candidate("k", 5, 0.36), candidate("f", 6, 0.34), candidate("g", 7, 0.3)]
    found = with_second_lines(places)
    assert [s.line for s in found] == [1, 2, 3, 6, 4, 7, 5]
    assert [s.weight for s in found] == sorted((s.weight for s in found), reverse=True)
    assert with_second_lines([]) == []
