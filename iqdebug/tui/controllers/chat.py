"""The conversation on the screen: what it may know of the session, and what it asks the person."""

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
from iqdebug.tui.controllers.diagnosis import DiagnosisController
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.chat import ChatPane
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.screens.consent import ConsentScreen

__all__ = ["ChatController", "Companion", "ScreenContext"]

MAX_LOG_RECORDS = 500


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


class ChatController:
    """Reads the transcript (:class:`iqdebug.assistant.transcript.Reader`) and shows it in the pane.

    :param companion: None: there is no conversation, and nothing here has an effect.
    :param shows: whether a stop of the process is for the screen.
    """

    def __init__(
        self,
        window: Window,
        state: DebugState,
        selection: SelectionController,
        diagnosis: DiagnosisController,
        companion: Companion | None,
        *,
        shows: Callable[[Snapshot], bool],
    ) -> None:
        self._window = window
        self._state = state
        self._selection = selection
        self._diagnosis = diagnosis
        self._companion = companion
        self._shows = shows
        self._logs: tuple[LogRecord, ...] = ()

    @property
    def is_available(self) -> bool:
        return self._companion is not None

    def show_transcript(self) -> None:
        """From now on, what is there already included."""
        if self._companion is not None:
            self._companion.transcript.subscribe(self)

    async def close(self) -> None:
        if self._companion is not None:
            await self._companion.close()

    # what the companion may know

    def begin(self, session: DebugSession) -> None:
        if self._companion is None:
            return
        screen = ScreenContext(
            frame=lambda: self._selection.frame,
            variables=self._frame_variables,
            logs=lambda: self._logs,
            shows=self._shows,
            consent=self._ask_consent,
            put=lambda text: self._window.pane(ChatPane).put(text),
            copy=self._window.copy_to_clipboard,
        )
        self._companion.begin(session, screen)

    def add_logs(self, records: Sequence[LogRecord]) -> None:
        self._logs = (*self._logs, *records)[-MAX_LOG_RECORDS:]

    def _frame_variables(self) -> Sequence[Variable]:
        frame = self._selection.frame
        return (frame.locals or ()) if frame is not None else ()

    async def _ask_consent(self, action: str, right: str, detail: str, why: str, may_hold: bool) -> Consent:
        """The person's answer; "no" where the dialog is closed without one."""
        answer: asyncio.Future[Consent] = asyncio.get_running_loop().create_future()

        def answered(given: Consent | None) -> None:
            if not answer.done():
                answer.set_result(given or "no")

        screen = ConsentScreen(action, right, detail, why, may_hold)
        self._window.push_screen(screen, answered)
        try:
            return await answer
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                screen.dismiss("no")
            raise

    # iqdebug.assistant.transcript.Reader

    def entry_changed(self, entry: Entry) -> None:
        if self._window.is_drawn:
            self._window.pane(ChatPane).show(entry)

    def entries_removed(self, after: int) -> None:
        if self._window.is_drawn:
            self._window.pane(ChatPane).remove_after(after)

    def standing_changed(self, standing: ModelStatus) -> None:
        if self._window.is_drawn:
            self._window.pane(ChatPane).show_standing(standing)
            self._window.pane(StatusBar).set_model(standing)

    # what the person does

    def ask(self, text: str) -> None:
        if self._companion is not None:
            self._window.run_worker(self._companion.submit(text), group="chat")

    def stop(self) -> None:
        if self._companion is not None:
            self._window.run_worker(self._companion.stop(), group="chat-stop")

    def show_place(self, path: str, line: int) -> None:
        """A model names files as it likes: the one of the stacks or suspects that ends so is meant."""
        snapshot, diagnosis = self._state.snapshot, self._diagnosis.current
        known = {f.path for t in (snapshot.threads if snapshot else ()) for f in t.frames if f.path}
        known |= {s.path for s in (diagnosis.suspects if diagnosis is not None else ())}
        if path not in known:
            ending = os.sep + path.lstrip("./")
            path = next((k for k in sorted(known) if k.endswith(ending)), path)
        self._selection.show_line(path, line)

    def complete_question(self, text: str) -> Sequence[str]:
        """The words that may stand where the last one stands."""
        return self._companion.completions(text) if self._companion is not None else ()

    async def complete_expression(self, text: str, column: int) -> Sequence[Completion]:
        """What a model would write there; () without one."""
        if self._companion is None:
            return ()
        completion = await self._companion.complete_expression(text[:column], text[column:])
        return (Completion(completion, start=column),) if completion else ()
