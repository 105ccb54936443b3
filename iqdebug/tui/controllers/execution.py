"""What a person asks of the target: go, stop, step, and breakpoints."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Breakpoint
from iqdebug.tui import messages
from iqdebug.tui.controllers.base import DebugBase
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.dialogs import BreakpointScreen

__all__ = ["Control"]


class Control(DebugBase):
    """Turns keys into intents of the session, or into the reason why not."""

    def action_resume(self) -> None:
        self._intent(Capability.CONTINUE, lambda s: s.resume())

    def action_pause(self) -> None:
        self._intent(Capability.PAUSE, lambda s: s.pause())

    def _step(self, kind: StepKind) -> None:
        thread_id = self._selected
        self._intent(Capability.STEP, lambda s: s.step(kind, thread_id or 1))

    def action_step_over(self) -> None:
        self._step(StepKind.OVER)

    def action_step_in(self) -> None:
        self._step(StepKind.IN)

    def action_step_out(self) -> None:
        self._step(StepKind.OUT)

    def action_run_to(self) -> None:
        source = self.query_one(SourcePane)
        path, line = source.path, source.cursor_line
        if not line:
            self.notify("no source line to run to", severity="warning")
            return
        self._intent(Capability.RUN_TO, lambda s: s.run_to(path, line))

    def action_restart_frame(self) -> None:
        frame = self.frame
        if frame is not None:
            self._intent(Capability.RESTART_FRAME, lambda s: s.restart_frame(frame))

    def action_keep(self) -> None:
        session = self.session
        if session is not None and not self._refused(Capability.RECORD):
            self._do(self._keep(session), words="keeping this stop as a crash file")
        elif session is None:
            self._refused(Capability.RECORD)

    # breakpoints

    def _at_cursor(self) -> Breakpoint | None:
        source = self.query_one(SourcePane)
        if not source.cursor_line:
            self.notify("no source line for a breakpoint here", severity="warning")
            return None
        found = (b for b in self._breakpoints if (b.path, b.line) == (source.path, source.cursor_line))
        return next(found, Breakpoint(source.path, source.cursor_line))

    def action_breakpoint(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self._replace(wanted, None if wanted in self._breakpoints else wanted)

    def action_edit_breakpoint(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self._edit(wanted)

    def on_breakpoints_pane_edit_wanted(self, message: BreakpointsPane.EditWanted) -> None:
        self._edit(message.breakpoint)

    def on_breakpoints_pane_changed(self, message: BreakpointsPane.Changed) -> None:
        self._replace(message.old, message.new)

    def _edit(self, wanted: Breakpoint) -> None:
        def answered(new: Breakpoint | None) -> None:
            if new is not None:
                self._replace(wanted, new)

        self.push_screen(BreakpointScreen(wanted), answered)

    def _replace(self, old: Breakpoint, new: Breakpoint | None) -> None:
        """Without a session the list is kept for the next attach."""
        kept = [b for b in self._breakpoints if (b.path, b.line) != (old.path, old.line)]
        if new is not None:
            kept.append(replace(new, verified=False, message=""))
        kept.sort(key=lambda b: (b.path, b.line))
        session = self.session
        if session is None or session.why_not(Capability.BREAKPOINTS):
            self.post_message(messages.BreakpointsArrived(kept))
        else:
            self._do(session.set_breakpoints(kept))
