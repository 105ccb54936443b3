"""How long a paused process has, as a function of the time that it is held."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from iqdebug.cli.consent import agreed_to_attach
from iqdebug.core.attachability import Attachability, Supervisor
from iqdebug.core.messages import render
from iqdebug.core.state import ProcessInfo
from iqdebug.core.supervision import Supervision, WorkerClock


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def supervised(name: str = "uvicorn", timeout: float | None = 5.0) -> tuple[Supervision, Clock]:
    clock = Clock()
    found = Supervision(Supervisor(name, 4711, timeout), 1, clock)
    clock.time += 60
    return found, clock


def test_the_time_runs_down_from_the_stop_on() -> None:
    found, clock = supervised("gunicorn", 30.0)
    assert found.warning == "" and found.left is None
    found.stopped()
    clock.time += 7
    assert found.left == 23.0
    assert found.warning == "gunicorn ends this worker in 23 s: c continues" and not found.urgent
    clock.time += 18
    assert found.warning.startswith("gunicorn ends this worker in 5 s") and found.urgent
    clock.time += 6
    assert found.warning == "gunicorn ends this worker any moment: c continues"
    found.went_on()
    assert found.warning == "" and found.left is None


def test_a_step_gives_no_sign_of_life() -> None:
    found, clock = supervised()
    found.stopped()
    clock.time += 2
    found.went_on()
    clock.time += 0.1
    found.stopped()
    assert found.left == pytest.approx(2.9)
    found.went_on()
    clock.time += 3
    found.stopped()
    assert found.left == 5.0


@pytest.mark.parametrize(
    ("name", "timeout", "words"),
    [
        ("celery", 60.0, "celery ends this worker in at most 60 s: c continues"),
        ("systemd", 10.0, "systemd ends this service in 10 s: c continues"),
        ("gunicorn", None, "gunicorn ends this worker if this lasts: c continues"),
    ],
)
def test_what_is_said_of_each(name: str, timeout: float | None, words: str) -> None:
    found, _ = supervised(name, timeout)
    found.stopped()
    assert found.warning == words


def test_an_end_is_explained_only_where_the_supervisor_did_it() -> None:
    found, clock = supervised()
    assert found.why_it_ended() == ""
    found.stopped()
    clock.time += 1
    assert found.why_it_ended() == "", "it was ended by somebody else"
    clock.time += 4.2
    words = "uvicorn (4711) ended this worker after 5 s without a sign: it was paused"
    assert render(found.why_it_ended()) == words
    found.went_on()
    clock.time += 1
    assert render(found.why_it_ended()) == words, "it went on only to end"
    clock.time += 5
    assert found.why_it_ended() == ""


def test_only_a_clock_that_is_a_file_can_be_held() -> None:
    found, _ = supervised()
    assert "asks the process itself" in found.why_not_hold()
    found, _ = supervised("gunicorn")
    assert "was not found" in found.why_not_hold()


def test_the_worker_s_file_is_found_among_others(tmp_path: Path) -> None:
    name = tmp_path / "wgunicorn-abc"
    with open(name, "w+b") as file, open(tmp_path / "other", "w"):
        assert WorkerClock.of(os.getpid()) is None, "it still has its name: not a worker's"
        name.unlink()
        clock = WorkerClock.of(os.getpid())
        assert clock is not None
        os.utime(file.fileno(), (time.monotonic() - 5, time.monotonic() - 5))
        assert clock.silent_for() == pytest.approx(5, abs=0.5)
        assert clock.touch()
        assert clock.silent_for() == pytest.approx(0, abs=0.5)
        second = tmp_path / "wgunicorn-def"
        with open(second, "w"):
            second.unlink()
            assert WorkerClock.of(os.getpid()) is None, "which of the two is not known"
    assert clock.silent_for() is None and not clock.touch()


def test_the_person_is_told_before_attaching(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda words: "n")
    found = Supervisor(
        "gunicorn", 812, 30.0, why_message="gunicorn (process 812) kills a worker that is silent"
    )
    known = Attachability(True, cost_message="slower", warning_messages=(found.why,), supervisor=found)
    assert not agreed_to_attach(ProcessInfo(9, "", "3.12.1", "gunicorn: worker", "/", attach=known))
    said = capsys.readouterr().out
    assert found.why in said and "The screen counts down while it is paused" in said and "--no-hold" in said
