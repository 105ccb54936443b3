"""The single authority: epochs grow, what is late is dropped, listeners are notified in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from iqdebug.core.state import Breakpoint, LogRecord, Phase, ProcessInfo, Snapshot, Thread
from iqdebug.dap.snapshot_store import MAX_EARLY_LOGS, SnapshotStore, connecting

INFO = ProcessInfo(7, "", "3.12.1", "python x.py", "/srv")
THREADS = (Thread(1, "main"),)


class Notes:
    """Writes down every notification, into a list that several may share."""

    def __init__(self, name: str, notes: list[tuple[str, object]]) -> None:
        self.name = name
        self.notes = notes

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self.notes.append((self.name, (snapshot.epoch, snapshot.revision)))

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.notes.append((self.name, ([r.text for r in records], dropped)))

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.notes.append((self.name, tuple(b.line for b in breakpoints)))


def record(text: str) -> LogRecord:
    return LogRecord(1.0, "stdout", text)


def test_it_begins_with_what_is_known_of_the_process() -> None:
    first = SnapshotStore(connecting(INFO)).snapshot
    assert (first.pid, first.python, first.command, first.cwd) == (7, "3.12.1", "python x.py", "/srv")
    assert (first.epoch, first.revision, first.phase) == (0, 0, Phase.CONNECTING)


def test_an_update_is_the_next_revision_of_its_epoch() -> None:
    store = SnapshotStore(connecting(INFO))
    assert store.update(0, phase=Phase.RUNNING)
    assert store.update(0, threads=THREADS)
    assert (store.snapshot.epoch, store.snapshot.revision) == (0, 2)
    assert store.snapshot.phase is Phase.RUNNING and store.snapshot.threads == THREADS


def test_a_late_answer_of_an_older_epoch_is_dropped() -> None:
    store, notes = SnapshotStore(connecting(INFO)), list[tuple[str, object]]()
    old = store.begin_epoch(phase=Phase.PAUSED)
    store.begin_epoch(phase=Phase.RUNNING)
    store.subscribe(Notes("a", notes))
    before = store.snapshot
    assert not store.is_current(old)
    assert not store.update(old, threads=THREADS)
    assert store.snapshot is before and notes == []


def test_an_answer_of_an_epoch_that_is_yet_to_come_is_dropped_too() -> None:
    store = SnapshotStore(connecting(INFO))
    assert not store.update(1, threads=THREADS)
    assert store.snapshot.threads == ()


def test_each_epoch_begins_at_revision_0_and_keeps_what_is_not_changed() -> None:
    store = SnapshotStore(connecting(INFO))
    store.update(0, threads=THREADS, reason="attached")
    assert store.begin_epoch(phase=Phase.PAUSED, reason="pause") == 1
    assert store.snapshot == replace(
        connecting(INFO),
        epoch=1,
        phase=Phase.PAUSED,
        reason="pause",
        threads=THREADS,
        taken_at=store.snapshot.taken_at,
    )
    assert abs(store.snapshot.taken_at - time.time()) < 5


def test_an_unpublished_epoch_is_heard_of_with_its_first_update() -> None:
    store, notes = SnapshotStore(connecting(INFO)), list[tuple[str, object]]()
    store.subscribe(Notes("a", notes))
    epoch = store.begin_epoch(publish=False, phase=Phase.PAUSED)
    assert notes == [] and store.epoch == epoch and store.phase is Phase.PAUSED
    store.update(epoch, threads=THREADS)
    assert notes == [("a", (1, 1))]


def test_listeners_are_notified_in_the_order_in_which_they_subscribed() -> None:
    store, notes = SnapshotStore(connecting(INFO)), list[tuple[str, object]]()
    store.subscribe(Notes("a", notes))
    unsubscribe = store.subscribe(Notes("b", notes))
    store.subscribe(Notes("c", notes))
    store.begin_epoch()
    store.notify_breakpoints([Breakpoint("/x.py", 3)])
    unsubscribe()
    unsubscribe()  # once more does no harm
    store.update(1)
    assert notes == [
        *((name, (1, 0)) for name in "abc"),
        *((name, (3,)) for name in "abc"),
        *((name, (1, 1)) for name in "ac"),
    ]


def test_a_listener_may_leave_while_it_is_notified() -> None:
    store, notes = SnapshotStore(connecting(INFO)), list[tuple[str, object]]()

    class Once(Notes):
        def snapshot_changed(self, snapshot: Snapshot) -> None:
            super().snapshot_changed(snapshot)
            unsubscribe()

    unsubscribe = store.subscribe(Once("once", notes))
    store.subscribe(Notes("b", notes))
    store.update(0)
    store.update(0)
    assert notes == [("once", (0, 1)), ("b", (0, 1)), ("b", (0, 2))]


def test_the_first_listener_hears_what_was_written_before_it_came() -> None:
    store, notes = SnapshotStore(connecting(INFO)), list[tuple[str, object]]()
    store.append_logs([record(str(n)) for n in range(MAX_EARLY_LOGS + 5)])
    store.append_logs([record("last")])
    store.subscribe(Notes("a", notes))
    store.subscribe(Notes("b", notes))
    kept = [*(str(n) for n in range(6, MAX_EARLY_LOGS + 5)), "last"]
    assert len(kept) == MAX_EARLY_LOGS and notes == [("a", (kept, 0))]
    notes.clear()
    store.append_logs([record("now")], 2)
    assert notes == [("a", (["now"], 2)), ("b", (["now"], 2))]
