"""None, emptiness, indices, keys and unpacking: where each rule speaks, and where it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.anomalous import found_in

pytestmark = pytest.mark.slow

SPEAKING = {
    "attribute of None": (
        "none-used",
        "`user` is None, and `.name` is taken from it",
        """
        def greet(user):
            return user.name  # @here
        greet({}.get("ann"))
        """,
    ),
    "subscript of a None attribute": (
        "none-used",
        "`self.rows` is None, and it is subscripted",
        """
        class Table:
            rows = None
            def __init__(self):
                self.rows = None
            def first(self):
                return self.rows[0]  # @here
        Table().first()
        """,
    ),
    "operand": (
        "none-used",
        "`b` is None, and it is used in `a + b`",
        """
        a, b = 1, None
        c = a + b  # @here
        """,
    ),
    "comparison of an element": (
        "none-used",
        "`row['n']` is None",
        """
        row = {"n": None}
        if 3 < row["n"]:  # @here
            pass
        """,
    ),
    "unpacked": (
        "none-used",
        "`pair` is None, and it is unpacked",
        """
        pair = None
        a, b = pair  # @here
        """,
    ),
    "looped over": (
        "none-used",
        "`rows` is None, and it is looped over",
        """
        def total(rows):
            for row in rows:  # @here
                print(row)
        total(None)
        """,
    ),
    "called": (
        "none-used",
        "`hook` is None, and it is called",
        """
        def run(hook):
            hook()  # @here
        run(None)
        """,
    ),
    "passed to the standard library": (
        "none-used",
        "`text` is None, and it is passed to `re.match`",
        """
        import re
        def parse(text):
            return re.match("a+", text)  # @here
        parse(None)
        """,
    ),
    "empty list": (
        "empty-used",
        "`rows` is empty, and `rows[0]` takes",
        """
        def first(rows):
            return rows[0]  # @here
        first([])
        """,
    ),
    "greatest of nothing": (
        "empty-used",
        "`rows` is empty",
        """
        def top(rows):
            return max(len(r) for r in rows)  # @here
        top([])
        """,
    ),
    "drawn from nothing": (
        "empty-used",
        "`names` is empty",
        """
        import random
        def draw(names):
            return random.choice(names)  # @here
        draw([])
        """,
    ),
    "popped from an empty set": (
        "empty-used",
        "`left` is empty",
        """
        def take(left):
            return left.pop()  # @here
        take(set())
        """,
    ),
    "mean of nothing": (
        "zero-divisor",
        "`rows` is empty",
        """
        def mean(rows):
            return sum(rows) / len(rows)  # @here
        mean([])
        """,
    ),
    "counted before": (
        "zero-divisor",
        "line 3 counts `rows`, which is empty",
        """
        def mean(rows):
            total = sum(rows)
            count = len(rows)
            return total / count  # @here
        mean([])
        """,
    ),
    "loop of one too many": (
        "index-past-end",
        "the last is 1, one less; the loop of line 2 goes one too far",
        """
        def show(rows):
            for i in range(len(rows) + 1):  # @here
                print(rows[i], end="")
        show([1, 2])
        """,
    ),
    "next element": (
        "index-past-end",
        "`i + 1` is 2, and `rows` has 2 elements",
        """
        def gaps(rows):
            for i in range(len(rows)):
                print(rows[i + 1] - rows[i], end="")  # @here
        gaps([1, 2])
        """,
    ),
    "counted to the size": (
        "index-past-end",
        "the loop of line 3 goes one too far",
        """
        def show(rows):
            i = 0
            while i <= len(rows):  # @here
                print(rows[i], end="")
                i += 1
        show([1, 2])
        """,
    ),
    "far outside": (
        "index-out-of-range",
        "`rows[7]` is asked for, and `rows` has 2 elements",
        """
        def seventh(rows):
            return rows[7]  # @here
        seventh([1, 2])
        """,
    ),
    "taken out in the loop": (
        "changed-in-loop",
        "`rows` loses elements here, inside the loop of line 2",
        """
        def clean(rows):
            for i in range(len(rows)):
                if rows[i] == 0:
                    del rows[i]  # @here
        clean([0, 1, 0, 2])
        """,
    ),
    "slice from the end": (
        "empty-slice",
        "the slice `rows[n:]` is empty: it runs from 3 to 3",
        """
        def best(rows, n):
            return max(rows[n:])  # @here
        best([1, 2, 3], 3)
        """,
    ),
    "key of another case": (
        "near-key",
        "it has 'Name' (upper and lower case)",
        """
        row = {"Name": 1, "age": 2}
        row["name"]  # @here
        """,
    ),
    "key with white space": (
        "near-key",
        "it has 'uid ' (white space",
        """
        row = {"uid ": 1}
        row["uid"]  # @here
        """,
    ),
    "number as text": (
        "near-key",
        "it has '18' (int and str)",
        """
        TABLE = {"17": 1, "18": 2}
        def price(number):
            return TABLE[number]  # @here
        price(18)
        """,
    ),
    "bytes and text": (
        "near-key",
        "it has b'id' (str and bytes)",
        """
        head = {b"id": 1}
        head["id"]  # @here
        """,
    ),
    "joined otherwise": (
        "near-key",
        "it has 'user_id' (how its words are joined)",
        """
        head = {"user_id": 1}
        head["user-id"]  # @here
        """,
    ),
    "plural": (
        "near-key",
        "it has 'items' (singular and plural)",
        """
        head = {"items": 1}
        head["item"]  # @here
        """,
    ),
    "typing error": (
        "near-key",
        "it has 'customer' (a typing error)",
        """
        order = {"customer": 1, "total": 2}
        order["custmoer"]  # @here
        """,
    ),
    "enum and its value": (
        "near-key",
        "the member's own value",
        """
        import enum
        class Color(enum.Enum):
            RED = "red"
        codes = {"red": 1}
        codes[Color.RED]  # @here
        """,
    ),
    "incomplete row": (
        "sibling-key",
        "`rows[3]` has no key 'sku', which 3 others have",
        """
        rows = [{"sku": 1}, {"sku": 2}, {"sku": 3}, {"nr": 4}]
        for row in rows:
            row["sku"]  # @here
        """,
    ),
    "nothing near": (
        "missing-key",
        "has no key 'total'; it has 'a', 'b'",
        """
        row = {"a": 1, "b": 2}
        row["total"]  # @here
        """,
    ),
    "too many parts": (
        "unpacking",
        "split by '=' it has 3 parts, and 2 are unpacked",
        """
        def parse(line):
            key, value = line.split("=")  # @here
            return key, value
        parse("a=b=c")
        """,
    ),
    "pairs of a mapping": (
        "unpacking",
        "`.items()` gives pairs",
        """
        def show(prices):
            for name, price in prices:  # @here
                print(name, price)
        show({"tea": 1, "cup": 2})
        """,
    ),
    "one row is longer": (
        "unpacking",
        "`rows[1]` has 3 elements, not 2",
        """
        rows = [(1, 2), (1, 2, 3)]
        for a, b in rows:  # @here
            pass
        """,
    ),
    "another size": (
        "unpacking",
        "`point` has 3 elements, and 2 are unpacked",
        """
        point = (1, 2, 3)
        x, y = point  # @here
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
    assert said.weight in (0.3, 0.6, 0.9)


SILENT = {
    "None that is not what failed": (
        "none-used",
        """
        a, b = None, 3
        print(b.name, a)
        """,
    ),
    "a custom message about NoneType": (
        "none-used",
        """
        def check(value):
            if value is None:
                raise ValueError("'NoneType' object has no attribute 'x'")
        check(None)
        """,
    ),
    "an empty list beside the failing one": (
        "empty-used",
        """
        def both(rows, names):
            return names[3], rows
        both([], ["a"])
        """,
    ),
    "a divisor that is not counted": (
        "empty-used",
        """
        def ratio(a, b):
            return a / b
        ratio(1, 0)
        """,
    ),
    "a divisor unknown to the frame": (
        "zero-divisor",
        """
        def zero():
            return 0
        print(1 / zero())
        """,
    ),
    "an index whose value is not known": (
        "index-past-end",
        """
        def pick(rows, at):
            return rows[at()]
        pick([1], lambda: 1)
        """,
    ),
    "a negative index": (
        "index-past-end",
        """
        def pick(rows):
            return rows[-3]
        pick([1, 2])
        """,
    ),
    "taken out of a copy": (
        "changed-in-loop",
        """
        def clean(rows, other):
            for i in range(len(rows) + 1):
                if rows[i] == 0:
                    other.pop()
        clean([0, 1], [3, 4])
        """,
    ),
    "a slice that has elements": (
        "empty-slice",
        """
        def pick(rows):
            return rows[1:][5]
        pick([1, 2, 3])
        """,
    ),
    "numbered keys": (
        "near-key",
        """
        pages = {"page-1": 1, "page-2": 2}
        pages["page-3"]
        """,
    ),
    "short keys": (
        "near-key",
        """
        sizes = {"xs": 1, "xl": 2}
        sizes["xm"]
        """,
    ),
    "a KeyError of somebody's own": (
        "missing-key",
        """
        known = {"a": 1}
        def get(name):
            raise KeyError(name)
        get("b")
        """,
    ),
    "the other mapping of the line": (
        "near-key",
        """
        a, b = {"Name": 1}, {"x": 2}
        key = "name"
        other = "zzzz"
        print(b[other], a[key])
        """,
    ),
    "rows that all lack it": (
        "sibling-key",
        """
        rows = [{"a": 1}, {"a": 2}, {"a": 3}]
        for row in rows:
            row["sku"]
        """,
    ),
    "a ValueError about something else": (
        "unpacking",
        """
        a, b = "x", int("3x")
        """,
    ),
    "keys that are pairs": (
        "unpacking",
        """
        for x, y in {(1, 2): 3, (1, 2, 3): 4}:
            pass
        """,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said(name: str, tmp_path: Path) -> None:
    kind, source = SILENT[name]
    assert kind not in found_in(source, tmp_path).kinds
