"""Values of the wrong type: annotations, operands, siblings, NaN, text and bytes, time zones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.anomalous import found_in

pytestmark = pytest.mark.slow

SPEAKING = {
    "against its annotation": (
        "against-annotation",
        "`path` of load is declared `Path`, and this call passes a str: 'a.txt'",
        """
        from pathlib import Path
        def load(path: Path) -> str:
            return path.exists()
        load("a.txt")  # @here
        """,
    ),
    "handed on by another": (
        "against-annotation",
        "`rows` of total is declared `list[int]`, and this call passes a int: 3",
        """
        def total(rows: "list[int]") -> int:
            return rows.count(1)
        def report(rows):
            return total(rows)
        report(3)  # @here
        """,
    ),
    "a mapping where a text is declared": (
        "against-annotation",
        "declared `Optional[str]`",
        """
        from typing import Optional
        def shout(text: Optional[str] = None) -> str:
            return text.upper()
        shout({"a": 1})  # @here
        """,
    ),
    "number as text": (
        "number-as-text",
        "`age` is '42', a number as text",
        """
        def older(age):
            return age + 1  # @here
        older("42")
        """,
    ),
    "compared with text": (
        "number-as-text",
        "`row['n']` is '7'",
        """
        row = {"n": "7"}
        limit = 5
        if row["n"] > limit:  # @here
            pass
        """,
    ),
    "two types": (
        "mixed-types",
        "`a` is list [1] and `b` is tuple (2,)",
        """
        def join(a, b):
            return a + b  # @here
        join([1], (2,))
        """,
    ),
    "text and bytes": (
        "text-and-bytes",
        "`head` is bytes and `name` is text",
        """
        def glue(head, name):
            return head + name  # @here
        glue(b"x: ", "ann")
        """,
    ),
    "split of bytes": (
        "text-and-bytes",
        "`data` is bytes and `','` is text",
        """
        def parts(data):
            return data.split(",")  # @here
        parts(b"a,b")
        """,
    ),
    "hash of text": (
        "text-and-bytes",
        "`word` is str, and bytes are wanted",
        """
        import hashlib
        def digest(word):
            return hashlib.md5(word)  # @here
        digest("x")
        """,
    ),
    "odd element": (
        "odd-sibling",
        "`rows[3]` is str '4', and 4 others are int",
        """
        def total(rows):
            return sum(rows)  # @here
        total([1, 2, 3, "4", 5])
        """,
    ),
    "odd cell of a column": (
        "odd-sibling",
        "`rows[2]['price']` is NoneType None, and 3 others are float",
        """
        rows = [{"price": 1.0}, {"price": 2.5}, {"price": None}, {"price": 4.0}]
        for row in rows:
            row["price"] * 2  # @here
        """,
    ),
    "odd attribute": (
        "odd-sibling",
        "is str 'many', and 3 others are int",
        """
        class Line:
            def __init__(self, count):
                self.count = count
        lines = [Line(1), Line(2), Line("many"), Line(3)]
        for line in lines:
            line.count + 1  # @here
        """,
    ),
    "not a number": (
        "not-a-number",
        "`share` is NaN",
        """
        def pages(share):
            return int(share * 10)  # @here
        pages(float("nan"))
        """,
    ),
    "infinite": (
        "not-a-number",
        "`share` is infinite",
        """
        def pages(share):
            return int(share)  # @here
        pages(float("inf"))
        """,
    ),
    "checked and found NaN": (
        "not-a-number",
        "`low` is NaN",
        """
        def check(low, high):
            assert low <= high  # @here
        check(float("nan"), 2.0)
        """,
    ),
    "no time zone": (
        "naive-datetime",
        "`now` has no time zone, and `end` has one; line 4 makes it",
        """
        import datetime
        def late(end):
            zone = None
            now = datetime.datetime.now()  # @here
            return end < now
        late(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc))
        """,
    ),
    "no time zone, in place": (
        "naive-datetime",
        "`datetime.datetime.utcnow()` has no time zone",
        """
        import datetime, warnings
        warnings.simplefilter("ignore")
        def age(born):
            return datetime.datetime.utcnow() - born  # @here
        age(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc))
        """,
    ),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_it_is_said_at_its_place(name: str, tmp_path: Path) -> None:
    kind, words, source = SPEAKING[name]
    found = found_in(source, tmp_path)
    said = found.one(kind)
    assert words in said.text
    assert said.line == found.line("here")
    assert said.weight in (0.6, 0.9)


SILENT = {
    "what the annotation allows": (
        "against-annotation",
        """
        from typing import Optional, Union
        def show(text: Optional[str], size: Union[int, float], part: "float" = 1) -> str:
            return text.upper() + size + part
        show(None, 3, True)
        """,
    ),
    "a default of None": (
        "against-annotation",
        """
        def show(text: str = None) -> str:
            return text.upper()
        show()
        """,
    ),
    "given a value of its own": (
        "against-annotation",
        """
        def show(rows: list) -> int:
            rows = "a b"
            return rows.sort()
        show([1])
        """,
    ),
    "an annotation of somebody's own": (
        "against-annotation",
        """
        class Text:
            pass
        def show(text: Text) -> str:
            return text.uper()
        show("a")
        """,
    ),
    "text for a sequence": (
        "against-annotation",
        """
        from typing import Sequence
        def show(text: Sequence) -> str:
            return text.uper()
        show("a")
        """,
    ),
    "another failure": (
        "against-annotation",
        """
        def show(name: str, rows):
            return rows["a"]
        show(5, {})
        """,
    ),
    "None among the operands": (
        "mixed-types",
        """
        a, b = "x", None
        a + b
        """,
    ),
    "text that is no number": (
        "number-as-text",
        """
        a, b = "x", 1
        a + b
        """,
    ),
    "text alone": (
        "text-and-bytes",
        """
        a, b = "x", 3
        a + b
        """,
    ),
    "a mixed list": (
        "odd-sibling",
        """
        rows = [1, "2", 3, "4"]
        sum(rows)
        """,
    ),
    "a failure of another type": (
        "odd-sibling",
        """
        rows = [1, 2, 3, None]
        [].append(rows, 1)
        """,
    ),
    "infinity as a start": (
        "not-a-number",
        """
        def least(rows):
            best = float("inf")
            for row in rows:
                assert row < best and row > 0
        least([-1])
        """,
    ),
    "NaN elsewhere": (
        "not-a-number",
        """
        share = float("nan")
        count = 3
        assert count == 4
        """,
    ),
    "both have a zone": (
        "naive-datetime",
        """
        import datetime
        a = datetime.datetime.now(datetime.timezone.utc)
        b = datetime.date(2024, 1, 1)
        a < b
        """,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said(name: str, tmp_path: Path) -> None:
    kind, source = SILENT[name]
    assert kind not in found_in(source, tmp_path).kinds
