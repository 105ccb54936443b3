"""A conversation about a debug session: evidence in, questions in, answers and tool calls out.

The window decides what the model has in front of it, the toolbox what a call may do, the transcript what
the person sees. This class decides what happens when: it loads the model, reads evidence ahead while
nothing is asked, and runs one turn at a time. It knows no screen and no debug session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from iqdebug.assistant.fact_check import Facts
from iqdebug.assistant.log_window import LogWindow
from iqdebug.assistant.status_reporter import StatusReporter
from iqdebug.assistant.tool_calls import MAX_CALLS_PER_REPLY, RunCall, ToolCallRunner, ToolOutcome
from iqdebug.assistant.transcript import Transcript
from iqdebug.assistant.turn import MAX_CALLS_PER_TURN, Turn
from iqdebug.core.errors import IqdebugError, ModelError
from iqdebug.core.messages import message
from iqdebug.llm.backends.base import Progress
from iqdebug.llm.messages import Sampling, Tool

__all__ = ["MAX_CALLS_PER_REPLY", "MAX_CALLS_PER_TURN", "Conversation", "RunCall", "ToolOutcome"]

log = logging.getLogger(__name__)


async def _no_evidence() -> tuple[str, str] | None:
    return None


class Conversation:
    """:param tools: what the model may call, when the conversation is opened.
    :param run_call: runs a tool call within the rights that were given; never raises for what a
        model may do wrong.
    :param before_question: evidence that the model must have before a question, as the stop's key and
        the text; asked for when a question is about to be put.
    :param resume: puts an earlier conversation in front of the model, once it is loaded; True when
        nothing of it has to be read again.
    :param facts: what is known of the stop at this moment, by which answers are checked.
    """

    def __init__(
        self,
        window: LogWindow,
        transcript: Transcript,
        *,
        system: str,
        tools: Callable[[], Sequence[Tool]],
        run_call: RunCall,
        sampling: Sampling,
        before_question: Callable[[], Awaitable[tuple[str, str] | None]] = _no_evidence,
        resume: Callable[[], Awaitable[bool]] | None = None,
        facts: Callable[[], Facts | None] = lambda: None,
    ) -> None:
        self._window = window
        self.transcript = transcript
        self._system = system
        self._tools = tools
        self._before_question = before_question
        self._resume = resume
        self._status = StatusReporter(window, transcript)
        self.calls = ToolCallRunner(window, transcript, self._status, run_call)
        self._turn = Turn(window, transcript, self._status, self.calls, sampling, facts)
        self._turn_task: asyncio.Task[None] | None = None
        self._reading_task: asyncio.Task[None] | None = None
        self._window_lock = asyncio.Lock()
        self._started = self._opened = False
        self._question_entries: list[int] = []

    # the model

    @property
    def started(self) -> bool:
        return self._started

    async def start(self) -> bool:
        """Load the model, or reach the server, and open the conversation. False when that fails: the
        reason stands in the flow, and the next call tries again."""
        async with self._window_lock:
            if self._started:
                return True
            self._status.show("loading", message("assistant.status.loading"))
            try:
                await self._window.start(self._show_loading)
                about = self._window.about
                if not about.chat:
                    raise ModelError(
                        message("assistant.cannot_converse", model=about.model),
                        about.why_no_chat,
                        message("assistant.cannot_converse.fix"),
                    )
                if not self._opened:  # after a restart the log is still there, and is read again
                    await self._window.open(self._system, tuple(self._tools()))
                    self._opened = True
                if self._resume is not None:
                    resume, self._resume = self._resume, None
                    if await resume():
                        words = message("assistant.note.goes_on.as_it_was")
                    else:
                        words = message("assistant.note.goes_on.read_again")
                    self.transcript.add("note", words)
            except IqdebugError as error:
                self._fail(error)
                return False
            self._started = True
            self._status.show("ready", message("assistant.status.ready"))
            return True

    async def loaded(self) -> bool:
        """Wait for a start that is under way; whether the model is there. Starts nothing."""
        async with self._window_lock:
            return self._started

    def _show_loading(self, progress: Progress) -> None:
        if progress.fraction is None:
            self._status.show("loading", progress.words)
        else:
            percent = f"{100 * progress.fraction:.0f}"
            share = message("assistant.status.loading_share", words=progress.words, percent=percent)
            self._status.show("loading", share)

    def _fail(self, error: IqdebugError) -> None:
        self._started = False
        self._status.show_failure(error)

    # evidence

    async def append_evidence(self, key: str, text: str) -> bool:
        """Add the evidence of a stop, which is then read in the background until a question comes.
        False when it could not be added now."""
        if not self._started or self.busy:
            return False
        await self._stop_reading()
        async with self._window_lock:
            try:
                await self._window.evidence(key, text)
            except IqdebugError as error:
                self._fail(error)
                return False
        self.read_ahead()
        return True

    async def drop_unread(self) -> bool:
        """Remove the evidence that was added last, if the model has read nothing of it; whether it was
        removed."""
        if not self._started or self.busy:
            return False
        await self._stop_reading()
        async with self._window_lock:
            return await self._window.drop_unread()

    def read_ahead(self) -> None:
        """Have the model read what it has not read yet, while nothing is asked."""
        if self._started and self._reading_task is None and not self.busy:
            self._reading_task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for now in self._window.prefill():
                self._status.show_reading(now, ahead=True)
        except IqdebugError as error:
            self._fail(error)
        else:
            self._status.show("ready", message("assistant.status.ready"))
        finally:
            self._reading_task = None

    async def _stop_reading(self) -> None:
        reading = self._reading_task
        if reading is not None:
            await self._window.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    # turns

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._turn_task is not None and not self._turn_task.done()

    def ask(self, text: str, material: str = "", shown: str = "") -> None:
        """Begin a turn. The answer comes as entries of the transcript.

        :param material: what the question refers to, already wrapped as untrusted.
        :param shown: what the transcript shows as the question, where it is not the text itself.
        """
        entry = self.transcript.add("question", shown or text)
        self._question_entries.append(entry.id)
        self._turn_task = asyncio.create_task(self._run_turn(f"{text}\n\n{material}" if material else text))

    def retry(self) -> None:
        """Answer the last question again."""
        if self._question_entries and not self.busy:
            self.transcript.cut(self._question_entries[-1])
            self._turn_task = asyncio.create_task(self._run_turn(None))

    async def take_back(self) -> str:
        """Remove the last question, to be changed; its text, "" when there is none."""
        if not self._question_entries or self.busy:
            return ""
        await self._stop_reading()
        text = await self._window.take_back()
        self.transcript.cut(self._question_entries.pop() - 1)
        return text

    async def stop(self) -> None:
        """Stop the answer, the call under way, or the reading ahead, within a batch. What was said
        stays."""
        if not self.calls.stop() and (self.busy or self._reading_task is not None):
            await self._window.cancel()

    async def finished(self) -> None:
        """Wait until the turn under way has ended."""
        if self._turn_task is not None:
            await asyncio.gather(self._turn_task, return_exceptions=True)

    async def _run_turn(self, question: str | None) -> None:
        """:param question: None answers the last one again."""
        if not await self.start():
            return
        await self._stop_reading()
        async with self._window_lock:
            try:
                if question is None:
                    await self._window.retry()
                else:
                    evidence = await self._before_question()
                    if evidence is not None:
                        await self._window.evidence(*evidence)
                    await self._window.question(question)
                await self._turn.run()
            except IqdebugError as error:
                self._fail(error)
                return
            except Exception as error:  # a mistake of ours must not leave the person waiting
                log.exception("a turn failed")
                words = f"{type(error).__name__}: {error}"
                self._fail(
                    ModelError(
                        message("assistant.turn_failed"), words[:300], message("assistant.turn_failed.fix")
                    )
                )
                return
        self._status.show("ready", message("assistant.status.ready"))

    # the end

    async def halt(self) -> None:
        """Stop everything that is under way. Never raises."""
        with contextlib.suppress(IqdebugError):
            await self.stop()
        for task in (self._turn_task, self._reading_task):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop everything and end the model's process. Never raises."""
        await self.halt()
        await self._window.close()
