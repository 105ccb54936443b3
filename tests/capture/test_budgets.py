"""A crash in a program with very much data writes a small file with the most important values."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.capture.record import Occasion, record
from iqdebug.capture.settings import Settings
from iqdebug.crash import Crash, open_crash

pytestmark = pytest.mark.slow


def crashed(work: object, folder: Path, **options: object) -> Crash:
    try:
        work()  # type: ignore[operator]
    except Exception as error:
        occasion = Occasion("caught", error, error.__traceback__, alone=True)
        path = str(folder / "x.iqcrash")
        return open_crash(record(occasion, Settings(**options), None, path))  # type: ignore[arg-type]
    raise AssertionError("it raised nothing")


def raising(crash: Crash) -> dict[str, str]:
    assert crash.snapshot.exception is not None
    return {v.name: v.value for v in crash.snapshot.exception.frames[0].locals or ()}


def test_a_million_objects(tmp_path: Path) -> None:
    def work() -> None:
        tree = [{"n": n, "rows": [[n, str(n)] for _ in range(10)]} for n in range(100_000)]
        wide = {f"key {n}": [n] * 3 for n in range(50_000)}
        text = "long " * 200_000
        wanted = "key none"
        assert tree and text
        wide[wanted]

    crash = crashed(work, tmp_path)
    assert (tmp_path / "x.iqcrash").stat().st_size <= 8_000_000
    assert raising(crash)["wanted"] == "'key none'"
    assert {"tree", "wide", "text"} <= raising(crash).keys()


def test_a_thousand_frames(tmp_path: Path) -> None:
    def down(depth: int, payload: list[int]) -> int:
        kept = {"depth": depth, "rows": [[depth, n] for n in range(200)]}
        return down(depth - 1, payload) if depth else payload[len(kept) + 10_000]

    crash = crashed(lambda: down(800, list(range(100))), tmp_path, seconds=30.0)
    assert (tmp_path / "x.iqcrash").stat().st_size <= 8_000_000
    assert raising(crash)["depth"] == "0"
    error = crash.snapshot.exception
    assert error is not None and error.frames[0].name.endswith("down")
    assert any("frames of the middle" in said for said in crash.left_out)


def test_a_tiny_budget_keeps_the_raising_frame(tmp_path: Path) -> None:
    def work() -> None:
        noise = [f"{n * 7919 % 10007:x}-{n * 104729:x}" for n in range(5_000)]
        wanted = 5_001
        noise[wanted]

    crash = crashed(work, tmp_path, max_bytes=20_000)
    assert (tmp_path / "x.iqcrash").stat().st_size <= 20_000
    error = crash.snapshot.exception
    assert error is not None and error.type == "IndexError"
    assert error.frames[0].name.endswith("work")


def test_no_time_at_all_still_names_the_frames(tmp_path: Path) -> None:
    def work() -> None:
        rows = list(range(1_000))
        rows[5_000]

    crash = crashed(work, tmp_path, seconds=0.0)
    error = crash.snapshot.exception
    assert error is not None and error.frames[0].name.endswith("work")
    assert error.frames[0].line
