"""The list of breakpoints: shown, changed, and remembered for the next attach."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from iqdebug.core.messages import Message, message
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import Breakpoint
from iqdebug.core.text import clean
from iqdebug.tui import messages
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.breakpoints import BreakpointsPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.dialogs import BreakpointScreen

__all__ = ["BreakpointController", "BreakpointMemory"]


class BreakpointMemory(Protocol):
    """The breakpoints of a project survive a restart."""

    def load(self) -> tuple[Breakpoint, ...]: ...

    def save(self, breakpoints: Sequence[Breakpoint]) -> None: ...


class BreakpointController:
    """Without a session, or after its end, the list is kept for the next attach."""

    def __init__(
        self, window: Window, state: DebugState, tasks: TaskRunner, memory: BreakpointMemory | None
    ) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self._memory = memory
        self._breakpoints: tuple[Breakpoint, ...] = memory.load() if memory is not None else ()

    def show(self) -> None:
        self._window.pane(BreakpointsPane).show(self._breakpoints)

    def accept(self, breakpoints: Sequence[Breakpoint]) -> None:
        """The whole list, as the server has it now."""
        self._breakpoints = tuple(breakpoints)
        self.show()
        self._window.pane(SourcePane).set_breakpoints(self._breakpoints)
        if self._memory is not None:
            self._memory.save(self._breakpoints)

    # keys

    def toggle_at_cursor(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self.replace(wanted, None if wanted in self._breakpoints else wanted)

    def edit_at_cursor(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self.edit(wanted)

    def _at_cursor(self) -> Breakpoint | None:
        """The one on the cursor's line, or a new one; None where there is no source."""
        source = self._window.pane(SourcePane)
        if not source.cursor_line:
            self._window.notify(message("tui.notice.no_line_for_breakpoint"), severity="warning")
            return None
        fresh = Breakpoint(source.path, source.cursor_line)
        return next((b for b in self._breakpoints if _is_same_line(b, fresh)), fresh)

    def edit(self, breakpoint_: Breakpoint) -> None:
        def answered(changed: Breakpoint | None) -> None:
            if changed is not None:
                self.replace(breakpoint_, changed)

        self._window.push_screen(BreakpointScreen(breakpoint_), answered)

    def replace(self, old: Breakpoint, new: Breakpoint | None) -> None:
        """Have ``new`` instead of ``old``; None deletes it."""
        changed = self._with(old, replace(new, verified=False, remark="") if new is not None else None)
        session = self._session()
        if session is None:
            self._window.post_message(messages.BreakpointsArrived(changed))
        else:
            self._tasks.start(session.set_breakpoints(changed))

    async def add(self, wanted: Breakpoint) -> Message:
        """Set it; returns what has become of it.

        :raises IqdebugError: the server refuses it, or is gone.
        """
        where = f"{os.path.basename(wanted.path)}:{wanted.line}"
        if any(_is_same_line(b, wanted) and b.enabled for b in self._breakpoints):
            return message("tui.notice.breakpoint_there_already", where=where)
        changed = self._with(wanted, replace(wanted, verified=False))
        session = self._session()
        if session is None:
            self._window.post_message(messages.BreakpointsArrived(changed))
            return message("tui.notice.breakpoint_for_next_attach", where=where)
        await session.set_breakpoints(changed)
        return _result(where, _nearest(session.breakpoints, wanted), wanted)

    def _with(self, old: Breakpoint, new: Breakpoint | None) -> list[Breakpoint]:
        others = [b for b in self._breakpoints if not _is_same_line(b, old)]
        return sorted([*others, *([new] if new is not None else [])], key=lambda b: (b.path, b.line))

    def _session(self) -> DebugSession | None:
        """The one that takes breakpoints now."""
        session = self._state.session
        return None if session is None or session.why_not(Capability.BREAKPOINTS) else session


def _is_same_line(one: Breakpoint, other: Breakpoint) -> bool:
    return (one.path, one.line) == (other.path, other.line)


def _nearest(known: Iterable[Breakpoint], wanted: Breakpoint) -> Breakpoint | None:
    """The breakpoint as the server has it: at its line, or else moved to the nearest one."""
    in_file = [b for b in known if b.path == wanted.path]
    return min(in_file, key=lambda b: abs(b.line - wanted.line), default=None)


def _result(where: str, actual: Breakpoint | None, wanted: Breakpoint) -> Message:
    if actual is None or (actual.line == wanted.line and actual.verified):
        return message("tui.notice.breakpoint_set", where=where)
    told = clean(actual.message)
    if not actual.verified:
        reason = told or message("tui.breakpoints.not_set_yet")
        return message("tui.notice.breakpoint_not_verified", where=where, reason=reason)
    moved = f"{where.rpartition(':')[0]}:{actual.line}"
    return message("tui.notice.breakpoint_moved", where=moved, reason=told)
