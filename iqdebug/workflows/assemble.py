"""Who the person talks with: a desk with the model that was chosen, or with none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.permissions import Policy
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.core.config import Config, load
from iqdebug.core.errors import IqdebugError
from iqdebug.core.store import state_folder
from iqdebug.llm.open_backend import Opened, open_model
from iqdebug.llm.window.saved_conversation import SavedConversation
from iqdebug.llm.window.window import Folded, Window
from iqdebug.peek.processes import identity

__all__ = ["companion_for", "shelf"]


def shelf() -> Path:
    """Where conversations are kept."""
    return state_folder() / "conversations"


def companion_for(
    setting: str | None, known: DebuggeeContext, kept: SavedConversation | None = None, context: int = 0
) -> AssistantSession:
    """:param setting: ``llama:NAME_OR_FILE``, ``http://host/v1`` or ``none``; None for ``$IQDEBUG_MODEL``,
        else what is configured.

    :param kept: the conversation that goes on.
    :param context: tokens of the window; 0: as configured.

    A model that cannot be had is no reason not to debug: the reason stands in the conversation.
    """
    config, opened, failure = Config(), None, None
    known = replace(known, identity=identity)
    masked = Redactor()
    try:
        config = load()
        chosen = setting if setting is not None else os.environ.get("IQDEBUG_MODEL") or config.model.setting
        wishes = msgspec.structs.replace(config.model, context=context or config.model.context)
        opened = open_model(chosen, wishes, masked.scrub)
    except IqdebugError as error:
        failure = error
    veil = masked
    if opened is not None and not opened.backend.about.remote and not config.model.mask_local:
        veil = Redactor(enabled=False)
    window = _window(opened, config)
    desk = AssistantSession(
        window,
        known,
        commands=COMMANDS,
        extra=acting_tools,
        veil=veil,
        policy=Policy(config.rights.probe, config.rights.control),
        sampling=opened.sampling if opened is not None else None,
        shelf=shelf(),
        kept=kept,
    )
    if window is not None:

        def folded(now: Folded) -> None:
            desk.note(now.words)

        window.on_fold = folded
    if failure is not None:
        desk.transcript.add("error", "\n".join(failure.lines()))
    return desk


def _window(opened: Opened | None, config: Config) -> Window | None:
    if opened is None:
        return None
    reserve = opened.sampling.max_tokens
    return Window(opened.backend, reserve=reserve, high=config.window.high_water, low=config.window.low_water)
