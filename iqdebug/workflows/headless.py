"""A process looked at without a screen, and what that says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from iqdebug.core.errors import IqdebugError, NoSuchProcess
from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Diagnosis, LogRecord, Snapshot
from iqdebug.core.state_lines import diagnosis_lines, log_lines, snapshot_lines
from iqdebug.core.text import clean
from iqdebug.peek.first_look import peek
from iqdebug.workflows.diagnosis_inputs import live_diagnosis

__all__ = ["Result", "from_outside", "instead", "outside_view"]


@dataclass(frozen=True, slots=True)
class Result:
    """``not_attached`` says why the process was only looked at from outside, where it was."""

    snapshot: Snapshot
    diagnosis: Diagnosis
    logs: tuple[LogRecord, ...] = ()
    not_attached: Text = ""

    def lines(self) -> list[str]:
        lines = diagnosis_lines(self.diagnosis)
        if self.not_attached:
            lines.append(f"({clean(render(self.not_attached))})")
        lines += ["", *snapshot_lines(self.snapshot)]
        if self.logs:
            lines += ["", render(message("cli.last_output")), *log_lines(self.logs)]
        return lines


def from_outside(pid: int, seconds: float, not_attached: Text = "") -> Result:
    """Two looks ``seconds`` apart and what they say. Nothing is stopped or injected."""
    first = peek(pid)
    time.sleep(seconds)
    second = peek(pid)
    return Result(second, live_diagnosis(second, first), not_attached=not_attached)


def instead(pid: int, seconds: float, error: IqdebugError) -> Result:
    """:func:`from_outside` for a process that ``error`` kept us out of, which is raised where that does
    not work either."""
    reasons = [text for text in error.texts if text][:2]
    try:
        return from_outside(pid, seconds, message("cli.diagnose.only_from_outside", reasons=reasons))
    except NoSuchProcess:
        raise
    except IqdebugError:
        raise error from None


def outside_view(pid: int) -> Callable[[], Awaitable[Snapshot | None]]:
    """A look from outside for a session to complete its own with; None when it fails."""

    async def look() -> Snapshot | None:
        try:
            return await asyncio.to_thread(peek, pid, locals=False, deadline=1.0)
        except IqdebugError:
            return None

    return look
