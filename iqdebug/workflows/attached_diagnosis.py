"""A diagnosis without a screen: look, attach, look again, leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from iqdebug.core.errors import AttachTimeout, CannotAttach, MissingTool, ProtocolError, TargetError
from iqdebug.core.messages import message
from iqdebug.core.state import Breakpoint, LogRecord, ProcessInfo, Snapshot
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.workflows.diagnosis_inputs import live_diagnosis
from iqdebug.workflows.headless import Result, instead, outside_view

__all__ = ["attached"]

ENTRY_TIMEOUT = 3.0  # seconds for the main thread to reach a safe point before looking must do
MAX_LOGS = 200


class _LogCollector:
    """Keeps the last records that the target wrote."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        pass

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.records = (self.records + list(records))[-MAX_LOGS:]

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass


async def attached(info: ProcessInfo, seconds: float) -> Result:
    """Attach, look twice ``seconds`` apart without stopping the process, detach.

    A process that cannot be entered, or not in time, is looked at from outside instead, and the
    result says so.
    """
    options = AttachOptions(exceptions=(), wait=ENTRY_TIMEOUT, outside=outside_view(info.pid))
    try:
        session = await attach(info, options)
    except (AttachTimeout, CannotAttach, MissingTool, ProtocolError) as error:
        return await asyncio.to_thread(instead, info.pid, seconds, error)
    collector = _LogCollector()
    session.subscribe(collector)
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
        silent = TargetError(message("cli.diagnose.silent", pid=info.pid))
        return await asyncio.to_thread(instead, info.pid, seconds, silent)
    return Result(second, live_diagnosis(second, first), tuple(collector.records))
