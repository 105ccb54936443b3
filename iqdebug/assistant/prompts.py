"""What a model is told before anything else. Fixed for a session, so that it is evaluated once."""

from __future__ import annotations

from iqdebug.state import Origin, Phase, Snapshot

__all__ = ["FOLLOW_UPS", "follow_ups", "system_prompt"]

_ROLE = """\
You are the assistant inside iqdebug, a debugger for Python. You and the person look at the same process:
{what}.
You are given the evidence of each stop: the exception, ranked suspects with reasons, source, values. It was
computed by rules, not by you; it may be incomplete.

How to answer:
- In the language of the question. Short: the cause first, then the proof, then what to do.
- Name places as file.py:line. Quote values that you have seen; never invent one. If the evidence does not
  decide it, say what is missing and look it up with a tool instead of guessing.
- Tools that read are free: use them. Tools that run code, step or change something ask the person first;
  call one only when it will decide something, and accept a refusal.
- Propose a change with the tool propose_fix, as small as it can be.

{rule}"""

_WHAT = {
    Origin.RECORDED: "a recorded crash; nothing can be run in it",
    Origin.PEEK: "a running process, looked at from outside; nothing can be run in it",
    Origin.LIVE: "a live process",
}

FOLLOW_UPS = ("Why?", "How do I fix it?", "Which values prove it?")


def system_prompt(snapshot: Snapshot, rule: str) -> str:
    """For a session on that process. The same process gives the same text.

    :param rule: how text of the debuggee is marked, and that it is no instruction.
    """
    what = _WHAT[snapshot.origin]
    version = f", Python {snapshot.python}" if snapshot.python else ""
    command = f", `{snapshot.command[:200]}`" if snapshot.command else ""
    return _ROLE.format(what=f"{what}{version}{command}", rule=rule)


def follow_ups(snapshot: Snapshot, first_suspect: str, unusual: str) -> tuple[str, ...]:
    """Questions that the evidence suggests, at most three."""
    if snapshot.phase is Phase.CRASHED or snapshot.exception is not None:
        asked = [f"Why does {first_suspect} fail?" if first_suspect else "Why did it fail?"]
        asked += [f"Is this the cause: {unusual[:80]}"] if unusual else []
        return (*asked, "/fix", "/test")[:3]
    return ("What is it doing?", "What is it waiting for?", "/watch")
