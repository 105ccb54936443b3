"""The assistant of a debug session: puts its parts together.

The parts are :class:`~iqdebug.assistant.session_binding.SessionBinding` (the debug session with its tools
and rights), :class:`~iqdebug.assistant.stop_notifier.StopNotifier` (stops, from the session to the model),
:class:`~iqdebug.assistant.command_dispatcher.CommandDispatcher` (what is typed after a slash),
:class:`~iqdebug.assistant.completion.CompletionProvider` and
:class:`~iqdebug.assistant.conversation_store.ConversationStore`. They work without a model too: then the
commands answer with what the evidence alone can say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from iqdebug.assistant.active_session import ActiveSession, ToolChoice
from iqdebug.assistant.command_dispatcher import Command, CommandDispatcher
from iqdebug.assistant.completion import CompletionProvider
from iqdebug.assistant.conversation import Conversation
from iqdebug.assistant.conversation_store import ConversationStore
from iqdebug.assistant.crash_files import CrashFiles
from iqdebug.assistant.debuggee import DebuggeeContext, StopContext
from iqdebug.assistant.model_download import ModelDownload
from iqdebug.assistant.pending_edits import PendingEdits
from iqdebug.assistant.permissions import Policy
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.stop_notifier import STOP_SETTLE_S
from iqdebug.assistant.suggestions import Suggestions
from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.transcript import ModelStatus, Transcript
from iqdebug.assistant.ui_context import Consent, UiContext
from iqdebug.core.background_tasks import BackgroundTasks
from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Text, message, render
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Snapshot
from iqdebug.crash import Crash
from iqdebug.llm.messages import Sampling
from iqdebug.llm.window.saved_conversation import SavedConversation
from iqdebug.llm.window.window import Window

__all__ = ["AssistantSession", "Consent", "DebuggeeContext", "StopContext", "UiContext"]


class AssistantSession:
    """Implements :class:`iqdebug.tui.controllers.chat.Companion`. All of it on the event loop's thread.

    :param window: the model's window, None for no model.
    :param open_window: of the model of a setting, for one that is chosen later.
    :param extra: makes further tools for this session.
    :param folder: in which conversations are kept; None keeps none.
    :param resumed: the conversation that goes on.
    :param settle_s: how long the pieces of a stop may take to arrive before the model is notified.
    :param tool_choice: which tools the model is shown; "auto": by its size.
    :param first_word_s: how long a person may wait for the first word of an answer.
    """

    def __init__(
        self,
        window: Window | None,
        debuggee: DebuggeeContext,
        *,
        commands: Sequence[Command[AssistantSession]],
        extra: Callable[[AssistantSession], Sequence[BoundTool]] = lambda session: (),
        policy: Policy | None = None,
        sampling: Sampling | None = None,
        redactor: Redactor | None = None,
        folder: Path | None = None,
        resumed: SavedConversation | None = None,
        open_window: Callable[[str], tuple[Window, Sampling]] | None = None,
        settle_s: float = STOP_SETTLE_S,
        tool_choice: ToolChoice = "auto",
        first_word_s: float = 15.0,
    ) -> None:
        self.window = window
        self._open_window = open_window
        self._download: ModelDownload | None = None
        self.debuggee = debuggee
        self.transcript = Transcript()
        self.redactor = redactor if redactor is not None else Redactor()
        self.pending = PendingEdits()
        self.commands = CommandDispatcher(commands, self, self.transcript)
        self.active: ActiveSession | None = None
        self._extra = extra
        self._policy = policy or Policy()
        self._sampling = sampling or Sampling()
        self._settle_s = settle_s
        self._tool_choice = tool_choice
        self._first_word_s = first_word_s
        self._completion = CompletionProvider(self.commands.names, window, self.redactor)
        self._suggestions = Suggestions(self.transcript, self.redactor)
        self._store = ConversationStore(folder, resumed, debuggee)
        self._crash_files = CrashFiles(debuggee.crash, self.note)
        self._tasks = BackgroundTasks()
        self._store.restore(self.transcript)

    # the debug session and its stops

    def begin(self, session: DebugSession, ui: UiContext) -> None:
        """Speak of this session from now on: a new conversation with the model begins, the transcript
        stays. Stops are followed from the session itself."""
        previous_stop = self.current_stop
        if self.active is not None:
            self.active.close()
        self._store.bind(session.snapshot)
        self.active = ActiveSession(
            session,
            ui,
            self.debuggee,
            self.transcript,
            self.redactor,
            window=self.window,
            policy=self._policy,
            sampling=self._sampling,
            extra_tools=self._extra(self),
            previous_stop=previous_stop,
            resumed=self._store.take_resumed() if self.window is not None else None,
            settle_s=self._settle_s,
            tool_choice=self._tool_choice,
            first_word_s=self._first_word_s,
        )
        if self.active.conversation is None:
            words = render(message("assistant.status.works_without_model"))
            self.transcript.stand(ModelStatus(words=words))
        else:
            self._tasks.spawn(self._start(self.active.conversation))
        self.active.follow(self.stop_diagnosed)

    async def _start(self, conversation: Conversation) -> None:
        await conversation.start()
        self._suggest()

    def stop_diagnosed(self, snapshot: Snapshot, diagnosis: Diagnosis) -> None:
        """A stop with its diagnosis, or more of what is known of it. The model reads it in the
        background."""
        active = self.active
        if active is None:
            return
        active.notifier.stop_diagnosed(snapshot, diagnosis)
        self._suggest()
        if active.conversation is not None:
            self._tasks.spawn(active.notifier.notify(active.conversation, settle=True))

    @property
    def current_stop(self) -> StopContext | None:
        """The stop that is spoken of."""
        return self.active.notifier.current if self.active is not None else None

    @property
    def conversation(self) -> Conversation | None:
        """None without a model."""
        return self.active.conversation if self.active is not None else None

    def _suggest(self) -> None:
        """Offer what may be asked next; not while an answer still grows."""
        stop = self.current_stop
        if stop is not None and self.active is not None and not self.active.busy:
            self._suggestions.offer(stop, self.commands.used)

    async def settled(self) -> None:
        """Wait until the model is there and has been given the current stop, or has failed."""
        if self.active is not None:
            await self.active.diagnosed()
        await self._tasks.finished()

    # what the person types

    async def submit(self, text: str) -> None:
        """A question, or a command that begins with ``/``. What comes of it is in the transcript; what may
        be asked next is offered behind it."""
        self._suggestions.withdraw()
        if self.commands.is_command(text):
            await self.commands.dispatch(text)
        else:
            await self.ask(text)
        self._suggest()

    async def ask(self, question: str, shown: str = "") -> None:
        """:param shown: what the transcript shows in place of the question."""
        active = self.active
        if active is None:
            self.note(message("assistant.note.no_process"))
        elif active.conversation is None:
            self.transcript.add("question", shown or question)
            self.note(message("assistant.note.no_model"))
        elif active.busy:
            self.note(message("assistant.note.still_answering"))
        else:
            await active.ask(active.conversation, question, shown)

    def completions(self, text: str) -> Sequence[str]:
        """What the last word of a question may become."""
        return self._completion.of_question(text, self.active.binding if self.active is not None else None)

    async def complete_expression(self, before: str, after: str) -> str:
        """How the model continues an expression in the selected frame; "" while it is not there or is
        busy."""
        active = self.active
        if active is None or active.conversation is None or active.busy or not active.conversation.started:
            return ""
        return await self._completion.of_expression(before, after, active.binding)

    def note(self, text: Text, detail: Text = "") -> None:
        self.transcript.add("note", text, detail=detail)

    async def stop(self) -> None:
        """Stop the answer, the call or the download under way."""
        if self._download is not None:
            self._download.stop()
        if self.conversation is not None:
            await self.conversation.stop()

    # a model that is chosen while the session lasts

    async def fetch(self, download: ModelDownload) -> Path | None:
        """The file; None when :meth:`stop` was called before it was whole.

        :raises IqdebugError: another one is under way, or it could not be fetched.
        """
        if self._download is not None:
            raise NotAvailable(message("assistant.get.under_way"))
        self._download = download
        try:
            return await download.run()
        finally:
            download.stop()
            self._download = None

    def use_model(self, setting: str) -> None:
        """A conversation with this model begins, about the present session.

        :raises IqdebugError: it cannot be opened.
        """
        if self._open_window is None or self.window is not None:
            raise NotAvailable(message("assistant.get.in_use"), fix=message("assistant.get.in_use.fix"))
        self.window, self._sampling = self._open_window(setting)
        self._completion = CompletionProvider(self.commands.names, self.window, self.redactor)
        if self.active is not None:
            self.begin(self.active.binding.session, self.active.binding.ui)

    # what commands and tools work on

    def require_active(self) -> ActiveSession:
        """:raises NotAvailable: no session has begun yet."""
        if self.active is None:
            raise _nothing_examined()
        return self.active

    def require_stop(self) -> StopContext:
        """:raises NotAvailable: nothing has been examined yet."""
        if self.current_stop is None:
            raise _nothing_examined()
        return self.current_stop

    async def crash(self, purpose: str) -> Crash:
        """The recording, or a crash file of the current stop.

        :param purpose: what needs it, for the message.
        :raises IqdebugError: the process stands at no exception, or the file cannot be written.
        """
        session = self.active.binding.session if self.active is not None else None
        return await self._crash_files.of(session, purpose)

    async def confirm(self, action: Text, detail: str, why: Text = "") -> bool:
        """Ask the person about something that a command of theirs is about to do."""
        return self.active is not None and await self.active.consent.confirm(action, detail, why)

    async def cut_back(self, work: Awaitable[object]) -> None:
        """Await work that removes the end of the conversation. Evidence that went with it is given
        again."""
        before = self._evidence_items()
        await work
        if self._evidence_items() < before and self.active is not None:
            self.active.notifier.forget_shown()

    def _evidence_items(self) -> int:
        items = self.window.items if self.window is not None else ()
        return sum(item.message.source == "evidence" for item in items)

    async def close(self) -> None:
        """Save the conversation and end the model's process. Never raises."""
        if self._download is not None:
            self._download.stop()
        self._tasks.cancel()
        await self._tasks.finished()
        if self.active is not None:
            self.active.close()
            if self.active.conversation is not None:
                await self.active.conversation.halt()
        if self.window is not None:
            if self.active is not None and self.conversation is not None and self.conversation.started:
                await self._store.save(self.window, self.transcript, self.active.notifier.last_stop)
            await self.window.close()


def _nothing_examined() -> NotAvailable:
    return NotAvailable(message("assistant.nothing_examined"), message("assistant.nothing_examined.why"))
