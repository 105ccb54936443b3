"""The values in a file: arrays, tables, containers, the program's own calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas

import iqdebug.capture
from iqdebug.core.state import Frame, Variable
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.variables import children_of

ROOT = Path(iqdebug.__file__).resolve().parent.parent


def captured(work: Any, folder: Path) -> Crash:
    """The file about the exception that ``work`` raises."""
    try:
        work()
    except Exception as error:
        return open_crash(iqdebug.capture.capture(error, path=str(folder / "x.iqcrash")))
    raise AssertionError("it raised nothing")


def innermost(crash: Crash) -> Frame:
    assert crash.snapshot.exception is not None
    return crash.snapshot.exception.frames[0]


def local(crash: Crash, name: str) -> Variable:
    return next(v for v in innermost(crash).locals or () if v.name == name)


def below(crash: Crash, variable: Variable) -> dict[str, Variable]:
    return {v.name: v for v in children_of(crash, variable.reference)}


def statistics(crash: Crash, variable: Variable) -> dict[str, str]:
    return {name: v.value for name, v in below(crash, below(crash, variable)["array"]).items()}


def test_arrays_by_dtype_shape_and_statistics(tmp_path: Path) -> None:

    def work() -> None:
        big = numpy.arange(3_000_000, dtype="float64").reshape(3, -1)
        gaps = numpy.array([1.0, float("nan"), 5.0, float("inf")])
        strided = big[:, ::2]
        objects = numpy.array([{"a": 1}, None], dtype=object)
        empty = numpy.array([])
        raise ValueError(big, gaps, strided, objects, empty)

    crash = captured(work, tmp_path)
    values = {v.name: v for v in innermost(crash).locals or ()}
    assert "(3, 1000000) float64" in values["big"].value
    big = statistics(crash, values["big"])
    assert (big["dtype"], big["shape"], big["min"]) == ("float64", "(3, 1000000)", "0.0")
    gaps = statistics(crash, values["gaps"])
    assert (gaps["nan"], gaps["inf"], gaps["min"], gaps["max"]) == ("1", "1", "1.0", "inf")
    assert below(crash, values["gaps"])["[2]"].value == "5.0"
    assert values["empty"].value == "array([], dtype=float64)"
    assert "(3, 500000)" in values["strided"].value
    assert "object" in values["objects"].value


def test_tables_by_column(tmp_path: Path) -> None:

    def work() -> None:
        table = pandas.DataFrame({"price": [1.5, 2.5, None], "name": ["a", "b", "c"]})
        column = table["price"]
        raise KeyError(len(column))

    crash = captured(work, tmp_path)
    table = local(crash, "table")
    assert table.value == "<DataFrame 3 x 2: 'price', 'name'>"
    columns = below(crash, table)
    assert columns["'price'"].value == "<Series float64 3: 1.5, 2.5, nan>"
    price = statistics(crash, columns["'price'"])
    assert price["mean"] == "2.0" and price["nan"] == "1"
    assert below(crash, columns["'name'"])["[2]"].value == "'c'"


def test_numpy_is_not_imported_for_it(tmp_path: Path) -> None:
    code = (
        "import sys, iqdebug.capture\n"
        "try:\n    {}['x']\nexcept KeyError:\n    iqdebug.capture.capture(path=sys.argv[1])\n"
        "print(sorted({'numpy', 'pandas', 'asyncio', 'msgspec', 'iqdebug.core.state'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.iqcrash")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=30,
    )
    assert run.stdout == "[]\n"


def test_long_containers_keep_both_ends_and_say_what_is_missing(tmp_path: Path) -> None:
    def work() -> None:
        rows = [{"id": n} for n in range(100_000)]
        text = "x" * 50_000
        raise IndexError(len(rows) + len(text))

    crash = captured(work, tmp_path)
    rows = below(crash, local(crash, "rows"))
    assert {"[0]", "[74]", "[99999]"} <= rows.keys()
    assert local(crash, "rows").size == 100_000
    assert (tmp_path / "x.iqcrash").stat().st_size < 1_000_000


def test_a_property_that_only_returns_an_attribute_is_read(tmp_path: Path) -> None:
    class Node:
        def __init__(self) -> None:
            self._kind = None

        @property
        def kind(self) -> Any:
            return self._kind

        @property
        def computed(self) -> Any:
            raise AssertionError("must not run")

    def work() -> None:
        node = Node()
        node.kind.upper()

    crash = captured(work, tmp_path)
    node = below(crash, local(crash, "node"))
    assert node["kind"].value == "None"
    assert node["computed"].state == "lazy"


def test_the_calls_of_a_frame_are_told_from_its_objects(tmp_path: Path) -> None:
    class Base:
        def area(self) -> float:
            return 1.0

    class Circle(Base):
        def area(self) -> float:
            return 2.0

    def work() -> None:
        shape: Base = Circle()
        raise ValueError(shape.area())

    crash = captured(work, tmp_path)
    functions = {c.expression: c.function for c in innermost(crash).calls}
    assert functions["shape.area"].endswith("Circle.area")


def test_a_snapshot_from_code(tmp_path: Path) -> None:
    def work() -> str:
        state = {"step": 3}
        assert state
        return iqdebug.capture.snapshot(str(tmp_path / "s.iqcrash"), how="by hand")

    crash = open_crash(work())
    assert (crash.meta.why, crash.meta.how) == ("snapshot", "by hand")
    focused = crash.snapshot.focused
    assert focused is not None and focused.frames[0].name.endswith("work")
    assert crash.snapshot.exception is None


def test_install_twice_and_uninstall_leave_no_trace() -> None:
    before = (sys.excepthook, sys.unraisablehook, dict(sys.stdout.__dict__), list(sys.meta_path))
    iqdebug.capture.install("/nowhere", native=False)
    iqdebug.capture.install("/elsewhere", native=False, mask=False)
    assert sys.excepthook is not before[0]
    iqdebug.capture.uninstall()
    iqdebug.capture.uninstall()
    assert (sys.excepthook, sys.unraisablehook, dict(sys.stdout.__dict__), list(sys.meta_path)) == before
