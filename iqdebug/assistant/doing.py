"""The model's tools that act: propose a fix, verify it, run again, write a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.rerun import command_of_crash
from iqdebug.assistant.actions.tools import ActionTool, Bench, action_tools
from iqdebug.assistant.actions.verify import side_effects
from iqdebug.assistant.rights import Right
from iqdebug.assistant.slash import show_proposal
from iqdebug.assistant.tools.base import BoundTool, Call, Result

if TYPE_CHECKING:
    from iqdebug.assistant.desk import Desk

__all__ = ["acting_tools"]

_SECONDS = 200.0  # two runs in a copy


def acting_tools(desk: Desk) -> Sequence[BoundTool]:
    """Those of a recorded crash. Proposing shows a diff and changes nothing, so it only reads; what
    starts a program asks, with what it may touch."""
    crash = desk.known.crash
    if crash is None:
        return ()
    bench = Bench(crash)
    return tuple(_bound(desk, bench, tool) for tool in action_tools(bench))


def _bound(desk: Desk, bench: Bench, tool: ActionTool) -> BoundTool:
    proposes = tool.tool.name == "propose_fix"

    async def run(call: Call, arguments: Mapping[str, Any]) -> Result:
        now = desk.moment_now
        bench.diagnosis = now.diagnosis if now is not None else None
        bench.proposal = desk.work.proposal
        if not proposes:
            command = command_of_crash(bench.crash)
            words = "; ".join(side_effects(command))
            await call.session.obtain(Right.MUTATE, f"run {tool.tool.name}", command.shown, words)
        outcome = await tool.run(arguments)
        if isinstance(outcome.result, Proposal):
            show_proposal(desk, outcome.result, "by the model")
        first = outcome.text.splitlines()[0] if outcome.text else tool.tool.name
        return Result(outcome.text, "tools", first[:120], failed=outcome.failed)

    return BoundTool(
        tool.tool, Right.READ if proposes else Right.MUTATE, run, asks_itself=not proposes, seconds=_SECONDS
    )
