"""Rules about threads and tasks that wait for each other."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from iqdebug.core.messages import Message, message
from iqdebug.core.state import Gil, Suspect, ThreadState, Variable
from iqdebug.diagnosis.live.context import NOT_MOVED, Finding, LiveContext, shown, suspect, where, who
from iqdebug.diagnosis.live.lock_identity import (
    LockUse,
    Party,
    held_locks,
    lock_like,
    same_lock,
    waited_locks,
)

__all__ = ["pool_waits_for_itself", "waiting_for_locks"]

MAX_PARTIES = 500
_SLOW_CALLS = (
    "sleep",
    "run",
    "recv",
    "read",
    "urlopen",
    "get",
    "post",
    "request",
    "execute",
    "wait",
    "join",
    "result",
)

_Edge = tuple[Party, LockUse, Party, LockUse, bool]
"""Who waits, for what, who holds it, as what, and whether the lock is surely the same."""


def waiting_for_locks(context: LiveContext) -> list[Finding]:
    """A cycle of parties, each waiting for a lock that the next one holds, can never end by
    itself: a deadlock. Without a cycle, a holder that several wait for, or that does something
    slow meanwhile, is worth naming; a single brief wait is ordinary."""
    edges = _edges(context, list(islice(_parties(context), MAX_PARTIES)))
    cycles = _cycles(edges)
    findings = [_deadlock(cycle) for cycle in cycles]
    caught = {edge[0].key for cycle in cycles for edge in cycle}
    behind = _labels(e[0] for e in edges if e[2].key in caught and e[0].key not in caught)
    if behind:
        findings.append(Finding("note", message("live.deadlock.behind", parties=behind[:8])))
    rest = [e for e in edges if e[4] and e[0].key not in caught and e[2].key not in caught]
    findings += _holders(context, rest)
    return findings


def pool_waits_for_itself(context: LiveContext) -> list[Finding]:
    """When every worker of a thread pool waits in ``result()`` for work given to a pool and none
    is idle, nothing may be left to do that work."""
    workers = [
        (thread, context.user_frame(thread))
        for thread in context.snapshot.threads
        if any(f.name.endswith("_worker") and f.path.endswith("thread.py") for f in thread.frames)
    ]
    if not workers or context.stopped_by_choice:
        return []
    suspects = []
    for thread, innermost in workers:
        if innermost is None or thread.state is ThreadState.RUNNING:
            return []
        index, frame = innermost
        if ".result(" not in context.source(frame).text(frame.line):
            return []
        reason = message("live.pool.waits")
        suspects.append(suspect(frame, 0.7, [reason], thread=thread, index=index))
    headline = message("live.pool", count=len(workers))
    return [Finding("possible", headline, tuple(suspects[:4]))]


def _labels(parties: Iterable[Party]) -> list[Message]:
    """Each once: tasks, the main thread, threads; by name."""
    return sorted({party.label for party in parties}, key=lambda label: (label.id, str(label.value("name"))))


def _parties(context: LiveContext) -> Iterable[Party]:
    deliberate = context.snapshot.focus if context.stopped_by_choice else None
    for thread in context.snapshot.threads:
        if thread.id != deliberate:
            # Waiting for the GIL is being ready to run: no lock of the program's holds it up.
            state = ThreadState.RUNNING if thread.gil is Gil.WAITS else thread.state
            yield Party(f"thread {thread.id}", who(thread), thread.frames, state, thread.id)
    for number, task in enumerate(context.snapshot.tasks):
        if task.state == "pending":
            label = message("who.task", name=task.name)
            yield Party(f"task {number}", label, task.frames, ThreadState.WAITING, task.thread_id)


def _edges(context: LiveContext, parties: list[Party]) -> list[_Edge]:
    waiting = [(party, use) for party in parties for use in waited_locks(context, party)]
    if not waiting:
        return []
    holding = [(party, use) for party in parties for use in held_locks(context, party)]
    edges: list[_Edge] = []
    for waiter, wanted in waiting:
        for holder, held in holding:
            match = same_lock(wanted, held)
            if match and holder.key != waiter.key:
                edges.append((waiter, wanted, holder, held, match == "surely"))
            elif match == "surely" and waiter.state is ThreadState.WAITING and lock_like(wanted):
                edges.append((waiter, wanted, holder, held, True))
    return edges


def _cycles(edges: list[_Edge]) -> list[list[_Edge]]:
    """Each cycle once. Whoever surely waits for one holder waits for no other by its name. A cycle
    by names alone counts only when it has two names: many objects have a lock of the same name."""
    by_waiter: dict[str, list[_Edge]] = {}
    known = {edge[0].key for edge in edges if edge[4]}
    for edge in edges:
        if edge[4] or edge[0].key not in known:
            by_waiter.setdefault(edge[0].key, []).append(edge)
    cycles: list[list[_Edge]] = []
    done: set[str] = set()
    for start in by_waiter:
        path: list[_Edge] = []
        on_path: dict[str, int] = {}
        key = start
        while key in by_waiter and key not in on_path and key not in done:
            on_path[key] = len(path)
            # One step, no backtracking: a holder that itself waits is the one to follow.
            step = next((e for e in by_waiter[key] if e[2].key in by_waiter), by_waiter[key][0])
            path.append(step)
            key = step[2].key
        if key in on_path:
            cycle = path[on_path[key] :]
            if all(e[4] for e in cycle) or len({e[1].text for e in cycle}) > 1:
                cycles.append(cycle)
        done.update(on_path)
    return cycles


def _deadlock(cycle: list[_Edge]) -> Finding:
    sure = all(edge[4] for edge in cycle)
    suspects: list[Suspect] = []
    for position, (waiter, wanted, holder, held, _) in enumerate(cycle):
        own = cycle[position - 1][3]
        itself = holder.key == waiter.key
        if itself:
            reasons = [
                message(
                    "live.deadlock.waits_for_itself", waiter=waiter.label, lock=wanted.text, line=held.since
                )
            ]
        else:
            reasons = [
                message(
                    "live.deadlock.waits",
                    waiter=waiter.label,
                    lock=wanted.text,
                    holder=holder.label,
                    line=held.since,
                ),
                message(
                    "live.deadlock.holds",
                    holder=waiter.label,
                    lock=own.text,
                    line=own.since,
                    waiter=cycle[position - 1][0].label,
                ),
            ]
            if len(cycle) == 2:
                reasons.append(message("live.deadlock.opposite_order"))
        suspects.append(
            suspect(
                wanted.frame, 0.97 if sure else 0.6, reasons, index=wanted.index, proof=_proof(wanted, own)
            )
        )
    suspects = [_at(s, edge[0]) for s, edge in zip(suspects, cycle, strict=True)]
    labels = [edge[0].label for edge in cycle]
    if len(cycle) == 1:
        headline = message("live.deadlock.itself", waiter=labels[0], lock=cycle[0][1].text)
    else:
        locks = [message("quoted", text=edge[1].text) for edge in cycle]
        headline = message("live.deadlock", parties=labels, locks=locks)
    if not sure:
        headline = message("live.deadlock.by_names", headline=headline)
    return Finding("likely" if sure else "possible", headline, tuple(suspects))


def _at(place: Suspect, party: Party) -> Suspect:
    return replace(place, thread_id=party.thread_id)


def _proof(*uses: LockUse) -> tuple[Variable, ...]:
    return tuple({u.text: u.proof for u in uses}.values())


def _holders(context: LiveContext, edges: list[_Edge]) -> list[Finding]:
    by_holder: dict[tuple[str, str], list[_Edge]] = {}
    for edge in edges:
        by_holder.setdefault((edge[2].key, edge[3].text), []).append(edge)
    findings: list[Finding] = []
    for group in by_holder.values():
        holder, held = group[0][2], group[0][3]
        index, frame = next((i, f) for i, f in enumerate(holder.frames) if f.kind == "user")
        thread = context.snapshot.thread(holder.thread_id)
        waiting = _labels(e[0] for e in group)[:6]
        slow = _slow_call(context.function(frame).statement)
        stuck = thread is not None and context.unmoved(thread) is True
        if context.stopped_by_choice or not (slow or stuck or len(group) > 1):
            note = message(
                "live.lock.waits",
                waiting=waiting,
                lock=held.text,
                holder=holder.label,
                place=where(frame),
            )
            findings.append(Finding("note", note))
            continue
        doing = message("live.lock.while", call=slow) if slow else None
        reasons = [
            message(
                "live.lock.holds",
                holder=holder.label,
                lock=held.text,
                line=held.since,
                doing=doing,
                waiting=waiting,
            )
        ]
        if stuck:
            reasons.append(NOT_MOVED)
        score = 0.55 + 0.1 * stuck + 0.1 * bool(slow)
        place = suspect(frame, score, reasons, thread=thread, index=index, proof=(held.proof,))
        headline = message(
            "live.lock.keeps", holder=holder.label, lock=held.text, doing=doing, count=len(group)
        )
        findings.append(Finding("possible", headline, (place,)))
    return findings


def _slow_call(statement: ast.stmt | None) -> str:
    if statement is None or isinstance(statement, ast.With | ast.For | ast.While | ast.If | ast.Try):
        return ""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            name = shown(node.func)
            if name.rsplit(".", 1)[-1] in _SLOW_CALLS:
                return shown(node)
    return ""
