"""The controllers alone, without an app; and that they stay apart."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

import iqdebug.tui.controllers
from iqdebug.core.errors import CannotAttach, RequestFailed, UsageError
from iqdebug.core.messages import render
from iqdebug.core.session import Capability, DebugSession, StepKind
from iqdebug.core.state import Breakpoint, Snapshot
from iqdebug.tui import messages
from iqdebug.tui.controllers.breakpoints import BreakpointController
from iqdebug.tui.controllers.connection import ConnectionController
from iqdebug.tui.controllers.execution import ExecutionController
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState, Progress
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.variables import VariablesController
from tests.tui import scenario
from tests.tui.fake_session import FakeMemory, FakeSession
from tests.tui.fake_window import FakeWindow

FOLDER = Path(iqdebug.tui.controllers.__path__[0])


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(FOLDER.glob("*.py")):
        yield path.stem, ast.parse(path.read_text("utf-8"))


def test_no_controller_reaches_into_anothers_private_names() -> None:
    reached = [
        f"{name}.py:{node.lineno} {ast.unparse(node)}"
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "os"))
    ]
    assert reached == []


def test_no_controller_inherits_from_another() -> None:
    controllers = {
        node.name: [ast.unparse(base) for base in node.bases]
        for _, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith("Controller")
    }
    assert len(controllers) >= 15
    assert {name: bases for name, bases in controllers.items() if bases} == {}


def test_the_controllers_know_each_other_in_no_circle() -> None:
    known = {
        name: {
            node.module.rpartition(".")[2]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and node.module is not None
            and node.module.startswith("iqdebug.tui.controllers.")
        }
        for name, tree in _modules()
    }
    assert "window" in known["selection"]
    assert list(TopologicalSorter(known).static_order())[-1] == "wiring"


def _connection(
    window: FakeWindow,
    state: DebugState,
    connect: Callable[..., object],
    intercepts: Callable[[Snapshot], bool] = lambda snapshot: False,
) -> tuple[ConnectionController, list[DebugSession]]:
    opened: list[DebugSession] = []
    connection = ConnectionController(
        window,
        state,
        TaskRunner(window, state),
        connect=connect,  # type: ignore[arg-type]
        refresh_peek=None,
        on_opened=opened.append,
        intercepts=intercepts,
    )
    return connection, opened


async def test_a_session_is_published_with_its_breakpoints() -> None:
    window, state = FakeWindow(), DebugState(owns_program=False)
    session = FakeSession(breakpoints=scenario.breakpoints())
    seen: list[Progress] = []

    async def connect(on_snapshot: object, on_progress: Callable[[str], None]) -> FakeSession:
        on_progress("injecting")
        seen.append(state.progress)
        return session

    connection, opened = _connection(window, state, connect)
    await connection.open()
    assert seen == [Progress("injecting", is_attaching=True)] and state.progress == Progress()
    assert state.session is session and opened == [session]
    kinds = [type(message) for message in window.posted]
    assert kinds == [messages.BreakpointsArrived, messages.SnapshotArrived]
    session.push(scenario.running(5))
    assert isinstance(window.posted[-1], messages.SnapshotArrived) and not window.posted[-1].anew
    connection.abandon()
    session.push(scenario.running(6))
    assert len(window.posted) == 3 and state.session is None and session.detached == 0


async def test_a_snapshot_that_is_intercepted_is_not_for_the_screen() -> None:
    window, state = FakeWindow(), DebugState(owns_program=False)

    async def connect(*_: object) -> FakeSession:
        return FakeSession()

    connection, _ = _connection(window, state, connect, intercepts=lambda snapshot: True)
    await connection.open()
    assert [type(message) for message in window.posted] == [messages.BreakpointsArrived]


async def test_what_cannot_be_attached_stands_in_the_banner() -> None:
    window, state = FakeWindow(), DebugState(owns_program=False)

    async def connect(*_: object) -> FakeSession:
        raise CannotAttach("Cannot attach to 4711", "gdb is not installed")

    connection, opened = _connection(window, state, connect)
    await connection.open()
    assert "gdb is not installed" in window.banner and "r: try again" in window.banner
    assert render(state.why_not(Capability.STEP)) == "attaching did not work (r: try again)"
    assert opened == [] and not window.has_exited


async def test_a_wrong_command_line_ends_the_screen_and_is_remembered() -> None:
    window, state = FakeWindow(), DebugState(owns_program=False)
    wrong = UsageError("no such function", "it is not loaded")

    async def connect(*_: object) -> FakeSession:
        raise wrong

    connection, _ = _connection(window, state, connect)
    await connection.open()
    assert state.refused is wrong and window.exit_code == wrong.exit_code


async def test_a_person_who_has_left_meanwhile_leaves_no_session_behind() -> None:
    window, state = FakeWindow(), DebugState(owns_program=False)
    session = FakeSession()

    async def connect(*_: object) -> FakeSession:
        state.is_leaving = True
        return session

    connection, opened = _connection(window, state, connect)
    await connection.open()
    assert session.detached == 1 and state.session is None and opened == []


def _attached(session: FakeSession) -> tuple[FakeWindow, DebugState, TaskRunner]:
    window, state = FakeWindow(), DebugState(owns_program=False)
    state.session, state.snapshot = session, session.snapshot
    return window, state, TaskRunner(window, state)


async def test_a_refused_step_is_told_with_its_reason() -> None:
    session = FakeSession(refusals={Capability.STEP: "the process is running: pause it first"})
    window, state, tasks = _attached(session)
    selection = SelectionController(window, state, VariablesController(window, state, tasks))
    ExecutionController(window, state, tasks, selection).step(StepKind.OVER)
    await window.settle()
    assert window.notices == [f"cannot {Capability.STEP.value}: the process is running: pause it first"]
    assert session.intents == []


async def test_a_step_is_one_of_the_selected_thread() -> None:
    session = FakeSession()
    window, state, tasks = _attached(session)
    selection = SelectionController(window, state, VariablesController(window, state, tasks))
    selection.follow(session.snapshot, is_new_stop=True)
    ExecutionController(window, state, tasks, selection).step(StepKind.IN)
    await window.settle()
    assert session.asked("step") == [("step", StepKind.IN, 3)]


async def test_a_task_that_fails_becomes_words_and_is_no_longer_shown_as_running() -> None:
    session = FakeSession(failures={"step": RequestFailed("Step refused", "the thread has ended")})
    window, _, tasks = _attached(session)
    tasks.request(Capability.STEP, lambda s: s.step(StepKind.OVER, 1), words="stepping")
    await window.settle()
    assert window.notices == ["Step refused\nthe thread has ended"]
    assert tasks.words == "" and window.statuses == 2


def test_the_selection_follows_a_stop_and_keeps_a_choice() -> None:
    window, state, tasks = _attached(FakeSession())
    selection = SelectionController(window, state, VariablesController(window, state, tasks))
    stop = scenario.paused(2)
    selection.follow(stop, is_new_stop=True)
    assert selection.thread_id == stop.focus and selection.frame is not None
    selection.thread_id = 4
    selection.follow(replace(stop, revision=1), is_new_stop=False)
    assert selection.thread_id == 4, "a later look at the same stop moves nothing"
    selection.follow(scenario.paused(3), is_new_stop=True)
    assert selection.thread_id == stop.focus


async def test_breakpoints_go_to_the_session_or_wait_for_the_next_one() -> None:
    session = FakeSession()
    window, state, tasks = _attached(session)
    breakpoints = BreakpointController(window, state, tasks, FakeMemory())
    wanted = Breakpoint("/srv/a.py", 7)
    assert render(await breakpoints.add(wanted)) == "breakpoint at a.py:7"
    assert [b.line for b in session.breakpoints] == [7]
    state.session = None
    assert "for the next time" in render(await breakpoints.add(wanted))
    assert isinstance(window.posted[-1], messages.BreakpointsArrived)
