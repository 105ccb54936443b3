"""Commands that change or run something: /fix, /apply, /undo, /verify, /test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iqdebug.assistant.actions.apply import apply, undo
from iqdebug.assistant.actions.edits import edits_in
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.assistant.actions.proven_fixes import NEEDS_A_MODEL, proven_fixes
from iqdebug.assistant.actions.regression import prove, regression_tests, tests_shown_exactly, write_test
from iqdebug.assistant.actions.rerun import command_of_crash
from iqdebug.assistant.actions.verify import shown_exactly, side_effects, verify
from iqdebug.assistant.session import AssistantSession
from iqdebug.assistant.transcript import Entry
from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import render

__all__ = ["apply_fix", "propose_fix", "prove_test", "show_proposal", "undo_last", "verify_fix"]

_MAX_REFUSED_TESTS = 6


async def propose_fix(assistant: AssistantSession, rest: str) -> None:
    stop, active = assistant.require_stop(), assistant.require_active()
    root = active.root
    proven: Sequence[Proposal] = ()
    if root:
        proven = proven_fixes(stop.diagnosis, root=root, read_source=active.binding.read_source)
    if proven:
        show_proposal(assistant, proven[0], "the evidence proves it, without a model")
        return
    if assistant.conversation is None:
        assistant.note(render(NEEDS_A_MODEL))
        return
    question = f"Propose the smallest fix with propose_fix, then say in a sentence why it is right. {rest}"
    await assistant.ask(question.strip(), f"/fix {rest}".strip())
    if assistant.pending.proposal is None:
        _propose_from_answer(assistant, root)


def _propose_from_answer(assistant: AssistantSession, root: str) -> None:
    """A model that does not call tools writes its edit into the answer."""
    answer = next((e.text for e in reversed(assistant.transcript.entries) if e.kind == "answer"), "")
    suspects = assistant.require_stop().diagnosis.suspects
    edits = edits_in(answer, suspects[0].path if suspects else "")
    if not edits:
        assistant.note("the answer holds no edit; ask again, or say what should change")
        return
    active = assistant.require_active()
    proposal = propose(edits, root, known=active.own_files, why_not=active.binding.why_not_read)
    show_proposal(assistant, proposal, "from the model's answer")


def show_proposal(assistant: AssistantSession, proposal: Proposal, origin: str) -> None:
    """Show a proposed edit, which /verify, /test and /apply then work on.

    :param origin: who proposes it.
    """
    assistant.pending.proposal = proposal
    names = ", ".join(change.name for change in proposal.files)
    words = "; ".join((origin, *([proposal.reason] if proposal.reason else []), *proposal.warnings))
    assistant.transcript.add("diff", f"proposed: {names}", detail=proposal.diff, words=words)
    assistant.note("/verify runs it in a copy, /test proves it by a test, /apply writes it")


async def apply_fix(assistant: AssistantSession, rest: str) -> None:
    pending, proposal = assistant.pending, assistant.pending.proposal
    if proposal is None:
        raise NotAvailable("There is no fix to apply", "", "/fix proposes one")
    names = ", ".join(change.name for change in proposal.files)
    if not await assistant.confirm(f"change {names}", proposal.diff, "a backup is kept; /undo"):
        assistant.note("nothing was changed")
        return
    pending.receipt = apply(proposal)
    assistant.note(f"applied to {names}; /undo puts it back", f"backup: {pending.receipt.folder}")
    if pending.proposal is proposal:  # a newer one may have come while the person read
        pending.proposal = None


async def undo_last(assistant: AssistantSession, rest: str) -> None:
    pending, conversation = assistant.pending, assistant.conversation
    if pending.receipt is not None:
        paths = undo(pending.receipt)
        pending.receipt = None
        assistant.note(f"put back: {', '.join(paths)}")
    elif conversation is not None and conversation.calls.can_undo:
        assistant.note(await conversation.calls.undo())
    else:
        assistant.note("nothing that was done can be undone")


async def verify_fix(assistant: AssistantSession, rest: str) -> None:
    crash = await assistant.crash("/verify")
    root = assistant.require_active().binding.root_to_run(crash)
    command = command_of_crash(crash)
    proposal = assistant.pending.proposal
    effects = "\n".join(side_effects(command, "twice" if proposal is not None else "once"))
    if not await assistant.confirm(
        "run the recorded command again", shown_exactly(command, proposal), effects
    ):
        assistant.note("nothing was run")
        return
    entry = assistant.transcript.add("call", f"running {command.shown}", running=True)
    verified = await verify(crash, proposal, root=root)
    assistant.transcript.put(_ended(entry, verified.words, verified.lines()))
    assistant.note(("✔ " if verified.green else "✘ ") + verified.words)
    if proposal is None:
        assistant.note("there was no fix to try: /fix proposes one")


async def prove_test(assistant: AssistantSession, rest: str) -> None:
    crash = await assistant.crash("/test")
    diagnosis = assistant.require_stop().diagnosis
    root = assistant.require_active().binding.root_to_run(crash)
    tests = regression_tests(crash, diagnosis, root=root)
    effects = "\n".join(side_effects(command_of_crash(crash), "once or more"))
    proposal = assistant.pending.proposal
    shown = tests_shown_exactly(crash, tests, proposal)
    if not await assistant.confirm("run a test of the failing call in a copy", shown, effects):
        assistant.note("nothing was run")
        return
    entry = assistant.transcript.add("call", "proving a regression test", running=True)
    proof = await prove(crash, tests, proposal, root=root)
    words = proof.verified.words if proof.verified is not None else "no test could be made"
    assistant.transcript.put(_ended(entry, words, proof.lines()))
    if proof.test is None:
        for refused in proof.refused[:_MAX_REFUSED_TESTS]:
            assistant.note(f"no test from {refused}")
        return
    title = f"{proof.test.path} (not written yet)"
    assistant.transcript.add("diff", title, detail=proof.test.text, words=words)
    if await assistant.confirm(f"write {proof.test.path}", proof.test.text):
        assistant.note(f"written: {write_test(proof.test)}")
    else:
        assistant.note("the test was not written")


def _ended(entry: Entry, words: str, lines: list[str]) -> Entry:
    return replace(entry, running=False, words=words, detail="\n".join(lines))
