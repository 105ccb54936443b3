"""Makes the assistant of a debug session, with the model that was chosen or with none."""

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
from iqdebug.core.config import Config, Model, load
from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import message
from iqdebug.core.store import state_folder
from iqdebug.llm.messages import Sampling
from iqdebug.llm.open_backend import Opened, open_model
from iqdebug.llm.window.saved_conversation import SavedConversation
from iqdebug.llm.window.window import Window
from iqdebug.peek.processes import identity

__all__ = ["companion_for", "shelf"]


def shelf() -> Path:
    """The folder in which conversations are kept."""
    return state_folder() / "conversations"


def companion_for(
    setting: str | None,
    debuggee: DebuggeeContext,
    kept: SavedConversation | None = None,
    context: int = 0,
    *,
    required: bool = False,
) -> AssistantSession:
    """A model that cannot be opened does not keep anybody from debugging: the reason stands in the
    transcript.

    :param setting: ``llama:NAME_OR_FILE``, a ``.gguf`` file, ``http://host/v1`` or ``none``; None for
        ``$IQDEBUG_MODEL``, else what is configured.
    :param kept: the conversation that goes on.
    :param context: tokens of the window; 0: as configured.
    :param required: nothing can be done without one.

    :raises IqdebugError: it is required and cannot be opened: why.
    """
    config, wishes, opened, failure = Config(), Model(), None, None
    masking = Redactor()
    try:
        config = load()
        chosen = setting if setting is not None else os.environ.get("IQDEBUG_MODEL") or config.model.setting
        wishes = msgspec.structs.replace(config.model, context=context or config.model.context)
        opened = open_model(chosen, wishes, masking.scrub)
    except IqdebugError as error:
        if required:
            raise
        failure = error

    def window_of(model: Opened) -> Window:
        made = Window(
            model.backend,
            reserve=model.sampling.max_tokens,
            high=config.window.high_water,
            low=config.window.low_water,
        )
        made.on_fold = lambda folded: assistant.note(folded.words)
        return made

    def open_window(later: str) -> tuple[Window, Sampling]:
        model = open_model(later, wishes, masking.scrub)
        if model is None:
            raise UsageError(
                message("llm.open.no_model", setting=later), "", message("llm.open.no_model.fix")
            )
        return window_of(model), model.sampling

    stays_here = opened is not None and not opened.backend.about.remote
    assistant = AssistantSession(
        window_of(opened) if opened is not None else None,
        replace(debuggee, identity=identity),
        commands=COMMANDS,
        extra=acting_tools,
        redactor=Redactor(enabled=False) if stays_here and not config.model.mask_local else masking,
        policy=Policy(config.rights.probe, config.rights.control),
        sampling=opened.sampling if opened is not None else None,
        folder=shelf(),
        tool_choice=config.model.tools,
        first_word_s=config.model.first_word,
        resumed=kept,
        open_window=open_window,
    )
    if failure is not None:
        assistant.transcript.add("error", "\n".join(failure.lines()))
    return assistant
