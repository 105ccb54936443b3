"""Listens to a debug session and has each of its snapshots diagnosed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context

from iqdebug.assistant.debuggee import Diagnose
from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import message
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, Diagnosis, LogRecord, Phase, Snapshot

__all__ = ["StopWatcher"]

MAX_DIAGNOSES_AT_WORK = 4
MAX_ERROR_CHARACTERS = 255


class StopWatcher:
    """Implements :class:`iqdebug.core.session.Listener`. Begins with the snapshot that the session has.

    Each diagnosis runs in a thread of its own that nothing waits for, one at a time for a stop and the
    newest snapshot first. A diagnosis of a stop that is over is dropped. All but the diagnosing happens on
    the event loop's thread.

    :param shows: whether a snapshot is one for the person to see.
    :param on_diagnosis: called with each snapshot and its diagnosis.
    """

    def __init__(
        self,
        session: DebugSession,
        diagnose: Diagnose,
        shows: Callable[[Snapshot], bool],
        on_diagnosis: Callable[[Snapshot, Diagnosis], None],
    ) -> None:
        self._diagnose = diagnose
        self._shows = shows
        self._on_diagnosis = on_diagnosis
        self._loop = asyncio.get_running_loop()
        self._newest: Snapshot | None = None
        self._wanted: tuple[Snapshot, Snapshot | None] | None = None
        self._at_work: list[Snapshot] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._unsubscribe = session.subscribe(self)
        self.snapshot_changed(session.snapshot)

    def close(self) -> None:
        """No diagnosis is reported any more. One at work ends by itself, as threads cannot be stopped."""
        self._closed = True
        self._unsubscribe()
        self._wanted = None
        self._idle.set()

    async def idle(self) -> None:
        """Wait until the newest snapshot has been diagnosed."""
        await self._idle.wait()

    # iqdebug.core.session.Listener

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        before, self._newest = self._newest, snapshot
        if before is not None and before.epoch != snapshot.epoch:
            before, self._wanted = None, None
        over = snapshot.phase in (Phase.DETACHED, Phase.ENDED)
        if snapshot.threads and not over and self._shows(snapshot):
            self._wanted = snapshot, before
        self._start()

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        """Logs are read from the view when evidence is written."""

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        """Breakpoints are no evidence."""

    # diagnosing

    def _start(self) -> None:
        wanted = self._wanted
        if wanted is not None and not self._must_wait(wanted[0]):
            self._wanted = None
            self._at_work.append(wanted[0])
            context = copy_context()
            threading.Thread(
                target=lambda: context.run(self._run, *wanted), daemon=True, name="iqdebug-stop-diagnosis"
            ).start()
        if self._wanted is None and not any(s.epoch == self._epoch for s in self._at_work):
            self._idle.set()
        else:
            self._idle.clear()

    @property
    def _epoch(self) -> int:
        return self._newest.epoch if self._newest is not None else -1

    def _must_wait(self, snapshot: Snapshot) -> bool:
        same_stop = any(s.epoch == snapshot.epoch for s in self._at_work)
        return same_stop or len(self._at_work) >= MAX_DIAGNOSES_AT_WORK

    def _run(self, snapshot: Snapshot, before: Snapshot | None) -> None:
        """In the thread."""
        try:
            diagnosis = self._diagnose(snapshot, before)
        except Exception as error:  # a ranking that fails must not end the conversation
            words = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]
            headline = message("assistant.headline.ranking_failed", error=words)
            diagnosis = Diagnosis(headline, Confidence.NO_CLEAR_SUSPECT)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._finished, snapshot, diagnosis)

    def _finished(self, snapshot: Snapshot, diagnosis: Diagnosis) -> None:
        self._at_work = [each for each in self._at_work if each is not snapshot]
        if self._closed:
            return
        if snapshot.epoch == self._epoch:
            self._on_diagnosis(snapshot, diagnosis)
        self._start()
