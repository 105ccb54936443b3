"""The folder of crash files: listing, grouping, finding, tidying, and the two commands."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from iqdebug.core.errors import CrashFileError, UsageError
from iqdebug.crash.folder import Limits, crash_folder, find, groups_of, listed, prune
from iqdebug.crash.table import crash_table
from tests.cli.test_main import complains, iqdebug
from tests.support.crashfile import NOON, PATH, chunk, container, contents, line_of, sample

pytestmark = pytest.mark.slow

DAY = 86_400


def shelf(folder: Path, *files: tuple[str, str, float]) -> list[Path]:
    """Files of a name, a fingerprint and an age in days."""
    made = []
    for name, fingerprint, age in files:
        path = sample(folder, f"{name}.iqcrash", fingerprint=fingerprint, created=time.time() - age * DAY)
        os.utime(path, (time.time() - age * DAY,) * 2)
        made.append(path)
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.iterdir())


def test_equal_crashes_are_one_group_newest_first(tmp_path: Path) -> None:
    shelf(tmp_path, ("old", "aaaa1111", 3), ("new", "aaaa1111", 1), ("other", "bbbb2222", 2))
    groups = groups_of(listed(tmp_path))
    assert [(g.fingerprint, [f.path.stem for f in g.files]) for g in groups] == [
        ("aaaa1111", ["new", "old"]),
        ("bbbb2222", ["other"]),
    ]
    first = groups[0]
    assert first.place == (PATH, line_of("raise ValueError"), "main") and first.newest.left_out == 1
    assert first.newest.whole and first.newest.meta.why == "uncaught"


def test_only_the_first_and_last_bytes_are_read(tmp_path: Path) -> None:
    """What lies between may be damaged or large without any cost."""
    rows = [chunk(*c) for c in contents()]
    data = container(
        [*rows, b"\xf1iqcVALU" + b"\0" * 12 + os.urandom(1 << 20), chunk("ENDE", {"left_out": ["x"]})]
    )
    (tmp_path / "x.iqcrash").write_bytes(data)
    (found,) = listed(tmp_path)
    assert found.meta.title == "ValueError: no such user" and (found.left_out, found.whole) == (1, True)
    (tmp_path / "x.iqcrash").write_bytes(data[: len(rows[0]) + 400])
    (found,) = listed(tmp_path)
    assert found.meta.title and not found.whole


def test_the_place_may_stand_in_the_description(tmp_path: Path) -> None:
    sample(tmp_path, place=["/a/b.py", 7, "go"])
    (group,) = groups_of(listed(tmp_path))
    assert group.place == ("/a/b.py", 7, "go")


def test_what_is_not_ours_is_not_listed(tmp_path: Path) -> None:
    outside = sample(tmp_path, "outside")
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "text.iqcrash").write_text("hello")
    (folder / "empty.iqcrash").write_bytes(b"")
    (folder / "folder.iqcrash").mkdir()
    (folder / "link.iqcrash").symlink_to(outside)
    os.mkfifo(folder / "pipe.iqcrash")
    sample(folder, "other.name")
    assert listed(folder) == () and listed(tmp_path / "gone") == ()


def test_a_crash_is_found_by_path_latest_or_the_beginning_of_its_fingerprint(tmp_path: Path) -> None:
    old, new, other = shelf(tmp_path, ("o", "abcd1111", 3), ("n", "abcd1111", 1), ("x", "abce2222", 2))
    assert find(str(other), tmp_path) == other and find("latest", tmp_path) == new
    assert find("abcd", tmp_path) == new and find("ABCE2222", tmp_path) == other
    assert find("./gone.iqcrash", tmp_path) == Path("gone.iqcrash")
    with pytest.raises(UsageError, match="fits 2 fingerprints"):
        find("abc", tmp_path)
    for wanted in ("ffff", "ab", ""):
        with pytest.raises(CrashFileError, match="no fingerprint"):
            find(wanted, tmp_path)
    with pytest.raises(CrashFileError, match="No crash is recorded"):
        find("latest", tmp_path / "empty")
    assert old.exists()


def test_the_oldest_go_first_by_number_age_and_size(tmp_path: Path) -> None:
    shelf(tmp_path, *((f"a{n}", "aaaa", n) for n in range(5)), ("b", "bbbb", 4), ("ancient", "cccc", 40))
    deleted = prune(tmp_path, Limits(each=3))
    assert sorted(p.stem for p in deleted) == ["a3", "a4", "ancient"]
    assert names(tmp_path) == ["a0", "a1", "a2", "b"]
    one = next(tmp_path.iterdir()).stat().st_size
    prune(tmp_path, Limits(size=2 * one + 100))
    assert names(tmp_path) == ["a0", "a1"]
    assert prune(tmp_path) == () and prune(tmp_path / "gone") == ()


def test_what_a_killed_writer_left_goes_after_a_day(tmp_path: Path) -> None:
    part = sample(tmp_path, "x.iqcrash.4711.part")
    other = tmp_path / "y.iqcrash.4711.part"
    other.write_text("somebody else's")
    os.utime(other, (1, 1))
    assert prune(tmp_path) == ()
    os.utime(part, (time.time() - 2 * DAY,) * 2)
    assert prune(tmp_path) == (part,) and not part.exists()
    assert other.exists()


def test_what_is_kept_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    outside = sample(tmp_path, "outside.iqcrash")
    os.utime(outside, (1, 1))
    (folder / "link.iqcrash").symlink_to(outside)
    (kept,) = shelf(folder, ("kept", "aaaa", 99))
    text = folder / "notes.iqcrash"
    text.write_text("my notes")
    other = sample(folder, "renamed.bak")
    for path in (text, other):
        os.utime(path, (1, 1))
    assert prune(folder, keep=[folder / ".." / "shelf" / "kept.iqcrash"]) == ()
    assert names(folder) == ["kept", "link", "notes", "renamed"] and outside.exists() and kept.exists()
    assert prune(folder) == (kept,)


def test_the_table_fits_any_width_and_no_title_steers_it(tmp_path: Path) -> None:
    title = "KeyError: '\x1b[31m日本'" + "x" * 300 + "\nsecond"
    sample(tmp_path, "a", title=title)
    sample(tmp_path, "a.iqcrash", title=title, fingerprint="a1b2c3d4ffff0000")
    sample(tmp_path, "b.iqcrash")
    groups = groups_of(listed(tmp_path))
    for width in (40, 80, 120, 300):
        lines = crash_table(groups, width)
        assert len(lines) == 3 and all(len(line) <= width and line.isprintable() for line in lines)
    assert "a1b2c3d4ff" in "\n".join(lines) and "2026-11-22" in lines[1]


# the commands


def test_crashes_lists_and_opens_say_what_to_do(tmp_path: Path) -> None:
    shelf(tmp_path, ("a", "aaaa1111", 0.1), ("b", "aaaa1111", 0.2))
    env = {"IQDEBUG_CAPTURE": str(tmp_path)}
    done = iqdebug("crashes", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "aaaa1111" in done.stdout and "ValueError: no such user" in done.stdout
    assert "main.py:26 main" in done.stdout and str(tmp_path) in done.stdout
    complains(iqdebug("open", "latest", env=env), 2, "terminal", f"iqdebug diagnose {tmp_path / 'a.iqcrash'}")
    complains(iqdebug("open", "aaaa", "--dir", str(tmp_path)), 2, "terminal", "a.iqcrash")


def test_crashes_as_json(tmp_path: Path) -> None:
    sample(tmp_path, "a.iqcrash", title="odd \udc80")
    found = json.loads(iqdebug("crashes", "--json", "--dir", str(tmp_path)).stdout)
    (group,) = found["groups"]
    assert found["folder"] == str(tmp_path) and group["count"] == 1 and group["place"]["line"] == 26
    assert group["last_seen"] == group["first_seen"] == NOON and group["files"][0]["pid"] == 4711
    empty = json.loads(iqdebug("crashes", "--json", "--dir", str(tmp_path / "gone")).stdout)
    assert empty["groups"] == []


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    done = iqdebug("crashes", "--dir", str(tmp_path))
    assert (
        done.returncode == 0 and "python -m iqdebug.capture" in done.stdout and str(tmp_path) in done.stdout
    )


def test_tidying_is_quiet_in_the_own_folder_and_asked_for_elsewhere(tmp_path: Path) -> None:
    shelf(tmp_path, ("new", "aaaa", 1), ("ancient", "bbbb", 50))
    iqdebug("crashes", "--dir", str(tmp_path))
    assert names(tmp_path) == ["ancient", "new"]
    done = iqdebug("crashes", "--dir", str(tmp_path), "--prune")
    assert "1 file deleted" in done.stdout and names(tmp_path) == ["new"]
    shelf(tmp_path, ("ancient", "bbbb", 50))
    assert "deleted" not in iqdebug("crashes", env={"IQDEBUG_CAPTURE": str(tmp_path)}).stdout
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"text", "not a crash file"), (container([], (3, 0)), "newer format")],
)
def test_what_cannot_be_opened_has_an_exit_code_of_its_own(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.iqcrash"
    path.write_bytes(data)
    complains(iqdebug("open", str(path)), 11, words)
    complains(iqdebug("open", str(tmp_path)), 11, "is a folder", "--dir")
    complains(iqdebug("open", "/nowhere/x.iqcrash"), 11, "There is no file")


def test_the_folder_is_where_captures_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("IQDEBUG_CAPTURE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert crash_folder() == tmp_path / "iqdebug" / "crashes"
    monkeypatch.setenv("IQDEBUG_CAPTURE", "/elsewhere")
    assert crash_folder() == Path("/elsewhere")
