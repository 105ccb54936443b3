"""Showing the program runs none of its code: objects, classes, threads, tasks, exceptions and namespaces
whose special methods and attributes all record their calls are read in every way that the agent and capture
have."""

from __future__ import annotations

import importlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import iqdebug
from iqdebug.capture import arrays, tree, values
from iqdebug.capture.mask import Masker
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "records_every_call.py"
BY_WISH = {
    "on_repr": "a person asks for one value's own text",
    "on_evaluate": "a person evaluates an expression",
    "reprs.OwnReprs": "`diagnose -- CMD` asks objects for their own repr, in bounded time",
    "messages.message_of": "the capture asks a crash's own `__str__`, as the interpreter is about to do",
}
"""What runs code of the program because somebody asked for that; nothing else may."""


def calls_recorded(python: str) -> list[str]:
    folder = str(Path(iqdebug.__file__).parent)
    done = subprocess.run(
        [python, "-B", "-W", "ignore", str(PROGRAM), folder],
        capture_output=True,
        text=True,
        timeout=55,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: list[str] = json.loads(done.stdout)
    return found


@on_pythons("3.8", "3.12")
def test_the_record_of_calls_stays_empty(python: str) -> None:
    assert calls_recorded(python) == []


@pytest.mark.real
@on_pythons("3.9", "3.10", "3.11", "3.13", "3.14")
def test_the_record_of_calls_stays_empty_in_every_interpreter(python: str) -> None:
    assert calls_recorded(python) == []


def test_arrays_and_tables_run_nothing_either() -> None:
    extensions: Any = importlib.import_module("pandas.api.extensions")

    ran: list[str] = []

    def told(*of: object) -> str:
        ran.append(str(len(of)))
        return "told"

    class Kind(extensions.ExtensionDtype):  # type: ignore[misc]
        name = "own"
        type = object

        def __str__(self) -> str:
            return told()

    class Column(extensions.ExtensionArray):  # type: ignore[misc]
        dtype = Kind()

        def __init__(self) -> None:
            self.asked = 0

        def __len__(self) -> int:
            told()
            return 2

        def __getitem__(self, item: object) -> object:
            told()
            return self

        def __getattribute__(self, name: str) -> object:
            told()
            return object.__getattribute__(self, name)

    class Derived(numpy.ndarray[Any, Any]):
        def __repr__(self) -> str:
            return told()

        def __array_ufunc__(self, *arguments: object, **options: object) -> object:
            return told()

        def __array_finalize__(self, obj: object) -> None:
            told()

    frame = pandas.DataFrame({"one": [1.5, 2.5], "two": ["a", "b"]})
    own = pandas.Series(Column())
    with numpy.errstate(all="call"), numpy.printoptions(formatter={"all": told}):
        numpy.seterrcall(told)
        held = [
            numpy.array([1e308, -1e308, float("inf"), 0.1]),
            numpy.array([0.1, 2.0], dtype="f2"),
            numpy.arange(100).reshape(10, 10),
            numpy.array([1.0]).view(Derived),
            numpy.zeros(2, dtype=[("a", "i4")]),
            numpy.float32(0.1),
            frame,
            frame["one"],
            own,
        ]
        ran.clear()
        texts = [values.text(each) for each in held]
        for each in held:
            arrays.described(each)
            arrays.text_of(each, values.text)
            tree.Forest(Masker(True), 5_000, float("inf")).add(each)
        assert ran == []
    assert texts[0] == "array([1e+308, -1e+308, inf, 0.1])"
    assert texts[1] == "array([0.1, 2.0], dtype=float16)" and texts[5] == "float32(0.1)"
