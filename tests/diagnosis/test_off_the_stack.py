"""Causes that lie in no traceback: who wrote the text, filled the object, declared the class."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from iqdebug.diagnosis.dataflow.backward_slice import is_delegate
from iqdebug.diagnosis.dataflow.message_templates import made_by
from tests.support.crashing import Case, crash_of, steps

pytestmark = pytest.mark.slow


def reason(case: Case, function: str) -> str:
    return next((s.reasons[0] for s in case.diagnosis.suspects if s.function == function), "")


def beside(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """The program's folder is where it imports from, and what it imported is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)


def tree_of(source: str) -> ast.FunctionDef:
    (found,) = ast.parse(source).body
    assert isinstance(found, ast.FunctionDef)
    return found


# who wrote a text


def test_what_wrote_the_text_that_cannot_be_read_is_a_suspect(tmp_path: Path) -> None:
    case = crash_of(
        """
        def quoted(value):
            return f'["{value}"]'  # @template

        def dump(rows, out):
            for key, value in rows:
                out.append(key + " = " + quoted(value))

        def parse(lines):
            found = {}
            for line in lines:
                key, _, value = line.partition(" = ")
                if value.count('"') != 2:
                    raise ValueError(f"cannot read {line}")
                found[key] = value[2:-2]
            return found

        def roundtrip(rows):
            lines = []
            dump(rows, lines)
            return parse(lines)

        roundtrip([("name", 'Ann "Nan" Lee')])
        """,
        tmp_path,
    )
    assert "quoted" in case.functions(5)
    assert case.line("template") in case.lines(5)
    assert "writes what stands in the text that failed" in reason(case, "quoted")


def test_a_file_is_followed_to_who_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(tmp_path, monkeypatch, "store_beside")
    case = crash_of(
        """
        import store_beside as store

        def keep(path, name):
            store.write(path, name)

        keep("people.txt", 'Ann "Nan')
        print(store.read("people.txt"))
        """,
        tmp_path,
        store_beside="""
        import shlex

        _files = {}

        def write(path, name):
            _files[path] = [line(name)]

        def line(name):
            return "1 " + quoted(name) + " ellipse"

        def quoted(name):
            return f'"{name}"'

        def read(path):
            lines = (text for text in _files[path])
            return parse(lines)

        def parse(lines):
            lines = iter([each.rstrip() for each in lines])
            return [shlex.split(each) for each in lines]
        """,
    )
    assert {"quoted", "line"} & set(case.functions(5))


@pytest.mark.parametrize(
    ("source", "text", "line"),
    [
        ("def f(x):\n    return f'<{x}>'", "a <b> c", 2),
        ("def f(x):\n    return '<%s>' % x", "a <b> c", 2),
        ("def f(x):\n    return '<{}>'.format(x)", "a <b> c", 2),
        ("def f(x):\n    return '<' + x + '>'", "a <b> c", 2),
        ("def f(x):\n    yield '[' + x + ']'\n    yield '<<' + x + '>>'", "a <<b>> [c]", 3),
        ("def f(x):\n    return f'>{x}<'", "a <b> c", 0),  # not in that order
        ("def f(x):\n    return f'{x}>'", "a <b> c", 0),  # one character tells nothing
        ("def f(x):\n    return x + y", "a <b> c", 0),
        ("def f(x):\n    return '<>'", "<>", 0),  # no format
    ],
)
def test_constant_parts_in_their_order_tell_who_made_a_text(source: str, text: str, line: int) -> None:
    found = made_by(tree_of(source), text)
    assert (found[0][0].lineno if found else 0) == line


# what was done before with the same thing


def test_a_function_that_was_called_for_its_effect_is_a_suspect(tmp_path: Path) -> None:
    case = crash_of(
        """
        def fill(order):
            complete(order)

        def complete(order):
            order["price"] = None  # @wrong

        def total(order):
            return order["price"] * 3  # @raise

        def main():
            order = {}
            fill(order)
            print(total(order))

        main()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert {"fill", "complete"} & set(case.functions(5))


def test_what_was_done_with_another_thing_is_none(tmp_path: Path) -> None:
    case = crash_of(
        """
        def greet(name):
            print("hello", name)

        def total(order):
            return order["price"] * 3

        def main():
            order = {}
            greet("Ann")
            print(total(order))

        main()
        """,
        tmp_path,
    )
    assert "greet" not in case.functions()


# objects and their classes


def test_an_attribute_is_followed_to_what_the_object_was_made_from(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Loader:
            def __init__(self, names, limits):
                self.names = names
                self.limits = limits

            def load(self):
                return self._each()

            def _each(self):
                return [self.limits["most"] for _ in self.names]  # @raise

        def defaults():
            limits = {}
            for key in ("least",):
                limits[key] = 1
            return limits

        def names_of(text):
            found = []
            for part in text.split():
                found.append(part)
            return found

        def main():
            names = names_of("a b")
            limits = defaults()
            loader = Loader(names, limits)
            return loader.load()

        main()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    functions = case.functions()
    assert "defaults" in functions[:5]
    assert "names_of" not in functions or functions.index("defaults") < functions.index("names_of")


def test_the_class_that_lacks_something_is_a_suspect(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Point:  # @class
            def __init__(self, x):
                self.x = x

        def largest(points):
            return max(points)  # @raise

        largest([Point(1), Point(2)])
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert case.line("class") in case.lines(5)
    assert "Point.<class>" in case.functions(5)


def test_a_class_of_the_standard_library_is_none(tmp_path: Path) -> None:
    case = crash_of(
        """
        from decimal import Decimal

        def double(price):
            return price.twice()

        double(Decimal("1.5"))
        """,
        tmp_path,
    )
    assert not [f for f in case.functions() if f.endswith("<class>")]


def test_a_table_in_a_class_body_is_found_in_the_subclass_first(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Reader:
            kinds = {"a": 1, "b": 2}

            def read(self, kind):
                return self.kinds[kind]  # @raise

        class Short(Reader):
            kinds = {"a": 1}  # @table

        Short().read("b")
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert case.line("table") in case.lines(5)
    assert "Short.<class>" in case.functions(5)


def test_a_table_of_the_module_is_found_and_a_logger_is_not(tmp_path: Path) -> None:
    case = crash_of(
        """
        import logging

        LOG = logging.getLogger("x")
        RATES = {"de": 19}  # @table

        def rate(country):
            return LOG.name + RATES[country]  # @raise

        rate("fr")
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert case.line("table") in case.lines(5)
    assert 3 not in case.lines()


# generated code


def test_who_wrote_generated_code_comes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(tmp_path, monkeypatch, "making_beside")
    case = crash_of(
        """
        from making_beside import wrapped

        @wrapped
        def scale(a, *, b=2):
            return a * b

        scale(3)
        """,
        tmp_path,
        making_beside="""
        import linecache

        def wrapped(function):
            return build(function)

        def build(function):
            names = function.__code__.co_varnames
            text = f"def made({names[0]}, {names[1]}=2):\\n    return function({', '.join(names)})\\n"
            name = f"<making.{function.__name__}>"
            linecache.cache[name] = (len(text), None, text.splitlines(True), name)
            space = {"function": function}
            exec(compile(text, name, "exec"), space)
            return space["made"]
        """,
    )
    assert "build" in case.functions(5)
    generated = [n for n, s in enumerate(case.diagnosis.suspects) if s.path.startswith("<")]
    at = [s.function for s in case.diagnosis.suspects].index("build")
    assert not generated or at < generated[0]


# what must have been None


def test_what_must_have_been_none_is_said_though_no_variable_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(tmp_path, monkeypatch, "shapes_beside")
    case = crash_of(
        """
        import shapes_beside as shapes

        shapes.kind_of(shapes.Node())
        """,
        tmp_path,
        shapes_beside="""
        class Node:
            type = None

        def kind_of(node):
            return node.type.name
        """,
    )
    said = [r for s in case.diagnosis.suspects for r in s.reasons]
    assert any("`node.type` is None" in r for r in said), said


# the order of the first five


def test_one_of_the_first_five_lies_off_the_stack(tmp_path: Path) -> None:
    calls = "\n".join(
        f"        def step{n}(order):\n            return step{n + 1}(order)\n" for n in range(4)
    )
    case = crash_of(
        f"""
{calls}
        def step4(order):
            return order.upper()

        def made(text):
            for each in (1, 2):
                if text == each:
                    return "x"
            return None

        order = made("a")
        step0(order)
        """,
        tmp_path,
    )
    assert "made" in [s.function for s in case.diagnosis.suspects[:5]]
    scores = [s.score for s in case.diagnosis.suspects]
    assert scores == sorted(scores, reverse=True)


def test_a_variable_that_is_made_from_itself_is_followed_on(tmp_path: Path) -> None:
    case = crash_of(
        """
        def first(rows):
            rows = [row for row in rows]
            return rows[0]  # @raise

        def found():
            return []  # @empty

        first(found())
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    assert ("found(…)", case.line("empty")) in steps(case.diagnosis.provenance)


def test_what_only_calls_another_is_a_delegate() -> None:
    assert is_delegate(tree_of("def f(x):\n    'words'\n    return g(x)"))
    assert not is_delegate(tree_of("def f(x):\n    return 1"))
    assert not is_delegate(tree_of("def f(x):\n    if x:\n        return g(x)"))


# attributes that are missing, cases that are missing


def test_who_deletes_an_attribute_is_a_suspect_where_it_is_missing(tmp_path: Path) -> None:
    case = crash_of(
        """
        class State:
            pass

        state = State()

        def begin():
            state.working = set()

        def end():
            del state.working  # @deleted

        def use():
            return len(state.working)  # @raise

        def unrelated():
            state.other = 1

        begin()
        end()
        use()
        """,
        tmp_path,
    )
    assert case.first.line == case.line("raise")
    functions = case.functions(5)
    assert "end" in functions and "begin" in functions and "unrelated" not in case.functions()
    assert case.line("deleted") in case.lines(5)


def test_a_misspelt_attribute_accuses_nobody_else(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Order:
            def __init__(self):
                self.price = 1

        def total(order):
            return order.prise

        total(Order())
        """,
        tmp_path,
    )
    assert not [s for s in case.diagnosis.suspects if "is set here: `self.price" in s.reasons[0]]


def test_what_a_class_says_it_does_not_support_is_missing_in_it(tmp_path: Path) -> None:
    case = crash_of(
        """
        class Printer:  # @class
            def show(self, node):
                return getattr(self, "show_" + type(node).__name__, self.refuse)(node)

            def show_int(self, node):
                return str(node)

            def refuse(self, node):
                raise TypeError(f"{type(node).__name__} is not supported")

        Printer().show([])
        """,
        tmp_path,
    )
    assert "Printer.<class>" in case.functions(5) and case.line("class") in case.lines(5)


def test_a_name_that_a_class_body_gives_another_function_is_followed(tmp_path: Path) -> None:
    case = crash_of(
        """
        def renamed(function):
            def inner(self, *args, **kwargs):
                return function(self, *args, **kwargs)
            return inner

        class Element:
            @staticmethod
            def set_blanks(blanks):
                Element.blanks = blanks

            setBlanks = renamed(set_blanks)  # @alias

        class Word(Element):
            pass

        def build():
            word = Word()
            word.setBlanks(" ")

        build()
        """,
        tmp_path,
    )
    assert case.line("alias") in case.lines(5) and "Element.<class>" in case.functions(5)


def test_a_recursion_of_the_standard_library_leaves_the_frames_that_led_there(tmp_path: Path) -> None:
    case = crash_of(
        """
        import argparse

        def looped():
            found = argparse.Namespace()
            found.own = argparse.Namespace(own=found)
            found.own.own = found
            return [found]

        def shown(found):
            text = ""
            for each in found:
                text += name_of(each)
            return text

        def name_of(each):
            deep = each
            for _ in range(3_000):
                deep = argparse.Namespace(x=deep)
            return "{}".format(deep)  # @raise

        def report():
            return shown(looped())

        report()
        """,
        tmp_path,
    )
    assert {"name_of", "shown"} <= set(case.functions(5))
