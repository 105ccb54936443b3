"""A diagnosis without a screen: look, attach, look again, leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from iqdebug.core import text
from iqdebug.core.errors import (
    AttachTimeout,
    CannotAttach,
    IqdebugError,
    MissingTool,
    NoSuchProcess,
    ProtocolError,
    TargetError,
)
from iqdebug.core.state import Breakpoint, Diagnosis, LogRecord, ProcessInfo, Snapshot

__all__ = ["Result", "attached", "from_outside", "outside_view"]

_TIMEOUT = 3.0  # seconds for the main thread to reach a safe point before looking must do
_LOGS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Result:
    """``note`` says why the process was only looked at, where it was."""

    snapshot: Snapshot
    diagnosis: Diagnosis
    logs: tuple[LogRecord, ...] = ()
    note: str = ""

    def lines(self) -> list[str]:
        lines = text.diagnosis_lines(self.diagnosis)
        if self.note:
            lines.append(f"({text.clean(self.note)})")
        lines += ["", *text.snapshot_lines(self.snapshot)]
        if self.logs:
            lines += ["", "last output", *text.log_lines(self.logs)]
        return lines


class _Ear:
    """Keeps the last records that the target wrote."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        pass

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.records = (self.records + list(records))[-_LOGS_KEPT:]

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass


def from_outside(pid: int, seconds: float, note: str = "") -> Result:
    """Two looks ``seconds`` apart and what they say. Nothing is stopped or injected."""
    from iqdebug.peek.first_look import peek

    first = peek(pid)
    time.sleep(seconds)
    second = peek(pid)
    from iqdebug.workflows.diagnosis_inputs import live_diagnosis

    return Result(second, live_diagnosis(second, first), note=note)


def instead(pid: int, seconds: float, error: IqdebugError) -> Result:
    """:func:`from_outside` for a process that ``error`` kept us out of, which is raised where that does
    not work either."""
    try:
        return from_outside(pid, seconds, f"only looked at from outside: {'; '.join(error.lines()[:2])}")
    except NoSuchProcess:
        raise
    except IqdebugError:
        raise error from None


async def attached(info: ProcessInfo, seconds: float) -> Result:
    """Attach, look twice ``seconds`` apart without stopping the process, detach.

    A process that cannot be entered, or not in time, is looked at from outside instead, and the
    result's note says so.
    """
    from iqdebug.dap.attach import AttachOptions, attach

    options = AttachOptions(exceptions=(), wait=_TIMEOUT, outside=outside_view(info.pid))
    try:
        session = await attach(info, options)
    except (AttachTimeout, CannotAttach, MissingTool, ProtocolError) as error:
        return await asyncio.to_thread(instead, info.pid, seconds, error)
    ear = _Ear()
    session.subscribe(ear)
    try:
        first = session.snapshot
        await asyncio.sleep(seconds)
        await session.refresh()
        second = session.snapshot
    except ProtocolError as error:
        return await asyncio.to_thread(instead, info.pid, seconds, error)
    finally:
        await session.detach()
    if not second.threads:
        silent = TargetError(f"Process {info.pid} ended or did not answer while it was being looked at")
        return await asyncio.to_thread(instead, info.pid, seconds, silent)
    from iqdebug.workflows.diagnosis_inputs import live_diagnosis

    return Result(second, live_diagnosis(second, first), tuple(ear.records))


def outside_view(pid: int) -> Callable[[], Awaitable[Snapshot | None]]:
    """A look from outside for a session to complete its own with; None when it fails."""
    from iqdebug.peek.first_look import peek

    async def look() -> Snapshot | None:
        try:
            return await asyncio.to_thread(peek, pid, locals=False, deadline=1.0)
        except IqdebugError:
            return None

    return look
