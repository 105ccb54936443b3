"""The console: evaluates in the selected frame, completes, and sets breakpoints by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import message, render
from iqdebug.core.state import Completion, EvaluateResult
from iqdebug.tui.controllers.navigation import NavigationController
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.variables import VariablesController
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.widgets.variable_tree import PAGE

__all__ = ["ConsoleController", "HistoryMemory"]


class HistoryMemory(Protocol):
    """The console's history survives a restart."""

    def load_history(self) -> list[str]: ...

    def save_history(self, history: Sequence[str]) -> None: ...


class ConsoleController:
    """:param complete_with_model: (text, column) → what a model would write there; () without one."""

    def __init__(
        self,
        window: Window,
        state: DebugState,
        tasks: TaskRunner,
        *,
        selection: SelectionController,
        variables: VariablesController,
        navigation: NavigationController,
        complete_with_model: Callable[[str, int], Awaitable[Sequence[Completion]]],
        memory: HistoryMemory | None,
    ) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self._selection = selection
        self._variables = variables
        self._navigation = navigation
        self._complete_with_model = complete_with_model
        self._memory = memory

    def load_history(self) -> list[str]:
        return self._memory.load_history() if self._memory is not None else []

    def save_history(self) -> None:
        if self._memory is not None:
            self._memory.save_history(self._window.pane(ConsolePane).history)

    def run(self, text: str) -> None:
        """An expression or statement, ``break …``, or a command that begins with ``/``."""
        console, session, frame = self._window.pane(ConsolePane), self._state.session, self._selection.frame
        if self._navigation.run_break_command(text):
            return
        if session is None:
            console.show_result(EvaluateResult(render(message("tui.console.not_attached")), failed=True))
            return
        if text.startswith("/"):
            self._run_command(text)
            return
        epoch = session.snapshot.epoch

        async def evaluate() -> None:
            try:
                result = await session.evaluate(text, frame, epoch)
            except IqdebugError as error:
                result = EvaluateResult(str(error), failed=True)
            console.show_result(result, epoch)
            if self._variables.tree.epoch == epoch and session.snapshot.phase.is_stopped:
                self._variables.reload()

        self._tasks.start(evaluate(), words=message("tui.progress.evaluating"))

    def _run_command(self, command: str) -> None:
        """``/complete EXPRESSION``: what may stand there, from the process, then from a model."""
        console = self._window.pane(ConsolePane)
        name, _, text = command.partition(" ")
        if name != "/complete" or not text.strip():
            words = message("tui.console.command_unknown")
            console.show_result(EvaluateResult(render(words), failed=True))
            return

        async def complete() -> None:
            by_process = await self._complete_with_session(text, len(text))
            console.show_offered(message("tui.console.by_process"), [c.text for c in by_process])
            by_model = await self._complete_with_model(text, len(text))
            console.show_offered(message("tui.console.by_model"), [c.text for c in by_model])

        self._tasks.start(complete(), group="complete", words=message("tui.progress.completing"))

    def complete(self, text: str, column: int) -> None:
        """By the process; by a model where that knows nothing."""
        if self._state.session is None:
            return

        async def run() -> None:
            offers = await self._complete_with_session(text, column)
            if not offers:
                offers = await self._complete_with_model(text, column)
            self._window.pane(ConsolePane).show_completions(text, column, offers)

        self._tasks.start(run(), group="complete")

    async def _complete_with_session(self, text: str, column: int) -> Sequence[Completion]:
        session, frame = self._state.session, self._selection.frame
        return await session.complete(text, column, frame, session.snapshot.epoch) if session else ()

    def expand(self, wanted: ConsolePane.Expand) -> None:
        """Read the children of a result that still can be read."""
        session, branch = self._state.session, wanted.branch
        if session is None or session.snapshot.epoch != branch.epoch:
            self._window.notify(message("tui.notice.moved_on"), severity="warning")
            return

        async def run() -> None:
            rows = await session.children(branch.reference, branch.epoch, branch.start, PAGE)
            self._window.pane(ConsolePane).show_children(wanted.key, branch, rows)

        self._tasks.start(run(), group="children")
