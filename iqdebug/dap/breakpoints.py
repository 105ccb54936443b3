"""Line breakpoints as requests, and what the server made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iqdebug.dap import protocol
from iqdebug.dap.lines import MOVED, line_that_runs
from iqdebug.dap.questions import Questions
from iqdebug.state import Breakpoint

__all__ = ["send_breakpoints"]


async def send_breakpoints(
    questions: Questions,
    breakpoints: Sequence[Breakpoint],
    paths: set[str],
    run_to: Breakpoint | None,
    patience: float,
) -> tuple[Breakpoint, ...]:
    """Tell the server of all breakpoints in ``paths`` and return the whole list as it has it now.

    :param run_to: a further one that is not in the list, removed when it is hit.
    :param patience: seconds for each file's answer.
    """
    answers: dict[tuple[str, int], protocol.BreakpointBody] = {}
    breakpoints = [_placed(b) if b.path in paths else b for b in breakpoints]
    for path in sorted(paths):
        asked = [b for b in breakpoints if b.path == path and b.enabled]
        if run_to is not None and run_to.path == path:
            asked.append(run_to)
        rows = [_row(b) for b in asked]
        arguments = {"source": {"path": path}, "breakpoints": rows}
        body = await questions.fetch("setBreakpoints", arguments, protocol.BreakpointsBody, patience)
        for breakpoint_, answer in zip(asked, body.breakpoints, strict=False):
            answers[(path, breakpoint_.line)] = answer
    return tuple(_answered(b, answers.get((b.path, b.line))) for b in breakpoints)


def _placed(breakpoint_: Breakpoint) -> Breakpoint:
    """On a line that runs again; moved there with a word where the person chose a function's head."""
    line = line_that_runs(breakpoint_.path, breakpoint_.line)
    return breakpoint_ if line == breakpoint_.line else replace(breakpoint_, line=line, message=MOVED)


def _answered(breakpoint_: Breakpoint, answer: protocol.BreakpointBody | None) -> Breakpoint:
    if not breakpoint_.enabled:
        return replace(breakpoint_, verified=False)
    if answer is None:
        return breakpoint_
    line = answer.line or breakpoint_.line
    moved = MOVED if breakpoint_.message == MOVED and line == breakpoint_.line else ""
    return replace(breakpoint_, line=line, verified=answer.verified, message=answer.message or moved)


def _row(breakpoint_: Breakpoint) -> dict[str, Any]:
    row: dict[str, Any] = {"line": breakpoint_.line}
    if breakpoint_.condition:
        row["condition"] = breakpoint_.condition
    if breakpoint_.hit_condition:
        row["hitCondition"] = breakpoint_.hit_condition
    if breakpoint_.log_message:
        row["logMessage"] = breakpoint_.log_message
    return row
