"""All controllers of one screen, and how they are made: each is given exactly what it uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from iqdebug.core.state import Diagnosis, Snapshot
from iqdebug.tui.controllers.breakpoints import BreakpointController, BreakpointMemory
from iqdebug.tui.controllers.brief_pause import BriefPauseController
from iqdebug.tui.controllers.chat import ChatController, Companion
from iqdebug.tui.controllers.connection import Connect, ConnectionController, RefreshPeek
from iqdebug.tui.controllers.console import ConsoleController, HistoryMemory
from iqdebug.tui.controllers.diagnosis import DiagnosisController
from iqdebug.tui.controllers.exceptions import ExceptionsController
from iqdebug.tui.controllers.execution import ExecutionController
from iqdebug.tui.controllers.leaving import LeavingController
from iqdebug.tui.controllers.navigation import NavigationController
from iqdebug.tui.controllers.program import ProgramController, ProgramHost
from iqdebug.tui.controllers.recording import Recording, RecordingController
from iqdebug.tui.controllers.search import SearchController
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.snapshots import SnapshotController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.supervision import SupervisionController
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.variables import VariablesController
from iqdebug.tui.controllers.window import Layout, Window

__all__ = ["Controllers", "ProjectMemory", "wire"]


class ProjectMemory(BreakpointMemory, HistoryMemory, Protocol):
    """What survives a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controllers:
    """By name, for the tables of keys and panes.

    :param in_memory: whether a path's text is the target's, in no file.
    """

    window: Window
    state: DebugState
    tasks: TaskRunner
    variables: VariablesController
    selection: SelectionController
    exceptions: ExceptionsController
    search: SearchController
    execution: ExecutionController
    breakpoints: BreakpointController
    navigation: NavigationController
    console: ConsoleController
    diagnosis: DiagnosisController
    chat: ChatController
    recording: RecordingController
    connection: ConnectionController
    brief_pause: BriefPauseController
    supervision: SupervisionController
    leaving: LeavingController
    program: ProgramController
    snapshots: SnapshotController
    in_memory: Callable[[str], bool]


def wire(
    window: Window,
    layout: Layout,
    *,
    connect: Connect,
    diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis],
    read_source: Callable[[str], Sequence[str]],
    refresh_peek: RefreshPeek | None,
    memory: ProjectMemory | None,
    recording: Recording | None,
    host: ProgramHost | None,
    companion: Companion | None,
    project: str,
    in_memory: Callable[[str], bool],
    no_hold: bool,
) -> Controllers:
    """What the parameters mean is said in :class:`~iqdebug.tui.app.DebugApp`."""
    state = DebugState(owns_program=host is not None)
    tasks = TaskRunner(window, state)
    variables = VariablesController(window, state, tasks)
    selection = SelectionController(window, state, variables)
    execution = ExecutionController(window, state, tasks, selection)
    breakpoints = BreakpointController(window, state, tasks, memory)
    diagnosis = DiagnosisController(window, state, selection, layout, diagnose)
    chat = ChatController(
        window,
        state,
        selection,
        diagnosis,
        companion,
        shows=lambda stop: not brief_pause.passes_by(stop),
    )
    connection = ConnectionController(
        window,
        state,
        tasks,
        connect=connect,
        refresh_peek=refresh_peek,
        on_opened=chat.begin,
        intercepts=lambda snapshot: brief_pause.intercepts(snapshot),
    )
    brief_pause = BriefPauseController(
        window, state, tasks, connection, chat, read_source=read_source, no_hold=no_hold
    )
    navigation = NavigationController(
        window, state, tasks, breakpoints, project=project, read_source=brief_pause.source_lines
    )
    console = ConsoleController(
        window,
        state,
        tasks,
        selection=selection,
        variables=variables,
        navigation=navigation,
        complete_with_model=chat.complete_expression,
        memory=memory,
    )
    leaving = LeavingController(window, state, connection, console, chat)
    program = ProgramController(
        window,
        state,
        layout,
        host,
        execution=execution,
        diagnosis=diagnosis,
        connection=connection,
        leaving=leaving,
    )
    supervision = SupervisionController(window, state)
    snapshots = SnapshotController(
        window,
        state,
        variables=variables,
        selection=selection,
        diagnosis=diagnosis,
        program=program,
        supervision=supervision,
    )
    return Controllers(
        window=window,
        state=state,
        tasks=tasks,
        variables=variables,
        selection=selection,
        exceptions=ExceptionsController(window, state, selection),
        search=SearchController(window),
        execution=execution,
        breakpoints=breakpoints,
        navigation=navigation,
        console=console,
        diagnosis=diagnosis,
        chat=chat,
        recording=RecordingController(window, recording),
        connection=connection,
        brief_pause=brief_pause,
        supervision=supervision,
        leaving=leaving,
        program=program,
        snapshots=snapshots,
        in_memory=in_memory,
    )
