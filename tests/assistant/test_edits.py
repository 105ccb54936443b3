"""What a model wrote becomes an edit in the right place, or a refusal in words."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from iqdebug.assistant.actions.edits import Definition, EditRefused, Hunk, edits_in, edits_of_call
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.assistant.actions.text_file import TextFile

SHOP = """\
class Basket:
    def total(self):
        return sum(self.prices) / 0

    def count(self):
        return len(self.prices)


def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def twice(prices):
    result = 0
    for price in prices:
        result += 2 * price
    return result
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    return folder


def mended(root: Path, reply: str) -> str:
    return after(propose(edits_in(reply, "shop.py"), str(root)))


def after(proposal: Proposal) -> str:
    (change,) = proposal.files
    return change.after.decode()


def test_a_unified_diff_with_wrong_line_numbers_is_placed_by_its_lines(root: Path) -> None:
    reply = "```diff\n--- a/shop.py\n+++ b/shop.py\n@@ -90,2 +90,2 @@\n     def total(self):\n" + (
        "-        return sum(self.prices) / 0\n+        return sum(self.prices)\n```\nThat is all."
    )
    assert mended(root, reply) == SHOP.replace(" / 0", "")


def test_a_diff_of_two_hunks_changes_both(root: Path) -> None:
    reply = (
        "--- a/shop.py\n+++ b/shop.py\n@@ -3 +3 @@\n-        return sum(self.prices) / 0\n"
        "+        return sum(self.prices)\n@@ -19 +19 @@\n-        result += 2 * price\n"
        "+        result += price * 2\n"
    )
    assert mended(root, reply) == SHOP.replace(" / 0", "").replace("2 * price", "price * 2")


def test_search_and_replace_blocks_name_their_file(root: Path) -> None:
    (edit,) = edits_in(
        "Look:\n`src/shop.py`\n```python\n<<<<<<< SEARCH\nold()\n=======\nnew()\n>>>>>>> REPLACE\n```"
    )
    assert edit == Hunk("src/shop.py", ("old()",), ("new()",))


def test_a_whole_method_keeps_its_place_and_indentation(root: Path) -> None:
    reply = "```python\nclass Basket:\n    def total(self):\n        return sum(self.prices)\n```"
    assert mended(root, reply) == SHOP.replace(" / 0", "")


def test_a_function_name_that_two_things_have_is_refused(root: Path) -> None:
    with pytest.raises(EditRefused, match="2 times"):
        mended(root, "```python\ndef total(prices):\n    return sum(prices)\n```")


def test_a_function_with_left_out_lines_is_refused(root: Path) -> None:
    with pytest.raises(EditRefused, match="not given whole"):
        mended(
            root,
            "```python\ndef twice(prices):\n    result = 1\n    # ... rest of the code\n    return 1\n```",
        )


def test_lines_that_stand_there_twice_are_refused_with_both_places(root: Path) -> None:
    with pytest.raises(EditRefused, match="2 times") as caught:
        mended(root, '{"path": "shop.py", "old": "    result = 0", "new": "    result = 1"}')
    assert "from line 10, 17" in caught.value.what


def test_the_line_of_a_hunk_decides_between_equal_places_only_when_it_is_right(root: Path) -> None:
    hunk = "--- a/shop.py\n+++ b/shop.py\n@@ -%d +%d @@\n-    result = 0\n+    result = 1\n"
    assert mended(root, hunk % (17, 17)).splitlines()[16] == "    result = 1"
    with pytest.raises(EditRefused):
        mended(root, hunk % (16, 16))


def test_another_indentation_is_taken_over_from_the_file(root: Path) -> None:
    old, new = "return sum(self.prices) / 0  ", "n = 1\\nreturn sum(self.prices) / n"
    reply = f'{{"path": "shop.py", "old": "{old}", "new": "{new}"}}'
    new = "        n = 1\n        return sum(self.prices) / n"
    assert mended(root, reply) == SHOP.replace("        return sum(self.prices) / 0", new)


def test_a_part_of_a_line_is_replaced_where_it_is_the_only_one(root: Path) -> None:
    assert mended(root, '{"path": "shop.py", "old": " / 0", "new": ""}') == SHOP.replace(" / 0", "")


def test_almost_the_same_lines_are_no_place(root: Path) -> None:
    with pytest.raises(EditRefused, match="does not have these lines") as caught:
        mended(root, '{"path": "shop.py", "old": "result += price * 3\\nreturn result", "new": "return 1"}')
    assert caught.value.why


def test_what_would_not_parse_is_refused_with_the_line(root: Path) -> None:
    with pytest.raises(EditRefused, match="no Python any more"):
        mended(root, '{"path": "shop.py", "old": "    def count(self):", "new": "    def count(self)"}')


@pytest.mark.parametrize("path", ["../other.py", "/etc/hosts", "nowhere.py", ".git/config", "link.py"])
def test_nothing_outside_the_program_is_changed(root: Path, path: str) -> None:
    (root.parent / "other.py").write_text("x = 1\n")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x = 1\n")
    (root / "link.py").symlink_to(root.parent / "other.py")
    with pytest.raises(EditRefused):
        propose([Hunk(path, ("x = 1",), ("x = 2",))], str(root))


def test_a_bare_name_stands_for_the_known_file(root: Path) -> None:
    inner = root / "src"
    inner.mkdir()
    (inner / "deep.py").write_text("x = 1\n")
    proposal = propose([Hunk("deep.py", ("x = 1",), ("x = 2",))], str(root), known=[str(inner / "deep.py")])
    assert proposal.files[0].name == "src/deep.py"
    assert "+++ b/src/deep.py" in proposal.diff


def test_an_edit_without_effect_and_a_reply_without_edit_are_refused(root: Path) -> None:
    with pytest.raises(EditRefused, match="changes nothing"):
        mended(
            root,
            '{"path": "shop.py", "old": "class Basket:\\n", "new": "class Basket:\\n"}',
        )
    with pytest.raises(EditRefused, match="no edit in the reply"):
        edits_in("You should check the list.", "shop.py")


def test_a_call_without_its_texts_says_what_it_needs() -> None:
    with pytest.raises(EditRefused, match="`old` and `new`"):
        edits_of_call({"path": "x.py", "old": "a"})


def test_a_decorated_function_keeps_its_decorators(root: Path) -> None:
    (root / "shop.py").write_text("import functools\n\n\n@functools.cache\ndef price():\n    return 0\n")
    assert "@functools.cache\ndef price():\n    return 1\n" in mended(
        root, "```py\ndef price():\n    return 1\n```"
    )


def test_the_other_lines_keep_their_bytes(root: Path) -> None:
    data = codecs.BOM_UTF8 + "# é\r\na = 1\nb = 2\r\nc = 3  \r\n\x0cd = '\u2028'".encode()
    (root / "shop.py").write_bytes(data)
    proposal = propose([Hunk("shop.py", ("b = 2",), ("b = 3", "e = 4"))], str(root))
    assert proposal.files[0].after == data.replace(b"b = 2\r\n", b"b = 3\r\ne = 4\r\n")


def test_the_declared_encoding_is_kept_and_its_limits_are_said(root: Path) -> None:
    data = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    (root / "shop.py").write_bytes(data)
    proposal = propose([Hunk("shop.py", ("name = 'é'",), ("name = 'è'",))], str(root))
    assert proposal.files[0].after == data.replace("é".encode("latin-1"), "è".encode("latin-1"))
    from iqdebug.core.errors import UsageError

    with pytest.raises(UsageError, match="does not have"):
        propose([Hunk("shop.py", ("name = 'é'",), ("name = '中'",))], str(root))


def test_a_file_without_a_last_line_end_keeps_it_so() -> None:
    file = TextFile.of(b"a\nb")
    assert file.replaced(1, 2, ["c"]).data == b"a\nc"
    assert file.replaced(1, 2, ["b", "c"]).data == b"a\nb\nc"
    assert TextFile.of(b"a\nb\n").replaced(1, 2, []).data == b"a\n"


def test_a_fence_that_was_cut_off_is_no_edit() -> None:
    whole = "```python\ndef f():\n    return 1\n```"
    (edit,) = edits_in(whole, "x.py")
    assert isinstance(edit, Definition) and edit.name == "f"
    with pytest.raises(EditRefused):
        edits_in(whole.removesuffix("\n```"), "x.py")
