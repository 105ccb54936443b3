"""Diffs as git, difflib and models write them."""

from __future__ import annotations

import difflib
import random

from iqdebug.system.unified_diff import parse_diff, parse_loose_diff, without_file_headers

DIFF = """\
diff --git a/shop/cart.sql b/shop/cart.sql
index 1234567..89abcde 100644
--- a/shop/cart.sql
+++ b/shop/cart.sql
@@ -2,4 +2,3 @@ def total
 a
--- a comment that goes
-d
+++ b
\\ No newline at end of file

--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
"""


def test_counts_say_what_belongs_to_a_hunk_whatever_it_looks_like() -> None:
    first, second = parse_diff(DIFF)
    assert (first.old_path, first.new_path) == ("shop/cart.sql", "shop/cart.sql")
    assert first.header == "@@ -2,4 +2,3 @@ def total"
    assert first.old_lines == ("a", "-- a comment that goes", "d", "")
    assert first.new_lines == ("a", "++ b", "")
    assert first.is_whole and first.removed_count == 2
    assert list(first.changed_new_lines()) == [3, 3, 3]
    assert (second.old_path, second.new_path, second.old_lines) == ("gone.py", "", ("x",))


def test_of_random_texts_the_hunks_lead_from_one_to_the_other() -> None:
    chance = random.Random(5)
    for _ in range(300):
        old, new = ([chance.choice(("", "x", "--- y", "+++ z", "@@")) for _ in range(20)] for _ in range(2))
        diff = "\n".join(difflib.unified_diff(old, new, "a/f", "b/f", lineterm=""))
        made, taken = list[str](), 0
        for hunk in parse_diff(diff):
            assert hunk.is_whole and hunk.old_path == hunk.new_path == "f"
            first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
            assert hunk.old_lines == tuple(old[first : first + hunk.old_count])
            made += [*old[taken:first], *hunk.new_lines]
            taken = first + hunk.old_count
        assert made + old[taken:] == new


def test_a_diff_that_was_cut_off_gives_what_there_is() -> None:
    (hunk,) = parse_diff("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b")
    assert hunk.lines == (" a", "-b") and not hunk.is_whole
    assert list(parse_diff("garbage\n@@ nothing\n+++ b/x\n+y")) == []
    assert list(parse_diff("")) == []


def test_a_models_diff_may_have_no_numbers_and_stand_in_prose() -> None:
    reply = """\
Here is it:
```diff
--- shop.py
+++ a/shop.py
@@ -90,7 +90,7 @@ in total
 a

-b
+c
@@
-d
+e
```
@@ and
"""
    first, second, empty = parse_loose_diff(reply)
    assert (first.old_path, first.new_path, first.old_start) == ("shop.py", "shop.py", 90)
    assert first.lines == (" a", " ", "-b", "+c") and not first.is_whole
    assert (second.old_start, second.lines, second.new_path) == (0, ("-d", "+e"), "shop.py")
    assert empty.lines == ()


def test_carriage_returns_are_no_part_of_a_line() -> None:
    (hunk,) = parse_diff("--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n")
    assert (hunk.new_path, hunk.lines) == ("x", ("-a", "+b"))


def test_of_gits_log_only_the_names_of_files_go() -> None:
    log = "commit 1\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- y\n+++ z\n"
    assert without_file_headers(log) == ["commit 1", "", "@@ -1 +1 @@", "--- y", "+++ z"]
