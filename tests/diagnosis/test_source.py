"""How the diagnosis reads source: what holds a line, how much is parsed, and what is kept."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

import pytest

from iqdebug.core.state import ExceptionInfo, Frame, Origin, Phase, Snapshot, Thread, Variable
from iqdebug.diagnosis import diagnose
from iqdebug.diagnosis.source import texts as texts_module
from iqdebug.diagnosis.source.functions import Function, statements_around
from iqdebug.diagnosis.source.outline import Outline
from iqdebug.diagnosis.source.texts import Texts

NESTED = """\
import threading

class Shop:
    lock = threading.Lock()
    if lock:
        size = 1

    def serve(self):
        @traced
        def one(order):
            for line in order:
                with self.lock:
                    try:
                        sell(line)
                    except KeyError:
                        match line:
                            case None:
                                refuse(order)
            return order
        return one

while True:
    if ready():
        go()
"""
PATH = "/s/shop.py"


def reader(text: str) -> Texts:
    lines = tuple(text.splitlines())
    return Texts(lambda path: lines)


def function_at(line: int, name: str = "f", text: str = NESTED) -> Function:
    return Function.of(Frame(name, PATH, line), reader(text))


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (4, ["ClassDef", "Assign"]),
        (6, ["ClassDef", "If", "Assign"]),
        (14, ["For", "With", "Try", "Expr"]),
        (18, ["For", "With", "Try", "Match", "Expr"]),
        (19, ["Return"]),
        (20, ["Return"]),
        (24, ["While", "If", "Expr"]),
        (21, []),
        (0, []),
        (99, []),
    ],
)
def test_the_statements_around_a_line_are_those_of_its_function(line: int, kinds: list[str]) -> None:
    assert [type(s).__name__ for s in function_at(line).statements] == kinds


def test_functions_around_a_line_are_named_from_within() -> None:
    outline = Outline(NESTED.splitlines())
    names = ["Shop.serve.<locals>.one", "Shop.serve"]
    assert [d.qualname for d in outline.functions_around(12)] == names
    assert [d.qualname for d in outline.functions_around(9)] == names, "a decorator belongs to its function"
    assert [tree.name for tree in function_at(12).around] == ["one", "serve"]
    assert outline.functions_around(6) == ()


def test_code_of_a_module_is_parsed_a_statement_at_a_time() -> None:
    broken = "x = (\n" + "\n" * 20 + "def f(:\n    pass\n\nfor i in range(3):\n    print(i)\n"
    line = len(broken.splitlines())
    assert [type(s).__name__ for s in function_at(line, "<module>", broken).statements] == ["For", "Expr"]
    assert function_at(line, "<module>", broken).tree is None


def test_of_several_statements_on_a_line_the_last_is_meant() -> None:
    (statement,) = statements_around(ast.parse("a = 1; b = None.x"), 1)
    assert ast.unparse(statement) == "b = None.x"


def test_a_budget_of_lines_is_spent_once_for_each_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_module, "MAX_PARSED_LINES", 5)
    text = "def a():\n    return 1\n\ndef b():\n    return 2\n\ndef c():\n    return 3\n"
    outcomes = []
    for _ in range(2):  # a diagnosis that finds everything parsed already gets no more
        texts = reader(text)
        outline = texts[PATH]
        trees = [texts.tree(PATH, d) for d in (*outline.definitions, *outline.definitions)]
        outcomes.append([tree is not None for tree in trees])
    assert outcomes == [[True, True, False] * 2] * 2


def test_a_file_is_read_once_and_one_that_cannot_be_is_empty() -> None:
    asked: list[str] = []

    def read(path: str) -> Sequence[str]:
        asked.append(path)
        raise {"/a": OSError, "/b": ValueError, "/c": LookupError, "/d": SyntaxError}[path]

    texts = Texts(read)
    for path in ("/a", "/b", "/c", "/d", "/a"):
        assert texts[path].lines == ()
    assert asked == ["/a", "/b", "/c", "/d"]


CRASH = """\
def label(order):
    customer = order.customer
    note = order.note
    return customer.name
"""


def crash(*values: Variable) -> Snapshot:
    frame = Frame("label", PATH, 4, locals=values, span=(4, 4, 11, 24))
    error = ExceptionInfo("AttributeError", "'NoneType' object has no attribute 'name'")
    thread = Thread(1, "MainThread", frames=(frame,), is_main=True)
    return Snapshot(7, 1, Phase.CRASHED, Origin.RECORDED, 0.0, threads=(thread,), focus=1, exception=error)


def test_a_crash_and_a_pause_on_the_same_exception_say_the_same_of_its_line() -> None:
    snapshot = crash(Variable("customer", "None", "NoneType"))
    crashed = diagnose(snapshot, read_source=lambda path: CRASH.splitlines())
    paused = diagnose(
        replace(snapshot, phase=Phase.PAUSED, origin=Origin.DAP, reason="exception"),
        read_source=lambda path: CRASH.splitlines(),
    )
    sentence = "`customer` is None, and `.name` is taken from it"
    assert crashed.headline == paused.headline
    assert crashed.headline.endswith(f"at shop.py:4 in label: {sentence}")
    assert crashed.suspects[0].reasons == paused.suspects[0].reasons == (sentence,)
    assert crashed.confidence == paused.confidence == "likely"
    assert [s.line for s in paused.suspects] == [4, 2]


def test_without_a_value_the_words_of_the_error_say_what_was_none() -> None:
    answer = diagnose(crash(), read_source=lambda path: CRASH.splitlines())
    assert answer.confidence == "possible"
    assert answer.suspects[0].reasons == ("AttributeError was raised here", "`customer` is None")
