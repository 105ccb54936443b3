"""Asks the person, while the status shows that the model waits for them."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.assistant.permissions import Answer, Request
from iqdebug.assistant.transcript import Transcript
from iqdebug.assistant.ui_context import UiContext
from iqdebug.core.messages import Text, message, render

__all__ = ["PersonConsent"]

_OF_THE_PERSON = "yours"  # the right under which a person's own command is shown


class PersonConsent:
    def __init__(self, ui: UiContext, transcript: Transcript) -> None:
        self._ui = ui
        self._transcript = transcript

    async def ask(self, request: Request) -> Answer:
        """For a tool of the model's."""
        before = self._transcript.standing
        words = render(message("assistant.status.waiting_for_consent"))
        self._transcript.stand(replace(before, state="asking", words=words))
        try:
            answer = await self._ui.consent(
                render(request.action),
                request.right.value,
                request.detail,
                render(request.why),
                request.may_hold,
            )
        finally:
            self._transcript.stand(before)
        return Answer(answer)

    async def confirm(self, action: Text, detail: str, why: Text = "") -> bool:
        """For a command of the person's own, shown exactly as it will be done."""
        answer = await self._ui.consent(render(action), _OF_THE_PERSON, detail, render(why), False)
        return answer != "no"
