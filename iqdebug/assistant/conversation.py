"""A conversation about a debug session: evidence in, questions in, answers and tool calls out.

The window decides what a model has before it, the toolbox what a call may do, the transcript what a
person sees. This class only leads through a turn; it knows no screen and no session.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from iqdebug.assistant.transcript import Entry, ModelStatus, Transcript
from iqdebug.core.errors import IqdebugError, ModelError
from iqdebug.llm.backends.base import (
    Event,
    ModelInfo,
    Prefilling,
    Progress,
    ReplyFinished,
    Text,
    Thinking,
    ToolCallEvent,
)
from iqdebug.llm.messages import Sampling, Source, Tool, ToolCall

__all__ = ["MAX_CALLS_PER_REPLY", "MAX_CALLS_PER_TURN", "Conversation", "LogWindow", "RunCall", "ToolOutcome"]

log = logging.getLogger(__name__)

_MAX_ROUNDS = 16
MAX_CALLS_PER_REPLY = 32
"""Run; the model is told that those beyond were not."""
MAX_CALLS_PER_TURN = 100
_NOT_RUN = "Not run: too many calls. Say what is known so far, or ask for fewer."
_ARGUMENT = 60
_SECOND = 1.0


class LogWindow(Protocol):
    """What a conversation asks of :class:`iqdebug.llm.window.window.Window`."""

    @property
    def about(self) -> ModelInfo: ...

    @property
    def used(self) -> int: ...

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None: ...

    async def open(self, system: str, tools: Sequence[Tool]) -> None: ...

    async def evidence(self, key: str, text: str) -> None: ...

    async def drop_unread(self) -> bool: ...

    async def question(self, text: str) -> None: ...

    async def tool_result(self, call: ToolCall, text: str, source: Source) -> None: ...

    def prefill(self) -> AsyncIterator[Prefilling]: ...

    def reply(self, sampling: Sampling) -> AsyncIterator[Event]: ...

    async def cancel(self) -> None: ...

    async def retry(self) -> None:
        """Take the last answer away, so that it can be given anew."""

    async def take_back(self) -> str:
        """Take the last question and all behind it away; its text."""

    def context_lines(self) -> list[str]: ...

    async def pin(self, text: str) -> None: ...

    async def save(self, state: Path, path: Path) -> None: ...

    async def load(self, state: Path, path: Path) -> bool: ...

    async def unpin(self, beginning: str) -> bool: ...

    async def compact(self) -> str:
        """Fold now; in words what became of it."""

    async def unfold(self) -> str:
        """Take that back; in words."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What came of a call. ``text`` is for the model, ``summary`` for the person."""

    text: str
    summary: str
    source: Source = "tools"
    by: str = "rule"
    failed: bool = False
    undo: str = ""
    run_undo: Callable[[], Awaitable[str]] | None = None


RunCall = Callable[[ToolCall], Awaitable[ToolOutcome]]


class Conversation:
    """:param run_call: runs a tool call within the rights that were given; never raises for what a
        model may do wrong.
    :param tools: what may be called now.
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
    ) -> None:
        self._window = window
        self.transcript = transcript
        self._system = system
        self._tools = tools
        self._run_call = run_call
        self._sampling = sampling
        self._turn: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._doing: asyncio.Future[ToolOutcome] | None = None
        self._stopped = False  # the person wants no more of this turn
        self._lock = asyncio.Lock()
        self._started = self._opened = False
        self._questions: list[int] = []  # entry ids
        self.take_up: Callable[[], Awaitable[bool]] | None = None
        """Puts an earlier conversation before the model, once it is there."""
        self.untold: Callable[[], Awaitable[tuple[str, str] | None]] = _nothing
        """What the model must be told before a question: the key of a stop and its evidence."""
        self.undoing: dict[int, Callable[[], Awaitable[str]]] = {}

    # the model

    async def start(self) -> bool:
        """Load the model, or reach the server, and begin. False, with the reason in the flow, when
        that fails; asking again tries anew."""
        async with self._lock:
            if self._started:
                return True
            self._stand("loading", "loading the model")
            try:
                await self._window.start(self._loading)
                about = self._window.about
                if not about.chat:
                    raise ModelError(
                        f"{about.model} cannot converse", about.why_no_chat, "Choose an instruct model"
                    )
                if not self._opened:  # else what was said is still there, and is read again
                    await self._window.open(self._system, tuple(self._tools()))
                    self._opened = True
                if self.take_up is not None:
                    take_up, self.take_up = self.take_up, None
                    whole = await take_up()
                    words = "nothing is read again" if whole else "the model reads it again"
                    self.transcript.add("note", f"the conversation goes on; {words}")
            except IqdebugError as error:
                self._failed(error)
                return False
            self._started = True
            self._stand("ready", "ready")
            return True

    async def loaded(self) -> bool:
        """When the start that is under way has ended: whether it went well. Starts nothing."""
        async with self._lock:
            return self._started

    def _loading(self, progress: Progress) -> None:
        share = "" if progress.fraction is None else f" {100 * progress.fraction:.0f}%"
        self._stand("loading", f"{progress.words}{share}")

    def _failed(self, error: IqdebugError) -> None:
        self._started = False
        self.transcript.add("error", "\n".join(error.lines()))
        self._stand("failed", error.what)

    def _stand(self, state: str, words: str) -> None:
        about = self._window.about
        self.transcript.stand(
            ModelStatus(
                state,  # type: ignore[arg-type]
                words,
                about.model,
                about.where,
                about.remote,
                self._window.used,
                about.window,
            )
        )

    # evidence

    async def tell(self, key: str, text: str) -> bool:
        """The evidence of a stop. It is read in the background, until a question comes. False when it
        could not be told now."""
        if not self._started or self.busy:
            return False
        await self._stop_reading()
        async with self._lock:
            try:
                await self._window.evidence(key, text)
            except IqdebugError as error:
                self._failed(error)
                return False
        self.read_ahead()
        return True

    async def drop_unread(self) -> bool:
        """Take back the evidence that was told last, where nothing of it has been read yet; whether."""
        if not self._started or self.busy:
            return False
        await self._stop_reading()
        async with self._lock:
            return await self._window.drop_unread()

    def read_ahead(self) -> None:
        """Read what is unread while nothing is asked."""
        if self._started and self._reading is None and not self.busy:
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for now in self._window.prefill():
                self._stand("ahead", f"reading {now.done:,} of {now.total:,} tokens ahead")
        except IqdebugError as error:
            self._failed(error)
        else:
            self._stand("ready", "ready")
        finally:
            self._reading = None

    async def _stop_reading(self) -> None:
        reading = self._reading
        if reading is not None:
            await self._window.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    # turns

    @property
    def busy(self) -> bool:
        return self._turn is not None and not self._turn.done()

    def ask(self, text: str, besides: str = "", shown: str = "") -> None:
        """Begin a turn. The answer comes as entries.

        :param besides: fenced material that the question refers to.
        :param shown: what stands in the flow, where it is not the text itself.
        """
        entry = self.transcript.add("question", shown or text)
        self._questions.append(entry.id)
        whole = f"{text}\n\n{besides}" if besides else text
        self._turn = asyncio.create_task(self._take_turn(whole))

    def again(self) -> None:
        """Have the last question answered anew."""
        if self._questions and not self.busy:
            self.transcript.cut(self._questions[-1])
            self._turn = asyncio.create_task(self._take_turn(None))

    async def take_back(self) -> str:
        """Take the last question back, to be changed; its text, "" when there is none."""
        if not self._questions or self.busy:
            return ""
        await self._stop_reading()
        text = await self._window.take_back()
        self.transcript.cut(self._questions.pop() - 1)
        return text

    async def stop(self) -> None:
        """Stop the answer, the call under way, or the reading ahead, within a batch. What was said
        stays."""
        if self._doing is not None:
            self._stopped = True
            self._doing.cancel()
        elif self.busy or self._reading is not None:
            await self._window.cancel()

    async def finished(self) -> None:
        """When the turn under way has ended."""
        if self._turn is not None:
            await asyncio.gather(self._turn, return_exceptions=True)

    async def _take_turn(self, question: str | None) -> None:
        if not await self.start():
            return
        await self._stop_reading()
        async with self._lock:
            try:
                if question is None:
                    await self._window.retry()
                else:
                    news = await self.untold()
                    if news is not None:
                        await self._window.evidence(*news)
                    await self._window.question(question)
                await self._answer()
            except IqdebugError as error:
                self._failed(error)
                return
            except Exception as error:  # a mistake of ours must not leave the person waiting
                log.exception("a turn failed")
                words = f"{type(error).__name__}: {error}"
                self._failed(ModelError("The turn failed, which should not happen", words[:300], "Ask again"))
                return
        self._stand("ready", "ready")

    async def _answer(self) -> None:
        left = MAX_CALLS_PER_TURN
        for _ in range(_MAX_ROUNDS):
            calls = await self._round()
            if not calls:
                return
            self._stopped = False
            run = min(left, MAX_CALLS_PER_REPLY)
            left -= min(run, len(calls))
            for call in calls[:run]:
                await self._do(call)
            for call in calls[run:]:
                await self._window.tool_result(call, _NOT_RUN, "tools")
            if len(calls) > run:
                self.transcript.add(
                    "note", f"{len(calls) - run:,} of {len(calls):,} calls were not run: too many"
                )
            if self._stopped:
                return
            if not left:
                words = f"stopped after {MAX_CALLS_PER_TURN} tool calls; ask again to go on"
                self.transcript.add("note", words)
                return
        self.transcript.add("note", f"stopped after {_MAX_ROUNDS} rounds of tool calls; ask again to go on")

    async def _round(self) -> list[ToolCall]:
        """One reply; what it calls."""
        thought: Entry | None = None
        answer: Entry | None = None
        calls: list[ToolCall] = []
        self._stand("reading", "reading")
        waiting = asyncio.create_task(self._count_the_wait())
        try:
            async with contextlib.aclosing(_closable(self._window.reply(self._sampling))) as events:
                async for event in events:
                    waiting.cancel()
                    if isinstance(event, Prefilling):
                        self._stand("reading", f"reading {event.done:,} of {event.total:,} tokens")
                    elif isinstance(event, Thinking):
                        thought = self._grown(thought, "thinking", event.text)
                    elif isinstance(event, Text):
                        answer = self._grown(answer, "answer", event.text)
                    elif isinstance(event, ToolCallEvent):
                        calls.append(event.call)
                    elif isinstance(event, ReplyFinished):
                        self._ended(thought, answer, event)
                        if event.why != "calls":
                            calls = []
        finally:
            waiting.cancel()
        return calls

    async def _count_the_wait(self) -> None:
        """A server does not tell how far it has read: the seconds, then, and when it is given up."""
        patience = self._window.about.patience
        for seconds in itertools.count(1) if patience else ():
            await asyncio.sleep(_SECOND)
            self._stand("reading", f"waiting for the first token, {seconds} of {patience:.0f} s")

    def _grown(self, entry: Entry | None, kind: str, text: str) -> Entry:
        if entry is None:
            self._stand("answering", "thinking" if kind == "thinking" else "answering")
            entry = self.transcript.add(kind, "", running=True)  # type: ignore[arg-type]
        return self.transcript.put(replace(entry, text=entry.text + text))

    def _ended(self, thought: Entry | None, answer: Entry | None, done: ReplyFinished) -> None:
        why = {
            "length": "cut at the longest answer",
            "window": "the window is full: /compact, or ask anew",
            "cancelled": "stopped",
        }.get(done.why, "")
        seconds = f"{done.seconds:.0f} s" if done.seconds >= 1 else ""
        if thought is not None:
            self.transcript.put(replace(thought, running=False, words=seconds))
        if answer is not None:
            self.transcript.put(replace(answer, running=False, words=why))
        if not why and thought is None and answer is None and done.why != "calls":
            why = "the model answered nothing; /retry asks again"
        if why:
            self.transcript.add("note", why)

    async def _do(self, call: ToolCall) -> None:
        entry = self.transcript.add("call", _words_of(call), running=True)
        self._stand("asking" if call.name else "answering", f"running {call.name}")
        ran = ToolOutcome("The person stopped this call.", "stopped", failed=True)
        if not self._stopped:
            self._doing = asyncio.ensure_future(self._run_call(call))
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([self._doing])
                ran = self._doing.result()
            self._doing = None
        words = f"failed: {ran.summary}" if ran.failed else f"{ran.summary}, allowed by {ran.by}"
        self.transcript.put(replace(entry, running=False, detail=ran.text, words=words, undo=ran.undo))
        if ran.run_undo is not None:
            self.undoing[entry.id] = ran.run_undo
        await self._window.tool_result(call, ran.text, ran.source)

    async def undo(self) -> str:
        """Undo the last thing a call did that can be undone; words."""
        if not self.undoing:
            return "nothing that was done can be undone"
        number = max(self.undoing)
        words = await self.undoing.pop(number)()
        entry = next((e for e in self.transcript.entries if e.id == number), None)
        if entry is not None:
            self.transcript.put(replace(entry, undo="", words=f"{entry.words}; undone"))
        return words

    @property
    def questions(self) -> int:
        return len(self._questions)

    @property
    def started(self) -> bool:
        return self._started

    async def rest(self) -> None:
        """Stop everything that is under way. Never raises."""
        with contextlib.suppress(IqdebugError):
            await self.stop()
        for task in (self._turn, self._reading):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop everything and end the model's process. Never raises."""
        await self.rest()
        await self._window.close()


async def _nothing() -> tuple[str, str] | None:
    return None


async def _closable(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    """The same events; closing this closes the source, so that a reply never goes on unread."""
    try:
        async for event in events:
            yield event
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


def _words_of(call: ToolCall) -> str:
    shown = []
    for name, value in call.arguments.items():
        text = str(value).replace("\n", " ")
        shown.append(f"{name}={text if len(text) <= _ARGUMENT else text[:_ARGUMENT] + '…'}")
    return f"{call.name}({', '.join(shown)})"
