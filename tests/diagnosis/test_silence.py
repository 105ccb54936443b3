"""Ordinary moments that look a little like trouble: each must accuse nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iqdebug.core.state import (
    Diagnosis,
    ExceptionInfo,
    Frame,
    Gil,
    Origin,
    Phase,
    Snapshot,
    Task,
    Thread,
    ThreadState,
    Variable,
)
from iqdebug.diagnosis import diagnose

SOURCE = """\
def drain(queue, limit, flag):
    while queue:
        queue.pop()  # drains
    while flag:
        step(flag)  # spins
    while flag:
        if step(flag):
            break  # leaves
    while flag:
        connection.recv(100)  # listens
    while True:
        step(limit)  # works

def read(stream):
    rows = []
    while True:
        chunk = stream.read()
        size = len(chunk)
        rows.append(size)
        handle(chunk)  # handles

async def serve(stop, self):
    await self.stopping.wait()  # attribute
    await stop.wait()  # argument

async def own():
    stop = Event()
    register(stop)
    await stop.wait()  # registered

async def forgotten():
    stop = Event()
    await stop.wait()  # forgotten

def ratio(total, count, items):
    count = 4
    count = len(items)
    return total / count  # divides

def nested(self):
    with self._lock:
        with self._lock:  # nested
            pass
"""


def frame(function: str, mark: str, *variables: Variable) -> Frame:
    line = next(n for n, text in enumerate(SOURCE.splitlines(), 1) if text.endswith(f"# {mark}"))
    return Frame(function, "/app/work.py", line, locals=variables)


def look(*threads: Thread, tasks: tuple[Task, ...] = (), **changes: object) -> Snapshot:
    plain = Snapshot(7, 1, Phase.RUNNING, Origin.LIVE, 0.0, threads=threads, tasks=tasks, focus=1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def thread(*frames: Frame, state: ThreadState = ThreadState.RUNNING, number: int = 1) -> Thread:
    return Thread(number, f"t{number}", number, state, Gil.NONE, frames, is_main=number == 1)


def ask(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    return diagnose(snapshot, read_source=lambda _path: SOURCE.splitlines(), earlier=earlier)


LIST = Variable("queue", "[1, 2, 3]", "list", size=3)
FLAG = Variable("flag", "True", "bool")


@pytest.mark.parametrize("mark", ["drains", "leaves", "listens", "works"])
def test_a_loop_that_may_end_or_waits_is_ordinary(mark: str) -> None:
    assert ask(look(thread(frame("drain", mark, LIST, FLAG)))).confidence == "no clear suspect"


def test_a_loop_whose_condition_nothing_changes_is_not() -> None:
    answer = ask(look(thread(frame("drain", "spins", LIST, FLAG))))
    assert answer.confidence == "likely"
    assert "nothing in the loop changes `flag`" in answer.headline


def test_sizes_of_what_was_just_read_do_not_grow() -> None:
    def reading(size: int) -> Snapshot:
        values = (Variable("chunk", "b'...'", "bytearray", size=size), Variable("size", str(size), "int"))
        return look(thread(frame("read", "handles", *values), state=ThreadState.WAITING))

    assert ask(reading(9000), reading(500)).confidence == "no clear suspect"


@pytest.mark.parametrize("mark", ["attribute", "argument", "registered"])
def test_an_event_that_other_code_can_reach_accuses_nobody(mark: str) -> None:
    task = Task("Task-1", "serve", "pending", (frame("serve", mark),))
    assert ask(look(tasks=(task,))).confidence == "no clear suspect"


def test_an_event_that_nobody_else_has_does() -> None:
    task = Task("Task-1", "forgotten", "pending", (frame("forgotten", "forgotten"),))
    assert ask(look(tasks=(task,))).confidence == "likely"


def test_two_objects_with_locks_of_one_name_are_no_cycle_by_name() -> None:
    blind = [thread(frame("nested", "nested"), state=ThreadState.WAITING, number=n) for n in (1, 2)]
    assert ask(look(*blind)).confidence == "no clear suspect"


def test_only_the_value_that_is_zero_is_blamed_and_its_last_assignment_named() -> None:
    values = (Variable("total", "7", "int"), Variable("count", "0", "int"), Variable("items", "[]", "list"))
    held = thread(frame("ratio", "divides", *values), state=ThreadState.PAUSED)
    error = ExceptionInfo("ZeroDivisionError", "division by zero")
    answer = ask(look(held, origin=Origin.DAP, phase=Phase.PAUSED, exception=error, reason="exception"))
    assert [s.line for s in answer.suspects] == [held.frames[0].line, held.frames[0].line - 1]
    other = thread(frame("ratio", "divides", Variable("count", "3", "int")), state=ThreadState.PAUSED)
    unexplained = ask(look(other, origin=Origin.DAP, phase=Phase.PAUSED, exception=error, reason="exception"))
    assert unexplained.confidence == "possible"


def test_what_is_proved_comes_before_what_is_only_possible() -> None:
    error = ExceptionInfo("ZeroDivisionError", "division by zero")
    grown = Variable("items", "[...]", "list", size=90_000)
    held = frame("ratio", "divides", Variable("count", "0", "int"), grown)
    now = look(thread(held), origin=Origin.DAP, phase=Phase.PAUSED, exception=error, reason="exception")
    before = look(thread(replace(held, locals=(replace(grown, size=50_000),))))
    answer = ask(now, before)
    assert answer.confidence == "likely"
    assert answer.headline.startswith("ZeroDivisionError")
    assert any("grew from 50000 to 90000" in note for note in answer.notes)
