"""Commands about the conversation itself: its window, its last question, the model and its rights."""

from __future__ import annotations

from iqdebug.assistant.conversation import Conversation
from iqdebug.assistant.session import AssistantSession
from iqdebug.assistant.wording import DECIDED_BY
from iqdebug.core.errors import NotAvailable, UsageError
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.llm.window.window import Window

__all__ = [
    "compact",
    "copy_answer",
    "edit_question",
    "pin",
    "retry",
    "show_context",
    "show_help",
    "show_model",
    "show_rights",
    "unpin",
]

_MAX_PINNED_CHARACTERS_SHOWN = 200
_MAX_DETAIL_CHARACTERS = 80


async def show_help(assistant: AssistantSession, rest: str) -> None:
    assistant.note(message("assistant.help"), "\n".join(assistant.commands.help_lines()))
    assistant.note(message("assistant.help.mentions"))


def _window(assistant: AssistantSession, what: Text | None = None) -> Window:
    if assistant.window is None:
        what = what or message("assistant.no_window")
        raise NotAvailable(what, message("assistant.no_window.why"))
    return assistant.window


async def show_context(assistant: AssistantSession, rest: str) -> None:
    assistant.note(message("assistant.context"), "\n".join(_window(assistant).context_lines()))


async def pin(assistant: AssistantSession, rest: str) -> None:
    window = _window(assistant, message("assistant.no_window_to_pin_in"))
    text = rest or next((e.text for e in reversed(assistant.transcript.entries) if e.kind == "answer"), "")
    if not text:
        raise UsageError(message("assistant.nothing_to_pin"), "", message("assistant.nothing_to_pin.fix"))
    await window.pin(assistant.redactor.scrub(text))
    assistant.note(message("assistant.pinned", text=text[:_MAX_PINNED_CHARACTERS_SHOWN]))


async def unpin(assistant: AssistantSession, rest: str) -> None:
    if await _window(assistant).unpin(rest):
        assistant.note(message("assistant.unpinned"))
    else:
        assistant.note(message("assistant.unpinned.nothing", beginning=repr(rest)))


async def compact(assistant: AssistantSession, rest: str) -> None:
    window = _window(assistant)
    assistant.note(await (window.unfold() if rest == "undo" else window.compact()))


async def retry(assistant: AssistantSession, rest: str) -> None:
    if assistant.conversation is not None:
        assistant.conversation.retry()
        await assistant.cut_back(assistant.conversation.finished())


async def edit_question(assistant: AssistantSession, rest: str) -> None:
    if assistant.conversation is None or assistant.active is None:
        return
    taken: list[str] = []

    async def take_back(conversation: Conversation) -> None:
        taken.append(await conversation.take_back())

    await assistant.cut_back(take_back(assistant.conversation))
    if taken[0]:
        assistant.active.binding.ui.put(taken[0])


async def copy_answer(assistant: AssistantSession, rest: str) -> None:
    answers = [e for e in assistant.transcript.entries if e.kind in ("answer", "note") and not e.offers]
    text = answers[-1].text if answers else ""
    if text and assistant.active is not None:
        assistant.active.binding.ui.copy(text)
        assistant.note(message("assistant.copied"))


async def show_model(assistant: AssistantSession, rest: str) -> None:
    if assistant.window is None:
        assistant.note(message("assistant.model.none"))
        return
    about = assistant.window.about
    counted = message("assistant.model.counted_from_above")
    if about.exact:
        counted = message("assistant.model.counted_exactly")
    assistant.note(
        message(
            "assistant.model",
            model=about.model,
            setting=about.setting,
            where=about.where,
            tokens=f"{about.window:,}",
            counted=counted,
            status=assistant.transcript.standing.words,
        )
    )


def _decision_message(tool: str, allowed: bool, decider: Message, detail: str) -> Message:
    if allowed:
        return message("decision.allowed", tool=tool, decider=decider, detail=detail)
    return message("decision.refused", tool=tool, decider=decider, detail=detail)


async def show_rights(assistant: AssistantSession, rest: str) -> None:
    if assistant.active is None:
        return
    gate = assistant.active.binding.gate
    if rest == "revoke":
        gate.revoke_all()
    granted = [message("assistant.rights.granted", tool=g.tool, right=g.right.value) for g in gate.grants]
    granted = granted or [message("assistant.rights.reading_alone")]
    decisions = [
        render(_decision_message(d.tool, d.allowed, DECIDED_BY[d.by], d.detail[:_MAX_DETAIL_CHARACTERS]))
        for d in gate.decisions
    ]
    assistant.note(message("assistant.rights", granted=granted), "\n".join(decisions))
