"""What is possible when: decided as values, and each decision has its sentence."""

from __future__ import annotations

import pytest

from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import render
from iqdebug.core.session import Capability
from iqdebug.core.state import Phase, ProcessInfo, Thread, ThreadState
from iqdebug.dap.availability import (
    Availability,
    Unavailable,
    pause_delay,
    unavailable,
    unavailable_message,
)
from iqdebug.dap.snapshot_store import SnapshotStore, connecting

NEED_A_STOP = (
    Capability.CONTINUE,
    Capability.STEP,
    Capability.RUN_TO,
    Capability.SET_VARIABLE,
    Capability.RECORD,
)


def test_every_decision_has_a_sentence_of_its_own() -> None:
    assert len({render(unavailable_message(reason)) for reason in Unavailable}) == len(Unavailable)


@pytest.mark.parametrize("capability", NEED_A_STOP)
def test_what_needs_a_stop(capability: Capability) -> None:
    decisions = {phase: unavailable(capability, phase, restart_frame=True) for phase in Phase}
    assert decisions == {
        Phase.CONNECTING: Unavailable.RUNNING,
        Phase.RUNNING: Unavailable.RUNNING,
        Phase.PAUSED: None,
        Phase.CRASHED: None,
        Phase.DETACHED: Unavailable.DETACHED,
        Phase.ENDED: Unavailable.ENDED,
    }
    assert [phase for phase in Phase if phase.is_stopped] == [Phase.PAUSED, Phase.CRASHED]


@pytest.mark.parametrize(
    ("capability", "phase", "decision"),
    [
        (Capability.PAUSE, Phase.RUNNING, None),
        (Capability.PAUSE, Phase.CRASHED, Unavailable.STOPPED),
        (Capability.REATTACH, Phase.DETACHED, None),
        (Capability.REATTACH, Phase.ENDED, Unavailable.ENDED),
        (Capability.REATTACH, Phase.PAUSED, Unavailable.ATTACHED),
        (Capability.EVALUATE, Phase.RUNNING, None),
        (Capability.RESTART_FRAME, Phase.PAUSED, Unavailable.RESTART_FRAME_NOT_OFFERED),
    ],
)
def test_the_others(capability: Capability, phase: Phase, decision: Unavailable | None) -> None:
    assert unavailable(capability, phase, restart_frame=False) is decision


def test_a_further_reason_counts_only_where_the_phase_allows_it() -> None:
    store = SnapshotStore(connecting(ProcessInfo(1, "", "", "", "")))
    availability = Availability(
        store, lambda capability: "no pydevd" if capability is Capability.STEP else ""
    )
    assert availability.why_not(Capability.STEP) == render(unavailable_message(Unavailable.RUNNING))
    store.begin_epoch(phase=Phase.PAUSED)
    assert availability.why_not(Capability.STEP) == "no pydevd"
    availability.require(Capability.CONTINUE)
    with pytest.raises(NotAvailable, match="Cannot step now: no pydevd"):
        availability.require(Capability.STEP)


def test_why_a_pause_is_delayed() -> None:
    waiting = Thread(1, "main", state=ThreadState.WAITING, is_main=True, wait_message="a lock")
    running = Thread(2, "t", state=ThreadState.RUNNING)
    assert "a C call, or a loop on one line" in render(pause_delay([waiting, running]))
    assert "every thread waits in C (a lock);" in render(pause_delay([waiting]))
    assert "every thread waits in C;" in render(pause_delay([]))
