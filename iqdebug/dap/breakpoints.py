"""Line breakpoints as requests, and what the server made of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iqdebug.core.code_lines import lines_with_code
from iqdebug.core.state import Breakpoint
from iqdebug.dap import protocol
from iqdebug.dap.breakpoint_lines import MOVED, line_that_runs
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.target_client import TargetClient

__all__ = ["NO_CODE", "send_breakpoints"]

NO_CODE = "no code on this line"
ONLY_C = "debugpy stops there only in a program given with -c"
_STRING = "<string>"


async def send_breakpoints(
    questions: TargetClient,
    finder: Finder,
    breakpoints: Sequence[Breakpoint],
    paths: set[str],
    run_to: Breakpoint | None,
    patience: float,
    *,
    armed: bool = True,
) -> tuple[Breakpoint, ...]:
    """Tell the server of all breakpoints in ``paths`` and return the whole list as it has it now.

    :param run_to: a further one that is not in the list, removed when it is hit.
    :param patience: seconds for each file's answer.
    :param armed: False takes the list's own out of the target.
    """
    answers: dict[tuple[str, int], protocol.BreakpointBody] = {}
    skipped: set[str] = set()
    for path in sorted(paths):
        here = any(b.path == path for b in breakpoints) or (run_to is not None and run_to.path == path)
        name = await finder.name_for_breakpoints(path) if here else path  # with its text, where it is no file
        breakpoints = [_placed(b, finder) if b.path == path else b for b in breakpoints]
        asked = [b for b in breakpoints if b.path == path and b.enabled and armed]
        if run_to is not None and run_to.path == path:
            asked.append(run_to)
        rows = [_row(b) for b in asked]
        arguments = {"source": {"path": name}, "breakpoints": rows}
        body = await questions.fetch("setBreakpoints", arguments, protocol.BreakpointsBody, patience)
        if asked and await finder.is_skipped(path):
            skipped.add(path)
        for breakpoint_, answer in zip(asked, body.breakpoints, strict=False):
            answers[(path, breakpoint_.line)] = answer
    known = (_checked(_answered(b, answers.get((b.path, b.line))), finder) for b in breakpoints)
    return tuple(_never(b) if b.path in skipped else b for b in known)


def _never(breakpoint_: Breakpoint) -> Breakpoint:
    words = f"debugpy stops in no file named {os.path.basename(breakpoint_.path)}"
    return replace(breakpoint_, verified=False, message=words)


def _placed(breakpoint_: Breakpoint, finder: Finder) -> Breakpoint:
    """On a line that runs again; moved there with a word where the person chose a function's head."""
    line = line_that_runs(finder.sources.read(breakpoint_.path), breakpoint_.line)
    return breakpoint_ if line == breakpoint_.line else replace(breakpoint_, line=line, message=MOVED)


def _answered(breakpoint_: Breakpoint, answer: protocol.BreakpointBody | None) -> Breakpoint:
    if not breakpoint_.enabled:
        return replace(breakpoint_, verified=False)
    if answer is None:
        return breakpoint_
    line = answer.line or breakpoint_.line
    words = answer.message or ""
    if not words and line != breakpoint_.line:
        words = f"moved here from line {breakpoint_.line}, which has no code"
    elif not words and (breakpoint_.verified or breakpoint_.message == MOVED):
        words = breakpoint_.message  # that it was moved, before
    return replace(breakpoint_, line=line, verified=answer.verified, message=words)


def _checked(breakpoint_: Breakpoint, finder: Finder) -> Breakpoint:
    """The server takes any line of a text that is in no file."""
    path = breakpoint_.path
    if not finder.sources.in_memory(path):
        return breakpoint_
    text = finder.sources.read(path)
    known = lines_with_code(text) if text else None
    if not breakpoint_.verified or known is None or breakpoint_.line in known:
        words = ONLY_C if path == _STRING and breakpoint_.verified else breakpoint_.message
        return replace(breakpoint_, in_memory=True, message=words)
    return replace(breakpoint_, in_memory=True, verified=False, message=NO_CODE)


def _row(breakpoint_: Breakpoint) -> dict[str, Any]:
    row: dict[str, Any] = {"line": breakpoint_.line}
    if breakpoint_.condition:
        row["condition"] = breakpoint_.condition
    if breakpoint_.hit_condition:
        row["hitCondition"] = breakpoint_.hit_condition
    if breakpoint_.log_message:
        row["logMessage"] = breakpoint_.log_message
    return row
