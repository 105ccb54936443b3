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
from iqdebug.core.messages import Text, message, render

__all__ = ["apply_fix", "propose_fix", "prove_test", "show_proposal", "undo_last", "verify_fix"]

_MAX_REFUSED_TESTS = 6


async def propose_fix(assistant: AssistantSession, rest: str) -> None:
    stop, active = assistant.require_stop(), assistant.require_active()
    root = active.root
    proven: Sequence[Proposal] = ()
    if root:
        proven = proven_fixes(stop.diagnosis, root=root, read_source=active.binding.read_source)
    if proven:
        show_proposal(assistant, proven[0], message("assistant.proposed.proven"))
        return
    if assistant.conversation is None:
        assistant.note(NEEDS_A_MODEL)
        return
    # The question is for the model.
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
        assistant.note(message("assistant.proposed.no_edit"))
        return
    active = assistant.require_active()
    proposal = propose(edits, root, known=active.own_files, why_not=active.binding.why_not_read)
    show_proposal(assistant, proposal, message("assistant.proposed.from_answer"))


def show_proposal(assistant: AssistantSession, proposal: Proposal, origin: Text) -> None:
    """Show a proposed edit, which /verify, /test and /apply then work on.

    :param origin: who proposes it.
    """
    assistant.pending.proposal = proposal
    title = message("assistant.proposed", names=[change.name for change in proposal.files])
    parts = [origin, *([proposal.reason] if proposal.reason else []), *proposal.warnings]
    words = message("assistant.proposed.words", parts=parts)
    assistant.transcript.add("diff", title, detail=proposal.diff, words=words)
    assistant.note(message("assistant.proposed.next"))


async def apply_fix(assistant: AssistantSession, rest: str) -> None:
    pending, proposal = assistant.pending, assistant.pending.proposal
    if proposal is None:
        raise NotAvailable(message("assistant.no_fix"), "", message("assistant.no_fix.fix"))
    names = [change.name for change in proposal.files]
    action, why = message("assistant.consent.change", names=names), message("assistant.consent.change.why")
    if not await assistant.confirm(action, proposal.diff, why):
        assistant.note(message("assistant.not_done.changed"))
        return
    pending.receipt = apply(proposal)
    backup = message("assistant.applied.backup", folder=str(pending.receipt.folder))
    assistant.note(message("assistant.applied", names=names), backup)
    if pending.proposal is proposal:  # a newer one may have come while the person read
        pending.proposal = None


async def undo_last(assistant: AssistantSession, rest: str) -> None:
    pending, conversation = assistant.pending, assistant.conversation
    if pending.receipt is not None:
        paths = undo(pending.receipt)
        pending.receipt = None
        assistant.note(message("assistant.undone.put_back", paths=paths))
    elif conversation is not None and conversation.calls.can_undo:
        assistant.note(await conversation.calls.undo())
    else:
        assistant.note(message("assistant.undone.nothing"))


async def verify_fix(assistant: AssistantSession, rest: str) -> None:
    crash = await assistant.crash("/verify")
    root = assistant.require_active().binding.root_to_run(crash)
    command = command_of_crash(crash)
    proposal = assistant.pending.proposal
    effects = "\n".join(side_effects(command, "twice" if proposal is not None else "once"))
    if not await assistant.confirm(
        message("assistant.consent.run_again"), shown_exactly(command, proposal), effects
    ):
        assistant.note(message("assistant.not_done.run"))
        return
    running = message("assistant.verifying", command=command.shown)
    entry = assistant.transcript.add("call", running, running=True)
    verified = await verify(crash, proposal, root=root)
    assistant.transcript.put(_ended(entry, verified.words, verified.lines()))
    if verified.green:
        assistant.note(message("assistant.verified.green", words=verified.words))
    else:
        assistant.note(message("assistant.verified.red", words=verified.words))
    if proposal is None:
        assistant.note(message("assistant.verified.no_fix"))


async def prove_test(assistant: AssistantSession, rest: str) -> None:
    crash = await assistant.crash("/test")
    diagnosis = assistant.require_stop().diagnosis
    root = assistant.require_active().binding.root_to_run(crash)
    tests = regression_tests(crash, diagnosis, root=root)
    effects = "\n".join(side_effects(command_of_crash(crash), "once or more"))
    proposal = assistant.pending.proposal
    shown = tests_shown_exactly(crash, tests, proposal)
    if not await assistant.confirm(message("assistant.consent.run_test"), shown, effects):
        assistant.note(message("assistant.not_done.run"))
        return
    entry = assistant.transcript.add("call", message("assistant.proving"), running=True)
    proof = await prove(crash, tests, proposal, root=root)
    no_test = message("assistant.proved.no_test")
    words: Text = proof.verified.words if proof.verified is not None else no_test
    assistant.transcript.put(_ended(entry, words, proof.lines()))
    if proof.test is None:
        for refused in proof.refused[:_MAX_REFUSED_TESTS]:
            assistant.note(message("assistant.proved.no_test_from", place=refused))
        return
    title = message("assistant.proved.not_written_yet", path=str(proof.test.path))
    assistant.transcript.add("diff", title, detail=proof.test.text, words=words)
    action = message("assistant.consent.write_test", path=str(proof.test.path))
    if await assistant.confirm(action, proof.test.text):
        assistant.note(message("assistant.proved.written", path=str(write_test(proof.test))))
    else:
        assistant.note(message("assistant.proved.not_written"))


def _ended(entry: Entry, words: Text, lines: list[str]) -> Entry:
    return replace(entry, running=False, words=render(words), detail="\n".join(lines))
