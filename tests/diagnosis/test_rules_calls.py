"""Calls, defaults and names that do not fit what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.anomalous import found_in

pytestmark = pytest.mark.slow

SPEAKING = {
    "a parameter not given": (
        "wrong-arguments",
        "takes host, port; the call does not give `port`",
        """
        def connect(host, port):
            pass
        connect("a")  # @here
        """,
    ),
    "a keyword of another name": (
        "wrong-arguments",
        "has no parameter `time_out`, but `timeout` (how its words are joined)",
        """
        def connect(host, timeout=1):
            pass
        connect("a", time_out=3)  # @here
        """,
    ),
    "too many": (
        "wrong-arguments",
        "takes host, port: `3` is too many",
        """
        def connect(host, port):
            pass
        connect("a", 1, 3)  # @here
        """,
    ),
    "given twice": (
        "wrong-arguments",
        "gets `host` by its place and by its name",
        """
        def connect(host, port=1):
            pass
        connect("a", host="b")  # @here
        """,
    ),
    "a method without self": (
        "wrong-arguments",
        "has no parameter for the instance: `self` is missing from its `def`",
        """
        class Shop:
            def open():  # @here
                pass
        Shop().open()
        """,
    ),
    "called on the class": (
        "wrong-arguments",
        "is called on the class `Shop` itself, not on an instance",
        """
        class Shop:
            def open(self, day):
                pass
        Shop.open()  # @here
        """,
    ),
    "a constructor": (
        "wrong-arguments",
        "`Shop.__init__` (line 2 of program.py) takes self, name; the call does not give `name`",
        """
        class Shop:
            def __init__(self, name):
                pass
        Shop()  # @here
        """,
    ),
    "a hidden builtin": (
        "hidden-builtin",
        "since line 1: the builtin `list` is hidden",
        """
        list = [1, 2]  # @here
        def copy(rows):
            return list(rows)
        copy((1,))
        """,
    ),
    "a hidden builtin, by a parameter": (
        "hidden-builtin",
        "the builtin `max` is hidden",
        """
        def best(rows, max):  # @here
            return max(rows)
        best([1], 10)
        """,
    ),
    "a hidden function": (
        "hidden-name",
        "which hides the def of line 1",
        """
        def total(rows):
            return sum(rows)
        total = total([1])  # @here
        total([2])
        """,
    ),
    "a number that is called": (
        "not-callable",
        "`rate` is int 3, and it is called",
        """
        def pay(hours, rate):
            return hours + rate (hours)  # @here
        pay(1, 3)
        """,
    ),
    "a module that is called": (
        "module-called",
        "`datetime` is the module",
        """
        import datetime
        def day():
            return datetime(2024, 1, 1)  # @here
        day()
        """,
    ),
    "a default that grew": (
        "grown-default",
        "this call did not pass it, and it has 2 elements (['a', 'b'])",
        """
        def add(name, names=[]):  # @here
            names.append(name)
            return 1 / (2 - len(names))
        for each in "ab":
            add(each)
        """,
    ),
    "a mapping as a default": (
        "grown-default",
        "`pages` has a default of `{}`",
        """
        def visit(page, pages={}):  # @here
            pages[page] = 1
            assert len(pages) < 2
        visit("a")
        visit("b")
        """,
    ),
    "a name with a typing error": (
        "near-name",
        "there is no `totla`, but there is `total` (one letter differs)",
        """
        def report(rows):
            total = sum(rows)
            return totla  # @here
        report([1])
        """,
    ),
    "a builtin with a typing error": (
        "near-name",
        "there is `print`",
        """
        def report(rows):
            pritn(rows)  # @here
        report([1])
        """,
    ),
    "a module that is not imported": (
        "not-imported",
        "`json` is a module of the standard library",
        """
        def read(text):
            return json.loads(text)  # @here
        read("1")
        """,
    ),
    "self forgotten": (
        "missing-self",
        "`self.rows` exists",
        """
        class Table:
            def __init__(self):
                self.rows = [1]
            def first(self):
                return rows[0]  # @here
        Table().first()
        """,
    ),
    "an attribute with a typing error": (
        "near-name",
        "has no `adress`, but `address` (one letter differs)",
        """
        class User:
            def __init__(self):
                self.address = "Ulm"
        def label(user):
            return user.adress  # @here
        label(User())
        """,
    ),
    "a method with a typing error": (
        "near-name",
        "has no `appendd`, but `append`",
        """
        rows = []
        rows.appendd(1)  # @here
        """,
    ),
    "a method of its class": (
        "near-name",
        "has no `find_User`, but `find_user` (upper and lower case)",
        """
        class Store:
            def find_user(self):
                pass
        Store().find_User()  # @here
        """,
    ),
    "a method of another type": (
        "other-type",
        "`add` to a set",
        """
        def keep(rows):
            rows.add(1)  # @here
        keep([])
        """,
    ),
    "global forgotten": (
        "unbound-local",
        "since line 3 assigns it: `global` is missing",
        """
        count = 0
        def visit():
            count += 1  # @here
        visit()
        """,
    ),
    "a branch that was not taken": (
        "unbound-local",
        "`found` is only assigned at line 4, and that line did not run",
        """
        def pick(rows):
            for row in rows:
                if row > 3:
                    found = row  # @here
            return found
        pick([1])
        """,
    ),
    "assigned below": (
        "unbound-local",
        "`total` is assigned first at line 3, below",
        """
        def pick(rows):
            print(total)  # @here
            total = sum(rows)
        pick([1])
        """,
    ),
    "gone with its except block": (
        "unbound-local",
        "`error` of the `except` at line 4 is deleted",
        """
        def run():
            try:
                int("x")
            except ValueError as error:  # @here
                pass
            return str(error)
        run()
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
    "a TypeError of somebody's own": (
        "wrong-arguments",
        """
        def connect(host):
            raise TypeError("connect() got an unexpected keyword argument 'port'")
        connect("a")
        """,
    ),
    "a function without source": (
        "wrong-arguments",
        """
        import math
        math.sqrt(1, 2)
        """,
    ),
    "two functions of the name": (
        "wrong-arguments",
        """
        class A:
            def go(self, a): pass
        class B:
            def go(self, b): pass
        [A().go, B().go][0]()
        """,
    ),
    "a name that hides nothing": (
        "hidden-builtin",
        """
        rate = 3
        rate(2)
        """,
    ),
    "an attribute that is called": (
        "hidden-name",
        """
        class A:
            total = 3
        A().total()
        """,
    ),
    "a module's own failure": (
        "module-called",
        """
        text = "a"
        text()
        """,
    ),
    "a default that was passed": (
        "grown-default",
        """
        def add(name, names=[]):
            names.append(name)
            return 1 / (2 - len(names))
        add("b", ["a"])
        """,
    ),
    "a cache": (
        "grown-default",
        """
        def add(name, _cache={}):
            _cache[name] = 1
            return 1 / (2 - len(_cache))
        add("b")
        add("c")
        """,
    ),
    "a default of None": (
        "grown-default",
        """
        def add(name, names=None):
            names = names or []
            names.append(name)
            return 1 / (1 - len(names))
        add("b")
        """,
    ),
    "unpacked arguments": (
        "grown-default",
        """
        def add(name, names=[]):
            names.append(name)
            return 1 / (2 - len(names))
        add(*["b", ["a"]])
        """,
    ),
    "a name far from all others": (
        "near-name",
        """
        def report(rows):
            return qqzzy
        report([1])
        """,
    ),
    "short names": (
        "near-name",
        """
        x, y, ab = 1, 2, 3
        print(z, ac)
        """,
    ),
    "an import that is there": (
        "not-imported",
        """
        def read(text):
            return jsonlib
        read("1")
        """,
    ),
    "no such attribute of self": (
        "missing-self",
        """
        class Table:
            def __init__(self):
                self.other = [1]
            def first(self):
                return rows
        Table().first()
        """,
    ),
    "an attribute far from all others": (
        "near-name",
        """
        class User:
            def __init__(self):
                self.name = "Ulm"
        User().street
        """,
    ),
    "a method of its own type": (
        "other-type",
        """
        class Rows(dict):
            pass
        Rows().add(1)
        """,
    ),
    "an AttributeError of somebody's own": (
        "near-name",
        """
        class A:
            name = 1
            def __getattr__(self, name):
                raise AttributeError("'A' object has no attribute 'nmae'")
        A().nmae
        """,
    ),
    "a name that is bound nowhere": (
        "unbound-local",
        """
        def f():
            return nothing
        f()
        """,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said(name: str, tmp_path: Path) -> None:
    kind, source = SILENT[name]
    assert kind not in found_in(source, tmp_path).kinds


def test_a_default_that_this_call_may_have_filled_is_a_weak_hint(tmp_path: Path) -> None:
    source = """
        def add(words, names=[]):
            for word in words:
                names.append(word)
            return 1 / (2 - len(names))
        add("ab")
        """
    assert found_in(source, tmp_path).one("grown-default").weight == 0.3
