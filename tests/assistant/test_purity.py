"""Expressions are read without running code, by every interpreter, whatever the objects are."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import iqdebug
from iqdebug.assistant.purity import why_a_probe
from iqdebug.core.errors import RunsCode
from iqdebug.core.expressions import BUILTINS, METHODS, plan_of
from tests.assistant.expressions import FAILS, HUGE, READ, RUNS
from tests.assistant.targets import PROGRAMS
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow


class Reader:
    """The target's side of a read, in an interpreter of its own."""

    def __init__(self, python: str) -> None:
        folder = str(Path(iqdebug.__file__).parent)
        self.process = subprocess.Popen(
            [python, "-B", "-W", "error", str(PROGRAMS / "hostile.py"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self, expression: str, frame: str = "held") -> tuple[dict[str, Any], dict[str, int]]:
        """The answer, and what ran while it was found."""
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"plan": plan_of(expression), "expression": expression, "frame": frame}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        row, ran = json.loads(self.process.stdout.readline())
        return row, ran

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


@pytest.fixture
def reader(python: str) -> Iterator[Reader]:
    found = Reader(python)
    yield found
    found.close()


@on_pythons()
def test_what_only_reads_is_read(reader: Reader) -> None:
    for expression, text in READ.items():
        row, ran = reader.read(expression)
        assert (expression, row.get("v"), ran) == (expression, text, {})


@on_pythons()
def test_errors_are_those_of_python(reader: Reader) -> None:
    for expression in FAILS:
        row, ran = reader.read(expression)
        assert "failed" in row and not ran, (expression, row, ran)
    assert reader.read("1/0")[0]["failed"] == "ZeroDivisionError: division by zero"
    assert reader.read("rows[99]")[0]["failed"].startswith("IndexError: list index out of range")
    assert reader.read("unknown")[0]["failed"] == "NameError: name 'unknown' is not defined"


@on_pythons()
def test_nothing_that_runs_code_is_read(reader: Reader) -> None:
    for expression in RUNS:
        try:
            row, ran = reader.read(expression)
        except RunsCode as error:
            assert error.why, expression
            continue
        except SyntaxError:
            continue
        assert ran == {}, (expression, ran)
        assert "runs" in row or "failed" in row, (expression, row)


@on_pythons("3.8", "3.12")
def test_no_read_takes_long_or_much(reader: Reader) -> None:
    for expression in HUGE:
        started = time.monotonic()
        row, ran = reader.read(expression)
        assert "bound" in row and not ran, (expression, row)
        assert time.monotonic() - started < 8, expression


@on_pythons()
def test_every_object_of_the_program_has_a_text_that_runs_nothing(reader: Reader) -> None:
    names = "evil_obj ops plain lazy liar evil_list evil_dict text number slotted forged kind Evil mixed"
    for name in names.split():
        row, ran = reader.read(name)
        assert row["v"] and not ran, (name, row, ran)


@on_pythons()
def test_a_shadowed_builtin_is_not_python_s_own(reader: Reader) -> None:
    for expression in ("len(rows)", "isinstance(rows, list)", "sorted(rows)", "type(rows)"):
        row, ran = reader.read(expression, "shadowed")
        assert row["runs"]["id"] == "agent.runs.replaced_builtin" and not ran
        assert "v" in reader.read(expression.replace("sorted(rows)", "sorted([2, 1])"))[0]


def test_the_text_alone_tells_most() -> None:
    assert why_a_probe("order.lines[3].price > 5") == ""
    assert "calls `open`" in why_a_probe("open('x', 'w')")
    assert "assigns" in why_a_probe("(y := 1)")
    assert "statement" in why_a_probe("import os")
    assert "door to code" in why_a_probe("().__class__.__base__")
    assert "`key`" in why_a_probe("sorted(x, key=f)")
    assert "characters" in why_a_probe("x" * 3_000)
    assert (
        "nested" in why_a_probe("(" * 150 + "x" + ")" * 150) or why_a_probe("(" * 150 + "x" + ")" * 150) == ""
    )
    assert "nested" in why_a_probe("-" * 900 + "1")
    with pytest.raises(SyntaxError):
        why_a_probe("1 +")


def test_the_reader_has_what_the_plan_may_call() -> None:
    from iqdebug.agent.calls import CALLS
    from iqdebug.agent.calls import METHODS as KNOWN

    assert set(CALLS) == BUILTINS
    assert {name for _, name in KNOWN} == METHODS
