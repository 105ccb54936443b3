"""The status bar knows what happened from data, in whatever words it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iqdebug.core.attachability import Supervisor
from iqdebug.core.state import Phase
from iqdebug.core.supervision import Supervision
from iqdebug.tui.panes.status_bar import Status, phase_words
from tests.tui import scenario

ENDED = replace(scenario.running(9), phase=Phase.ENDED, threads=(), reason="vorbei, Code 3", exit_code=3)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(owns_program=True), "vorbei, Code 3 (S: start it again)"),
        (Status(), "the process has ended with exit code 3"),
        (Status(progress="wird beendet", is_attaching=False), "wird beendet"),
        (Status(progress="wird gesucht"), "attaching: wird gesucht"),
    ],
)
def test_the_words_of_others_are_shown_and_never_read(status: Status, expected: str) -> None:
    assert phase_words(ENDED, status) == expected


@pytest.mark.parametrize("by_supervisor", [False, True])
def test_an_end_by_the_supervisor_is_a_fact_not_a_sentence(by_supervisor: bool) -> None:
    words = phase_words(replace(ENDED, exit_code=None), Status(supervisor_ended_it=by_supervisor))
    assert words == "the process has ended" + (": its supervisor did that" if by_supervisor else "")


def test_a_supervision_knows_whether_it_ended_the_process() -> None:
    now = [1_000.0]
    supervision = Supervision(Supervisor("gunicorn", 812, 30.0), 1, lambda: now[0])
    now[0] += 60
    supervision.stopped()
    now[0] += 5
    assert supervision.why_it_ended() == "" and not supervision.ended_it
    now[0] += 26
    assert supervision.why_it_ended() and supervision.ended_it
