"""Iterators, loops, coroutines, recursion and closed things."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from iqdebug.core.state import LogRecord
from tests.support.anomalous import found_in

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _left_behind() -> Iterator[None]:
    """The programs leave coroutines and files behind: that is what is wrong with them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        gc.collect()


SPEAKING = {
    "a generator read twice": (
        "exhausted-iterator",
        "`rows` is an iterator that line 5 has read to its end",
        """
        def read():
            yield 1
        def report():
            rows = read()
            count = len(list(rows))
            return max(rows)  # @here
        report()
        """,
    ),
    "a loop that runs no round": (
        "exhausted-iterator",
        "`rows` is an iterator",
        """
        def report(words):
            rows = map(len, words)
            total = sum(rows)
            kept = [row for row in rows]
            return kept[0]  # @here
        report(["a"])
        """,
    ),
    "a mapping changed in its loop": (
        "changed-in-loop",
        "`prices` is changed here, inside the loop of line 2",
        """
        def clean(prices):
            for name, price in prices.items():
                if not price:
                    del prices[name]  # @here
        clean({"a": 0, "b": 1})
        """,
    ),
    "a set changed in its loop": (
        "changed-in-loop",
        "`self.left` is changed here",
        """
        class Work:
            def __init__(self):
                self.left = {1, 2}
            def run(self):
                for item in self.left:
                    self.left.add(item + 2)  # @here
        Work().run()
        """,
    ),
    "changed by a method that the loop calls": (
        "changed-in-loop",
        "`self.drop` is called in the loop of line 5",
        """
        class Work:
            def __init__(self):
                self.left = {1: 2, 3: 4}
            def run(self):
                for item in self.left:
                    self.drop(item)
            def drop(self, item):
                self.left.pop(item)  # @here
        Work().run()
        """,
    ),
    "a coroutine as an operand": (
        "never-awaited",
        "`price` is the coroutine of `fetch`, which was not awaited",
        """
        import asyncio, warnings
        warnings.simplefilter("ignore")
        async def fetch():
            return 1
        async def main():
            price = fetch()  # @here
            return price + 1
        asyncio.run(main())
        """,
    ),
    "a coroutine's attribute": (
        "never-awaited",
        "`fetch()` gives a coroutine",
        """
        import asyncio, warnings
        warnings.simplefilter("ignore")
        async def fetch():
            return {}
        async def main():
            return fetch().items()  # @here
        asyncio.run(main())
        """,
    ),
    "a plain function awaited": (
        "awaited-in-vain",
        "`fetch` is a plain `def`, and returned a dict",
        """
        import asyncio
        def fetch():
            return {}
        async def main():
            return await fetch()  # @here
        asyncio.run(main())
        """,
    ),
    "a function awaited that was not called": (
        "awaited-in-vain",
        "`()` is missing",
        """
        import asyncio
        async def fetch():
            return {}
        async def main():
            return await fetch  # @here
        asyncio.run(main())
        """,
    ),
    "a plain loop over an async generator": (
        "async-iteration",
        "`async for`",
        """
        import asyncio
        async def rows():
            yield 1
        async def main():
            return [row for row in rows()]  # @here
        asyncio.run(main())
        """,
    ),
    "an async loop over a list": (
        "async-iteration",
        "a list is looped over with plain `for`",
        """
        import asyncio
        async def main():
            async for row in [1]:  # @here
                pass
        asyncio.run(main())
        """,
    ),
    "no loop runs": (
        "event-loop",
        "no event loop runs in this thread",
        """
        import asyncio
        def start():
            return asyncio.get_running_loop()  # @here
        start()
        """,
    ),
    "a loop inside a loop": (
        "event-loop",
        "an event loop runs in this thread already",
        """
        import asyncio, warnings
        warnings.simplefilter("ignore")
        async def work():
            return 1
        def helper():
            return asyncio.run(work())  # @here
        async def main():
            return helper()
        asyncio.run(main())
        """,
    ),
    "a recursion that stands still": (
        "recursion",
        "walk goes round",
        """
        def walk(depth, node):
            return walk(depth, node)  # @here
        walk(3, "root")
        """,
    ),
    "a recursion of two": (
        "recursion",
        "`node` is the same every time",
        """
        def even(n, node):
            return odd(n - 1, node)
        def odd(n, node):
            return even(n - 1, node)
        even(5, "root")
        """,
    ),
    "a file after its block": (
        "used-after-close",
        "the `with` block that held it, of line 2, has ended",
        """
        def read(path):
            with open(path) as file:
                head = file.readline()
            return head + file.read()  # @here
        read(__file__)
        """,
    ),
    "closed by hand": (
        "used-after-close",
        "`base.close()` was called (line 4)",
        """
        import sqlite3
        def count():
            base = sqlite3.connect(":memory:")
            base.close()
            return base.execute("select 1")  # @here
        count()
        """,
    ),
    "given out of its block": (
        "used-after-close",
        "`rows` comes from `rows_of`",
        """
        import csv
        def rows_of(path):
            with open(path) as file:
                return csv.reader(file)
        def show(path):
            rows = rows_of(path)
            return list(rows)  # @here
        show(__file__)
        """,
    ),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_it_is_said_at_its_place(name: str, tmp_path: Path) -> None:
    kind, words, source = SPEAKING[name]
    found = found_in(source, tmp_path)
    said = found.one(kind)
    assert words in said.text
    assert said.weight in (0.6, 0.9)
    if "# @here" in source:
        assert said.line == found.line("here")


def test_arguments_that_stay_prove_a_recursion(tmp_path: Path) -> None:
    still = found_in("def walk(node):\n    return walk(node)\nwalk('root')\n", tmp_path).one("recursion")
    assert still.weight == 0.9 and "`node` is the same every time" in still.text
    moving = found_in("def walk(n):\n    return walk(n + 1)\nwalk(0)\n", tmp_path).one("recursion")
    assert moving.weight == 0.6 and "`n` changes: " in moving.text


def test_a_warning_in_the_log_names_the_call(tmp_path: Path) -> None:
    source = """
        def main():
            queue.send(1)  # @here
            return 1 / 0
        class queue:
            async def send(n): pass
        import warnings
        warnings.simplefilter("ignore")
        main()
        """
    text = "program.py:2: RuntimeWarning: coroutine 'queue.send' was never awaited"
    found = found_in(source, tmp_path, logs=(LogRecord(0.0, "stderr", text),))
    assert found.one("never-awaited").line == found.line("here")
    assert "never-awaited" not in found_in(source, tmp_path).kinds


SILENT = {
    "a list read twice": (
        "exhausted-iterator",
        """
        def report(rows):
            count = len(list(rows))
            return max(r for r in rows if r > 5)
        report([1])
        """,
    ),
    "a generator read once": (
        "exhausted-iterator",
        """
        def report():
            rows = map(len, [])
            return max(rows)
        report()
        """,
    ),
    "a generator made anew": (
        "exhausted-iterator",
        """
        def report():
            rows = map(len, [])
            count = sum(rows)
            rows = map(len, [])
            return max(rows)
        report()
        """,
    ),
    "a loop that is left early": (
        "exhausted-iterator",
        """
        def report():
            rows = map(len, [])
            for row in rows:
                break
            return max(rows)
        report()
        """,
    ),
    "a copy in the loop": (
        "changed-in-loop",
        """
        def clean(prices, other):
            for name in prices:
                other.pop(name)
                if name == "b":
                    raise RuntimeError("dictionary changed size during iteration")
        clean({"a": 0, "b": 1}, {"a": 1, "b": 2})
        """,
    ),
    "a coroutine that is awaited later": (
        "never-awaited",
        """
        import asyncio
        async def fetch():
            return None
        async def main():
            task = fetch()
            found = await task
            return found.name
        asyncio.run(main())
        """,
    ),
    "None awaited where something async gave it": (
        "awaited-in-vain",
        """
        import asyncio
        async def main():
            found = await asyncio.sleep(0)
            return found.name
        asyncio.run(main())
        """,
    ),
    "another RuntimeError": (
        "event-loop",
        """
        def start():
            raise RuntimeError("the event was lost")
        start()
        """,
    ),
    "another loop's TypeError": (
        "async-iteration",
        """
        for x in 5:
            pass
        """,
    ),
    "a deep stack that ends otherwise": (
        "recursion",
        """
        def down(n):
            return 1 // n if n == 0 else down(n - 1)
        down(60)
        """,
    ),
    "a file that is open": (
        "used-after-close",
        """
        def read(path):
            with open(path) as file:
                pass
            with open(path) as file:
                raise ValueError("the shop is closed today")
        read(__file__)
        """,
    ),
    "closed and opened again": (
        "used-after-close",
        """
        def read(path):
            file = open(path)
            file.close()
            file = open(path)
            file.write("x")
        read(__file__)
        """,
    ),
}


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.filterwarnings("ignore")
def test_nothing_is_said(name: str, tmp_path: Path) -> None:
    kind, source = SILENT[name]
    assert kind not in found_in(source, tmp_path).kinds
