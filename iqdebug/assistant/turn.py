"""One turn: the model replies and calls tools until a reply calls none."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from typing import Literal

from iqdebug.assistant.fact_check import AnswerCheck, Facts
from iqdebug.assistant.log_window import LogWindow
from iqdebug.assistant.status_reporter import StatusReporter
from iqdebug.assistant.tool_calls import ToolCallRunner
from iqdebug.assistant.transcript import Entry, Transcript
from iqdebug.assistant.wording import REPLY_ENDED
from iqdebug.core.messages import Message, message, render
from iqdebug.llm.backends.base import Event, Prefilling, ReplyFinished, Text, Thinking, ToolCallEvent
from iqdebug.llm.messages import Sampling, ToolCall

__all__ = [
    "MAX_CALLS_PER_TURN",
    "MAX_REPEATING_REPLIES",
    "MAX_REPLIES_PER_TURN",
    "MAX_WRONG_REPLIES",
    "Turn",
]

MAX_REPLIES_PER_TURN = 16
MAX_CALLS_PER_TURN = 100
MAX_REPEATING_REPLIES = 3
"""In a row that asked for nothing but what stands above. After the first the model may not call, which a
server may not keep to."""
MAX_WRONG_REPLIES = 2
"""In a row whose calls could not be read: the model was told once why."""
WAIT_SHOWN_EVERY_S = 1.0
"""How often the wait for a server's first token is shown."""

log = logging.getLogger(__name__)

_ENDS_SENTENCE = re.compile(r"\n|[.!?]\s")


class Turn:
    """Answers what stands last in the window. Bounded: at most :data:`MAX_REPLIES_PER_TURN` replies and
    :data:`MAX_CALLS_PER_TURN` calls, after which the person decides whether it goes on.

    :param facts: what is known of the stop at this moment, to check answers by; None for nothing.
    """

    def __init__(
        self,
        window: LogWindow,
        transcript: Transcript,
        status: StatusReporter,
        calls: ToolCallRunner,
        sampling: Sampling,
        facts: Callable[[], Facts | None] = lambda: None,
    ) -> None:
        self._window = window
        self._transcript = transcript
        self._status = status
        self._calls = calls
        self._sampling = sampling
        self._facts = facts

    async def run(self) -> None:
        """:raises ModelError: the model failed; what was said so far stays."""
        self._calls.begin_turn()
        budget, wrong, repeats = MAX_CALLS_PER_TURN, 0, 0
        for _ in range(MAX_REPLIES_PER_TURN):
            calls = await self._reply(may_call=not repeats)
            if not calls:
                return
            budget -= await self._calls.run(calls, budget)
            if self._calls.stopped:
                return
            wrong = wrong + 1 if all(call.problem for call in calls) else 0
            if wrong >= MAX_WRONG_REPLIES:
                self._note(message("assistant.note.wrong_calls"))
                return
            repeats = repeats + 1 if self._calls.only_repeats else 0
            if repeats >= MAX_REPEATING_REPLIES:
                self._note(message("assistant.note.repeats"))
                return
            if not budget:
                self._note(message("assistant.note.too_many_calls", count=MAX_CALLS_PER_TURN))
                return
        self._note(message("assistant.note.too_many_rounds", count=MAX_REPLIES_PER_TURN))

    async def _reply(self, may_call: bool) -> list[ToolCall]:
        """Show one reply as it comes; returns the calls in it."""
        thought: Entry | None = None
        answer: Entry | None = None
        calls: list[ToolCall] = []
        facts = self._facts()
        check = AnswerCheck(facts) if facts is not None else None
        self._status.show("reading", message("assistant.status.reading"))
        waiting = asyncio.create_task(self._show_the_wait())
        try:
            async with contextlib.aclosing(
                _closable(self._window.reply(self._sampling, calls=may_call))
            ) as events:
                async for event in events:
                    waiting.cancel()
                    if isinstance(event, Prefilling):
                        self._status.show_reading(event, ahead=False)
                    elif isinstance(event, Thinking):
                        thought = self._grow(thought, "thinking", event.text)
                    elif isinstance(event, Text):
                        answer = self._grow(answer, "answer", event.text)
                        if check is not None and _ENDS_SENTENCE.search(
                            answer.text, len(answer.text) - len(event.text) - 1
                        ):
                            answer = await self._marked(answer, check)
                    elif isinstance(event, ToolCallEvent):
                        calls.append(event.call)
                    elif isinstance(event, ReplyFinished):
                        if check is not None and answer is not None:
                            answer = await self._marked(answer, check, whole=True)
                        self._finish(thought, answer, event)
                        if event.why != "calls":
                            calls = []
        finally:
            waiting.cancel()
        return calls

    async def _show_the_wait(self) -> None:
        """A server does not say how far it has read: show the seconds, and when it is given up."""
        patience = self._window.about.patience
        for seconds in itertools.count(1) if patience else ():
            await asyncio.sleep(WAIT_SHOWN_EVERY_S)
            limit = f"{patience:.0f}"
            words = message("assistant.status.waiting_for_server", seconds=seconds, limit=limit)
            self._status.show("reading", words)

    def _grow(self, entry: Entry | None, kind: Literal["thinking", "answer"], text: str) -> Entry:
        if entry is None:
            words = message("assistant.status.answering")
            if kind == "thinking":
                words = message("assistant.status.thinking")
            self._status.show("answering", words)
            entry = self._transcript.add(kind, "", running=True)
        return self._transcript.put(replace(entry, text=entry.text + text))

    async def _marked(self, answer: Entry, check: AnswerCheck, *, whole: bool = False) -> Entry:
        """The answer with its marks. A mistake in checking costs the marks and nothing else."""
        try:
            marks = await asyncio.to_thread(check.read, answer.text, whole)
        except Exception:
            log.exception("an answer was not checked")
            return answer
        return self._transcript.put(replace(answer, marks=marks)) if marks != answer.marks else answer

    def _finish(self, thought: Entry | None, answer: Entry | None, finished: ReplyFinished) -> None:
        why = render(REPLY_ENDED.get(finished.why, ""))
        if thought is not None:
            seconds = message("assistant.note.thought_for", seconds=f"{finished.seconds:.0f}")
            words = render(seconds) if finished.seconds >= 1 else ""
            self._transcript.put(replace(thought, running=False, words=words))
        if answer is not None:
            self._transcript.put(replace(answer, running=False, words=why))
        if not why and thought is None and answer is None and finished.why != "calls":
            why = render(message("reply_ended.nothing"))
        if why:
            self._note(why)

    def _note(self, words: Message | str) -> None:
        self._transcript.add("note", words)


async def _closable(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    """The same events; closing this closes the source, so that a reply never goes on unread."""
    try:
        async for event in events:
            yield event
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
