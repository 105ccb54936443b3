from __future__ import annotations

from iqdebug.core import text


def test_clean_keeps_what_people_write() -> None:
    assert text.clean("plain, ümläut 漢字 🙂") == "plain, ümläut 漢字 🙂"
    assert "\n" not in text.clean("two\nlines")


def test_ages_and_sizes() -> None:
    assert [text.age(s) for s in (0, 59.9, 60, 3_661, 90_000)] == ["0s", "59s", "1m", "1h01", "1d"]
    assert [text.size(b) for b in (0, 1 << 20, 3 << 30)] == ["0K", "1M", "3.0G"]
