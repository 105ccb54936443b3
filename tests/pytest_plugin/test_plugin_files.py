"""``pytest --iqdebug``: the content of failing tests' files, and the outcomes without one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.pytest_plugin.runs import prepare, run

pytestmark = pytest.mark.slow

FAILING = """
    import logging, sys
    import pytest

    def total_of(rows):
        total = sum(rows)
        assert total == len(rows) * 3, "each is three"

    @pytest.fixture
    def broken():
        port = 5432
        raise ConnectionError("no server")

    @pytest.fixture
    def untidy():
        handle = 7
        yield handle
        raise OSError("still open")

    def test_fine(): pass

    def test_sum():
        rows = [1, 2]
        print("about to add")
        print("a word of warning", file=sys.stderr)
        logging.getLogger("shop").warning("adding %d rows", len(rows))
        total_of(rows)

    def test_needs(broken): pass
    def test_leaves(untidy): pass
"""


def test_each_phase_that_fails_leaves_one_file_that_begins_at_the_test(tmp_path: Path) -> None:
    prepare(tmp_path, FAILING)
    done = run(tmp_path, "--iqdebug=crashes")
    assert done.code == 1
    failures = done.failures
    assert set(failures) == {
        "test_a.py::test_sum call",
        "test_a.py::test_needs setup",
        "test_a.py::test_leaves teardown",
    }
    call = failures["test_a.py::test_sum call"]
    assert call.content["META"][0]["why"] == "test"
    assert call.functions == ["total_of", "test_sum"]
    assert failures["test_a.py::test_needs setup"].functions == ["broken"]
    assert failures["test_a.py::test_leaves teardown"].functions == ["untidy"]
    assert failures["test_a.py::test_leaves teardown"].local("handle") == "7"
    for path in done.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_assertion_is_explained_and_its_values_are_in_the_frame(tmp_path: Path) -> None:
    prepare(tmp_path, FAILING)
    call = run(tmp_path, "--iqdebug=crashes", "-k", "test_sum").failures["test_a.py::test_sum call"]
    assert call.message.splitlines()[:2] == ["each is three", "assert 3 == (2 * 3)"]
    assert call.local("total") == "3"
    assert call.local("rows") == call.local("rows", frame=1) == "[1, 2]"


def test_the_report_and_what_was_captured_stand_in_the_file(tmp_path: Path) -> None:
    prepare(tmp_path, FAILING)
    test = run(tmp_path, "--iqdebug=crashes").failures["test_a.py::test_sum call"].test
    assert test["worker"] == ""
    assert "E       AssertionError: each is three" in test["report"]
    sections = dict(test["sections"])
    assert sections["Captured stdout call"] == "about to add\n"
    assert sections["Captured stderr call"] == "a word of warning\n"
    assert "adding 2 rows" in sections["Captured log call"]


def test_what_is_no_failure_leaves_no_file(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import pytest, unittest
        def test_skipped(): pytest.skip("not today")
        @pytest.mark.xfail
        def test_expected(): assert 0
        @pytest.mark.xfail(strict=True)
        def test_better_than_expected(): pass
        class Old(unittest.TestCase):
            def test_skipped(self): raise unittest.SkipTest("no")
            @unittest.expectedFailure
            def test_expected(self): self.fail("as ever")
        def test_end(): pytest.exit("enough")
        def test_never(): assert 0
        """,
        test_b="import pytest\npytest.skip('all of it', allow_module_level=True)",
    )
    done = run(tmp_path, "--iqdebug=crashes")
    assert "enough" in done.output
    assert done.failures == {} and done.printed_lines == []
    assert not done.folder.exists()


def test_ctrl_c_in_a_test_is_no_failure(tmp_path: Path) -> None:
    prepare(tmp_path, "def test_stopped(): raise KeyboardInterrupt\n")
    done = run(tmp_path, "--iqdebug=crashes")
    assert done.code == pytest.ExitCode.INTERRUPTED
    assert done.failures == {}


def test_errors_of_collection_are_the_errors_of_the_module(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        "import test_b",
        test_b="LIMIT = 0\nSHARE = 1 / LIMIT\n",
        test_c="def half(:\n",
        test_d="import no_such_module_anywhere\n",
    )
    done = run(tmp_path, "--iqdebug=crashes")
    assert done.code == pytest.ExitCode.INTERRUPTED
    failures = done.failures
    importing = failures["test_a.py collect"].frames
    assert [Path(importing[at]["file"]).name for at in (0, -1)] == ["test_b.py", "test_a.py"]
    assert failures["test_b.py collect"].title == "ZeroDivisionError: division by zero"
    assert failures["test_b.py collect"].local("LIMIT") == "0"
    assert failures["test_c.py collect"].title.startswith("SyntaxError")
    assert failures["test_d.py collect"].title.startswith("ModuleNotFoundError")
    assert failures["test_d.py collect"].functions == ["<module>"]
    assert "test_d.py" in failures["test_d.py collect"].test["report"]


def test_a_conftest_that_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    prepare(tmp_path, "def test_one(): pass\n", conftest="PORTS = []\nPORT = PORTS[0]\n")
    done = run(tmp_path, "--iqdebug=crashes")
    assert done.code == pytest.ExitCode.USAGE_ERROR
    (failure,) = done.failures.values()
    assert failure.test["nodeid"] == "conftest.py" and failure.title.startswith("IndexError")
    assert failure.functions == ["<module>"] and failure.local("PORTS") == "[]"
    assert done.printed_lines[0].startswith("iqdebug: 1 crash file in ")


def test_other_kinds_of_tests(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        '''
        import asyncio, unittest
        from unittest import mock
        import pytest

        def price(name):
            """
            >>> price("tea")
            3
            """
            stock = {"coffee": 4}
            return stock[name]

        class Old(unittest.TestCase):
            def setUp(self): self.limit = 3
            def test_limit(self): self.assertEqual(self.limit, 4)

        async def test_slow():
            await asyncio.sleep(0)
            answer = 41
            assert answer == 42

        @pytest.fixture
        async def connection(): raise LookupError("no route")
        async def test_connects(connection): pass

        @mock.patch("os.getcwd")
        def test_patched(getcwd): raise ValueError("within")

        def test_leaves(): raise SystemExit(3)
        def test_absent(no_such_fixture): pass
        ''',
    )
    failures = run(tmp_path, "--iqdebug=crashes", "--doctest-modules").failures
    assert failures["test_a.py::test_a.price call"].title == "KeyError: 'tea'"
    assert failures["test_a.py::test_a.price call"].functions == ["price", "<module>"]
    assert failures["test_a.py::Old::test_limit call"].functions[-1] == "test_limit"
    assert failures["test_a.py::test_slow call"].functions == ["test_slow"]
    assert failures["test_a.py::test_slow call"].local("answer") == "41"
    assert failures["test_a.py::test_connects setup"].functions == ["connection"]
    assert failures["test_a.py::test_patched call"].functions == ["test_patched"]
    assert failures["test_a.py::test_leaves call"].title == "SystemExit: 3"
    absent = failures["test_a.py::test_absent setup"]
    assert "no_such_fixture" in absent.test["report"]
    assert not any("pluggy" in row["file"] for row in absent.frames)


def test_names_of_tests_are_never_names_of_files(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import pytest
        @pytest.mark.parametrize("word", ["../../up", "a::b", "nul\\0", "snow ☃", "x" * 300])
        def test_word(word): assert not word
        """,
    )
    done = run(tmp_path, "--iqdebug=crashes")
    assert len(done.failures) == 5
    assert "test_a.py::test_word[../../up] call" in done.failures
    assert {path.parent for path in tmp_path.rglob("*.iqcrash")} == {done.folder}


def test_a_stopped_clock_costs_no_file(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import time
        import pytest
        @pytest.fixture(autouse=True)
        def noon(monkeypatch): monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
        @pytest.mark.parametrize("number", range(3))
        def test_number(number): assert number < 0
        """,
    )
    assert len(run(tmp_path, "--iqdebug=crashes").failures) == 3


def test_secrets_are_masked_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        def test_login():
            password = "hunter2-and-more"
            print("sent", password)
            assert password == "swordfish!!"
        """,
    )
    (masked,) = run(tmp_path, "--iqdebug=crashes").failures.values()
    assert "hunter2-and-more" not in str(masked.content)
    assert "<masked>" in masked.test["report"] and "<masked>" in str(masked.test["sections"])
    for path in (tmp_path / "crashes").iterdir():
        path.unlink()
    (plain,) = run(tmp_path, "--iqdebug=crashes", "--iqdebug-no-mask").failures.values()
    assert plain.local("password") == "'hunter2-and-more'"
    assert plain.content["META"][0]["masked"] is False


def test_a_file_that_cannot_be_written_is_told_and_changes_no_outcome(tmp_path: Path) -> None:
    prepare(tmp_path, "def test_one(): assert 0\ndef test_two(): pass\n")
    (tmp_path / "crashes").symlink_to("/proc/self/nowhere")
    done = run(tmp_path, "--iqdebug=crashes")
    assert "1 failed, 1 passed" in done.output
    assert done.printed_lines and done.printed_lines[0].startswith(
        "iqdebug: no crash file of test_a.py::test_one: "
    )


def test_warnings_as_errors_do_not_reach_the_recording(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import warnings
        class Worded(Exception):
            def __str__(self):
                warnings.warn("ask differently", DeprecationWarning)
                return "in other words"
        def test_strict(): raise Worded
        """,
    )
    done = run(tmp_path, "--iqdebug=crashes", "-W", "error")
    assert "1 failed" in done.output
    assert done.failures["test_a.py::test_strict call"].message == "in other words"
