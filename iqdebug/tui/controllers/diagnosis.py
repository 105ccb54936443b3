"""The cause on the screen: asked for beside the screen's own work, shown, and walked through."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable
from contextvars import copy_context

from textual.timer import Timer

from iqdebug.core.state import Diagnosis, Snapshot, Suspect
from iqdebug.tui import messages
from iqdebug.tui.controllers.base import OVER, STOPPED, unforeseen
from iqdebug.tui.controllers.selection import Selection
from iqdebug.tui.layout import PaneLayout
from iqdebug.tui.locations import Place, whereabouts
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.panes.suspects import SuspectsPane, suspect_key
from iqdebug.tui.screens.details import DetailsScreen

__all__ = ["Cause"]

_TIMEOUT = 0.2  # seconds without a word about what goes on
_MAX_AT_WORK = 4


class Cause(Selection):
    """A diagnosis is found in a thread of its own that nothing waits for: however long it takes,
    keys are answered and the screen can be left. One that was asked for earlier never takes the
    place of one that was asked for later, and none outlives its stop."""

    _diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis]
    _arrangement: PaneLayout | None

    _asked = 0  # how many diagnoses were asked for: the last one's number
    _answered = 0  # the number of the one that is shown
    _asked_from = 1  # the first number that is about this stop
    _wanted: tuple[int, Snapshot, Snapshot | None] | None = None
    _at_work: frozenset[int] = frozenset()
    _seeking = False
    _patience: Timer | None = None
    _walked: Hashable = None  # the suspect that was gone to last

    # asking

    def _new_moment(self, phase_over: bool) -> None:
        """Another stop, or the process goes on: what was asked before is about what is past."""
        self._asked_from = self._asked + 1
        self._wanted, self._walked, self._seeking = None, None, False
        if self._patience is not None:
            self._patience.stop()
        self._patience = None if phase_over else self.set_timer(_TIMEOUT, self._say_seeking)

    def _ask_cause(self, snapshot: Snapshot, earlier: Snapshot | None) -> None:
        self._asked += 1
        self._wanted = (self._asked, snapshot, earlier)
        self._start_asking()

    def _start_asking(self) -> None:
        """One at a time for a stop, the newest that is wanted; those about the past are left to end
        by themselves, as threads cannot be stopped."""
        busy = len(self._at_work) >= _MAX_AT_WORK or any(n >= self._asked_from for n in self._at_work)
        if self._wanted is None or busy:
            return
        wanted, self._wanted = self._wanted, None
        self._at_work |= {wanted[0]}
        context = copy_context()
        threading.Thread(
            target=lambda: context.run(self._find_cause, *wanted), daemon=True, name="iqdebug-cause"
        ).start()

    def _find_cause(self, number: int, snapshot: Snapshot, earlier: Snapshot | None) -> None:
        try:
            diagnosis = self._diagnose(snapshot, earlier)
        except Exception as error:  # a ranking that fails must not end the session
            words = "; ".join(unforeseen("The ranking of suspects", error).lines())
            diagnosis = Diagnosis(words, "no clear suspect")
        with contextlib.suppress(RuntimeError):  # the screen is gone
            self.post_message(messages.DiagnosisArrived(diagnosis, number))

    def on_diagnosis_arrived(self, message: messages.DiagnosisArrived) -> None:
        self._at_work -= {message.number}
        if self._drawn and message.number >= self._asked_from and message.number > self._answered:
            self._answered = message.number
            self._diagnosis, self._seeking = message.diagnosis, False
            self._show_card()
            self._show_suspects()
        self._start_asking()

    def _say_seeking(self) -> None:
        """What is known of the stop before must not stand there as if it were about this one."""
        if not self._drawn or self._answered >= self._asked_from or self.snapshot is None:
            return
        self._seeking = self._asked >= self._asked_from or self.snapshot.phase in STOPPED
        self._diagnosis = None
        self._show_card()
        self._show_suspects()

    def _show_card(self) -> None:
        base = self.screen_stack[0]
        base.query_one(InsightCard).show(self._diagnosis, self.size.height, looking=self._seeking)

    def _show_suspects(self) -> None:
        failed = self.snapshot is not None and self.snapshot.exception is not None
        pane = self.screen_stack[0].query_one(SuspectsPane)
        pane.show(self._diagnosis, looking=self._seeking, failed=failed)

    # walking

    def _known(self) -> Diagnosis | None:
        """What is known about this very stop; says so where that is nothing yet."""
        if self._diagnosis is not None and (self._answered >= self._asked_from or self._over):
            return self._diagnosis
        self.notify("still looking for the cause" if self._asked >= self._asked_from else "no diagnosis yet")
        return None

    @property
    def _over(self) -> bool:
        return self.snapshot is not None and self.snapshot.phase in OVER

    def action_insight(self) -> None:
        diagnosis = self._known()
        if diagnosis is not None:
            self.push_screen(DetailsScreen(diagnosis), self._go_if_chosen)

    def _go_if_chosen(self, place: Place | None) -> None:
        if place is not None:
            self._go_to(place)

    def action_suspect(self, by: int) -> None:
        """To the next or previous suspect, in every pane together; the first time to the first."""
        diagnosis = self._known()
        if diagnosis is None:
            return
        if not diagnosis.suspects:
            self.notify("no good suspect: nothing that was seen accuses a place")
            return
        keys = [suspect_key(s) for s in diagnosis.suspects]
        at = keys.index(self._walked) + by if self._walked in keys else 0
        if 0 <= at < len(keys):
            self._go_to(diagnosis.suspects[at])
        else:
            self.notify("this is the last suspect" if by > 0 else "this is the first suspect")

    def action_provenance(self) -> None:
        self.action_pane("suspects")
        pane = self.screen_stack[0].query_one(SuspectsPane)
        pane.call_after_refresh(pane.to_way)  # once it has a size

    def action_pane(self, name: str) -> None:
        raise NotImplementedError  # the app's

    def on_place_wanted(self, message: messages.PlaceWanted) -> None:
        if isinstance(message.place, Suspect):
            self._walked = suspect_key(message.place)
        if message.go:
            self._go_to(message.place)
            if self._arrangement is not None and self._arrangement.narrow:
                self.action_pane("source")
        elif message.place.path:
            self._show_line(message.place, whereabouts(self.snapshot, message.place).words)

    def _go_to(self, place: Place) -> None:
        """Source, stack and variables to the place; only the source where no frame of it is left."""
        rank = self._rank(place)
        if isinstance(place, Suspect):
            self._walked = suspect_key(place)
            self.screen_stack[0].query_one(SuspectsPane).move_to_key(self._walked)
        if not place.path:
            self.notify("this suspect is not a place in a file")
            return
        at = whereabouts(self.snapshot, place)
        if at.index is not None:
            self._raised = at.raised
            self._select(at.thread_id, at.index)
        reason = place.reasons[0] if isinstance(place, Suspect) and place.reasons else ""
        self._show_line(place, " · ".join(w for w in (at.words or reason, rank) if w))

    def _show_line(self, place: Place, note: str) -> None:
        source = self.screen_stack[0].query_one(SourcePane)
        source.show(place.path, place.line, current=False, note=note)

    def _rank(self, place: Place) -> str:
        """``suspect 2 of 5``; "" for what is none."""
        suspects = self._diagnosis.suspects if self._diagnosis is not None else ()
        return f"suspect {suspects.index(place) + 1} of {len(suspects)}" if place in suspects else ""
