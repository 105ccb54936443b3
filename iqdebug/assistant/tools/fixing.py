"""Tools that act: propose a fix, prove it, write a test.

None of them changes the person's files. Proposing shows a diff, which the person may apply; what runs the
recorded program does so in a scratch copy, and asks each time with all that would be run.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.actions.edits import edits_of_call
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.assistant.actions.regression import Expectation, prove, regression_tests, tests_shown_exactly
from iqdebug.assistant.actions.rerun import command_of_crash
from iqdebug.assistant.actions.verify import shown_exactly, side_effects, verify
from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import MAX_RESULT, Result, ToolInvocation, for_model
from iqdebug.assistant.tools.decorator import tool
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message, render
from iqdebug.crash import Crash

__all__ = ["FIXING_TOOLS"]

MAX_SUMMARY = 120  # characters


@tool(Right.READ, needs_workbench=True)
async def propose_fix(
    call: ToolInvocation,
    *,
    path: Annotated[str, Meta(description="the file, as the stack names it")],
    old: Annotated[str, Meta(description="the lines as they are", min_length=1)],
    new: Annotated[str, Meta(description="the lines as they should be")],
) -> Result:
    """Propose a minimal edit of the program's source. `old` is copied from the file exactly, whole lines, and
    stands there only once; `new` replaces it. Nothing is changed until the person agrees."""
    bench = call.workbench
    try:
        proposal = propose(
            edits_of_call({"path": path, "old": old, "new": new}),
            bench.root,
            known=bench.own_files,
            why_not=call.context.files.why_not,
        )
    except IqdebugError as error:
        return _refused(error)
    bench.show_proposal(proposal)
    notes = "".join(f"\nnote: {each}" for each in proposal.warnings)
    return _result(message("assistant.summary.edit_fits"), f"\n{proposal.diff}{notes}")


@tool(Right.MUTATE, asks_itself=True, needs_workbench=True)
async def rerun(call: ToolInvocation) -> Result:
    """Run the recorded command or test again in a scratch copy, to see whether it fails as it was
    recorded."""
    crash, root = await call.workbench.crash_to_run(call.tool)
    return await _run_again(call, crash, root, None, times="once")


@tool(Right.MUTATE, name="verify", asks_itself=True, needs_workbench=True)
async def verify_fix(call: ToolInvocation) -> Result:
    """Run the recorded command or test in a scratch copy, without and with the last proposed fix; answers
    whether the failure is gone, with both outputs."""
    crash, root = await call.workbench.crash_to_run(call.tool)
    proposal = call.workbench.proposal
    if proposal is None:
        return _result(message("assistant.refusal.no_fix"), failed=True)
    return await _run_again(call, crash, root, proposal, times="twice")


@tool(Right.MUTATE, asks_itself=True, needs_workbench=True)
async def write_test(
    call: ToolInvocation,
    *,
    equals: Annotated[str, Meta(description="a Python expression that the result should equal")]
    | None = None,
    raises: Annotated[str, Meta(description="the exception that should be raised instead")] | None = None,
) -> Result:
    """Make a pytest that repeats the failing call with its recorded arguments; it is run in a scratch copy to
    prove that it fails without the last proposed fix and passes with it."""
    bench = call.workbench
    crash, root = await bench.crash_to_run(call.tool)
    expectation = Expectation(equals or "", raises or "")
    tests = await asyncio.to_thread(regression_tests, crash, bench.diagnosis, expectation, root)
    proposal = bench.proposal
    shown = await asyncio.to_thread(tests_shown_exactly, crash, tests, proposal)
    await _obtain(call, crash, shown, times="once or more")
    try:
        proved = await prove(crash, tests, proposal, root=root, folder=bench.scratch_folder)
    except IqdebugError as error:
        return _refused(error)
    return _result("\n".join(proved.lines()) or message("assistant.proved.no_test"))


async def _run_again(
    call: ToolInvocation, crash: Crash, root: str, proposal: Proposal | None, *, times: str
) -> Result:
    shown = await asyncio.to_thread(lambda: shown_exactly(command_of_crash(crash), proposal))
    await _obtain(call, crash, shown, times)
    try:
        verified = await verify(crash, proposal, root=root, folder=call.workbench.scratch_folder)
    except IqdebugError as error:
        return _refused(error)
    return _result("\n".join(verified.lines()))


async def _obtain(call: ToolInvocation, crash: Crash, shown: str, times: str) -> None:
    """:raises Refused: the person did not agree to what is shown, which is all that would be run."""
    words = "; ".join(side_effects(command_of_crash(crash), times))
    await call.session.obtain(Right.MUTATE, message("assistant.consent.tool", tool=call.tool), shown, words)


def _refused(error: IqdebugError) -> Result:
    words = " ".join(line.rstrip(".") + "." for line in error.lines())
    return _result(message("assistant.refusal.fix", why=words), failed=True)


def _result(words: Text, more: str = "", *, failed: bool = False) -> Result:
    """:param words: for the model; the first line also for the person."""
    text = for_model(words) + more
    summary = render(words).partition("\n")[0][:MAX_SUMMARY]
    return Result(text[:MAX_RESULT], summary_message=summary, failed=failed)


FIXING_TOOLS = (propose_fix, rerun, verify_fix, write_test)
