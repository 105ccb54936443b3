"""The one place that changes what is shown when a snapshot comes."""

from __future__ import annotations

from iqdebug.core.state import Origin, Snapshot
from iqdebug.tui.controllers.diagnosis import DiagnosisController
from iqdebug.tui.controllers.program import ProgramController
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import OVER, DebugState
from iqdebug.tui.controllers.supervision import SupervisionController
from iqdebug.tui.controllers.variables import VariablesController
from iqdebug.tui.controllers.window import Window

__all__ = ["SnapshotController"]


class SnapshotController:
    """Shows a snapshot in every pane and asks for its diagnosis."""

    def __init__(
        self,
        window: Window,
        state: DebugState,
        *,
        variables: VariablesController,
        selection: SelectionController,
        diagnosis: DiagnosisController,
        program: ProgramController,
        supervision: SupervisionController,
    ) -> None:
        self._window = window
        self._state = state
        self._variables = variables
        self._selection = selection
        self._diagnosis = diagnosis
        self._program = program
        self._supervision = supervision

    def accept(self, snapshot: Snapshot, *, is_first_of_session: bool) -> bool:
        """Returns whether it is shown; what is older than what is shown is dropped. Epochs of another
        session have nothing to do with those before."""
        shown = before = self._state.snapshot
        if not self._window.is_drawn:
            return False
        if is_first_of_session:
            self._variables.forget()
            before = None
        elif before is not None and self._state.session is not None and _is_older(snapshot, before):
            return False
        is_new_stop = before is None or snapshot.epoch != before.epoch
        if is_new_stop:
            self._diagnosis.begin_stop(is_over=snapshot.phase in OVER)
        self._selection.follow(snapshot, is_new_stop=is_new_stop)
        self._state.snapshot = snapshot
        self._supervision.explain_end(snapshot)
        self._program.follow(shown, snapshot)
        self._selection.show()
        self._window.refresh_status()
        if snapshot.threads and snapshot.phase not in OVER:
            is_same_stop = shown is not None and shown.epoch == snapshot.epoch
            self._diagnosis.request(snapshot, shown if is_same_stop else None)
        return True


def _is_older(snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether it is out of date while a session is there: what was seen from outside before
    counts no more, and a session's own snapshots go by epoch and revision."""
    if Origin.PEEK in (snapshot.origin, before.origin):
        return snapshot.origin is Origin.PEEK
    return (snapshot.epoch, snapshot.revision) < (before.epoch, before.revision)
