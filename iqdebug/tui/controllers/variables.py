"""The variables of the selected frame: reading, opening, showing in full, setting."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.session import Capability
from iqdebug.core.state import Frame, Snapshot
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.variables import VariablesPane
from iqdebug.tui.screens.dialogs import LineScreen, TextScreen
from iqdebug.tui.widgets.variable_tree import PAGE, Node, VariableTree

__all__ = ["VariablesController"]

MAX_TEXT_CHARACTERS = 200_000
MAX_ERROR_CHARACTERS = 500


class VariablesController:
    """Reads values in the background; an answer for another stop or frame is dropped."""

    def __init__(self, window: Window, state: DebugState, tasks: TaskRunner) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self.tree = VariableTree()

    def forget(self) -> None:
        """Another session comes, whose epochs have nothing to do with those before."""
        self.tree.begin(-1, None)

    def show_frame(self, snapshot: Snapshot, frame: Frame | None) -> None:
        is_stopped = snapshot.phase.is_stopped
        if is_stopped and self.tree.epoch == snapshot.epoch and _is_same_frame(self.tree.frame, frame):
            return
        self.tree.begin(snapshot.epoch, frame, stopped=is_stopped)
        if frame is None:
            self._redraw(message("tui.variables.no_frame"))
        elif is_stopped and self._state.session is not None and frame.id is not None:
            self._redraw(message("tui.variables.reading"))
            self._read(snapshot.epoch, frame, None, 0)
        elif frame.locals is not None:
            self.tree.fill((), 0, frame.locals)
            self._redraw(message("tui.variables.none"))
        elif is_stopped:
            self._redraw(message("tui.variables.not_read_of_frame"))
        else:
            self._redraw(message("tui.variables.when_paused"))

    def reload(self) -> None:
        """Something was run or set in the target: read the frame's variables again."""
        frame, epoch = self.tree.frame, self.tree.epoch
        if frame is not None:
            self.tree.begin(epoch, frame)
            self._read(epoch, frame, None, 0)

    def _redraw(self, words_when_empty: Words = "") -> None:
        for pane in self._window.find_panes(VariablesPane):
            pane.rebuild(words_when_empty)

    def _read(self, epoch: int, frame: Frame, node: Node | None, start: int) -> None:
        session = self._state.session
        if session is None:
            return

        async def read() -> None:
            if node is None:
                rows = await session.variables(frame, epoch)
            else:
                rows = await session.children(node.variable.reference, epoch, start, PAGE)
            parent = node.path if node is not None else ()
            self._window.post_message(messages.VariablesArrived(epoch, frame, parent, start, rows))

        self._tasks.start(read(), group="variables")

    def accept(self, answer: messages.VariablesArrived) -> None:
        is_current = answer.epoch == self.tree.epoch and _is_same_frame(answer.frame, self.tree.frame)
        if not self._window.is_drawn or not is_current:
            return
        for node in self.tree.fill(answer.parent, answer.start, answer.rows):
            self._read(answer.epoch, answer.frame, node, 0)
        self._redraw(message("tui.variables.none"))

    # what the person does

    def toggled(self) -> None:
        self._redraw()

    def expand(self, node: Node, start: int) -> None:
        if self.tree.frame is not None:
            self._read(self.tree.epoch, self.tree.frame, node, start)

    def show_in_full(self, node: Node) -> None:
        """The value's own repr, which runs code of the target's; of a running target what is known."""
        session, frame, epoch, variable = self._state.session, self.tree.frame, self.tree.epoch, node.variable
        title = clean(f"{variable.name}: {variable.type}")
        target: int | str = variable.reference or variable.evaluate_name or ""
        if session is None or not self._state.is_stopped or not target:
            self._window.push_screen(TextScreen(title, _multiline(variable.value)))
            return

        async def read() -> None:
            value = await session.full_value(target, frame, epoch)
            if session.snapshot.epoch == epoch:
                self._window.push_screen(TextScreen(title, _multiline(value)))

        self._tasks.start(read(), words=message("tui.progress.reading", name=variable.name))

    def ask_for_value(self, node: Node) -> None:
        session, frame, epoch = self._state.session, self.tree.frame, self.tree.epoch
        name = node.variable.evaluate_name
        if session is None or frame is None or self._tasks.refuses(Capability.SET_VARIABLE):
            return
        if not name:
            self._window.notify(message("tui.notice.not_assignable"), severity="warning")
            return

        async def assign(expression: str) -> None:
            result = await session.set_variable(name, expression, frame, epoch)
            if result.failed:
                title = message("tui.notice.not_set")
                self._window.notify(result.value[:MAX_ERROR_CHARACTERS], title=title, severity="error")
            self.tree.begin(epoch, frame)
            self._read(epoch, frame, None, 0)

        def answered(expression: str | None) -> None:
            if expression:
                self._tasks.start(assign(expression), words=message("tui.progress.setting", name=name))

        question = message("tui.dialog.new_value", name=clean(name))
        self._window.push_screen(LineScreen(question, clean(node.variable.value)), answered)


def _is_same_frame(one: Frame | None, other: Frame | None) -> bool:
    """Whether both are the same frame of one stop; what is known of it may have grown."""
    return one is not None and other is not None and one.id is not None and one.id == other.id


def _multiline(value: str) -> Text:
    """The text with its line ends kept and everything else that could steer a terminal shown."""
    text = Text("\n".join(clean(line) for line in value[:MAX_TEXT_CHARACTERS].split("\n")))
    left = len(value) - MAX_TEXT_CHARACTERS
    if left > 0:
        more = render(message("tui.dialog.more_characters", count=f"{left:,}"))
        text.append(f"\n{more}", Style(dim=True))
    return text
