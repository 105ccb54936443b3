"""The measurements import, parse their arguments, and start nothing when asked for help."""

from __future__ import annotations

import sys

import pytest

from bench import __main__ as bench
from bench.targets import PROGRAMS, running
from tests.support.interpreters import of_minors, python_version

pytestmark = pytest.mark.timeout(30)


@pytest.mark.parametrize("name", bench.NAMES)
def test_help_of_each_measurement(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main([name, "--help"])
    assert ended.value.code == 0
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["attach", "overhead", "peek"])
def test_wrong_options_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main([name, "--no-such-option"])
    assert ended.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_an_unknown_measurement_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["speed"]) == 2
    assert "speed" in capsys.readouterr().err


def test_options_need_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["attach", "overhead", "--repetitions", "1"]) == 2
    assert bench.main(["--help"]) == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run(program: str) -> None:
    with running(sys.executable, program) as pid:
        assert pid > 0


def test_interpreters_are_chosen_by_minor_version() -> None:
    minor = ".".join(python_version(sys.executable).split(".")[:2])
    assert of_minors([sys.executable], [minor]) == [sys.executable]
    assert of_minors([sys.executable], ["2.7"]) == []
