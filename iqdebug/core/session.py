"""What a screen may ask of a debug session, whatever stands behind it.

A live target, a recorded crash and a replayed session implement :class:`DebugSession` with
different capabilities; no screen asks which one it has, only what it can do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from iqdebug.core.messages import Message
from iqdebug.core.state import (
    Breakpoint,
    CodePlace,
    Completion,
    EvaluateResult,
    Frame,
    LogRecord,
    Snapshot,
    Variable,
)
from iqdebug.core.supervision import Supervision

__all__ = ["Capability", "CodeFinder", "DebugSession", "Listener", "StepKind", "capability_message"]


class Capability(str, Enum):
    PAUSE = "pause"
    CONTINUE = "continue"
    STEP = "step"
    RUN_TO = "run to cursor"
    RESTART_FRAME = "restart frame"
    EVALUATE = "evaluate"
    COMPLETE = "complete"
    SET_VARIABLE = "set variable"
    BREAKPOINTS = "breakpoints"
    REPR = "show repr"
    DETACH = "detach"
    REATTACH = "attach again"
    RECORD = "keep this stop as a crash file"


def capability_message(capability: Capability) -> Message:
    """The action, as a person calls it."""
    return Message(f"capability.{capability.name.lower()}")


class StepKind(str, Enum):
    OVER = "next"
    IN = "stepIn"
    OUT = "stepOut"


class Listener(Protocol):
    """Notified of changes, always on the event loop's thread, in order. Must not block."""

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        """A newer snapshot is current."""

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        """The target wrote or logged; ``dropped`` lines were lost since the last call because
        they came faster than they could be read."""

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        """The whole list, as the server has it now."""


class CodeFinder(Protocol):
    """What a living target has loaded. Runs no code of the target's. An answer holds what could be read
    within a second; each raises :class:`~iqdebug.core.errors.RequestFailed`,
    :class:`~iqdebug.core.errors.ConnectionLost` or TimeoutError."""

    async def files(self) -> tuple[CodePlace, ...]:
        """The source files of loaded modules, and texts that are in memory alone."""

    async def functions(self) -> tuple[CodePlace, ...]:
        """The functions of the program's own modules."""

    async def named(self, name: str) -> tuple[CodePlace, ...]:
        """The functions that ``module.function``, ``Class.method`` or a bare name may mean."""

    async def source(self, path: str) -> tuple[str, ...]:
        """The lines of a file name that the target's code has and that is no file: of a notebook's
        cell, of a doctest, of code that was executed from a text. () where the target has none."""


@runtime_checkable
class DebugSession(Protocol):
    """The authority for one target's debug state.

    Every action raises :class:`~iqdebug.core.errors.NotAvailable` when :meth:`why_not` names a
    reason, :class:`~iqdebug.core.errors.RequestFailed` when the server refuses, and
    :class:`~iqdebug.core.errors.ConnectionLost` when it is gone. Values asked for under an epoch
    that has passed come back empty rather than wrong.
    """

    @property
    def snapshot(self) -> Snapshot: ...

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]: ...

    @property
    def finder(self) -> CodeFinder | None:
        """None where nothing is loaded: a recording, a target that is gone."""

    @property
    def supervision(self) -> Supervision | None:
        """Of a process that another one ends when it is paused for long; else None."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Notify ``listener`` from now on; the returned callable ends that."""

    def why_not(self, capability: Capability) -> str:
        """ "" when the action is possible now, else the reason in words."""

    async def pause(self) -> None:
        """Ask the target to stop; returns when asked, the stop arrives as a snapshot. When it
        cannot stop (main thread in C), the snapshot's detail says so within 2 s."""

    async def resume(self) -> None: ...

    async def step(self, kind: StepKind, thread_id: int) -> None: ...

    async def run_to(self, path: str, line: int) -> None: ...

    async def restart_frame(self, frame: Frame) -> None: ...

    async def variables(self, frame: Frame, epoch: int) -> tuple[Variable, ...]:
        """The locals of a frame, then one expandable group for its globals. Runs no code of
        the target's."""

    async def children(
        self, reference: int, epoch: int, start: int = 0, count: int = 100
    ) -> tuple[Variable, ...]:
        """``count`` children from ``start``; runs no code of the target's."""

    async def full_value(self, reference_or_expression: int | str, frame: Frame | None, epoch: int) -> str:
        """The value's own ``repr``, run in the target because a person asked; bounded in time
        (2 s) and length (1 MiB)."""

    async def read_expression(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """The value of an expression that only reads; runs no code of the target's, whatever the
        expression and the objects are. Bounded in steps, size and time (1 s). While a live target
        runs, its ``__main__`` is read.

        :raises RunsCode: it cannot be had without running code; ``why`` says what would run.
        """

    async def evaluate(self, expression: str, frame: Frame | None, epoch: int) -> EvaluateResult:
        """Evaluate or execute in the frame, or in the target's ``__main__`` when None."""

    async def complete(
        self, text: str, column: int, frame: Frame | None, epoch: int
    ) -> tuple[Completion, ...]: ...

    async def set_variable(self, name: str, expression: str, frame: Frame, epoch: int) -> EvaluateResult: ...

    async def set_breakpoints(self, breakpoints: Sequence[Breakpoint]) -> None:
        """Replace the whole list."""

    async def arm(self, on: bool) -> None:
        """Whether the breakpoints are in the target, or wait in the list alone."""

    async def record(self) -> tuple[str, bytes]:
        """The stop as a crash file: a name for it that no other has, and its bytes (docs/iqcrash.md),
        secrets masked; a snapshot where it stands at no exception. Runs no code of the target's."""

    async def refresh(self) -> None:
        """Look again at a running target (stacks without stopping it)."""

    async def detach(self) -> None:
        """Resume, remove everything of ours from the target, and close. Never raises for a
        target that is already gone."""
