"""The window: what it holds, what was folded away, what is full; and conversations that are kept."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.context.amount": "{label}{count} tokens {share}%",
    "llm.context.counters": "evaluated {evaluated}, reused {reused}, generated {generated} tokens so far",
    "llm.context.free": "free",
    "llm.context.kept_free": "{amount}  kept free",
    "llm.context.pinned": "pinned: {note}",
    "llm.context.reply": "reply",
    "llm.role.assistant": "assistant",
    "llm.role.system": "system",
    "llm.role.tool": "tool",
    "llm.role.user": "user",
    "llm.saved.cannot_open": "The saved conversation {file} cannot be opened",
    "llm.saved.changed": "it is cut short or was changed",
    "llm.saved.counts": "its counts do not agree",
    "llm.saved.damaged": "The file is damaged: {why}.",
    "llm.saved.damaged.fix": "Begin a new conversation.",
    "llm.saved.no_log": "it is no saved log",
    "llm.saved.not_saved": "The session cannot be saved",
    "llm.saved.other_model": "It was held with another model, whose tokens mean something else.",
    "llm.saved.other_model.fix": "Load the model that it was held with, or begin a new conversation.",
    "llm.saved.out_of_order": "Its messages are out of order",
    "llm.saved.session_of_another": "The saved session is of another model",
    "llm.saved.session_of_another.why": "{model}, not {here}",
    "llm.saved.session_unreadable": "The saved session cannot be read",
    "llm.saved.two_moments": "The two halves of the kept conversation are not of one moment",
    "llm.saved.unreadable": "The kept conversation cannot be read",
    "llm.sets_window": (
        "`context = N` below [model] in config.toml sets the window, `iqdebug ask --ctx N` for once"
    ),
    "llm.source.chat": "chat",
    "llm.source.evidence": "evidence",
    "llm.source.ledger": "ledger",
    "llm.source.logs": "logs",
    "llm.source.system": "system",
    "llm.source.tools": "tools",
    "llm.source.values": "values",
    "llm.window.compact": "/compact folds older turns away",
    "llm.window.folded": (
        "{count} older messages were folded into the ledger: {before} → {after} tokens (/compact undo "
        "takes it back)"
    ),
    "llm.window.full": "The window is full",
    "llm.window.full.fix": "/compact folds older turns away; or end this session and begin another",
    "llm.window.full.why": "{used} of {window} tokens are in use",
    "llm.window.no_longer_fits": "it does not fit any more",
    "llm.window.nothing_folded": "no compaction can be taken back",
    "llm.window.nothing_older": "there is nothing older to fold",
    "llm.window.taken_back": "taken back: {used} tokens are in use",
    "llm.window.too_small": "{model} has too small a window",
    "llm.window.too_small.fix": "{advice}; or choose another model",
    "llm.window.too_small.why": "Rules and tools take {used} of {window} tokens",
}
