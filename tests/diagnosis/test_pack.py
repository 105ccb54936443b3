"""Evidence under a budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import render
from iqdebug.core.state import (
    Diagnosis,
    ExceptionInfo,
    Frame,
    Origin,
    Phase,
    Snapshot,
    Task,
    Thread,
    ThreadState,
    Variable,
)
from iqdebug.diagnosis.knowledge import meaning_of
from iqdebug.diagnosis.prompt.delta import packed_delta
from iqdebug.diagnosis.prompt.pack import estimated_tokens, packed
from iqdebug.diagnosis.prompt.recent_changes import hunks_of
from iqdebug.diagnosis.source.texts import Texts
from tests.support.crashing import Case, crash_of

pytestmark = pytest.mark.slow

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
    assert "which raised it" in text and "which called total" in text
    assert "stack of" not in text, "each of its frames was shown"


def test_the_stack_is_a_row_where_frames_were_left_out(tmp_path: Path) -> None:
    case = crash_of(
        """
        import string

        class Formatter(string.Formatter):
            def format_field(self, value, spec):
                raise ValueError(value)

        Formatter().format("{0}", 1)
        """,
        tmp_path,
    )
    row = case.evidence().text.splitlines()[-1]
    assert row.startswith("stack of ValueError, innermost first: ")
    assert "format_field program.py:5 < " in row and " string.py:" in row
    assert row.endswith(" < <module> program.py:7")


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
    assert len(case.evidence(400).text) < len(case.evidence(4_000).text)


def test_the_same_snapshot_gives_the_same_bytes(case: Case) -> None:
    assert case.evidence().text == case.evidence().text


def test_no_value_and_no_line_twice(case: Case) -> None:
    lines = [line.lstrip(" >*") for line in case.evidence().text.splitlines()]
    assert sum(line.startswith("order: ") for line in lines) == 1
    numbered = [line for line in lines if line.partition(" ")[0].isdecimal()]
    assert len(numbered) == len(set(numbered)) > 10


def test_a_constructor_that_only_sets_attributes_is_a_line(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Order:
            def __init__(self, lines, note):
                self.lines = lines
                self.note = note

        def main():
            order = Order([], "x")
            print(1 / len(order.lines))

        main()
        """,
        tmp_path,
    )
    text = case.evidence().text
    assert "only sets lines, note" in text or "self.note = note" not in text


def test_files_are_named_by_the_shortest_clear_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    case = crash_of(
        """
        import sys
        sys.path.insert(0, __file__.rpartition("/")[0])
        import a.program

        a.program.fail({})
        """,
        tmp_path,
        a__program="def fail(row):\n    return row['x']\n",
    )
    text = case.evidence().text
    assert "fail a/program.py:2, which raised it" in text
    assert str(tmp_path) not in text.partition("##")[2]


def stop(epoch: int, *frames: Frame) -> Snapshot:
    thread = Thread(1, "MainThread", frames=frames, is_main=True)
    return Snapshot(7, epoch, Phase.PAUSED, Origin.DAP, 0.0, reason="step", threads=(thread,), focus=1)


def value(name: str, text: str) -> Variable:
    return Variable(name, text, "int")


def delta(before: Snapshot, after: Snapshot, budget: int = 4_000) -> str:
    found = packed_delta(
        after,
        before,
        Diagnosis("nothing stands out", Confidence.NO_CLEAR_SUSPECT),
        read_source=lambda path: ("def f(x):", "    y = x", "    return g(y)"),
        budget=budget,
    )
    assert found.tokens <= budget
    return found.text


OUTER = Frame("main", "/s/app.py", 3, locals=(value("count", "1"), value("same", "5")))


def test_a_later_stop_says_what_changed_alone() -> None:
    inner = Frame("f", "/s/app.py", 2, locals=(value("x", "1"),))
    moved = replace(OUTER, line=2, locals=(value("count", "2"), value("same", "5"), value("late", "9")))
    text = delta(stop(1, inner, OUTER), stop(2, moved))
    assert "count: int = 2  (was 1)" in text and "late: int = 9  (new)" in text
    assert "same" not in text
    assert "main at /s/app.py:2, from line 3" in text
    assert "returned since:\n  f /s/app.py:2" in text


def test_a_new_frame_comes_with_its_source() -> None:
    inner = Frame("f", "/s/app.py", 2, locals=(value("x", "1"),))
    text = delta(stop(1, OUTER), stop(2, inner, OUTER))
    assert "## new: f at /s/app.py:2" in text and ">  2     y = x".replace("  2", " 2") in text
    assert "x: int = 1" in text and "count" not in text


def test_nothing_changed_is_short() -> None:
    text = delta(stop(1, OUTER), stop(2, OUTER))
    assert text.splitlines() == [
        "stop 2 after stop 1: step",
        "assessment (no clear suspect): nothing stands out",
    ]
    assert len(delta(stop(1), stop(2, OUTER), budget=60)) < 200


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        ("KeyError", "'x'", "no such key"),
        ("RuntimeError", "dictionary changed size during iteration", "Loop over a copy"),
        ("RuntimeError", "anything else", "Read the message"),
        ("requests.exceptions.ConnectionError", "", "could not be reached"),
        ("shop.models.Order.DoesNotExist", "", "found none"),
        ("pydantic_core.ValidationError", "", "does not fit the model"),
        ("shop.OwnError", "x", ""),
        ("", "", ""),
    ],
)
def test_what_an_exception_means(kind: str, message: str, said: str) -> None:
    found = render(meaning_of(ExceptionInfo(kind, message)) or "")
    assert said in found and bool(found) == bool(said)


DIFF = """\
diff --git a/shop.py b/shop.py
--- a/shop.py
+++ b/shop.py
@@ -1,3 +1,3 @@
 def price(row):
-    return row["price"]
+    return row["cost"]
 # end
@@ -40,2 +40,2 @@ def other():
-    a = 1
+    a = 2
     return a
diff --git a/else.py b/else.py
--- a/else.py
+++ b/else.py
@@ -1 +1 @@
-x = 1
+x = 2
"""


def test_of_a_diff_only_what_touches_the_suspects_is_evidence() -> None:
    source = ["def price(row):", '    return row["cost"]', "", *[""] * 36, "a = 2", "b = a"]
    texts = Texts(lambda path: source if path == "/s/shop.py" else ())
    (hunk,) = hunks_of(DIFF, "/s", [("/s/shop.py", 2), ("/s/shop.py", 2)], texts)
    assert hunk.splitlines() == [
        "changed, not committed: /s/shop.py",
        "@@ -1,3 +1,3 @@",
        " def price(row):",
        '-    return row["price"]',
        '+    return row["cost"]',
        " # end",
    ]
    assert hunks_of(DIFF, "/s", [("/s/unknown.py", 1)], texts) == []
    assert hunks_of("no diff at all\n+++", "/s", [("/s/shop.py", 2)], texts) == []


def test_the_diff_and_what_is_unusual_are_packed(tmp_path: Path) -> None:
    case = crash_of(
        """
        def price(row):
            return row["cost"]

        price({"price": 3})
        """,
        tmp_path,
    )
    program = str(tmp_path / "program.py")
    diff = DIFF.replace("shop.py", "program.py")
    text = packed(
        case.crash.snapshot,
        case.diagnosis,
        read_source=case.crash.read_source,
        budget=4_000,
        diff=(diff, str(tmp_path)),
    ).text
    assert f"changed, not committed: {program}" in text and '-    return row["price"]' in text
    assert "no such key" in text


def test_a_stop_without_an_exception_tells_who_waits() -> None:
    frame = Frame("work", "/s/app.py", 3)
    threads = (
        Thread(1, "MainThread", frames=(frame,), state=ThreadState.WAITING, wait_message="waits for a lock"),
        Thread(2, "other", frames=(frame,), state=ThreadState.RUNNING),
    )
    task = Task("Task-1", "main", "pending", frames=(frame,), awaiting="Future")
    snapshot = Snapshot(
        pid=1,
        epoch=1,
        phase=Phase.PAUSED,
        origin=Origin.LIVE,
        taken_at=0.0,
        reason="pause",
        threads=threads,
        tasks=(task,),
        focus=1,
    )
    text = packed(
        snapshot, Diagnosis("nothing", Confidence.NO_CLEAR_SUSPECT), read_source=lambda path: (), budget=2_000
    ).text
    assert "thread MainThread: waiting in work /s/app.py:3, waits for a lock" in text
    assert "task Task-1: pending in work /s/app.py:3, awaits Future" in text
