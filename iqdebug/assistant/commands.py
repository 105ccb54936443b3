"""What ``/name`` does in a conversation, with a model and without."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from iqdebug.assistant.actions.apply import apply, undo
from iqdebug.assistant.actions.edits import edits_in
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.assistant.actions.proven_fixes import NEEDS_A_MODEL, mechanical_fixes
from iqdebug.assistant.actions.regression import prove, regression_tests, tests_shown_exactly, write_test
from iqdebug.assistant.actions.rerun import command_of_crash
from iqdebug.assistant.actions.scan import scan
from iqdebug.assistant.actions.verify import shown_exactly, side_effects, verify
from iqdebug.assistant.actions.watch import hits_of, watches
from iqdebug.assistant.actions.why import explain, section_lines, why
from iqdebug.assistant.transcript import Entry
from iqdebug.core.errors import NotAvailable, UsageError
from iqdebug.core.session import Capability
from iqdebug.core.state import Diagnosis, Snapshot

if TYPE_CHECKING:
    from iqdebug.assistant.conversation import Conversation
    from iqdebug.assistant.pending_edits import PendingEdits
    from iqdebug.assistant.session import AssistantSession

__all__ = ["COMMANDS"]

_OFFERED = 40


def _stop(desk: AssistantSession) -> tuple[Snapshot, Diagnosis]:
    now = desk.moment_now
    if now is None:
        raise NotAvailable("There is nothing to speak of yet", "No stop or crash was examined")
    return now.snapshot, now.diagnosis


# what the evidence says


async def _help(desk: AssistantSession, rest: str) -> None:
    desk.transcript.add("note", "commands", detail="\n".join(desk.help_lines()))
    desk.transcript.add(
        "note",
        "in a question @file:name.py, @frame, @var:name and @log:word add what they name; Tab completes",
    )


async def _why(desk: AssistantSession, rest: str) -> None:
    snapshot, diagnosis = _stop(desk)
    desk.transcript.add("question", "/why")
    _told(desk, "\n".join(section_lines(why(snapshot, diagnosis))))


async def _explain(desk: AssistantSession, rest: str) -> None:
    snapshot, diagnosis = _stop(desk)
    desk.transcript.add("question", "/explain")
    _told(desk, "\n".join(section_lines(explain(snapshot, diagnosis))))
    if desk.conversation is not None:
        about = f" In particular: {rest}" if rest else ""
        await desk.question(
            f"Explain the failure to somebody who does not know this code.{about}", f"/explain {rest}".strip()
        )


def _told(desk: AssistantSession, text: str) -> None:
    """Words of the evidence: plain, as they are."""
    desk.transcript.add("note", desk.veil.scrub(text))


# changing


async def _fix(desk: AssistantSession, rest: str) -> None:
    snapshot, diagnosis = _stop(desk)
    root = desk.root
    found = mechanical_fixes(snapshot, diagnosis, root=root, read_source=desk.read_source) if root else ()
    if found:
        show_proposal(desk, found[0], "the evidence proves it, without a model")
        return
    if desk.conversation is None:
        desk.note(NEEDS_A_MODEL)
        return
    await desk.question(
        f"Propose the smallest fix with propose_fix, then say in a sentence why it is right. {rest}".strip(),
        f"/fix {rest}".strip(),
    )
    if desk.work.proposal is None:
        _from_answer(desk, root)


def _from_answer(desk: AssistantSession, root: str) -> None:
    """A model that does not call tools writes its edit into the answer."""
    answer = next((e.text for e in reversed(desk.transcript.entries) if e.kind == "answer"), "")
    _, diagnosis = _stop(desk)
    path = diagnosis.suspects[0].path if diagnosis.suspects else ""
    edits = edits_in(answer, path)
    if not edits:
        desk.note("the answer holds no edit; ask again, or say what should change")
        return
    show_proposal(
        desk, propose(edits, root, known=desk.own_files, why_not=desk.why_not_read), "from the model's answer"
    )


def show_proposal(desk: AssistantSession, proposal: Proposal, words: str) -> None:
    """Into the flow, to be verified and applied."""
    desk.work.proposal = proposal
    names = ", ".join(change.name for change in proposal.files)
    said = "; ".join((words, *([proposal.reason] if proposal.reason else []), *proposal.warnings))
    desk.transcript.add("diff", f"proposed: {names}", detail=proposal.diff, words=said)
    desk.note("/verify runs it in a copy, /test proves it by a test, /apply writes it")


async def _apply(desk: AssistantSession, rest: str) -> None:
    work, proposal = desk.work, desk.work.proposal
    if proposal is None:
        raise NotAvailable("There is no fix to apply", "", "/fix proposes one")
    names = ", ".join(change.name for change in proposal.files)
    if not await desk.agreed(f"change {names}", "yours", proposal.diff, "a backup is kept; /undo"):
        desk.note("nothing was changed")
        return
    work.receipt = apply(proposal)
    desk.transcript.add(
        "note", f"applied to {names}; /undo puts it back", detail=f"backup: {work.receipt.folder}"
    )
    if work.proposal is proposal:
        work.proposal = None


async def _undo(desk: AssistantSession, rest: str) -> None:
    work = desk.work
    conversation = desk.conversation
    if work.receipt is not None:
        paths = undo(work.receipt)
        work.receipt = None
        desk.note(f"put back: {', '.join(paths)}")
    elif conversation is not None and conversation.undoing:
        desk.note(await conversation.undo())
    else:
        desk.note("nothing that was done can be undone")


async def _verify(desk: AssistantSession, rest: str) -> None:
    crash = await desk.crash("/verify")
    root = desk.root_to_run(crash)
    command = command_of_crash(crash)
    proposal = desk.work.proposal
    said = "\n".join(side_effects(command, "twice" if proposal is not None else "once"))
    if not await desk.agreed(
        "run the recorded command again", "yours", shown_exactly(command, proposal), said
    ):
        desk.note("nothing was run")
        return
    entry = desk.transcript.add("call", f"running {command.shown}", running=True)
    found = await verify(crash, proposal, root=root)
    desk.transcript.put(_ended(entry, found.words, found.lines()))
    desk.transcript.add("note", ("✔ " if found.green else "✘ ") + found.words)
    if proposal is None:
        desk.note("there was no fix to try: /fix proposes one")


async def _test(desk: AssistantSession, rest: str) -> None:
    crash = await desk.crash("/test")
    _, diagnosis = _stop(desk)
    root = desk.root_to_run(crash)
    tests = regression_tests(crash, diagnosis, root=root)
    said = "\n".join(side_effects(command_of_crash(crash), "once or more"))
    proposal = desk.work.proposal
    shown = tests_shown_exactly(crash, tests, proposal)
    if not await desk.agreed("run a test of the failing call in a copy", "yours", shown, said):
        desk.note("nothing was run")
        return
    entry = desk.transcript.add("call", "proving a regression test", running=True)
    found = await prove(crash, tests, proposal, root=root)
    words = found.verified.words if found.verified is not None else "no test could be made"
    desk.transcript.put(_ended(entry, words, found.lines()))
    if found.test is None:
        for refused in found.refused[:6]:
            desk.note(f"no test from {refused}")
        return
    desk.transcript.add("diff", f"{found.test.path} (not written yet)", detail=found.test.text, words=words)
    if await desk.agreed(f"write {found.test.path}", "yours", found.test.text):
        desk.note(f"written: {write_test(found.test)}")
    else:
        desk.note("the test was not written")


def _ended(entry: Entry, words: str, lines: list[str]) -> Entry:
    return replace(entry, running=False, words=words, detail="\n".join(lines))


# looking on


async def _watch(desk: AssistantSession, rest: str) -> None:
    work, session = desk.work, desk.session
    if rest in ("stop", "off") and session is not None:
        points = {(w.breakpoint.path, w.breakpoint.line) for w in work.watched}
        await session.set_breakpoints([b for b in session.breakpoints if (b.path, b.line) not in points])
        _hits(desk, work)
        work.watched = ()
        return
    if work.watched and not rest:
        _hits(desk, work)
        return
    _, diagnosis = _stop(desk)
    found = watches(diagnosis, read_source=desk.read_source)
    if not found:
        desk.note("the evidence names no variable to watch")
        return
    lines = [f"{w.breakpoint.path}:{w.breakpoint.line}  {', '.join(w.names)}: {w.reason}" for w in found]
    desk.transcript.add("note", "worth watching", detail=desk.veil.scrub("\n".join(lines)))
    if session is None or session.why_not(Capability.BREAKPOINTS):
        desk.note("they can be set as log-points when the program runs under iqdebug again")
        return
    shown = "\n".join(f"{w.breakpoint.path}:{w.breakpoint.line} {w.breakpoint.log_message}" for w in found)
    if await desk.agreed(f"set {len(found)} log-points", "yours", shown, "nothing stops at them"):
        places = {(w.breakpoint.path, w.breakpoint.line) for w in found}
        kept = [b for b in session.breakpoints if (b.path, b.line) not in places]
        await session.set_breakpoints([*kept, *(w.breakpoint for w in found)])
        work.watched = found
        desk.note("set; /watch tells what they reported, /watch stop takes them away")


def _hits(desk: AssistantSession, work: PendingEdits) -> None:
    eyes = desk.eyes
    for hit in hits_of(work.watched, eyes.logs() if eyes is not None else ()):
        point = hit.watch.breakpoint
        last = "\n".join(hit.last)
        desk.note(f"{point.path}:{point.line} was reached {hit.count} times", desk.veil.scrub(last))


async def _scan(desk: AssistantSession, rest: str) -> None:
    snapshot, _ = _stop(desk)
    found = await asyncio.to_thread(scan, snapshot, read_source=desk.read_source)
    if not found.findings:
        desk.note(f"no dangerous pattern in {found.files} files of the stack")
    for finding in found.findings:
        head, *more = finding.lines()
        desk.note(desk.veil.scrub(head), desk.veil.scrub("\n".join(more)))
    for note in found.notes:
        desk.note(note)


async def _complete(desk: AssistantSession, rest: str) -> None:
    session, eyes = desk.session, desk.eyes
    if not rest or session is None or eyes is None:
        raise UsageError(
            "There is nothing to complete", "", "/complete EXPRESSION, such as /complete order.it"
        )
    found = await session.complete(rest, len(rest), eyes.frame(), session.snapshot.epoch)
    desk.note(f"the process: {'  '.join(c.text for c in found[:_OFFERED]) or 'nothing'}")
    if desk.window is not None:
        desk.note(f"the model: {await desk.completed(rest, '') or 'nothing'}")


# the conversation itself


async def _context(desk: AssistantSession, rest: str) -> None:
    if desk.window is None:
        raise NotAvailable("There is no window", "No model was chosen")
    desk.transcript.add("note", "what the model has before it", detail="\n".join(desk.window.context_lines()))


async def _pin(desk: AssistantSession, rest: str) -> None:
    if desk.window is None:
        raise NotAvailable("There is no window to pin it in", "No model was chosen")
    text = rest or next((e.text for e in reversed(desk.transcript.entries) if e.kind == "answer"), "")
    if not text:
        raise UsageError("There is nothing to pin", "", "/pin TEXT, or /pin after an answer")
    await desk.window.pin(desk.veil.scrub(text))
    desk.note(f"pinned: {text[:200]}")


async def _unpin(desk: AssistantSession, rest: str) -> None:
    if desk.window is None:
        raise NotAvailable("There is no window", "No model was chosen")
    taken = await desk.window.unpin(rest)
    desk.note("unpinned" if taken else f"nothing pinned begins with {rest!r}")


async def _compact(desk: AssistantSession, rest: str) -> None:
    if desk.window is None:
        raise NotAvailable("There is no window", "No model was chosen")
    desk.note(await (desk.window.unfold() if rest == "undo" else desk.window.compact()))


async def _retry(desk: AssistantSession, rest: str) -> None:
    if desk.conversation is not None:
        desk.conversation.again()
        await desk.taking_back(desk.conversation.finished())


async def _edit(desk: AssistantSession, rest: str) -> None:
    if desk.conversation is None:
        return
    taken: list[str] = []

    async def take_back(conversation: Conversation) -> None:
        taken.append(await conversation.take_back())

    await desk.taking_back(take_back(desk.conversation))
    if taken[0] and desk.eyes is not None:
        desk.eyes.put(taken[0])


async def _copy(desk: AssistantSession, rest: str) -> None:
    said = [e for e in desk.transcript.entries if e.kind in ("answer", "note") and not e.offers]
    text = said[-1].text if said else ""
    if text and desk.eyes is not None:
        desk.eyes.copy(text)
        desk.note("copied")


async def _model(desk: AssistantSession, rest: str) -> None:
    standing = desk.transcript.standing
    if desk.window is None:
        desk.note("no model: `iqdebug models list` shows what there is, `iqdebug models use …` chooses")
        return
    about = desk.window.about
    kind = "counted by its own tokenizer" if about.exact else "counted from above"
    desk.note(
        f"{about.model} ({about.setting}), {about.where}; {about.window:,} tokens, {kind}; {standing.words}"
    )


async def _rights(desk: AssistantSession, rest: str) -> None:
    gate = desk.gate
    if gate is None:
        return
    if rest == "revoke":
        gate.revoke_all()
    granted = [f"{g.tool}: {g.right.value}, this session" for g in gate.grants] or ["reading alone"]
    done = [
        f"{d.tool}: {'allowed' if d.allowed else 'refused'} by {d.by}  {d.detail[:80]}"
        for d in gate.decisions
    ]
    desk.transcript.add("note", "what the model may do: " + "; ".join(granted), detail="\n".join(done))


COMMANDS: dict[str, tuple[str, Callable[[AssistantSession, str], Awaitable[None]]]] = {
    "help": ("this list", _help),
    "why": ("the cause, from the evidence alone", _why),
    "explain": ("what it means and where the values came from; a model adds its words", _explain),
    "fix": ("propose the smallest edit; /apply writes it", _fix),
    "apply": ("write the proposed edit, with a backup", _apply),
    "verify": ("run the recorded command without and with the edit, in a copy", _verify),
    "test": ("a pytest of the failing call, proved in a copy", _test),
    "watch": ("variables worth watching, as log-points; /watch stop", _watch),
    "scan": ("dangerous patterns in the code on the stack", _scan),
    "complete": ("what may stand at the end of an expression: the process, then the model", _complete),
    "undo": ("undo the last change that can be undone", _undo),
    "retry": ("have the last question answered anew", _retry),
    "edit": ("take the last question back into the field", _edit),
    "copy": ("copy the last answer", _copy),
    "context": ("what the model has before it, by source", _context),
    "pin": ("keep a fact in the window whatever happens: /pin TEXT", _pin),
    "unpin": ("let go of it: /unpin BEGINNING", _unpin),
    "compact": ("fold older stops into the ledger now; /compact undo", _compact),
    "model": ("which model, where, how large its window is", _model),
    "rights": ("what the model may do and did; /rights revoke", _rights),
}
