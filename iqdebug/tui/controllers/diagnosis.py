"""The diagnosis on the screen: computed beside the screen's own work, shown, and walked through."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable
from contextvars import copy_context
from dataclasses import dataclass

from textual.timer import Timer

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Diagnosis, Snapshot, Suspect
from iqdebug.tui import messages
from iqdebug.tui.controllers.selection import SelectionController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.window import Layout, Window, unforeseen
from iqdebug.tui.locations import Place, whereabouts
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.suspects import SuspectsPane, suspect_key
from iqdebug.tui.screens.details import DetailsScreen

__all__ = ["DiagnosisController"]

SILENT_TIMEOUT_S = 0.2
"""How long a diagnosis may take before the screen says that one is on its way."""

MAX_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Request:
    """``earlier``: the snapshot before, where it is of the same stop."""

    number: int
    snapshot: Snapshot
    earlier: Snapshot | None


class DiagnosisController:
    """A diagnosis is computed in a thread of its own that nothing waits for: however long it takes,
    keys are answered and the screen can be left. An older request's answer never takes the place of a
    newer one's, and none outlives its stop.

    Requests are numbered. ``_first_of_stop`` is the first number that is about this stop.

    :param diagnose: (snapshot, earlier one) → diagnosis; called in a thread.
    """

    def __init__(
        self,
        window: Window,
        state: DebugState,
        selection: SelectionController,
        layout: Layout,
        diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis],
    ) -> None:
        self._window = window
        self._state = state
        self._selection = selection
        self._layout = layout
        self._diagnose = diagnose
        self.current: Diagnosis | None = None
        """The one that is shown."""
        self._requested = 0
        self._answered = 0  # the number of the one that is shown
        self._first_of_stop = 1
        self._next: _Request | None = None
        self._running: frozenset[int] = frozenset()
        self._is_searching = False  # the screen says that a diagnosis is on its way
        self._silence: Timer | None = None
        self._walked_to: Hashable = None  # the suspect that was gone to last

    @property
    def is_idle(self) -> bool:
        """Whether no diagnosis is being computed, of this stop or an earlier one."""
        return not self._running

    @property
    def is_up_to_date(self) -> bool:
        """Whether the newest request has been answered."""
        return self._answered == self._requested

    # asking

    def begin_stop(self, *, is_over: bool) -> None:
        """Another stop, or the process goes on: what was requested before is about what is past."""
        self._first_of_stop = self._requested + 1
        self._next, self._walked_to, self._is_searching = None, None, False
        if self._silence is not None:
            self._silence.stop()
        self._silence = None if is_over else self._window.set_timer(SILENT_TIMEOUT_S, self._break_silence)

    def request(self, snapshot: Snapshot, earlier: Snapshot | None) -> None:
        self._requested += 1
        self._next = _Request(self._requested, snapshot, earlier)
        self._start_next()

    def _start_next(self) -> None:
        """One at a time for a stop, the newest request; those about the past are left to end by
        themselves, as threads cannot be stopped."""
        is_busy = len(self._running) >= MAX_THREADS or any(n >= self._first_of_stop for n in self._running)
        if self._next is None or is_busy:
            return
        request, self._next = self._next, None
        self._running |= {request.number}
        context = copy_context()
        threading.Thread(
            target=lambda: context.run(self._compute, request), daemon=True, name="iqdebug-cause"
        ).start()

    def _compute(self, request: _Request) -> None:
        try:
            diagnosis = self._diagnose(request.snapshot, request.earlier)
        except Exception as error:  # a ranking that fails must not end the session
            failure = unforeseen(message("tui.failed.ranking"), error)
            headline = message("tui.diagnosis.failed", lines=failure.texts[:2])
            diagnosis = Diagnosis(headline, Confidence.NO_CLEAR_SUSPECT)
        with contextlib.suppress(RuntimeError):  # the screen is gone
            self._window.post_message(messages.DiagnosisArrived(diagnosis, request.number))

    def accept(self, diagnosis: Diagnosis, number: int) -> None:
        """Take an answer in; one that is out of date is dropped."""
        self._running -= {number}
        is_newest = number >= self._first_of_stop and number > self._answered
        if self._window.is_drawn and is_newest:
            self._answered = number
            self.current, self._is_searching = diagnosis, False
            self._show()
        self._start_next()

    def forget(self) -> None:
        """It was about what is over."""
        self.current = None
        self._show()

    def resize(self) -> None:
        if self.current is not None or self._is_searching:
            self._show_card()

    def _break_silence(self) -> None:
        """What is known of the stop before must not stand there as if it were about this one."""
        if not self._window.is_drawn or self._answered >= self._first_of_stop or self._state.snapshot is None:
            return
        self._is_searching = self._requested >= self._first_of_stop or self._state.is_stopped
        self.forget()

    def _show(self) -> None:
        self._show_card()
        has_exception = self._state.exception is not None
        pane = self._window.pane(SuspectsPane)
        pane.show(self.current, looking=self._is_searching, failed=has_exception)

    def _show_card(self) -> None:
        card = self._window.pane(InsightCard)
        card.show(self.current, self._window.size.height, looking=self._is_searching)

    # walking

    def _of_this_stop(self) -> Diagnosis | None:
        """What is known about this very stop; tells the person where that is nothing yet."""
        if self.current is not None and (self._answered >= self._first_of_stop or self._state.is_over):
            return self.current
        is_requested = self._requested >= self._first_of_stop
        still, none = message("tui.diagnosis.still_looking"), message("tui.diagnosis.none_yet")
        self._window.notify(still if is_requested else none)
        return None

    def open_details(self) -> None:
        diagnosis = self._of_this_stop()
        if diagnosis is not None:
            self._window.push_screen(DetailsScreen(diagnosis), self._go_to_chosen)

    def _go_to_chosen(self, place: Place | None) -> None:
        if place is not None:
            self._go_to(place)

    def walk(self, by: int) -> None:
        """To the next or previous suspect, in every pane together; the first time to the first."""
        diagnosis = self._of_this_stop()
        if diagnosis is None:
            return
        if not diagnosis.suspects:
            self._window.notify(message("tui.diagnosis.no_suspect"))
            return
        keys = [suspect_key(s) for s in diagnosis.suspects]
        at = keys.index(self._walked_to) + by if self._walked_to in keys else 0
        if 0 <= at < len(keys):
            self._go_to(diagnosis.suspects[at])
        else:
            last, first = message("tui.diagnosis.last"), message("tui.diagnosis.first")
            self._window.notify(last if by > 0 else first)

    def show_provenance(self) -> None:
        self._window.show_pane("suspects")
        pane = self._window.pane(SuspectsPane)
        pane.call_after_refresh(pane.to_way)  # once it has a size

    def show_place(self, place: Place, *, go: bool) -> None:
        """A place that the diagnosis names, in the source; with ``go`` go there, stack and variables
        included."""
        if isinstance(place, Suspect):
            self._walked_to = suspect_key(place)
        if go:
            self._go_to(place)
            if self._layout.narrow:
                self._window.show_pane("source")
        elif place.path:
            note = whereabouts(self._state.snapshot, place).words
            self._selection.show_line(place.path, place.line, note)

    def _go_to(self, place: Place) -> None:
        """Source, stack and variables to the place; only the source where no frame of it is left."""
        if isinstance(place, Suspect):
            self._walked_to = suspect_key(place)
            self._window.pane(SuspectsPane).move_to_key(self._walked_to)
        if not place.path:
            self._window.notify(message("tui.diagnosis.no_place"))
            return
        at = whereabouts(self._state.snapshot, place)
        if at.index is not None:
            self._selection.traceback = at.raised
            self._selection.select(at.thread_id, at.index)
        reason = place.reason_messages[0] if isinstance(place, Suspect) and place.reasons else ""
        note = " · ".join(render(w) for w in (at.words or reason, self._rank(place)) if w)
        self._selection.show_line(place.path, place.line, note)

    def _rank(self, place: Place) -> Text:
        """``suspect 2 of 5``; "" for what is none."""
        suspects = self.current.suspects if self.current is not None else ()
        if place not in suspects:
            return ""
        return message("tui.diagnosis.rank", rank=suspects.index(place) + 1, count=len(suspects))
