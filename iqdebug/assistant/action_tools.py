"""The model's tools that act: propose a fix, verify it, run again, write a test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.rerun import command_of_crash
from iqdebug.assistant.actions.tools import ACTION_TOOLS, ActionContext, ActionTool
from iqdebug.assistant.actions.verify import side_effects
from iqdebug.assistant.commands import show_proposal
from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation

if TYPE_CHECKING:
    from iqdebug.assistant.session import AssistantSession

__all__ = ["acting_tools"]

_SECONDS = 200.0  # two runs in a copy
_TIMES = {"rerun": "once", "verify": "twice", "write_test": "once or more"}


def acting_tools(desk: AssistantSession) -> Sequence[BoundTool]:
    """Proposing shows a diff and changes nothing, so it only reads; what starts a program asks, with
    what it may touch."""
    return tuple(_bound(desk, tool) for tool in ACTION_TOOLS)


def _bound(desk: AssistantSession, tool: ActionTool) -> BoundTool:
    name = tool.tool.name

    async def run(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
        stop, active = desk.current_stop, desk.require_active()
        crash = desk.debuggee.crash
        diagnosis = stop.diagnosis if stop is not None else None
        root = active.root
        if tool.starts:
            crash = await desk.crash(name)
            root = active.binding.root_to_run(crash)
        bench = ActionContext(
            crash, diagnosis, root=root, known=active.own_files, why_not=call.world.files.why_not
        )
        bench.proposal = desk.pending.proposal
        if tool.starts and crash is not None:
            words = "; ".join(side_effects(command_of_crash(crash), _TIMES[name]))
            shown = await asyncio.to_thread(bench.shown, name, arguments)
            await call.session.obtain(Right.MUTATE, f"run {name}", shown, words)
        outcome = await tool.run(bench, arguments)
        if isinstance(outcome.result, Proposal):
            show_proposal(desk, outcome.result, "by the model")
        first = outcome.text.splitlines()[0] if outcome.text else name
        return Result(outcome.text, "tools", first[:120], failed=outcome.failed)

    right = Right.MUTATE if tool.starts else Right.READ
    return BoundTool(tool.tool, right, run, asks_itself=tool.starts, seconds=_SECONDS)
