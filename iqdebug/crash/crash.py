"""A crash file with what is derived from its contents: the snapshot, and the children of its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from iqdebug.core.state import Snapshot, Variable
from iqdebug.crash.model import CrashContents
from iqdebug.crash.to_snapshot import snapshot_of
from iqdebug.crash.variables import children_of

__all__ = ["MAX_CHILDREN", "Crash"]

MAX_CHILDREN = 200
"""Children of one value that a diagnosis reads."""


@dataclass(frozen=True)
class Crash(CrashContents):
    """One crash file. Both views are computed from the contents alone; nothing else is read."""

    @cached_property
    def snapshot(self) -> Snapshot:
        """The state at the crash, in the form that every screen and the ranking use."""
        return snapshot_of(self)

    def children(self, reference: int, limit: int = MAX_CHILDREN) -> Sequence[Variable]:
        """The first ``limit`` children of the recorded value behind a variable's reference."""
        return list(islice(children_of(self, reference), limit))
