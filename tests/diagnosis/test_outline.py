"""Definitions found without parsing."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

import iqdebug
from iqdebug.diagnosis.source.outline import Outline

pytestmark = pytest.mark.slow

TEXT = textwrap.dedent('''
    import x

    @decorator(
        1)
    def plain(a,
              b):
        """Not a def inside( or
    class Nothing: here."""
        return a

    class Shop:
        rows = [
            1, 2
        ]

        @property
        def size(self):
            def inner():
                pass
            # a comment

            return inner

        async def sell(self) -> int:
            return 1

    # about the next
    def last(): return 2
''').lstrip("\n")


def outline() -> Outline:
    return Outline(TEXT.splitlines())


def test_names_and_lines() -> None:
    found = {d.qualname: (d.kind, d.line, d.end) for d in outline().definitions}
    assert found["Shop"] == ("class", 11, 25)
    assert found["Shop.size"] == ("def", 17, 22)
    assert found["Shop.size.<locals>.inner"] == ("def", 18, 19)
    assert found["Shop.sell"] == ("def", 24, 25)
    assert found["last"] == ("def", 28, 28)


def test_the_function_of_a_line() -> None:
    lines = outline()
    assert [getattr(lines.function_at(n), "qualname", None) for n in (1, 19, 22, 25, 28)] == [
        None,
        "Shop.size.<locals>.inner",
        "Shop.size",
        "Shop.sell",
        "last",
    ]
    size = lines.named("Shop.size")
    assert size is not None and size.first == 16
    owner = lines.class_of(size)
    assert owner is not None and [m.name for m in lines.methods(owner)] == ["size", "sell"]


def test_trees_keep_their_lines() -> None:
    lines = outline()
    sell = lines.named("Shop.sell")
    assert sell is not None
    tree = lines.tree(sell)
    assert isinstance(tree, ast.AsyncFunctionDef) and tree.lineno == 24


@pytest.mark.parametrize("text", ["def f(:\n  x", "\x00\xff\n" * 50, "def " * 500, "class", ""])
def test_what_is_no_python_has_no_tree_and_raises_nothing(text: str) -> None:
    found = Outline(text.splitlines())
    for definition in found.definitions:
        assert found.tree(definition) is None or definition.end
    found.module


def test_it_agrees_with_the_parser_on_our_own_code() -> None:
    wrong = []
    for path in sorted(Path(iqdebug.__file__).parent.rglob("*.py")):
        text = path.read_text("utf-8")
        found = {(d.name, d.line, d.end) for d in Outline(text.splitlines()).definitions}
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if (node.name, node.lineno, node.end_lineno) not in found:
                wrong.append(f"{path.name}:{node.lineno} {node.name}")
    assert len(wrong) <= 3, wrong


def test_a_text_that_is_indented_less_does_not_end_a_function() -> None:
    source = '''
def outer(x):
    warn("""
This leads to unpredictable results.

    Use a list instead.
""")
    return x

def after():
    pass
'''
    outline = Outline(source.splitlines())
    outer = outline.function_at(8)
    assert outer is not None and (outer.name, outer.line, outer.end) == ("outer", 2, 8)
    assert outline.function_at(9) is None
    after = outline.function_at(11)
    assert after is not None and after.name == "after"


def test_a_quote_that_is_no_text_costs_one_function_at_most() -> None:
    source = 'def one():\n    x = 1  # three quotes: """\n\nVALUE = 2\n\ndef two():\n    pass\n'
    outline = Outline(source.splitlines())
    two = outline.function_at(7)
    assert two is not None and two.name == "two"
