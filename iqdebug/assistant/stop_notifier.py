"""Notifies the model of stops: decides when, and what it does not know yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from iqdebug.assistant.conversation import Conversation
from iqdebug.assistant.debuggee import StopContext
from iqdebug.assistant.stop_evidence import StopEvidence
from iqdebug.core.evidence import Confidence
from iqdebug.core.state import Diagnosis, Phase, Snapshot

__all__ = ["STOP_SETTLE_S", "StopNotifier"]

STOP_SETTLE_S = 0.15
"""How long the pieces of a stop may take to arrive before the model is notified of it."""


@dataclass(frozen=True, slots=True)
class _StopUpdate:
    stop: StopContext
    key: str
    text: str


class StopNotifier:
    """Keeps the current stop of one session and what the model has been given of it. The model is given
    each stop once, and once more when more has become known; evidence that it has not begun to read is
    replaced rather than followed.

    :param on_shown: called when the model has been given the current stop.
    :param current: the stop that was spoken of before this session.
    :param shown: a snapshot that the model knows already, of a conversation that goes on.
    """

    def __init__(
        self,
        evidence: StopEvidence,
        on_shown: Callable[[], None],
        *,
        current: StopContext | None = None,
        shown: Snapshot | None = None,
        settle_s: float = STOP_SETTLE_S,
    ) -> None:
        self._evidence = evidence
        self._on_shown = on_shown
        self._settle_s = settle_s
        self._current = current
        self._last_stop: StopContext | None = None
        self._shown = shown
        self._shown_before: Snapshot | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    @property
    def current(self) -> StopContext | None:
        """The newest snapshot that was diagnosed."""
        return self._current

    @property
    def last_stop(self) -> StopContext | None:
        """The last one at which the process stood still; its first look where it never did."""
        return self._last_stop

    def stop_diagnosed(self, snapshot: Snapshot, diagnosis: Diagnosis) -> None:
        """A stop, or more of what is known of one. It becomes the current one at once; the model is
        notified by :meth:`notify`."""
        self._current = StopContext(snapshot, diagnosis)
        if snapshot.phase.is_stopped or (self._last_stop is None and snapshot.threads):
            self._last_stop = self._current

    async def notify(self, conversation: Conversation, *, settle: bool) -> None:
        """Give the model what it does not know of the current stop, unless it is answering: then it gets
        it before the next question.

        :param settle: wait for the pieces in which a stop arrives.
        """
        if not await conversation.loaded():
            return
        await asyncio.sleep(self._settle_s if settle else 0.0)
        async with self._lock:
            if conversation.busy:
                return
            update = await self._update(conversation.drop_unread)
            if update is None or self._current is not update.stop:
                return  # a newer one has come, which is notified by itself
            if await conversation.append_evidence(update.key, update.text):
                self._mark_shown(update)

    async def before_question(self, drop_unread: Callable[[], Awaitable[bool]]) -> tuple[str, str] | None:
        """What the model must be given before a question: a key for the stop, and the evidence."""
        update = await self._update(drop_unread)
        if update is None:
            return None
        self._mark_shown(update)
        return update.key, update.text

    def forget_shown(self) -> None:
        """The evidence was cut from the window: give it again."""
        self._shown = self._shown_before = None

    def close(self) -> None:
        """Another session has taken the place of this one: nothing is given any more."""
        self._closed = True

    async def _update(self, drop_unread: Callable[[], Awaitable[bool]]) -> _StopUpdate | None:
        """What the model does not know of the current stop; None when there is nothing."""
        stop, shown = self._current, self._shown
        if stop is None or self._closed:
            return None
        if shown is not None and not (_says_more(stop.snapshot, shown) and _is_worth_saying(stop)):
            return None
        if await drop_unread():
            self._shown = self._shown_before
        text = await asyncio.to_thread(self._evidence.text, stop.snapshot, stop.diagnosis, self._shown)
        return _StopUpdate(stop, f"stop {stop.snapshot.epoch}", text)

    def _mark_shown(self, update: _StopUpdate) -> None:
        self._shown_before, self._shown = self._shown, update.stop.snapshot
        self._on_shown()


def _says_more(snapshot: Snapshot, shown: Snapshot) -> bool:
    """Whether it is another stop, or the same one of which more is known."""
    if (snapshot.pid, snapshot.epoch, snapshot.phase) != (shown.pid, shown.epoch, shown.phase):
        return True
    if (snapshot.exception is None) != (shown.exception is None):
        return True
    return _frames_with_locals(snapshot) > _frames_with_locals(shown)


def _is_worth_saying(stop: StopContext) -> bool:
    """That a process runs on says nothing by itself; why it hangs does."""
    running = stop.snapshot.phase in (Phase.RUNNING, Phase.CONNECTING)
    return not running or stop.diagnosis.confidence is not Confidence.NO_CLEAR_SUSPECT


def _frames_with_locals(snapshot: Snapshot) -> int:
    thread = snapshot.focused
    return sum(f.locals is not None for f in thread.frames) if thread is not None else 0
