"""The screen below all dialogs: what its panes want is handed to the controllers."""

from __future__ import annotations

from textual.screen import Screen

from iqdebug.tui import messages
from iqdebug.tui.controllers.wiring import Controllers
from iqdebug.tui.layout import TabsBar
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.variables import VariablesPane

__all__ = ["DebugScreen"]


class DebugScreen(Screen[None]):
    """The panes' messages bubble up to here, and each is one call."""

    def __init__(self, controllers: Controllers) -> None:
        super().__init__(id="_default")
        self._controllers = controllers

    def on_frame_wanted(self, message: messages.FrameWanted) -> None:
        self._controllers.selection.select(message.thread_id, message.index)

    def on_line_wanted(self, message: messages.LineWanted) -> None:
        self._controllers.selection.show_line(message.path, message.line)

    def on_place_wanted(self, message: messages.PlaceWanted) -> None:
        self._controllers.diagnosis.show_place(message.place, go=message.go)

    def on_exceptions_wanted(self) -> None:
        self._controllers.exceptions.open()

    def on_tabs_bar_chosen(self, message: TabsBar.Chosen) -> None:
        self._controllers.window.show_pane(message.name)

    def on_variables_pane_expand(self, message: VariablesPane.Expand) -> None:
        self._controllers.variables.expand(message.node, message.start)

    def on_variables_pane_toggled(self) -> None:
        self._controllers.variables.toggled()

    def on_variables_pane_full_wanted(self, message: VariablesPane.FullWanted) -> None:
        self._controllers.variables.show_in_full(message.node)

    def on_variables_pane_assign_wanted(self, message: VariablesPane.AssignWanted) -> None:
        self._controllers.variables.ask_for_value(message.node)

    def on_console_pane_entered(self, message: ConsolePane.Entered) -> None:
        self._controllers.console.run(message.expression)

    def on_console_pane_expand(self, message: ConsolePane.Expand) -> None:
        self._controllers.console.expand(message)

    def on_console_pane_completion_wanted(self, message: ConsolePane.CompletionWanted) -> None:
        self._controllers.console.complete(message.text, message.column)

    def on_breakpoints_pane_edit_wanted(self, message: BreakpointsPane.EditWanted) -> None:
        self._controllers.breakpoints.edit(message.breakpoint)

    def on_breakpoints_pane_changed(self, message: BreakpointsPane.Changed) -> None:
        self._controllers.breakpoints.replace(message.old, message.new)

    def on_chat_pane_asked(self, message: ChatPane.Asked) -> None:
        self._controllers.chat.ask(message.text)

    def on_chat_pane_stop_wanted(self) -> None:
        self._controllers.chat.stop()

    def on_chat_pane_place_chosen(self, message: ChatPane.PlaceChosen) -> None:
        self._controllers.chat.show_place(message.path, message.line)

    def on_keyboard_moved(self) -> None:
        self._controllers.program.keyboard_moved()

    def on_left(self) -> None:
        self._controllers.program.left()
