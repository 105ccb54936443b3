"""Waits that are no deadlock, and the ways of taking a lock other than ``with``."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.core.state import Diagnosis, Frame, Gil, Origin, Phase, Snapshot, Thread, ThreadState, Variable
from iqdebug.diagnosis import diagnose

SOURCE = """\
import threading, time
lock = threading.Lock()
other = threading.Lock()
cond = threading.Condition()

def slow():
    with lock:
        time.sleep(60)

def quick():
    with lock:
        pass

def twice():
    with lock:
        again()

def again():
    with lock:
        pass

def by_hand():
    lock.acquire()
    other.acquire()

def by_hand_back():
    with other:
        lock.acquire(timeout=5)

def let_go():
    lock.acquire()
    lock.release()
    other.acquire()

def waits_for_news():
    with cond:
        cond.wait()

def asks_the_pool(pool):
    return pool.submit(quick).result()

def transfer(source, target):
    with source.lock:
        with target.lock:
            pass

def try_it():
    lock.acquire(blocking=False)
"""


def line_of(text: str, after: str) -> int:
    """The first line with the text, below the line that starts the function."""
    lines = SOURCE.splitlines()
    start = lines.index(next(line for line in lines if line.startswith(f"def {after}(")))
    return start + 1 + next(n for n, line in enumerate(lines[start:]) if text in line)


def frame(function: str, text: str, *values: tuple[str, str]) -> Frame:
    variables = tuple(Variable(name, value) for name, value in values)
    return Frame(function, "/app/work.py", line_of(text, function), locals=variables)


def ask(*stacks: Sequence[Frame], again: bool = False, state: ThreadState = ThreadState.WAITING) -> Diagnosis:
    threads = tuple(
        Thread(n, f"t{n}", n, state, Gil.NONE, tuple(frames)) for n, frames in enumerate(stacks, 1)
    )
    now = Snapshot(7, 1, Phase.RUNNING, Origin.PEEK, 0.0, threads=threads)
    return diagnose(now, read_source=lambda _path: SOURCE.splitlines(), earlier=now if again else None)


def test_a_holder_that_sleeps_is_named_with_those_who_wait() -> None:
    answer = ask([frame("slow", "sleep")], [frame("quick", "with lock")])
    assert answer.confidence == "possible"
    assert answer.suspects[0].line == line_of("sleep", "slow")
    assert "time.sleep(60)" in answer.headline


def test_two_threads_at_one_lock_whose_holder_cannot_be_seen_accuse_nobody() -> None:
    answer = ask([frame("quick", "with lock")], [frame("quick", "with lock")])
    assert answer.confidence == "no clear suspect"


def test_a_thread_that_waits_for_what_it_holds() -> None:
    answer = ask([frame("again", "with lock"), frame("twice", "again()")])
    assert answer.confidence == "likely"
    assert "already holds" in answer.headline
    inside = ask([frame("again", "pass"), frame("twice", "again()")])
    assert inside.confidence == "no clear suspect"


def test_locks_taken_by_hand_count_until_they_are_released() -> None:
    assert (
        ask([frame("by_hand", "other.acquire")], [frame("by_hand_back", "lock.acquire")]).confidence
        == "likely"
    )
    released = ask([frame("let_go", "other.acquire")], [frame("by_hand_back", "lock.acquire")])
    assert released.confidence == "no clear suspect"


def test_waiting_on_a_condition_lets_go_of_it() -> None:
    library = Frame("wait", "/usr/lib/python3.12/threading.py", 355, kind="stdlib")
    waiter = [library, frame("waits_for_news", "cond.wait")]
    answer = ask(waiter, [frame("waits_for_news", "with cond")])
    assert answer.confidence == "no clear suspect"
    assert answer.notes == ()


def test_a_lock_that_is_only_tried_is_not_waited_for() -> None:
    answer = ask([frame("slow", "sleep")], [frame("try_it", "lock.acquire")])
    assert answer.confidence == "no clear suspect"


def test_two_transfers_deadlock_by_the_objects_they_lock() -> None:
    one, two = "<Account at 0xa1>", "<Account at 0xb2>"

    def transfers(*pairs: tuple[str, str]) -> Diagnosis:
        return ask(*([frame("transfer", "with target", ("source", s), ("target", t))] for s, t in pairs))

    assert transfers((one, two), (two, one)).confidence == "likely"
    assert transfers((one, two), ("<Account at 0xc3>", "<Account at 0xd4>")).confidence == "no clear suspect"
    three = transfers((one, two), (two, "<Account at 0xc3>"), ("<Account at 0xc3>", one))
    assert three.confidence == "likely"
    assert len(three.suspects) == 3


def test_a_pool_whose_every_worker_waits_for_the_pool() -> None:
    worker = Frame("_worker", "/usr/lib/python3.12/concurrent/futures/thread.py", 58, kind="stdlib")
    waits = Frame("result", "/usr/lib/python3.12/concurrent/futures/_base.py", 451, kind="stdlib")
    busy = [waits, frame("asks_the_pool", "result"), worker]
    assert "thread pool" in ask(busy, busy).headline
    assert ask(busy, [worker]).confidence == "no clear suspect"


def test_running_threads_wait_for_nothing() -> None:
    crossed = [[frame("by_hand", "other.acquire")], [frame("by_hand_back", "lock.acquire")]]
    assert ask(*crossed, state=ThreadState.RUNNING).confidence == "no clear suspect"


def test_those_stuck_behind_a_deadlock_are_mentioned() -> None:
    crossed = [[frame("by_hand", "other.acquire")], [frame("by_hand_back", "lock.acquire")]]
    answer = ask(*crossed, [frame("quick", "with lock")])
    assert any("thread t3" in note and "behind" in note for note in answer.notes)
    assert {s.thread_id for s in answer.suspects} == {1, 2}
