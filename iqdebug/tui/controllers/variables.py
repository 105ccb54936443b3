"""The variables of the selected frame, and the console that evaluates in it."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.core.errors import IqdebugError
from iqdebug.core.session import Capability
from iqdebug.core.state import Completion, EvaluateResult, Frame, Snapshot
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.controllers.base import STOPPED, DebugBase, on_lines
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.variables import VariablesPane
from iqdebug.tui.screens.dialogs import LineScreen, TextScreen
from iqdebug.tui.widgets.variable_tree import PAGE, Node

__all__ = ["Values", "same_frame"]


class Values(DebugBase):
    """Reads values in the background; an answer for another stop or frame is dropped."""

    def _begin_variables(self, snapshot: Snapshot, frame: Frame | None) -> None:
        stopped = snapshot.phase in STOPPED
        if stopped and self._tree.epoch == snapshot.epoch and same_frame(self._tree.frame, frame):
            return
        self._tree.begin(snapshot.epoch, frame, stopped=stopped)
        if frame is None:
            self._show_variables("no frame selected")
        elif snapshot.phase in STOPPED and self.session is not None and frame.id is not None:
            self._show_variables("reading…")
            self._read_variables(snapshot.epoch, frame, None, 0)
        elif frame.locals is not None:
            self._tree.fill((), 0, frame.locals)
            self._show_variables("no local variables")
        elif snapshot.phase in STOPPED:
            self._show_variables("nothing was read of this frame's variables")
        else:
            self._show_variables("variables are shown when the process is paused")

    def _show_variables(self, words: str = "") -> None:
        for pane in self.query(VariablesPane):
            pane.rebuild(words)

    def _read_variables(self, epoch: int, frame: Frame, node: Node | None, start: int) -> None:
        session = self.session
        if session is None:
            return

        async def read() -> None:
            if node is None:
                rows = await session.variables(frame, epoch)
            else:
                rows = await session.children(node.variable.reference, epoch, start, PAGE)
            parent = node.path if node is not None else ()
            self.post_message(messages.VariablesArrived(epoch, frame, parent, start, rows))

        self._do(read(), group="variables")

    def on_variables_arrived(self, message: messages.VariablesArrived) -> None:
        if (
            not self._drawn
            or message.epoch != self._tree.epoch
            or not same_frame(message.frame, self._tree.frame)
        ):
            return
        for node in self._tree.fill(message.parent, message.start, message.rows):
            self._read_variables(message.epoch, message.frame, node, 0)
        self._show_variables("no local variables")

    def on_variables_pane_expand(self, message: VariablesPane.Expand) -> None:
        if self._tree.frame is not None:
            self._read_variables(self._tree.epoch, self._tree.frame, message.node, message.start)

    def on_variables_pane_toggled(self) -> None:
        self._show_variables()

    def on_variables_pane_full_wanted(self, message: VariablesPane.FullWanted) -> None:
        session, frame, variable = self.session, self._tree.frame, message.node.variable
        epoch = self._tree.epoch
        title = f"{variable.name}: {variable.type}"
        if session is None or self.snapshot is None or self.snapshot.phase not in STOPPED:
            self.push_screen(TextScreen(clean(title), on_lines(variable.value)))
            return
        asked: int | str = variable.reference or variable.evaluate_name or ""
        if not asked:
            self.push_screen(TextScreen(clean(title), on_lines(variable.value)))
            return

        async def read() -> None:
            value = await session.full_value(asked, frame, epoch)
            if session.snapshot.epoch == epoch:
                self.push_screen(TextScreen(clean(title), on_lines(value)))

        self._do(read(), words=f"reading {variable.name}")

    def on_variables_pane_assign_wanted(self, message: VariablesPane.AssignWanted) -> None:
        session, frame, epoch = self.session, self._tree.frame, self._tree.epoch
        name = message.node.variable.evaluate_name
        if session is None or frame is None or self._refused(Capability.SET_VARIABLE):
            return
        if not name:
            self.notify("this value has no expression to assign to", severity="warning")
            return

        async def assign(expression: str) -> None:
            result = await session.set_variable(name, expression, frame, epoch)
            if result.failed:
                self.notify(result.value[:500], title="not set", severity="error")
            self._tree.begin(epoch, frame)
            self._read_variables(epoch, frame, None, 0)

        def answered(expression: str | None) -> None:
            if expression:
                self._do(assign(expression), words=f"setting {name}")

        self.push_screen(
            LineScreen(f"New value of {clean(name)} (an expression)", clean(message.node.variable.value)),
            answered,
        )

    # console

    def on_console_pane_entered(self, message: ConsolePane.Entered) -> None:
        console = self.query_one(ConsolePane)
        session, frame = self.session, self.frame
        if self._break_command(message.expression):
            return
        if session is None:
            console.show_result(EvaluateResult("not attached yet", failed=True))
            return
        if message.expression.startswith("/"):
            self._console_command(message.expression)
            return
        epoch = session.snapshot.epoch

        async def run() -> None:
            try:
                result = await session.evaluate(message.expression, frame, epoch)
            except IqdebugError as error:
                result = EvaluateResult(str(error), failed=True)
            console.show_result(result, epoch)
            if (
                self._tree.frame is not None
                and self._tree.epoch == epoch
                and session.snapshot.phase in STOPPED
            ):
                current = self._tree.frame
                self._tree.begin(epoch, current)
                self._read_variables(epoch, current, None, 0)

        self._do(run(), words="evaluating")

    def _console_command(self, command: str) -> None:
        """``/complete EXPRESSION``: what may stand there, from the process, then from a model."""
        console, session, frame = self.query_one(ConsolePane), self.session, self.frame
        name, _, text = command.partition(" ")
        if name != "/complete" or not text.strip():
            words = "/complete EXPRESSION works here; the other commands are for the chat (key 8)"
            console.show_result(EvaluateResult(words, failed=True))
            return

        async def run() -> None:
            assert session is not None
            found = await session.complete(text, len(text), frame, session.snapshot.epoch)
            console.show_offered("the process", [c.text for c in found])
            console.show_offered(
                "the model", [c.text for c in await self._model_completions(text, len(text))]
            )

        self._do(run(), group="complete", words="completing")

    def on_console_pane_expand(self, message: ConsolePane.Expand) -> None:
        session, branch = self.session, message.branch
        if session is None or session.snapshot.epoch != branch.epoch:
            self.notify("the process has moved on since: evaluate it again", severity="warning")
            return

        async def run() -> None:
            rows = await session.children(branch.reference, branch.epoch, branch.start, PAGE)
            self.query_one(ConsolePane).show_children(message.key, branch, rows)

        self._do(run(), group="children")

    def on_console_pane_completion_wanted(self, message: ConsolePane.CompletionWanted) -> None:
        session, frame = self.session, self.frame
        if session is None:
            return

        async def run() -> None:
            found = await session.complete(message.text, message.column, frame, session.snapshot.epoch)
            if not found:
                found = tuple(await self._model_completions(message.text, message.column))
            self.query_one(ConsolePane).show_completions(message.text, message.column, found)

        self._do(run(), group="complete")

    async def _model_completions(self, text: str, column: int) -> Sequence[Completion]:
        """What a model would write there, where one is talked with."""
        return ()


def same_frame(one: Frame | None, other: Frame | None) -> bool:
    """Whether both are the same frame of one stop; what is known of it may have grown."""
    return one is not None and other is not None and one.id is not None and one.id == other.id
