"""The last two lines: where the session stands, and what can be done now."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from iqdebug.assistant.transcript import ModelStatus
from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import Origin, Phase, Snapshot
from iqdebug.core.text import age, clean

__all__ = ["Hint", "Status", "StatusBar"]

_COLOURS = {
    Phase.CONNECTING: "blue",
    Phase.RUNNING: "green",
    Phase.PAUSED: "yellow",
    Phase.CRASHED: "red",
    Phase.DETACHED: "magenta",
    Phase.ENDED: "magenta",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and what it does, in a word or two."""

    key: str
    words: str
    is_possible: bool

    @property
    def width(self) -> int:
        return len(f" {self.key} {self.words} ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that the bar shows, besides the model.

    :param progress: what is waited for, "" for nothing; ``is_attaching``: as a step of attaching.
    :param owns_program: iqdebug started the program; then the reason of an end says how it ended.
    :param supervisor_warning: how long a supervisor lets the process be held.
    :param supervisor_ended_it: because it was held.
    :param background: what runs in the background.
    :param typing_hints: in place of ``hints`` while letters go to a program.
    """

    snapshot: Snapshot | None = None
    progress: Words = ""
    is_attaching: bool = True
    owns_program: bool = False
    supervisor_warning: Words = ""
    is_urgent: bool = False
    supervisor_ended_it: bool = False
    background: Words = ""
    hints: Sequence[Hint] = ()
    typing_hints: Sequence[Hint] = ()


def phase_words(snapshot: Snapshot, status: Status) -> str:
    """The phase as a person would say it."""
    return render(_phase(snapshot, status))


def _phase(snapshot: Snapshot, status: Status) -> Words:
    reason = snapshot.reason
    if snapshot.origin is Origin.RECORDED:
        return message("tui.status.recorded", moment=_moment(snapshot.taken_at), reason=reason)
    if status.progress:
        step = message("tui.status.attaching_step", step=status.progress)
        return step if status.is_attaching else status.progress
    if snapshot.phase is Phase.ENDED:
        return _end(snapshot, status)
    if snapshot.phase is Phase.DETACHED:
        return message("tui.status.detached", reason=reason or message("tui.status.runs_on"))
    if snapshot.phase is Phase.CRASHED:
        return message("tui.status.crashed", reason=reason)
    if snapshot.phase is Phase.PAUSED:
        paused = message("tui.status.paused_because", reason=reason)
        return paused if reason else message("tui.status.paused")
    is_running = snapshot.phase is Phase.RUNNING
    return message("tui.status.running") if is_running else message("tui.status.attaching")


def _end(snapshot: Snapshot, status: Status) -> Words:
    if snapshot.exit_code is None:
        by_supervisor = message("tui.status.ended_by_supervisor")
        return by_supervisor if status.supervisor_ended_it else message("tui.status.ended")
    if status.owns_program:
        return message("tui.status.ended_start_again", reason=snapshot.reason)
    return message("tui.status.ended_with_code", code=snapshot.exit_code)


def _moment(seconds: float) -> str:
    """Date and time in this machine's time zone; "?" for what is no moment."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds > 0 else "?"
    except (ValueError, OverflowError, OSError):
        return "?"


class StatusBar(Static):
    """:param now: the clock, in seconds since the epoch."""

    def __init__(self, now: Callable[[], float] = time.time, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._status = Status(progress=message("tui.status.starting"))
        self._since = now()
        self._shown_phase = (-1, Phase.CONNECTING)  # with its epoch
        self._model = ""
        self._remote = False
        self.typing = False
        """Whether letters go to a program, so that only function keys are iqdebug's."""

    def show(self, status: Status) -> None:
        snapshot = status.snapshot
        if snapshot is not None and (snapshot.epoch, snapshot.phase) != self._shown_phase:
            self._shown_phase = (snapshot.epoch, snapshot.phase)
            self._since = self._now()
        self._status = status
        self.tick()

    def set_model(self, standing: ModelStatus) -> None:
        """Where the model stands; one on another machine is named at all times."""
        quiet = standing.state in ("ready", "none")
        words = "" if quiet else standing.words
        self._model = f"{words} → {standing.where}" if standing.remote else words
        self._remote = standing.remote
        self.tick()

    def tick(self) -> None:
        """Draw again; the ages have changed."""
        self.update(Text("\n", no_wrap=True).join([self._first_line(), self._hint_line()]))

    def _first_line(self) -> Text:
        status, snapshot = self._status, self._status.snapshot
        if snapshot is None:
            return Text(clean(render(status.progress or message("tui.status.starting"))))
        recorded = snapshot.origin is Origin.RECORDED
        colour = "blue" if status.progress and not recorded else _COLOURS[snapshot.phase]
        text = Text().append(
            f" {clean(phase_words(snapshot, status))} ", Style(color=colour, bold=True, reverse=True)
        )
        elapsed = self._now() - self._since
        timed = snapshot.phase.is_stopped or snapshot.phase is Phase.RUNNING
        if timed and not status.progress and not recorded:
            text.append(f" {render(message('tui.status.for', age=age(elapsed)))}")
        if status.supervisor_warning and timed:
            style = Style(color="red" if status.is_urgent else "yellow", bold=True)
            text.append(f"  {clean(render(status.supervisor_warning))}", style)
        is_over = snapshot.phase in (Phase.DETACHED, Phase.ENDED)
        if snapshot.origin in (Origin.PEEK, Origin.LIVE) and not is_over:
            as_of = message("tui.status.as_of", age=age(max(self._now() - snapshot.taken_at, 0)))
            text.append(f"  {render(as_of)}", Style(dim=True))
        text.append(f"  {render(message('tui.status.pid', pid=snapshot.pid))}")
        if snapshot.python:
            text.append(f"  Python {clean(snapshot.python)}")
        if status.background:
            text.append(f"  {clean(render(status.background))}", Style(color="blue"))
        if self._model:
            model = render(message("tui.status.model", words=clean(self._model.strip())))
            text.append(f"  {model}", Style(color="yellow" if self._remote else "blue"))
        if snapshot.detail:
            text.append(f"  {clean(render(snapshot.detail))}", Style(color="yellow"))
        return text

    def _hint_line(self) -> Text:
        """As many as there is room for; the last two, help and leaving, are always among them."""
        room = self.size.width or 80
        if self.typing:
            return _typing_line(self._status.typing_hints, room)
        hints = list(self._status.hints)
        while len(hints) > 2 and sum(hint.width for hint in hints) > room:
            hints.pop(-3)
        text = Text()
        for hint in hints:
            text.append(f" {hint.key} ", Style(bold=hint.is_possible, dim=not hint.is_possible))
            text.append(f"{hint.words} ", Style(dim=not hint.is_possible))
        return text

    def on_resize(self) -> None:
        self.tick()


def _typing_line(hints: Sequence[Hint], room: int) -> Text:
    text = Text().append(" ^] ", Style(bold=True)).append(render(message("tui.status.our_keys")))
    for hint in hints:
        if text.cell_len + len(hint.key) + len(hint.words) + 3 <= room:
            text.append(f"  {hint.key} ", Style(bold=True)).append(hint.words)
    return text
