"""What the ranking says of the example programs, and where it must hold its tongue."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.core.state import (
    Diagnosis,
    ExceptionInfo,
    Frame,
    FrameKind,
    Gil,
    Origin,
    Phase,
    Snapshot,
    StopCause,
    Task,
    Thread,
    ThreadState,
    Variable,
)
from iqdebug.diagnosis import diagnose
from tests.conftest import EXAMPLES, marker

LIBRARY = "/usr/lib/python3.12/"


def read_source(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()


def at(file: str, mark: str, function: str, *values: tuple[str, str], kind: FrameKind = "user") -> Frame:
    variables = tuple(Variable(name, value) for name, value in values)
    return Frame(function, str(EXAMPLES / file), marker(file, mark), kind=kind, locals=variables)


def stdlib(file: str, function: str, line: int = 1) -> Frame:
    return Frame(function, LIBRARY + file, line, kind="stdlib")


def thread(number: int, name: str, *frames: Frame, state: ThreadState = ThreadState.WAITING) -> Thread:
    return Thread(number, name, number, state, Gil.NONE, frames, is_main=number == 1)


def peek(*threads: Thread, **changes: object) -> Snapshot:
    plain = Snapshot(7, 1, Phase.RUNNING, Origin.PEEK, 0.0, threads=threads, focus=1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def crash(error: ExceptionInfo, *frames: Frame) -> Snapshot:
    held = thread(1, "MainThread", *frames, state=ThreadState.PAUSED)
    return Snapshot(
        7, 3, Phase.PAUSED, Origin.DAP, 0.0, reason="exception", threads=(held,), focus=1, exception=error
    )


def ask(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    answer = diagnose(snapshot, read_source=read_source, earlier=earlier)
    assert answer == diagnose(snapshot, read_source=read_source, earlier=earlier)
    assert all(0 <= s.score <= 1 for s in answer.suspects)
    return answer


def orders_threads(packer_self: str = "0x7f01", refunder_self: str = "0x7f01") -> tuple[Thread, ...]:
    file = "orders_service.py"
    return (
        thread(1, "MainThread", at(file, "watch-pause", "watch"), at(file, "main-watch", "main")),
        thread(2, "intake", stdlib("queue.py", "get"), at(file, "intake-get", "intake")),
        thread(3, "packer", at(file, "packer-waits", "packer", ("self", f"<OrderService at {packer_self}>"))),
        thread(
            4,
            "refunder",
            at(file, "refunder-waits", "refunder", ("self", f"<OrderService at {refunder_self}>")),
        ),
    )


def test_the_order_service_is_called_a_deadlock_with_both_lines_named() -> None:
    answer = ask(peek(*orders_threads()))
    assert answer.confidence == "likely"
    assert "deadlock" in answer.headline and "packer" in answer.headline and "refunder" in answer.headline
    lines = {(s.line, s.thread_id) for s in answer.suspects[:2]}
    file = "orders_service.py"
    assert lines == {(marker(file, "packer-waits"), 3), (marker(file, "refunder-waits"), 4)}
    assert any(str(marker(file, "packer-holds")) in r for s in answer.suspects for r in s.reasons)


def test_locks_of_two_different_services_are_not_mixed_up() -> None:
    answer = ask(peek(*orders_threads("0x7f01", "0x7f02")))
    assert answer.confidence == "no clear suspect"
    assert answer.suspects == ()


def test_without_locals_a_cycle_goes_by_names_and_says_so() -> None:
    blind = tuple(
        replace(t, frames=tuple(replace(f, locals=None) for f in t.frames)) for t in orders_threads()
    )
    answer = ask(peek(*blind))
    assert answer.confidence == "possible"
    assert "names" in answer.headline


def test_the_same_two_threads_before_they_block_are_ordinary() -> None:
    running = tuple(replace(t, state=ThreadState.RUNNING) for t in orders_threads())
    assert ask(peek(*running)).confidence == "no clear suspect"
    ready = tuple(replace(t, gil=Gil.WAITS) for t in orders_threads())
    assert ask(peek(*ready)).confidence == "no clear suspect"


def test_global_locks_of_one_module_deadlock() -> None:
    file = "deadlock.py"
    answer = ask(
        peek(
            thread(1, "MainThread", stdlib("threading.py", "join"), at(file, "join", "<module>")),
            thread(2, "first", at(file, "first-waits", "first")),
            thread(3, "second", at(file, "second-waits", "second")),
        )
    )
    assert answer.confidence == "likely"
    assert {s.line for s in answer.suspects} == {marker(file, "first-waits"), marker(file, "second-waits")}


def test_a_loop_on_float_equality_cannot_end() -> None:
    values = (("goal", "1.0"), ("level", "1.0999999999999999"), ("steps", "11"))
    for mark in ("condition", "step"):
        frame = at("busy_loop.py", mark, "fill", *values)
        answer = ask(peek(thread(1, "MainThread", frame, state=ThreadState.RUNNING)))
        assert answer.confidence == "likely"
        assert "past 1 already" in answer.suspects[0].reasons[0]
        assert {v.name for v in answer.suspects[0].proof} == {"goal", "level"}


def test_a_breakpoint_in_an_ordinary_function_accuses_nobody() -> None:
    frame = at("none_lookup.py", "assigned", "label", ("order", "{'id': 1, 'customer': 'c1'}"))
    held = thread(1, "MainThread", frame, state=ThreadState.PAUSED)
    for cause in (StopCause.BREAKPOINT, StopCause.STEP):
        now = Snapshot(7, 2, Phase.PAUSED, Origin.DAP, 0.0, threads=(held,), focus=1, cause=cause)
        answer = ask(now)
        assert answer.confidence == "no clear suspect"
        assert answer.suspects == ()
        assert f"none_lookup.py:{frame.line}" in answer.headline


def test_a_breakpoint_on_a_with_statement_is_not_a_wait() -> None:
    file = "deadlock.py"
    stepping = thread(2, "first", at(file, "first-waits", "first"), state=ThreadState.PAUSED)
    other = thread(3, "second", at(file, "second-waits", "second"), state=ThreadState.PAUSED)
    threads = (stepping, other)
    for cause, accuses in ((StopCause.BREAKPOINT, False), (StopCause.PAUSE, True)):
        now = Snapshot(7, 2, Phase.PAUSED, Origin.DAP, 0.0, threads=threads, focus=2, cause=cause)
        assert (ask(now).confidence != "no clear suspect") is accuses


def test_an_idle_event_loop_and_an_idle_pool_are_ordinary() -> None:
    loop = (stdlib("selectors.py", "select"), stdlib("asyncio/base_events.py", "_run_once"))
    frame = at("idle_asyncio.py", "run", "<module>")
    worker = (stdlib("concurrent/futures/thread.py", "_worker"), stdlib("threading.py", "run"))
    now = peek(
        thread(1, "MainThread", *loop, frame), thread(2, "pool-0", *worker), thread(3, "pool-1", *worker)
    )
    answer = ask(now, now)
    assert answer.confidence == "no clear suspect"
    assert "idle" in answer.headline


def test_a_task_whose_event_nobody_sets_is_suspect() -> None:
    file = "idle_asyncio.py"
    tasks = (
        Task(
            "consumer",
            "consume",
            "pending",
            (stdlib("asyncio/locks.py", "wait"), at(file, "waits", "consume")),
        ),
        Task("Task-1", "main", "pending", (at(file, "main-waits", "main"),)),
    )
    answer = ask(
        peek(thread(1, "MainThread", stdlib("selectors.py", "select")), tasks=tasks, origin=Origin.LIVE)
    )
    assert answer.confidence == "possible"
    assert answer.suspects[0].line == marker(file, "waits")


def test_a_sleep_on_the_event_loop_blocks_it(tmp_path: Path) -> None:
    file = tmp_path / "service.py"
    file.write_text("import time\nasync def handle(request):\n    time.sleep(30)\n    return request\n")
    under = (stdlib("asyncio/events.py", "_run"), stdlib("asyncio/base_events.py", "_run_once"))
    answer = ask(peek(thread(1, "MainThread", Frame("handle", str(file), 3), *under)))
    assert answer.confidence == "likely"
    assert "time.sleep(30)" in answer.headline
    alone = ask(peek(thread(1, "MainThread", Frame("handle", str(file), 3))))
    assert alone.confidence == "no clear suspect"


def test_none_from_a_lookup_is_named_with_the_line_it_came_from() -> None:
    error = ExceptionInfo("AttributeError", "'NoneType' object has no attribute 'name'")
    values = (("order", "{'id': 2, 'customer': 'c3'}"), ("customer", "None"))
    answer = ask(
        crash(error, at("none_lookup.py", "fails", "label", *values), at("none_lookup.py", "caller", "main"))
    )
    assert answer.confidence == "likely"
    assert "`customer` is None" in answer.headline
    assert [s.line for s in answer.suspects] == [marker("none_lookup.py", m) for m in ("fails", "assigned")]


def test_a_zero_divisor_is_named() -> None:
    error = ExceptionInfo("ZeroDivisionError", "division by zero")
    values = (("numbers", "[]"), ("total", "0"), ("count", "0"))
    answer = ask(crash(error, at("divide_by_zero.py", "fails", "average", *values)))
    assert answer.confidence == "likely"
    assert [v.name for v in answer.suspects[0].proof] == ["count"]


def test_a_missing_key_is_shown_beside_its_near_miss() -> None:
    error = ExceptionInfo("KeyError", "'sku'")
    frame = at("orders_service.py", "key-error", "accept", ("order", "{'id': 12, 'count': 3, 'SKU': 'tea'}"))
    answer = ask(crash(error, frame))
    assert answer.confidence == "likely"
    assert "'SKU'" in answer.headline


def test_an_exception_from_a_library_is_pinned_on_the_line_that_called_it() -> None:
    error = ExceptionInfo("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
    answer = ask(
        crash(error, stdlib("json/decoder.py", "raw_decode", 355), at("none_lookup.py", "caller", "main"))
    )
    assert answer.confidence == "possible"
    assert answer.suspects[0].line == marker("none_lookup.py", "caller")
    assert any("decoder.py" in reason for reason in answer.suspects[0].reasons)


def test_a_deep_recursion_is_folded_and_not_accused() -> None:
    bottom = at("deep_recursion.py", "bottom", "descend", ("depth", "0"))
    frames = [
        replace(
            at("deep_recursion.py", "recurses", "descend"),
            locals=(Variable("depth", str(n), kind="argument"),),
        )
        for n in range(1, 1000)
    ]
    answer = ask(peek(thread(1, "MainThread", stdlib("threading.py", "wait"), bottom, *frames)))
    assert answer.confidence == "no clear suspect"
    assert any("1000 of 1001 frames" in note for note in answer.notes)


def test_recursion_with_unchanged_arguments_under_recursion_error() -> None:
    frame = replace(
        at("deep_recursion.py", "recurses", "descend"), locals=(Variable("depth", "5", kind="argument"),)
    )
    error = ExceptionInfo("RecursionError", "maximum recursion depth exceeded")
    answer = ask(crash(error, *[frame] * 990))
    assert answer.confidence == "likely"
    assert "`depth` is the same at each level" in answer.suspects[0].reasons[0]


def test_a_cache_that_grows_between_two_looks_is_possible_and_a_large_one_is_a_note() -> None:
    def look(size: int) -> Snapshot:
        frame = at("leaky_cache.py", "serves", "serve")
        frame = replace(frame, locals=(Variable("cache", "{...}", "dict", size=size),))
        return peek(thread(1, "MainThread", frame))

    assert ask(look(20_000)).confidence == "no clear suspect"
    assert "20000 elements" in ask(look(20_000)).notes[0]
    grown = ask(look(2_600), look(2_000))
    assert grown.confidence == "possible"
    assert "grew from 2000 to 2600" in grown.headline
    assert ask(look(2_000), look(2_000)).notes == ()


def test_the_growing_backlog_is_told_from_its_len() -> None:
    def look(backlog: str) -> Snapshot:
        frame = at("orders_service.py", "watch-pause", "watch", ("backlog", backlog))
        return peek(thread(1, "MainThread", frame))

    assert "`self.unsettled` grew from 140 to 190" in ask(look("190"), look("140")).headline


def test_the_holder_of_the_gil_is_named_when_it_does_not_move() -> None:
    holder = replace(thread(1, "MainThread", at("busy_loop.py", "call", "<module>")), gil=Gil.HOLDS)
    waiters = [replace(thread(n, f"w{n}", stdlib("x.py", "f")), gil=Gil.WAITS) for n in (2, 3)]
    now = peek(holder, *waiters)
    assert ask(now).confidence == "no clear suspect"
    answer = ask(now, now)
    assert answer.confidence == "likely"
    assert "2 other threads wait" in answer.headline


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f(:\n",
        "\x00\n" * 50,
        "(" * 4000 + "\n",
        "x = 1 \\\n" * 300,
        "\f\x0cclass\n  \tdef",
        "'\\d'\n" * 40,
    ],
)
def test_odd_source_is_no_reason_to_fail(text: str) -> None:
    frames = tuple(
        Frame("f", "/gone.py", line, locals=(Variable("x", "?"),)) for line in (-1, 0, 1, 10, 10**9)
    )
    stuck = thread(1, "MainThread", *frames, state=ThreadState.RUNNING)
    now = peek(stuck, thread(2, "other", *frames))
    for snapshot in (now, replace(now, exception=ExceptionInfo("KeyError", "'k'"))):
        diagnose(snapshot, read_source=lambda _path: text.splitlines(), earlier=now)


def test_unreadable_source_and_empty_snapshots_are_no_reason_to_fail() -> None:
    def unreadable(path: str) -> list[str]:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, path)

    assert diagnose(peek(*orders_threads()), read_source=unreadable).confidence == "no clear suspect"
    assert diagnose(peek(), read_source=unreadable).headline
    ended = peek(phase=Phase.ENDED, exit_code=3)
    assert diagnose(ended, read_source=unreadable).headline == "the process has ended with exit code 3"
    assert ask(crash(ExceptionInfo("KeyError", "'x'"))).confidence == "no clear suspect"


def test_two_hundred_frames_in_long_files_take_a_moment() -> None:
    text = [
        line
        for n in range(900)
        for line in (f"def f{n}(x):", "    while x:", "        with x.lock:", "            x = g(x)")
    ]
    frames = tuple(
        Frame(f"f{n}", f"/src/{n % 20}.py", 4 * n + 3, locals=(Variable("x", f"<X at {n:#x}>"),))
        for n in range(200)
    )
    now = peek(*(thread(n, str(n), *frames[n:]) for n in range(1, 8)))
    best = min(_seconds(now, text) for _ in range(3))
    assert best < 0.3  # it takes 0.07 s; parsing the 20 files whole would add 0.5 s


def test_long_classes_are_parsed_within_a_budget() -> None:
    methods = [
        line for n in range(1200) for line in (f"    def f{n}(self, x):", "        self.x = g(x, [n, 1])")
    ]
    frames = tuple(Frame(f"f{n}", f"/src/{n}.py", 2 * n + 3) for n in range(40))
    now = peek(*(thread(n, str(n), *frames[n:]) for n in range(1, 40)))
    assert (
        min(_seconds(now, ["class C:", *methods]) for _ in range(3)) < 0.5
    )  # 0.07 s; whole it would be 1.2 s


def test_ten_thousand_frames_take_a_moment() -> None:
    frame = at("deep_recursion.py", "recurses", "descend", ("depth", "1"))
    now = peek(thread(1, "MainThread", *[frame] * 10_000))
    assert min(_seconds(now, read_source(frame.path)) for _ in range(3)) < 0.5


def _seconds(snapshot: Snapshot, text: list[str]) -> float:
    """Of processor time, so that what else the machine does does not decide."""
    start = time.thread_time()
    diagnose(snapshot, read_source=lambda _path: text, earlier=snapshot)
    return time.thread_time() - start
