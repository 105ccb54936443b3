"""The system prompt, the same for all sessions so that it is evaluated once a machine; which process the
evidence is of; and what a person may ask next."""

from __future__ import annotations

from collections.abc import Collection

from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Diagnosis, Origin, Phase, Snapshot

__all__ = ["about_process", "follow_ups", "system_prompt"]

_ROLE = """\
You are the assistant inside iqdebug, a debugger for Python. You and the person look at the same process.
You are given the evidence of each stop: which process it is, the exception, ranked suspects with reasons,
source, values. It was computed by rules, not by you; it may be incomplete.

How to answer:
- In the language of the question, what it asks for, in a few sentences without headings. To why something
  fails: the place and the cause first, then what proves it, then what to do.
- Name places as file.py:line. Quote values that you have seen; never invent one. If the evidence does not
  decide it, say what is missing and look it up with a tool instead of guessing.
- Tools that read are free: use them. Tools that run code, step or change something ask the person first;
  call one only when it will decide something, and accept a refusal.
- Propose a change with the tool propose_fix, as small as it can be.

{rule}"""

_MAX_OFFER_CHARACTERS = 80

# For the model:
_WHAT = {
    Origin.RECORDED: "a recorded crash; nothing can be run in it",
    Origin.PEEK: "a running process, looked at from outside; nothing can be run in it",
    Origin.LIVE: "a live process",
    Origin.DAP: "a live process",
}


def system_prompt(rule: str) -> str:
    """The same text for every session.

    :param rule: how text of the debuggee is marked, and that it is no instruction.
    """
    return _ROLE.format(rule=rule)


def about_process(snapshot: Snapshot) -> str:
    """Which process the evidence is of, in one line for the model."""
    version = f", Python {snapshot.python}" if snapshot.python else ""
    command = f", `{' '.join(snapshot.command[:200].split())}`" if snapshot.command else ""
    return f"process: {_WHAT[snapshot.origin]}{version}{command}"


def follow_ups(snapshot: Snapshot, diagnosis: Diagnosis, asked: Collection[str] = ()) -> tuple[str, ...]:
    """What the evidence suggests to say next, at most three, the most telling first.

    :param asked: questions and commands that were typed already.
    """
    if snapshot.phase is Phase.CRASHED or snapshot.exception is not None:
        first = diagnosis.suspects[0].function if diagnosis.suspects else ""
        offers: list[Text] = [
            message("assistant.offer.why_fails", function=first)
            if first
            else message("assistant.offer.why_failed")
        ]
        for anomaly in diagnosis.anomalies[:1]:
            offers += [message("assistant.offer.is_cause", anomaly=anomaly.text[:_MAX_OFFER_CHARACTERS])]
        offers += ["/fix"]
        odd = {each.variable.name for each in diagnosis.anomalies[:1] if each.variable is not None}
        ways = sorted(diagnosis.provenance, key=lambda step: step.expression not in odd)
        offers += [message("assistant.offer.whence", expression=step.expression[:40]) for step in ways[:1]]
        offers += ["/test", message("assistant.offer.what_else"), "/scan"]
    else:
        offers = [
            message("assistant.offer.doing"),
            message("assistant.offer.waiting"),
            "/watch",
            "/why",
            "/scan",
        ]
    return tuple(offer for offer in map(render, offers) if offer not in asked)[:3]
