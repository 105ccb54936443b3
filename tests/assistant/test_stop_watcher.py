"""Which snapshots of a session are diagnosed, and which diagnoses count."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from iqdebug.assistant.debuggee import Diagnose
from iqdebug.assistant.stop_watcher import StopWatcher
from iqdebug.core.evidence import Confidence
from iqdebug.core.state import Diagnosis, Phase, Snapshot
from tests.assistant.test_telling import stop
from tests.tui.fake_session import FakeSession


class Gated:
    """A diagnosis that takes as long as the test wants, of each snapshot in turn."""

    def __init__(self) -> None:
        self.asked: list[tuple[Snapshot, Snapshot | None]] = []
        self._gates: dict[tuple[int, int], threading.Event] = {}

    def __call__(self, snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        self.asked.append((snapshot, earlier))
        assert self._gate(snapshot.epoch, snapshot.revision).wait(10)
        return Diagnosis(f"found at {snapshot.epoch}.{snapshot.revision}", Confidence.LIKELY)

    def _gate(self, epoch: int, revision: int) -> threading.Event:
        return self._gates.setdefault((epoch, revision), threading.Event())

    def let(self, epoch: int, revision: int = 0) -> None:
        self._gate(epoch, revision).set()

    @property
    def begun(self) -> list[tuple[int, int]]:
        return [(snapshot.epoch, snapshot.revision) for snapshot, _ in self.asked]


class Watched:
    def __init__(self, diagnose: Diagnose, shows: Callable[[Snapshot], bool] = lambda snapshot: True) -> None:
        self.session = FakeSession(snapshot=stop(1, 5))
        self.diagnosed: list[str] = []
        self.watcher = StopWatcher(self.session, diagnose, shows, self._on_diagnosis)

    def _on_diagnosis(self, snapshot: Snapshot, diagnosis: Diagnosis) -> None:
        self.diagnosed.append(diagnosis.headline)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


async def test_of_the_pieces_of_a_stop_the_newest_is_next() -> None:
    gated = Gated()
    watched = Watched(gated)
    for revision in (1, 2, 3):
        watched.session.push(stop(1, 5, revision=revision))
    gated.let(1, 0)
    gated.let(1, 3)
    await asyncio.wait_for(watched.watcher.idle(), 10)
    assert gated.begun == [(1, 0), (1, 3)]
    assert watched.diagnosed == ["found at 1.0", "found at 1.3"]
    _, earlier = gated.asked[1]
    assert earlier is not None and earlier.revision == 2


async def test_a_stop_does_not_wait_for_the_one_before_it_whose_diagnosis_is_dropped() -> None:
    gated = Gated()
    watched = Watched(gated)
    watched.session.push(stop(2, 6))
    gated.let(2)
    await asyncio.wait_for(watched.watcher.idle(), 10)
    assert watched.diagnosed == ["found at 2.0"] and gated.asked[1][1] is None
    gated.let(1)
    await until(lambda: not any(t.name == "iqdebug-stop-diagnosis" for t in threading.enumerate()))
    await asyncio.sleep(0)
    assert watched.diagnosed == ["found at 2.0"]


async def test_what_the_person_does_not_see_and_what_is_over_is_not_diagnosed() -> None:
    asked: list[int] = []

    def diagnose(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        asked.append(snapshot.epoch)
        return Diagnosis("x", Confidence.LIKELY)

    watched = Watched(diagnose, shows=lambda snapshot: snapshot.epoch != 2)
    await watched.watcher.idle()
    watched.session.push(stop(2, 6))
    watched.session.push(replace(stop(3, 6), threads=()))
    watched.session.push(stop(4, 6, phase=Phase.ENDED))
    watched.session.push(stop(5, 6))
    await asyncio.wait_for(watched.watcher.idle(), 10)
    assert asked == [1, 5]


async def test_a_diagnosis_that_fails_is_a_sentence() -> None:
    def fails(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        raise ValueError("no source")

    watched = Watched(fails)
    await asyncio.wait_for(watched.watcher.idle(), 10)
    assert watched.diagnosed == ["The ranking of suspects failed unexpectedly; ValueError: no source"]


async def test_after_closing_nothing_comes_and_nobody_waits() -> None:
    gated = Gated()
    watched = Watched(gated)
    watched.watcher.close()
    assert watched.session.listeners == []
    await asyncio.wait_for(watched.watcher.idle(), 10)
    gated.let(1)
    await until(lambda: not any(t.name == "iqdebug-stop-diagnosis" for t in threading.enumerate()))
    await asyncio.sleep(0)
    assert watched.diagnosed == []
