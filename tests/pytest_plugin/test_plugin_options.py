"""The plugin beside pytest's options and other plugins: inactive by default, and with xdist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin.runs import environment, prepare, pytest_words, run

pytestmark = pytest.mark.slow

TWO = "def test_one(): assert 0\ndef test_two(): assert 1 == 2\n"


def test_nothing_of_iqdebug_is_loaded_when_it_is_not_asked_for(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import sys
        def test_loaded():
            assert {n for n in sys.modules if n.startswith("iqdebug")} == {"iqdebug", "iqdebug.pytest_plugin"}
            assert "debugpy" not in sys.modules
        def test_fails(): assert 0
        """,
    )
    done = run(tmp_path, "-W", "error")
    assert "1 failed, 1 passed" in done.output
    assert "iqdebug:" not in done.output
    assert not (tmp_path / "state").exists()


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    assert "2 failed" in run(tmp_path, "-p", "no:iqdebug").output
    assert "unrecognized arguments: --iqdebug" in run(tmp_path, "-p", "no:iqdebug", "--iqdebug").output


def test_without_a_folder_files_go_where_iqdebug_looks_for_them(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    done = run(tmp_path, "--iqdebug")
    folder = tmp_path / "state" / "iqdebug" / "crashes"
    assert done.printed_lines == [f"iqdebug: 2 crash files in {folder}; open one with: iqdebug open latest"]
    assert len(list(folder.glob("*.iqcrash"))) == 2


def test_the_word_behind_the_bare_option_is_a_test(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    done = run(tmp_path, "--iqdebug", "test_a.py::test_two")
    assert "1 failed" in done.output and "test_one" not in done.output
    assert done.printed_lines[0].startswith("iqdebug: 1 crash file in ")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "conftest.py").write_text("def pytest_report_header(): return 'part is here'\n")
    (tmp_path / "part" / "test_c.py").write_text("def test_c(): assert 0\n")
    done = run(tmp_path, "--iqdebug", "part", PYTEST_ADDOPTS="-ra")
    assert "1 failed" in done.output and "part is here" in done.output
    assert not list((tmp_path / "part").glob("*.iqcrash"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    done = run(tmp_path, "--iqdebug=test_a.py")
    assert done.code == 4 and "test_a.py is not a folder" in done.output


def test_files_of_all_workers_are_counted_and_named(tmp_path: Path) -> None:
    prepare(
        tmp_path,
        """
        import os, pytest
        @pytest.mark.parametrize("number", range(6))
        def test_number(number, tmp_path, monkeypatch):
            monkeypatch.chdir(tmp_path)
            assert number < 0
        @pytest.fixture
        def broken(): raise OSError("no")
        def test_needs(broken): pass
        """,
    )
    done = run(tmp_path, "--iqdebug=crashes", "--iqdebug-no-mask", "-n", "2", "-v")
    folder = tmp_path / "crashes"
    assert done.printed_lines == [
        f"iqdebug: 7 crash files in {folder}; open one with: iqdebug open latest --dir {folder}"
    ]
    failures = done.failures
    assert len(failures) == 7
    assert {each.test["worker"] for each in failures.values()} == {"gw0", "gw1"}
    assert all(each.content["META"][0]["masked"] is False for each in failures.values())
    assert all(f"  {path.name}  test_a.py::test_" in done.output for path in folder.iterdir())


def test_an_error_that_each_worker_meets_is_one_file(tmp_path: Path) -> None:
    prepare(tmp_path, "import no_such_module_anywhere\n")
    done = run(tmp_path, "--iqdebug=crashes", "-n", "2")
    assert list(done.failures) == ["test_a.py collect"]
    assert done.printed_lines[0].startswith("iqdebug: 1 crash file in ")


def test_stopping_early(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    assert len(run(tmp_path, "--iqdebug=crashes", "-x").failures) == 1
    prepare(tmp_path, TWO + "def test_three(): assert 0\n")
    assert len(run(tmp_path, "--iqdebug=crashes", "--maxfail=2", "-k", "two or three").failures) == 3


def test_a_test_that_another_plugin_runs_again_has_a_file_for_each_failure(tmp_path: Path) -> None:
    """Like pytest-rerunfailures and flaky."""
    prepare(
        tmp_path,
        "tries = []\ndef test_flaky():\n    tries.append(1)\n    assert len(tries) == 3\n",
        conftest="""
        from _pytest.runner import runtestprotocol
        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            while True:
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                failed = any(report.failed for report in reports)
                for report in reports:
                    report.outcome = "rerun" if report.failed else report.outcome
                    item.ihook.pytest_runtest_logreport(report=report)
                if not failed:
                    return True
        """,
    )
    done = run(tmp_path, "--iqdebug=crashes")
    assert done.code == 0 and "1 passed" in done.output
    assert len(list(done.folder.iterdir())) == 2
    assert done.printed_lines[0].startswith("iqdebug: 2 crash files")


def test_pdb_is_not_disturbed(tmp_path: Path) -> None:
    prepare(tmp_path, TWO)
    done = subprocess.run(
        pytest_words("--iqdebug=crashes", "--pdb"),
        cwd=tmp_path,
        env=environment(tmp_path),
        input="p 'at', __name__\nc\nq\n",
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.stdout.count("entering PDB") == 2
    assert "('at', 'test_a')" in done.stdout
    assert len(list((tmp_path / "crashes").iterdir())) == 2


def test_the_options_are_explained(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert "--iqdebug=[DIR]" in done.output or "--iqdebug=DIR" in done.output
    assert "--iqdebug-open" in done.output and "--iqdebug-no-mask" in done.output


def test_importing_the_plugin_imports_pytest_and_the_standard_library() -> None:
    script = "import sys, pytest; before = set(sys.modules); import iqdebug.pytest_plugin; "
    script += "print(*sorted({n for n in set(sys.modules) - before if n.startswith(('iqdebug', 'debugpy'))}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["iqdebug", "iqdebug.pytest_plugin"]
