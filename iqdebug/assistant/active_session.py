"""What the assistant makes for one debug session, and lets go when another one takes its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from iqdebug.assistant.consent import PersonConsent
from iqdebug.assistant.conversation import Conversation
from iqdebug.assistant.debuggee import DebuggeeContext, StopContext
from iqdebug.assistant.permissions import Gate, Policy
from iqdebug.assistant.prompts import system_prompt
from iqdebug.assistant.redaction import RULE, Redactor, wrap_untrusted
from iqdebug.assistant.session_binding import SessionBinding
from iqdebug.assistant.stop_evidence import StopEvidence
from iqdebug.assistant.stop_facts import stop_facts
from iqdebug.assistant.stop_notifier import StopNotifier
from iqdebug.assistant.stop_watcher import StopWatcher
from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.tools.catalogue import MAX_PARAMETERS_FOR_FEW_TOOLS
from iqdebug.assistant.transcript import Transcript
from iqdebug.assistant.ui_context import UiContext
from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import message
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Origin, Snapshot
from iqdebug.llm.messages import Sampling
from iqdebug.llm.window.saved_conversation import SavedConversation, taken_up
from iqdebug.llm.window.window import Window

__all__ = ["ActiveSession", "ToolChoice"]


ToolChoice: TypeAlias = Literal["auto", "few", "all"]


class ActiveSession:
    """:param window: None without a model; then there is no conversation.
    :param extra_tools: for the model, beside the built-in ones.
    :param previous_stop: the stop that was spoken of before this session.
    :param resumed: the conversation that goes on.
    :param settle_s: how long the pieces of a stop may take to arrive before the model is notified.
    :param tool_choice: which tools the model is shown; "auto": by its size.
    :param first_word_s: how long a person may wait for the first word of an answer.
    """

    def __init__(
        self,
        session: DebugSession,
        ui: UiContext,
        debuggee: DebuggeeContext,
        transcript: Transcript,
        redactor: Redactor,
        *,
        window: Window | None,
        policy: Policy,
        sampling: Sampling,
        extra_tools: Sequence[BoundTool],
        previous_stop: StopContext | None,
        resumed: SavedConversation | None,
        settle_s: float,
        tool_choice: ToolChoice,
        first_word_s: float,
    ) -> None:
        self._debuggee = debuggee
        self._transcript = transcript
        self._redactor = redactor
        self.consent = PersonConsent(ui, transcript)
        self.binding = SessionBinding(
            session,
            ui,
            debuggee,
            gate=Gate(policy, self.consent.ask),
            redactor=redactor,
            diagnosis_of=self._diagnosis_of,
            extra_tools=extra_tools,
        )
        self.evidence = StopEvidence(
            self.binding,
            debuggee,
            redactor,
            lambda: window.about.window if window is not None else 0,
            lambda: int(window.about.speed.prefill * first_word_s) if window is not None else 0,
        )
        known_already = resumed is not None and session.snapshot.origin is Origin.RECORDED
        self.notifier = StopNotifier(
            self.evidence,
            self.binding.evidence_shown,
            current=previous_stop,
            shown=session.snapshot if known_already else None,
            settle_s=settle_s,
        )
        self.conversation: Conversation | None = None
        if window is not None:
            self.conversation = self._conversation(window, sampling, resumed, tool_choice)
        self._watcher: StopWatcher | None = None

    def _conversation(
        self, window: Window, sampling: Sampling, resumed: SavedConversation | None, tool_choice: ToolChoice
    ) -> Conversation:
        return Conversation(
            window,
            self._transcript,
            system=system_prompt(RULE),
            tools=lambda: self.binding.tools(few=_few_tools(window.about.parameters, tool_choice)),
            run_call=self.binding.run_call,
            sampling=sampling,
            before_question=lambda: self.notifier.before_question(window.drop_unread),
            resume=(lambda: taken_up(window, resumed)) if resumed is not None else None,
            facts=lambda: stop_facts(self.binding, self._debuggee, self._redactor, window),
        )

    def follow(self, on_diagnosis: Callable[[Snapshot, Diagnosis], None]) -> None:
        """Have each stop of the session diagnosed from now on, beginning with the present one."""
        if self._debuggee.diagnose is not None:
            self._watcher = StopWatcher(
                self.binding.session, self._debuggee.diagnose, self.binding.ui.shows, on_diagnosis
            )

    async def diagnosed(self) -> None:
        """Wait until the present stop has been diagnosed, if stops are followed."""
        if self._watcher is not None:
            await self._watcher.idle()

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
        self.notifier.close()
        self.binding.close()

    @property
    def busy(self) -> bool:
        """Whether the model is answering."""
        return self.conversation is not None and self.conversation.busy

    @property
    def own_files(self) -> list[str]:
        """The person's own files on the stack of the current stop, innermost first."""
        stop = self.notifier.current
        thread = stop.snapshot.focused if stop is not None else None
        frames = thread.frames if thread is not None else ()
        return list(dict.fromkeys(f.path for f in frames if f.kind == "user"))

    @property
    def root(self) -> str:
        """The folder of the project that the stop is in; "" where it is not on this machine."""
        return self.binding.root(self.own_files)

    def _diagnosis_of(self, snapshot: Snapshot) -> Diagnosis:
        stop = self.notifier.current
        if stop is not None and stop.snapshot.epoch == snapshot.epoch:
            return stop.diagnosis
        return Diagnosis(message("assistant.headline.not_examined"), Confidence.NO_CLEAR_SUSPECT)

    async def ask(self, conversation: Conversation, question: str, shown: str = "") -> None:
        """Have a question answered, together with what it mentions.

        :param shown: what the transcript shows in place of the question.
        """
        mentioned = self.binding.mentions.expand(question)
        for unknown in mentioned.unknown:
            self._transcript.add("note", message("assistant.note.unknown_mention", mention=unknown))
        material = self._redactor.scrub(mentioned.text)
        if material:
            material = wrap_untrusted(material, "what the question names")
        conversation.ask(self._redactor.scrub(question), material, shown)
        await conversation.finished()
        await self.notifier.notify(conversation, settle=False)
        conversation.read_ahead()


def _few_tools(parameters: int, choice: ToolChoice) -> bool:
    """:param parameters: of the model, 0 where unknown: then it is shown all tools."""
    return choice == "few" or (choice == "auto" and 0 < parameters <= MAX_PARAMETERS_FOR_FEW_TOOLS)
