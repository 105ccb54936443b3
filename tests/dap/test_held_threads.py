"""Of the threads that are held at an exception, one is shown at a time, the longest held first."""

from __future__ import annotations

import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import ExceptionInfo
from iqdebug.dap.agent_events import HeldEvent
from iqdebug.dap.held_threads import HeldThreads


def hold(number: int, kind: str = "uncaught", how: str = "") -> HeldEvent:
    return HeldEvent(number=number, kind=kind, how=how, thread=100 + number, late=False)


def test_one_is_shown_at_a_time_the_longest_held_first() -> None:
    held = HeldThreads()
    assert held.show_next() is None
    held.append(hold(1))
    held.append(hold(2))
    assert held.show_next() == hold(1) == held.shown
    assert held.show_next() is None
    held.resumed()
    assert held.show_next() == hold(2)


def test_one_that_has_gone_on_is_not_shown() -> None:
    held = HeldThreads()
    for number in (1, 2, 3):
        held.append(hold(number))
    held.show_next()
    held.remove(2)
    held.remove(1)
    assert held.shown is None and held.show_next() == hold(3)


def test_going_on_ends_the_stop_without_a_debugger() -> None:
    held = HeldThreads()
    held.append(hold(1))
    held.show_next()
    held.without_debugger = True
    held.resumed()
    assert held.shown is None and not held.without_debugger


@pytest.mark.parametrize(
    ("kind", "how", "reason"),
    [
        ("uncaught", "", "uncaught KeyError"),
        ("thread", "in thread courier", "uncaught KeyError in thread courier"),
        ("task", "Task exception was never retrieved", "KeyError: Task exception was never retrieved"),
    ],
)
def test_the_reason_says_how_it_was_met(kind: str, how: str, reason: str) -> None:
    held = HeldThreads()
    held.append(hold(1, kind, how))
    assert render(held.reason_of(ExceptionInfo("KeyError", "'a'"))) == "uncaught KeyError"
    held.show_next()
    assert render(held.reason_of(ExceptionInfo("KeyError", "'a'"))) == reason
    assert render(held.reason_of(ExceptionInfo("KeyError", "'a'", uncaught=False))) == "exception KeyError"
