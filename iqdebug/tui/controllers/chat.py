"""The conversation on the screen: what it is told of the session, and what it asks the person."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from iqdebug.assistant.transcript import Entry, ModelStatus, Transcript
from iqdebug.assistant.ui_context import Consent, UiContext
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Completion, Frame, LogRecord, Snapshot, Variable
from iqdebug.tui.controllers.recording import Recorded
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.screens.consent import ConsentScreen

__all__ = ["Chatting", "Companion", "ScreenContext"]


@dataclass(frozen=True, slots=True)
class ScreenContext:
    """Implements :class:`iqdebug.assistant.ui_context.UiContext`.

    :param consent: (action, right, detail, why, may hold) → the answer.
    :param put: writes a text into the question's field.
    """

    frame: Callable[[], Frame | None]
    variables: Callable[[], Sequence[Variable]]
    logs: Callable[[], Sequence[LogRecord]]
    shows: Callable[[Snapshot], bool]
    consent: Callable[[str, str, str, str, bool], Coroutine[None, None, Consent]]
    put: Callable[[str], None]
    copy: Callable[[str], None]


class Companion(Protocol):
    """Who the person talks with, as the screen needs it. All of it on the event loop's thread."""

    @property
    def transcript(self) -> Transcript: ...

    def begin(self, session: DebugSession, ui: UiContext) -> None:
        """A session is there, or another one. Its stops are followed from the session itself."""

    async def submit(self, text: str) -> None:
        """A question, or a command that begins with ``/``. What comes of it is in the transcript."""

    async def stop(self) -> None: ...

    def completions(self, text: str) -> Sequence[str]: ...

    async def complete_expression(self, before: str, after: str) -> str:
        """How a model would go on with an expression in the selected frame; "" without one."""

    async def close(self) -> None:
        """Ends the model's process. Never raises."""


class Chatting(Recorded):
    _companion: Companion | None = None
    _logs_kept: tuple[LogRecord, ...] = ()

    _passes_by: Callable[[Snapshot], bool]

    def _begin_chat(self, session: DebugSession) -> None:
        if self._companion is None:
            return
        screen = ScreenContext(
            frame=lambda: self.frame,
            variables=self._values_shown,
            logs=lambda: self._logs_kept,
            shows=lambda snapshot: not self._passes_by(snapshot),
            consent=self._consent,
            put=lambda text: self.screen_stack[0].query_one(ChatPane).put(text),
            copy=self.copy_to_clipboard,
        )
        self._companion.begin(session, screen)

    def _values_shown(self) -> Sequence[Variable]:
        frame = self.frame
        return (frame.locals or ()) if frame is not None else ()

    async def _consent(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> Consent:
        answered: asyncio.Future[Consent] = asyncio.get_running_loop().create_future()

        def answer(given: Consent | None) -> None:
            if not answered.done():
                answered.set_result(given or "no")

        screen = ConsentScreen(action, right, detail, why, may_hold)
        self.push_screen(screen, answer)
        try:
            return await answered
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                screen.dismiss("no")
            raise

    # what the conversation tells (iqdebug.assistant.transcript.Reader)

    def entry_changed(self, entry: Entry) -> None:
        if self._drawn:
            self.screen_stack[0].query_one(ChatPane).show(entry)

    def entries_removed(self, after: int) -> None:
        if self._drawn:
            self.screen_stack[0].query_one(ChatPane).remove_after(after)

    def standing_changed(self, standing: ModelStatus) -> None:
        if self._drawn:
            self.screen_stack[0].query_one(ChatPane).show_standing(standing)
            self.screen_stack[0].query_one(StatusBar).set_model(standing)

    # what the person does

    def on_chat_pane_asked(self, message: ChatPane.Asked) -> None:
        if self._companion is not None:
            self.run_worker(self._companion.submit(message.text), group="chat")

    def on_chat_pane_stop_wanted(self, message: ChatPane.StopWanted) -> None:
        if self._companion is not None:
            self.run_worker(self._companion.stop(), group="chat-stop")

    def on_chat_pane_place_chosen(self, message: ChatPane.PlaceChosen) -> None:
        """A model names files as it likes: the one of the stacks that ends so is meant."""
        path = message.path
        known = {f.path for t in (self.snapshot.threads if self.snapshot else ()) for f in t.frames if f.path}
        known |= {s.path for s in (self._diagnosis.suspects if self._diagnosis is not None else ())}
        ending = os.sep + path.lstrip("./")
        found = path if path in known else next((k for k in sorted(known) if k.endswith(ending)), path)
        self.screen_stack[0].query_one(SourcePane).show(found, message.line, current=False)

    async def _model_completions(self, text: str, column: int) -> Sequence[Completion]:
        if self._companion is None:
            return ()
        rest = await self._companion.complete_expression(text[:column], text[column:])
        return (Completion(rest, start=column),) if rest else ()

    def _chat_completions(self, text: str) -> Sequence[str]:
        return self._companion.completions(text) if self._companion is not None else ()
