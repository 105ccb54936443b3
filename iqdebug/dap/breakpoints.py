"""The line breakpoints of a session: the list, the requests, and what the server made of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from iqdebug.core.code_lines import lines_with_code
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability
from iqdebug.core.state import Breakpoint
from iqdebug.dap import protocol
from iqdebug.dap.availability import Availability
from iqdebug.dap.breakpoint_lines import MOVED, line_that_runs
from iqdebug.dap.code_finder import Finder
from iqdebug.dap.snapshot_store import SnapshotStore
from iqdebug.dap.target_client import TargetClient

__all__ = ["BREAKPOINTS_TIMEOUT", "NO_CODE", "BreakpointList"]

BREAKPOINTS_TIMEOUT = 5.0
"""Seconds for the answer about one file."""

NO_CODE = message("dap.breakpoint.no_code")
ONLY_C = message("dap.breakpoint.only_with_c")
_STRING = "<string>"


class BreakpointList:
    """:param breakpoints: to be put into the target when it can take them."""

    def __init__(
        self,
        store: SnapshotStore,
        client: TargetClient,
        finder: Finder,
        availability: Availability,
        breakpoints: Sequence[Breakpoint] = (),
    ) -> None:
        self._store = store
        self._client = client
        self._finder = finder
        self._availability = availability
        self._breakpoints = tuple(breakpoints)
        self._armed = True
        self._run_to: Breakpoint | None = None

    @property
    def current(self) -> tuple[Breakpoint, ...]:
        """As the server has them now."""
        return self._breakpoints

    async def install(self, breakpoints: Sequence[Breakpoint], timeout: float = BREAKPOINTS_TIMEOUT) -> None:
        """Replace the whole list, in the target too.

        :param timeout: seconds for the answer about one file.
        """
        paths = {b.path for b in (*self._breakpoints, *breakpoints)}
        self._breakpoints = tuple(breakpoints)
        await self._send(paths, timeout)
        self._store.notify_breakpoints(self._breakpoints)

    def keep(self, breakpoints: Sequence[Breakpoint]) -> None:
        """Replace the whole list, and leave the target alone."""
        self._breakpoints = tuple(breakpoints)
        self._store.notify_breakpoints(self._breakpoints)

    async def arm(self, on: bool) -> None:
        self._availability.require(Capability.BREAKPOINTS)
        if on is not self._armed:
            self._armed = on
            await self._send({b.path for b in self._breakpoints})

    async def run_to(self, path: str, line: int) -> None:
        """Put in one more that is not in the list, until the next stop."""
        self._availability.require(Capability.RUN_TO)
        self._run_to = Breakpoint(path=path, line=line)
        await self._send({path})

    async def remove_run_to(self) -> None:
        if self._run_to is not None:
            path, self._run_to = self._run_to.path, None
            await self._send({path})

    async def _send(self, paths: set[str], timeout: float = BREAKPOINTS_TIMEOUT) -> None:
        """Tell the server of all breakpoints in ``paths``, and take over what it made of them."""
        finder, run_to = self._finder, self._run_to
        breakpoints: Sequence[Breakpoint] = self._breakpoints
        answers: dict[tuple[str, int], protocol.BreakpointBody] = {}
        skipped: set[str] = set()
        for path in sorted(paths):
            is_used = any(b.path == path for b in breakpoints) or (run_to is not None and run_to.path == path)
            name = (
                await finder.name_for_breakpoints(path) if is_used else path
            )  # with its text, without a file
            breakpoints = [_placed(b, finder) if b.path == path else b for b in breakpoints]
            wanted = [b for b in breakpoints if b.path == path and b.enabled and self._armed]
            if run_to is not None and run_to.path == path:
                wanted.append(run_to)
            rows = [_request_row(b) for b in wanted]
            arguments = {"source": {"path": name}, "breakpoints": rows}
            body = await self._client.ask_debugger(
                "setBreakpoints", arguments, protocol.BreakpointsBody, timeout
            )
            if wanted and await finder.is_skipped(path):
                skipped.add(path)
            for breakpoint_, answer in zip(wanted, body.breakpoints, strict=False):
                answers[(path, breakpoint_.line)] = answer
        known = (_checked(_answered(b, answers.get((b.path, b.line))), finder) for b in breakpoints)
        self._breakpoints = tuple(_never_stops(b) if b.path in skipped else b for b in known)


def _never_stops(breakpoint_: Breakpoint) -> Breakpoint:
    remark = message("dap.breakpoint.skipped_file", file=os.path.basename(breakpoint_.path))
    return replace(breakpoint_, verified=False, remark=remark)


def _placed(breakpoint_: Breakpoint, finder: Finder) -> Breakpoint:
    """On a line that runs again; moved there with a word where the person chose a function's head."""
    line = line_that_runs(finder.sources.read(breakpoint_.path), breakpoint_.line)
    return breakpoint_ if line == breakpoint_.line else replace(breakpoint_, line=line, remark=MOVED)


def _answered(breakpoint_: Breakpoint, answer: protocol.BreakpointBody | None) -> Breakpoint:
    if not breakpoint_.enabled:
        return replace(breakpoint_, verified=False)
    if answer is None:
        return breakpoint_
    line = answer.line or breakpoint_.line
    remark: Text = answer.message or ""
    if not remark and line != breakpoint_.line:
        remark = message("dap.breakpoint.moved", line=breakpoint_.line)
    elif not remark and (breakpoint_.verified or breakpoint_.remark == MOVED):
        remark = breakpoint_.remark  # that it was moved, before
    return replace(breakpoint_, line=line, verified=answer.verified, remark=remark)


def _checked(breakpoint_: Breakpoint, finder: Finder) -> Breakpoint:
    """The server takes any line of a text that is in no file."""
    path = breakpoint_.path
    if not finder.sources.in_memory(path):
        return breakpoint_
    text = finder.sources.read(path)
    known = lines_with_code(text) if text else None
    if not breakpoint_.verified or known is None or breakpoint_.line in known:
        remark = ONLY_C if path == _STRING and breakpoint_.verified else breakpoint_.remark
        return replace(breakpoint_, in_memory=True, remark=remark)
    return replace(breakpoint_, in_memory=True, verified=False, remark=NO_CODE)


def _request_row(breakpoint_: Breakpoint) -> dict[str, int | str]:
    row: dict[str, int | str] = {"line": breakpoint_.line}
    if breakpoint_.condition:
        row["condition"] = breakpoint_.condition
    if breakpoint_.hit_condition:
        row["hitCondition"] = breakpoint_.hit_condition
    if breakpoint_.log_message:
        row["logMessage"] = breakpoint_.log_message
    return row
