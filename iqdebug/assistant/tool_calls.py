"""Runs the tool calls of a reply: shows each, waits for it, and hands the result to the model."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from iqdebug.assistant.log_window import LogWindow
from iqdebug.assistant.permissions import DecidedBy
from iqdebug.assistant.redaction import unfenced
from iqdebug.assistant.status_reporter import StatusReporter
from iqdebug.assistant.transcript import Transcript
from iqdebug.assistant.wording import DECIDED_BY
from iqdebug.core.messages import message, render
from iqdebug.llm.messages import Source, ToolCall

__all__ = ["MAX_CALLS_PER_REPLY", "RunCall", "ToolCallRunner", "ToolOutcome"]

MAX_CALLS_PER_REPLY = 32
"""The model is told that the calls beyond this number were not run."""

_MAX_ARGUMENT_CHARACTERS = 60
# For the model:
_NOT_RUN = "Not run: too many calls. Say what is known so far, or ask for fewer."
_STOPPED = "The person stopped this call."
_REPEATED = "You have this result already, further up. Write the answer to the question now, in words."
_WRONG = "This call was not run: {why}. Call again, or answer without it."


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """The result of a call. ``text`` is for the model, ``summary`` for the person.

    :param decided_by: who allowed the call, in the order in which rights were asked for.
    """

    text: str
    summary: str
    source: Source = "tools"
    decided_by: tuple[DecidedBy, ...] = (DecidedBy.RULE,)
    failed: bool = False
    undo: str = ""
    run_undo: Callable[[], Awaitable[str]] | None = None

    @property
    def words(self) -> str:
        """What stands beside the call once it has ended."""
        if self.failed:
            return render(message("call.failed", summary=self.summary))
        deciders = [DECIDED_BY[by] for by in self.decided_by]
        return render(message("call.allowed_by", summary=self.summary, deciders=deciders))


RunCall = Callable[[ToolCall], Awaitable[ToolOutcome]]


class ToolCallRunner:
    """One call at a time. Every call gets a result in the window, whether it was run or not: servers
    refuse a history in which one is missing.

    :param run_call: runs a call within the rights that were given; never raises for what a model may do
        wrong.
    """

    def __init__(
        self, window: LogWindow, transcript: Transcript, status: StatusReporter, run_call: RunCall
    ) -> None:
        self._window = window
        self._transcript = transcript
        self._status = status
        self.run_call = run_call
        self._running: asyncio.Future[ToolOutcome] | None = None
        self._undoable: dict[int, Callable[[], Awaitable[str]]] = {}  # by the entry of the call
        self._results: set[tuple[str, str, str]] = set()  # of the turn: tool, arguments, result
        self.stopped = False
        """Whether the person stopped a call of the last reply."""
        self.only_repeats = False
        """Whether each call of the last reply gave what an equal call had given before."""

    def begin_turn(self) -> None:
        self._results.clear()

    @property
    def can_undo(self) -> bool:
        return bool(self._undoable)

    async def run(self, calls: Sequence[ToolCall], budget: int) -> int:
        """Run the calls of one reply, at most ``budget`` of them; returns how many were run."""
        self.stopped = False
        self.only_repeats = bool(calls)
        limit = min(budget, MAX_CALLS_PER_REPLY)
        for call in calls[:limit]:
            await self._run(call)
        for call in calls[limit:]:
            await self._window.tool_result(call, _NOT_RUN, "tools")
        if len(calls) > limit:
            left, all_of_them = f"{len(calls) - limit:,}", f"{len(calls):,}"
            self._transcript.add("note", message("assistant.note.not_run", count=left, total=all_of_them))
        return min(limit, len(calls))

    def stop(self) -> bool:
        """Stop the call that is running and skip the rest of its reply; False when none is running."""
        if self._running is None:
            return False
        self.stopped = True
        self._running.cancel()
        return True

    async def undo(self) -> str:
        """Undo the last call that can be undone; says what was done."""
        if not self._undoable:
            return render(message("assistant.undone.nothing"))
        number = max(self._undoable)
        words = await self._undoable.pop(number)()
        entry = next((e for e in self._transcript.entries if e.id == number), None)
        if entry is not None:
            self._transcript.put(
                replace(entry, undo="", words=render(message("call.undone", words=entry.words)))
            )
        return words

    async def _run(self, call: ToolCall) -> None:
        entry = self._transcript.add("call", _shown(call), running=True)
        running = message("assistant.status.running", tool=call.name)
        self._status.show("asking" if call.name else "answering", running)
        outcome = ToolOutcome(_STOPPED, render(message("assistant.summary.stopped")), failed=True)
        if call.problem:
            summary = render(message("assistant.summary.wrong_call", why=call.problem))
            outcome = ToolOutcome(_WRONG.format(why=call.problem), summary, failed=True)
        elif not self.stopped:
            self._running = asyncio.ensure_future(self.run_call(call))
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([self._running])
                outcome = self._running.result()
            self._running = None
        self._transcript.put(
            replace(entry, running=False, detail=outcome.text, words=outcome.words, undo=outcome.undo)
        )
        if outcome.run_undo is not None:
            self._undoable[entry.id] = outcome.run_undo
        key = call.name, json.dumps(dict(call.arguments), sort_keys=True, default=str), unfenced(outcome.text)
        if key in self._results:
            await self._window.tool_result(call, _REPEATED, "tools")
            return
        self.only_repeats = False
        self._results.add(key)
        await self._window.tool_result(call, outcome.text, outcome.source)


def _shown(call: ToolCall) -> str:
    """The call as one line, long arguments shortened."""
    if call.problem:
        return call.name or call.written[:_MAX_ARGUMENT_CHARACTERS]
    arguments = []
    for name, value in call.arguments.items():
        text = str(value).replace("\n", " ")
        shortened = text[:_MAX_ARGUMENT_CHARACTERS] + "…" if len(text) > _MAX_ARGUMENT_CHARACTERS else text
        arguments.append(f"{name}={shortened}")
    return f"{call.name}({', '.join(arguments)})"
