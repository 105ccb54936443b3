"""What workers and panes post. The app handles them; payloads are frozen values."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from iqdebug.core.state import (
    Anomaly,
    Breakpoint,
    Diagnosis,
    Frame,
    LogRecord,
    Snapshot,
    Step,
    Suspect,
    Variable,
)

__all__ = [
    "BreakpointsArrived",
    "DiagnosisArrived",
    "ExceptionsWanted",
    "FrameWanted",
    "LineWanted",
    "LogsArrived",
    "PlaceWanted",
    "SnapshotArrived",
    "VariablesArrived",
]


class SnapshotArrived(Message):
    """``anew``: the first of a session, whose epochs have nothing to do with those before."""

    def __init__(self, snapshot: Snapshot, *, anew: bool = False) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.anew = anew


class LogsArrived(Message):
    def __init__(self, records: Sequence[LogRecord], dropped: int) -> None:
        super().__init__()
        self.records = records
        self.dropped = dropped


class BreakpointsArrived(Message):
    def __init__(self, breakpoints: Sequence[Breakpoint]) -> None:
        super().__init__()
        self.breakpoints = breakpoints


class DiagnosisArrived(Message):
    """``number`` counts how many were asked for before: a greater one is about a later moment."""

    def __init__(self, diagnosis: Diagnosis, number: int) -> None:
        super().__init__()
        self.diagnosis = diagnosis
        self.number = number


class VariablesArrived(Message):
    """``parent`` is the node's path in the tree; () for the frame itself."""

    def __init__(
        self, epoch: int, frame: Frame, parent: tuple[str, ...], start: int, rows: Sequence[Variable]
    ) -> None:
        super().__init__()
        self.epoch = epoch
        self.frame = frame
        self.parent = parent
        self.start = start
        self.rows = rows


class FrameWanted(Message):
    """Show that frame of that thread: source, stack and variables together."""

    def __init__(self, thread_id: int | None, index: int) -> None:
        super().__init__()
        self.thread_id = thread_id
        self.index = index


class ExceptionsWanted(Message):
    """Show the exception with its causes and members."""


class LineWanted(Message):
    """Show a place in a file without changing the selected frame."""

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line


class PlaceWanted(Message):
    """Show a place that the diagnosis names in the source; with ``go`` go there, stack and variables
    included."""

    def __init__(self, place: Suspect | Step | Anomaly, *, go: bool) -> None:
        super().__init__()
        self.place = place
        self.go = go
