"""One diagnosis for everybody who asks for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from iqdebug.core.evidence import Confidence
from iqdebug.core.state import Diagnosis, Origin, Phase, Snapshot
from iqdebug.diagnosis.shared_diagnosis import MAX_KEPT, SharedDiagnosis

STOP = Snapshot(4711, 1, Phase.PAUSED, Origin.LIVE, 1.0)


class Counted:
    def __init__(self) -> None:
        self.asked: list[tuple[Snapshot, Snapshot | None]] = []
        self.gate = threading.Event()

    def __call__(self, snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        self.asked.append((snapshot, earlier))
        assert self.gate.wait(10)
        return Diagnosis(f"number {len(self.asked)}", Confidence.LIKELY)


def test_who_asks_while_it_is_computed_gets_the_same() -> None:
    counted = Counted()
    shared = SharedDiagnosis(counted)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(shared, STOP, None) for _ in range(4)]
        counted.gate.set()
        assert {each.result().headline for each in asked} == {"number 1"}
    assert shared(STOP, None).headline == "number 1" and len(counted.asked) == 1


def test_another_snapshot_or_another_one_before_it_is_diagnosed_by_itself() -> None:
    counted = Counted()
    counted.gate.set()
    shared = SharedDiagnosis(counted)
    equal = replace(STOP)
    for snapshot, earlier in ((STOP, None), (equal, None), (STOP, equal)):
        shared(snapshot, earlier)
    assert len(counted.asked) == 3


def test_only_the_last_few_are_kept() -> None:
    counted = Counted()
    counted.gate.set()
    shared = SharedDiagnosis(counted)
    for epoch in range(MAX_KEPT + 1):
        shared(STOP if epoch == 0 else replace(STOP, epoch=epoch), None)
    shared(STOP, None)
    assert len(counted.asked) == MAX_KEPT + 2


def test_a_failure_is_raised_for_everybody() -> None:
    def fails(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        raise ValueError("no source")

    shared = SharedDiagnosis(fails)
    for _ in range(2):
        with pytest.raises(ValueError, match="no source"):
            shared(STOP, None)
