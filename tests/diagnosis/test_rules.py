"""What holds for all rules of the anomalies, and the example programs that go wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import anomaly_kind_message, render
from iqdebug.core.state import Anomaly, ExceptionInfo, Frame, LogRecord, Variable
from iqdebug.diagnosis import rules
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.rules import RULES, find_anomalies
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.texts import Texts
from tests.conftest import EXAMPLES, marker
from tests.dap.targets import on_pythons
from tests.diagnosis import test_rules_calls as test_anomalies_calls
from tests.diagnosis import test_rules_elements as test_anomalies_elements
from tests.diagnosis import test_rules_running as test_anomalies_running
from tests.diagnosis import test_rules_texts as test_anomalies_texts
from tests.diagnosis import test_rules_types as test_anomalies_types
from tests.support.anomalous import found_by, found_in

pytestmark = pytest.mark.slow

EXPECTED = {
    "missing_key": ("near-key", "fails", 0.9),
    "mutable_default": ("grown-default", "gift-default", 0.9),
    "exhausted_iterator": ("exhausted-iterator", "fails", 0.9),
    "off_by_one": ("index-past-end", "loop", 0.9),
    "naive_datetime": ("naive-datetime", "naive", 0.9),
    "unawaited": ("never-awaited", "unawaited", 0.9),
    "none_lookup": ("none-used", "fails", 0.9),
    "divide_by_zero": ("zero-divisor", "fails", 0.9),
}
CASES = [
    *test_anomalies_elements.SPEAKING.values(),
    *test_anomalies_types.SPEAKING.values(),
    *test_anomalies_running.SPEAKING.values(),
    *test_anomalies_calls.SPEAKING.values(),
    *test_anomalies_texts.SPEAKING.values(),
]


@on_pythons("3.8", "3.11", "3.14")
@pytest.mark.parametrize("name", EXPECTED)
def test_the_examples_are_understood(name: str, python: str, tmp_path: Path) -> None:
    kind, mark, weight = EXPECTED[name]
    found = found_by(EXAMPLES / f"{name}.py", tmp_path, python)
    one = found.one(kind)
    assert (one.line, one.weight) == (marker(f"{name}.py", mark), weight)
    assert found.anomalies[0] == one


def test_each_kind_is_tried_and_each_is_in_the_table() -> None:
    modules = {"hidden-module", "circular-import", "renamed", "not-installed", "version-mismatch"}
    tried = {kind for kind, _, _ in CASES} | modules | {"relative-path"}
    assert tried == set(AnomalyKind)


def test_the_weightiest_comes_first(tmp_path: Path) -> None:
    source = """
        def add(words, names=[]):
            for word in words:
                names.append(word)
            return names[len(names)]
        add("ab")
        """
    weights = [a.weight for a in found_in(source, tmp_path).anomalies]
    assert weights == sorted(weights, reverse=True) and len(weights) == 2


def test_without_an_exception_little_is_said(tmp_path: Path) -> None:
    frame = Frame("<module>", "/srv/a.py", 1, locals=(Variable("a", "None", "NoneType"),))
    texts = Texts(lambda path: ["print(a.b)"])
    assert find_anomalies((frame,), None, texts, Facts()) == []
    assert find_anomalies((), None, texts, Facts()) == []


def test_a_rule_that_fails_takes_no_other_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scene: CrashContext) -> list[Anomaly]:
        raise RecursionError

    def works(scene: CrashContext) -> list[Anomaly]:
        return [Anomaly(AnomalyKind.PATH, "x", "/a.py", 1, "f", 0.3)]

    monkeypatch.setattr(rules, "RULES", (broken, works))
    assert len(find_anomalies((), None, Texts(lambda path: ()), Facts())) == 1


def test_a_large_stack_over_large_files_takes_little_time() -> None:
    body = ["def step(order, total=[]):", *["    total.append(order + order[0])"] * 400, "    order.amount()"]
    lines = tuple(body * 40)
    values = tuple(Variable(f"v{n}", "[1, 2, 3]", "list", size=3) for n in range(200))
    frames = tuple(
        Frame("step", f"/srv/{n % 5}.py", 402 * (n % 40) + 402, locals=values) for n in range(5_000)
    )
    texts = Texts(lambda path: lines)
    facts = Facts(children=lambda reference: values, globals_of=lambda frame: values)
    errors = [
        ExceptionInfo("RecursionError", "maximum recursion depth exceeded"),
        ExceptionInfo("AttributeError", "'NoneType' object has no attribute 'amount'"),
        ExceptionInfo("IndexError", "list index out of range"),
    ]
    find_anomalies(frames, errors[0], texts, facts)
    for error in errors:
        started = time.thread_time()
        find_anomalies(frames, error, texts, facts)
        assert time.thread_time() - started < 0.5  # it takes 50 ms


NASTY = st.sampled_from(
    [
        *("None", "[]", "{", "{'a': 1", "'", "'…", "'ab… (1,000 long)", "b'\\xff… (9 long)", "nan"),
        *("<coroutine f, at line 1>", "<generator g, finished>", "<module x>", "{…} (3)", "(" * 3_000),
        *("datetime.datetime(2024, 1, 1)", "9" * 4_000, "-1", "3", "'12'", "", "\x00", "\ud800"),
        *("<masked>", "[1, 2, … 9 items]"),
    ]
)
TYPES = st.sampled_from(["", "str", "bytes", "int", "list", "dict", "NoneType", "tuple", "generator", "x.Y"])
MESSAGES = st.sampled_from(
    [
        "'NoneType' object has no attribute 'name'",
        "list index out of range",
        "pop from empty list",
        "too many values to unpack (expected 99999999999999999999)",
        "max() arg is an empty sequence",
        "'list' object is not callable",
        "add() missing 1 required positional argument: 'x'",
        "add() takes 0 positional arguments but 99 were given",
        "name 'totla' is not defined",
        "'A' object has no attribute 'nmae'",
        "cannot import name 'x' from partially initialized module 'random' (most likely) (/a/random.py)",
        "No module named 'distutils.x'",
        "invalid literal for int() with base 10: '\\ud800'",
        "could not convert string to float: 'x",
        "time data '((((' does not match format '%'",
        "Expecting value: line 1 column 1 (char 99999999999999999999)",
        "'utf-8' codec can't decode byte 0xff in position 99999999999999: invalid start byte",
        "[Errno 2] No such file or directory: 'a\\x00b'",
        "[Errno 2] No such file or directory: 5",
        "dictionary changed size during iteration",
        "can't compare offset-naive and offset-aware datetimes",
        "unsupported operand type(s) for +: 'int' and 'str'",
        'can only concatenate str (not "int") to str',
        "cannot convert float NaN to integer",
        "I/O operation on closed file.",
        "local variable 'found' referenced before assignment",
        "object int can't be used in 'await' expression",
        "coroutine 'f' was never awaited",
        "no running event loop",
        "'a'",
        "",
    ]
)
TYPE_NAMES = st.sampled_from(
    [
        *("AttributeError", "TypeError", "ValueError", "IndexError", "KeyError", "NameError"),
        *("UnboundLocalError", "RuntimeError", "ImportError", "ModuleNotFoundError", "RecursionError"),
        *("ZeroDivisionError", "StopIteration", "AssertionError", "OSError", "FileNotFoundError"),
        *("UnicodeDecodeError", "json.decoder.JSONDecodeError"),
    ]
)
NAMES = sorted({w for _, _, source in CASES for w in source.split() if w.isidentifier()})
VALUES = st.lists(
    st.builds(
        Variable, st.sampled_from(NAMES), NASTY, TYPES, st.integers(0, 3), st.none() | st.integers(0, 9)
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_rule_raises_for_what_a_snapshot_contains(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([source for _, _, source in CASES]))
    lines = [line[8:] for line in source.splitlines()][1:]
    count = data.draw(st.integers(0, 4))
    spans = st.none() | st.tuples(*[st.integers(-1, 9)] * 4)
    frames = [
        Frame(
            data.draw(st.sampled_from(["f", "<module>", "<listcomp>", "step"])),
            data.draw(st.sampled_from(["/srv/a.py", "/usr/lib/python3.12/json/decoder.py", "", "<string>"])),
            data.draw(st.integers(-1, 12)),
            kind=data.draw(st.sampled_from(["user", "stdlib", "library", "label"])),
            locals=tuple(data.draw(VALUES)),
            span=data.draw(spans),
        )
        for _ in range(count)
    ] * data.draw(st.sampled_from([1, 1, 40]))
    error = ExceptionInfo(data.draw(TYPE_NAMES), data.draw(MESSAGES))
    below = tuple(data.draw(VALUES))
    facts = Facts(
        python="3.x",
        distributions=(("", ""), ("a", "x")),
        environ=("HOME",),
        argv=("",),
        logs=(LogRecord(0.0, "stderr", "coroutine 'f' was never awaited"),),
        children=lambda reference: below,
        path_exists=lambda path: True,
    )
    scene = CrashContext(frames, error, Texts(lambda path: lines), facts)
    for rule in RULES:
        for found in rule(scene):
            assert isinstance(found.kind, AnomalyKind) and found.weight in (0.3, 0.6, 0.9)
            assert len(found.text) < 1_000


def test_every_kind_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()
    for kind in AnomalyKind:
        assert f"| `{kind.value}` | {render(anomaly_kind_message(kind))} |" in text
