"""English: the sentences that people read, by the id of their message."""

from __future__ import annotations

from iqdebug.core.messages.en import (
    agent,
    anomalies,
    anomaly_parts,
    assistant,
    attaching,
    cli,
    conversation,
    core,
    crash,
    dap,
    exits,
    kinds,
    living,
    llm,
    meanings,
    peek,
    reasons,
    sessions,
    tui,
    waits,
)

__all__ = ["TEMPLATES", "plural_form"]

TEMPLATES: dict[str, str] = {
    **kinds.TEMPLATES,
    **anomalies.TEMPLATES,
    **anomaly_parts.TEMPLATES,
    **reasons.TEMPLATES,
    **living.TEMPLATES,
    **meanings.TEMPLATES,
    **waits.TEMPLATES,
    **attaching.TEMPLATES,
    **conversation.TEMPLATES,
    **exits.TEMPLATES,
    **sessions.TEMPLATES,
    **core.TEMPLATES,
    **crash.TEMPLATES,
    **agent.TEMPLATES,
    **assistant.TEMPLATES,
    **llm.TEMPLATES,
    **peek.TEMPLATES,
    **dap.TEMPLATES,
    **cli.TEMPLATES,
    **tui.TEMPLATES,
}


def plural_form(count: int) -> int:
    """Which of the forms ``one|many`` goes with a number."""
    return 0 if count == 1 else 1
