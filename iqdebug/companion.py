"""Who the person talks with: a desk with the model that was chosen, or with none."""

from __future__ import annotations

import os

from iqdebug.assistant.desk import Desk, Known
from iqdebug.assistant.doing import acting_tools
from iqdebug.assistant.fencing import Veil
from iqdebug.assistant.slash import COMMANDS
from iqdebug.errors import IqdebugError
from iqdebug.llm.window import Folded, Window

__all__ = ["companion_for"]


def companion_for(setting: str | None, known: Known) -> Desk:
    """:param setting: ``llama:FILE``, ``http://host/v1`` or ``none``; None for what is configured.

    A model that cannot be had is no reason not to debug: the reason stands in the conversation.
    """
    from iqdebug.llm.open import open_backend

    wanted = setting if setting is not None else os.environ.get("IQDEBUG_MODEL", "none")
    veil = Veil()
    window: Window | None = None
    failure: IqdebugError | None = None
    try:
        backend = open_backend(wanted, veil.scrub)
        window = Window(backend) if backend is not None else None
    except IqdebugError as error:
        failure = error
    desk = Desk(window, known, commands=COMMANDS, extra=acting_tools, veil=veil)
    if window is not None:

        def folded(now: Folded) -> None:
            desk.note(now.words)

        window.on_fold = folded
    if failure is not None:
        desk.transcript.add("error", "\n".join(failure.lines()))
    return desk
