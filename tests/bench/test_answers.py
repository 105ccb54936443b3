"""Answers about crashes are scored by the places that they name and by their fix, run."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest

from bench.answer_scoring import Code, Named, fix_of, places_in, printed, rank_of, without_torn_fence
from bench.answers import ARMS, Answered, Called, Case, fixed_environment, main, plain_prompt, table

pytestmark = pytest.mark.timeout(60)

CART = """\
import functools


class Cart:
    limit = 3

    @functools.lru_cache
    def total(self, prices):
        return sum(prices)

    def first(self, prices):
        def head(values):
            return values[0]

        return head(prices)


def mean(prices):
    return sum(prices) / len(prices)


class Box:
    def total(self, prices):
        return 0
"""
MEAN = "def mean(prices):\n    return sum(prices) / len(prices)\n"
STORE = """\
from shop.cart import mean


def get(prices):
    return mean(prices)
"""
TRIGGER = "from shop.store import get\nprint(get([2, 4]))\nprint(get([]))\n"
TRUTH = {"file": "shop/cart.py", "function": "mean"}
FIXED = "def mean(prices):\n    return sum(prices) / len(prices) if prices else 0\n"


@pytest.fixture
def code(tmp_path: Path) -> Code:
    site = tmp_path / "lib/python3.11/site-packages"
    (site / "shop").mkdir(parents=True)
    (site / "shop/cart.py").write_text(CART)
    (site / "shop/store.py").write_text(STORE)
    (site / "shop/__init__.py").touch()
    return Code(site, ("shop",), ("shop/cart.py", "shop/store.py"))


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ("shop/cart.py:19 (mean)", ["shop/cart.py:mean"]),
        ("`cart.py:13`, then `cart.py:15`", ["shop/cart.py:Cart.first.head", "shop/cart.py:Cart.first"]),
        ("cart.py:7 and cart.py:5", ["shop/cart.py:Cart.total", "shop/cart.py:Cart"]),
        ('File "/x/site-packages/shop/store.py", line 5, in get', ["shop/store.py:get"]),
        ("the error is on line 19 of `cart.py`", ["shop/cart.py:mean"]),
        ("shop.cart.py:19", ["shop/cart.py:mean"]),
        ("The function at fault is `shop.cart.py` at line 19", ["shop/cart.py:mean"]),
        ("the function cart.py:19", ["shop/cart.py:mean"]),
        ("**cart.py**, line 1", ["shop/cart.py:<module>"]),
        ("cart.py:900", ["shop/cart.py:<nowhere>"]),
        ("other.py:3 calls `get(prices)`", ["other.py:<nowhere>", "get"]),
        ("The function mean is called by get().", ["mean", "get"]),
        ("I mean that we get it; `prices` and len(prices) are no places.", []),
        ("In Cart.first the `head` function is at fault: Cart.first.head", ["Cart.first", "head"]),
        ("```python\ndef get(prices):\n    return mean(prices)\n```\nThen `total`.", ["get", "total"]),
        ("```\nmean(prices)\n# cart.py:19", ["shop/cart.py:mean"]),
    ],
)
def test_places_are_read_in_their_order(code: Code, answer: str, places: list[str]) -> None:
    assert [f"{p.file}:{p.function}".lstrip(":") for p in places_in(answer, code)] == places


@pytest.mark.parametrize(
    ("places", "function", "rank"),
    [
        ([Named("shop/store.py", "get"), Named("", "mean")], "mean", 2),
        ([Named("shop/store.py", "mean")], "mean", 0),
        ([Named("shop/cart.py", "Cart.first.head")], "Cart.first", 1),
        ([Named("shop/cart.py", "Cart.first")], "Cart.first.head", 0),
        ([Named("shop/cart.py", "Cart.total")], "Cart.<class>", 1),
        ([Named("", "first")], "Cart.first", 1),
        ([Named("", "cart.mean")], "mean", 1),
        ([], "mean", 0),
    ],
)
def test_the_rank_is_that_of_the_function_that_was_mended(
    places: list[Named], function: str, rank: int
) -> None:
    assert rank_of(places, [{"file": "shop/cart.py", "function": function}]) == rank


def _outcome(code: Code, tmp_path: Path, answer: str, proposals: tuple[dict[str, str], ...] = ()) -> str:
    trigger = tmp_path / "trigger.py"
    trigger.write_text(TRIGGER)
    mended = tmp_path / "mended"
    (mended / "shop").mkdir(parents=True)
    for file in code.files:
        text = (code.site / file).read_text()
        (mended / file).write_text(text.replace("len(prices)\n", "len(prices) if prices else 0\n"))
    good = printed(Path(sys.executable), trigger, mended)
    bad = printed(Path(sys.executable), trigger, code.site)
    assert (good.output, good.end) == ("3.0\n0\n", "0 ")
    assert (bad.output, bad.end) == ("3.0\n", "1 ZeroDivisionError: division by zero")
    outcome = fix_of(answer, proposals, code, Path(sys.executable), trigger, good)
    assert (code.site / "shop/cart.py").read_text() == CART
    return outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (f"shop/cart.py:19 (mean)\n```python\n{FIXED}```", "right"),
        (f"Now:\n```python\n{MEAN}```\nMended:\n```python\n{FIXED}```", "right"),
        (
            "```diff\n--- a/shop/store.py\n+++ b/shop/store.py\n@@ -4,2 +4,2 @@\n def get(prices):\n"
            "-    return mean(prices)\n+    return mean(prices) if prices else 0\n```",
            "right",
        ),
        ("```python\ndef mean(prices):\n    return 1\n```", "wrong: prints something else"),
        ("```python\ndef mean(prices):\n    return nothing\n```", "wrong: 1 NameError:"),
        ("```python\ndef median(prices):\n    return 0\n```", "unusable: "),
        (f"```python\n{MEAN}```", "unusable: "),
        (
            "```diff\n--- a/trigger.py\n+++ b/trigger.py\n@@ -3 +3 @@\n-print(get([]))\n+print(0)\n```",
            "unusable: ",
        ),
        ("cart.py:9:\n```python\ndef total(self, prices):\n    return 1\n```", "wrong: 1 ZeroDivisionError"),
        (
            "```python\ndef total(self, prices):\n    return 1\n```",
            "unusable: ",
        ),
        ("Check whether the list is empty.", "none"),
    ],
)
def test_a_fix_is_right_if_the_trigger_does_what_it_does_when_mended(
    code: Code, tmp_path: Path, answer: str, outcome: str
) -> None:
    assert _outcome(code, tmp_path, answer).startswith(outcome)


def test_a_fence_that_was_cut_off_is_left_out() -> None:
    whole = f"Now:\n```python\n{MEAN}```\nMended:\n"
    assert without_torn_fence(f"{whole}```python\n{FIXED[:40]}") == whole
    assert without_torn_fence(f"{whole}```python\n{FIXED}```") == f"{whole}```python\n{FIXED}```"
    assert without_torn_fence("No fence") == "No fence"


def test_the_last_proposed_edit_counts_where_the_answer_has_none(code: Code, tmp_path: Path) -> None:
    line = "    return sum(prices) / len(prices)"
    proposals = (
        {"path": "shop/cart.py", "old": line, "new": "    return 1"},
        {"path": str(code.site / "shop/cart.py"), "old": line, "new": f"{line} if prices else 0"},
    )
    assert _outcome(code, tmp_path, "It is proposed.", proposals) == "right"


def test_the_plain_prompt_holds_the_traceback_and_each_function_once(code: Code, tmp_path: Path) -> None:
    trigger = tmp_path / "trigger.py"
    trigger.write_text(TRIGGER)
    bad = printed(Path(sys.executable), trigger, code.site)
    places = [("shop/cart.py", 19), ("shop/store.py", 5), ("shop/store.py", 5)]
    frames = [{"file": str(code.site / file), "line": line} for file, line in places]
    frames.append({"file": str(trigger), "line": 3})
    case = Case("id", [TRUTH], Path(sys.executable), trigger, code, bad, bad, tmp_path, frames, [])
    prompt = plain_prompt(case)
    parts = [
        "Traceback",
        "ZeroDivisionError",
        "def mean",
        "def get",
        "print(get([]))\n\n```",
        "Which function",
    ]
    assert [prompt.index(part) for part in parts] == sorted(prompt.index(part) for part in parts)
    assert prompt.count("def get") == 1
    assert "class Cart" not in prompt


def test_figures_are_given_for_all_and_for_halves() -> None:
    known = {}
    for number, case in enumerate("abcd"):
        for arm in ARMS:
            said = Answered(
                case, arm, rank=number, read=100 * number, fix="right" if number == 1 else "wrong: 1"
            )
            known[case, arm] = said
    lines = table("abcd", known)
    assert len(lines) == 1 + 3 * len(ARMS)
    assert lines[1].split() == ["all", "alone", "4", "25%", "75%", "100%", "25%", "150", "0", "0.0", "0"]
    assert lines[3].split() == ["all", "ranking", "4", "25%", "75%"]
    halves = [int(line.split()[3]) for line in lines[4:] if " alone " in line]
    assert sum(halves) == 4
    assert table([], {}) == ["no case was run"]


def test_what_was_answered_is_not_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    nobody = "http://127.0.0.1:9/v1"
    (tmp_path / "localise.py").touch()
    out = tmp_path / "out.jsonl"
    with out.open("w") as file:
        for case in ("one", "two"):
            (tmp_path / "cases" / case).mkdir(parents=True)
            (tmp_path / "cases" / case / "case.json").touch()
            for arm in ARMS:
                said = Answered(
                    case, arm, nobody, calls=[Called("source", {"path": "a.py"}, True, "1 import os")], rank=1
                )
                file.write(json.dumps(asdict(said)) + "\n")
    main([nobody, "--cases", str(tmp_path), "--sample", "2", "--out", str(out)])
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in shown[1:4]] == [["all", arm, "2", "100%"] for arm in ARMS]


@pytest.mark.parametrize("pinned", [True, False])
def test_the_fixed_release_takes_other_pins_along_where_it_can(tmp_path: Path, pinned: bool) -> None:
    asked = []

    def environment(folder: Path, version: str) -> Path:
        asked.append((folder / "requirements.txt").read_text().split())
        if not pinned and "parso==1" in asked[-1]:
            raise RuntimeError("it needs another parso")
        return tmp_path / version

    judge = ModuleType("localise")
    judge.environment = environment  # type: ignore[attr-defined]
    (tmp_path / "requirements.txt").write_text("jedi==1.0\nparso==1\n--no-binary jedi\n")
    case = {"package": "jedi", "buggy": "1.0", "fixed": "1.1", "python": "3.9"}
    assert fixed_environment(judge, tmp_path, case) == tmp_path / "3.9"
    assert asked[0] == ["jedi==1.1", "parso==1", "--no-binary", "jedi"]
    assert asked[1:] == ([] if pinned else [["jedi==1.1", "--no-binary", "jedi"]])
