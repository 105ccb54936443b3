"""Offers what may be asked next, at the end of the flow."""

from __future__ import annotations

from collections.abc import Collection

from iqdebug.assistant.debuggee import StopContext
from iqdebug.assistant.prompts import follow_ups
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.transcript import Transcript
from iqdebug.core.messages import message

__all__ = ["Suggestions"]


class Suggestions:
    """At most one entry of offers is in the transcript, and it is the last one."""

    def __init__(self, transcript: Transcript, redactor: Redactor) -> None:
        self._transcript = transcript
        self._redactor = redactor

    def offer(self, stop: StopContext, commands_used: Collection[str]) -> None:
        """Replace the offers by those for ``stop``, without what was asked already."""
        self.withdraw()
        asked = {e.text for e in self._transcript.entries if e.kind == "question"}
        offers = follow_ups(stop.snapshot, stop.diagnosis, asked | set(commands_used))
        if offers:
            scrubbed = tuple(self._redactor.scrub(offer) for offer in offers)
            self._transcript.add("note", message("assistant.note.to_ask"), offers=scrubbed)

    def withdraw(self) -> None:
        last = self._transcript.entries[-1:]
        if last and last[0].offers:
            self._transcript.cut(last[0].id - 1)
