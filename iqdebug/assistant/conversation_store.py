"""Saves a conversation when it ends, and takes up one that was saved."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import msgspec

from iqdebug.assistant.debuggee import DebuggeeContext, StopContext
from iqdebug.assistant.last_stop import remembering
from iqdebug.assistant.transcript import Entry, Transcript
from iqdebug.core.errors import IqdebugError
from iqdebug.core.state import Origin, Snapshot
from iqdebug.llm.window.saved_conversation import PROCESS, SavedConversation, keep
from iqdebug.llm.window.window import Window

__all__ = ["ConversationStore"]

_MAX_TITLE_CHARACTERS = 80


class ConversationStore:
    """:param folder: in which conversations are kept; None saves none.
    :param resumed: the conversation that goes on.
    """

    def __init__(
        self, folder: Path | None, resumed: SavedConversation | None, debuggee: DebuggeeContext
    ) -> None:
        self._folder = folder
        self._resumed = resumed
        self._debuggee = debuggee
        self._target = resumed.target if resumed is not None else ""

    def restore(self, transcript: Transcript) -> None:
        """Show what the earlier conversation showed. What cannot be read of it is left out."""
        if self._resumed is not None:
            with contextlib.suppress(msgspec.ValidationError):
                transcript.restore(msgspec.convert(list(self._resumed.flow), list[Entry]))

    def bind(self, snapshot: Snapshot) -> None:
        """What the conversation is about from now on."""
        crash = self._debuggee.crash
        if crash is not None:
            self._target = str(crash.path.resolve())
        elif snapshot.origin is not Origin.RECORDED:
            identity = self._debuggee.identity(snapshot.pid)
            self._target = f"{PROCESS}{identity}" if identity else ""

    def take_resumed(self) -> SavedConversation | None:
        """The conversation that goes on; at the second call there is none."""
        resumed, self._resumed = self._resumed, None
        return resumed

    async def save(self, window: Window, transcript: Transcript, last_stop: StopContext | None) -> None:
        """Save a conversation in which something was asked. Never raises: one that cannot be saved is
        lost, and nothing else."""
        questions = [e for e in transcript.entries if e.kind == "question"]
        if self._folder is None or not self._target or not questions:
            return
        flow = [msgspec.to_builtins(replace(e, running=False)) for e in transcript.entries if not e.offers]
        command, stop = "", b""
        title = questions[0].text[:_MAX_TITLE_CHARACTERS]
        with contextlib.suppress(OSError, IqdebugError):
            if self._debuggee.crash is None and last_stop is not None:
                command = last_stop.snapshot.command
                stop = remembering(last_stop.snapshot, last_stop.diagnosis)
            await keep(window, self._target, title, flow, self._folder, len(questions), command, stop)
