"""The last two lines: where the session stands, and what can be done now."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from iqdebug.assistant.transcript import ModelStatus
from iqdebug.core.state import Origin, Phase, Snapshot
from iqdebug.core.text import age, clean
from iqdebug.tui.actions import ACTIONS, Action

__all__ = ["StatusBar", "phase_words"]

_COLOURS = {
    Phase.CONNECTING: "blue",
    Phase.RUNNING: "green",
    Phase.PAUSED: "yellow",
    Phase.CRASHED: "red",
    Phase.DETACHED: "magenta",
    Phase.ENDED: "magenta",
}


_OWN_VERBS = ("starting the", "ending the", "letting the")
"""How words begin that are about a program of ours, to which nothing attaches."""


def phase_words(snapshot: Snapshot, attaching: str) -> str:
    """The phase as a person would say it. ``attaching`` is what attaching waits for, "" when it
    is not going on."""
    if snapshot.origin is Origin.RECORDED:
        return f"recorded {_moment(snapshot.taken_at)}, {snapshot.reason}"
    if attaching:
        return attaching if attaching.startswith(_OWN_VERBS) else f"attaching: {attaching}"
    words = {
        Phase.CONNECTING: "attaching",
        Phase.RUNNING: "running",
        Phase.PAUSED: f"paused ({snapshot.reason})" if snapshot.reason else "paused",
        Phase.CRASHED: f"crashed: {snapshot.reason}",
        Phase.DETACHED: "detached: the process runs on without iqdebug (r: attach again)",
        Phase.ENDED: "the process has ended",
    }[snapshot.phase]
    if snapshot.phase is Phase.ENDED and snapshot.exit_code is not None:
        if snapshot.reason.startswith("ended"):  # it says how already; only a program of ours does
            return f"{snapshot.reason} (S: start it again)"
        words += f" with exit code {snapshot.exit_code}"
    elif snapshot.phase is Phase.ENDED and "was paused" in snapshot.reason:
        words += ": its supervisor did that"
    if snapshot.phase is Phase.DETACHED and snapshot.reason not in ("", "detached"):
        words = f"detached: {snapshot.reason} (r: attach again)"
    return words


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
        self._snapshot: Snapshot | None = None
        self._attaching = ""
        self._since = now()
        self._epoch = (-1, Phase.CONNECTING)
        self._why_not: Callable[[Action], str] = lambda action: "attaching" if action.needs else ""
        self._background = ""
        self._supervised, self._urgent = "", False
        self._model = ""
        self._remote = False
        self.typing = False
        """Whether letters go to a program, so that only function keys are iqdebug's."""

    def show(
        self,
        snapshot: Snapshot | None,
        *,
        attaching: str,
        why_not: Callable[[Action], str],
        background: str = "",
        supervised: str = "",
        urgent: bool = False,
    ) -> None:
        """:param supervised: how long who waits for the process will do so."""
        if snapshot is not None and (snapshot.epoch, snapshot.phase) != self._epoch:
            self._epoch = (snapshot.epoch, snapshot.phase)
            self._since = self._now()
        self._snapshot, self._attaching, self._why_not = snapshot, attaching, why_not
        self._background = background
        self._supervised, self._urgent = supervised, urgent
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
        self.update(Text("\n", no_wrap=True).join([self._first(), self._hints()]))

    def _first(self) -> Text:
        snapshot = self._snapshot
        if snapshot is None:
            return Text(clean(self._attaching) or "starting")
        recorded = snapshot.origin is Origin.RECORDED
        colour = "blue" if self._attaching and not recorded else _COLOURS[snapshot.phase]
        text = Text().append(
            f" {clean(phase_words(snapshot, self._attaching))} ", Style(color=colour, bold=True, reverse=True)
        )
        elapsed = self._now() - self._since
        timed = snapshot.phase in (Phase.PAUSED, Phase.CRASHED, Phase.RUNNING)
        if timed and not self._attaching and not recorded:
            text.append(f" for {age(elapsed)}")
        if self._supervised and timed:
            text.append(
                f"  {clean(self._supervised)}", Style(color="red" if self._urgent else "yellow", bold=True)
            )
        if snapshot.origin in (Origin.PEEK, Origin.LIVE) and snapshot.phase not in (
            Phase.DETACHED,
            Phase.ENDED,
        ):
            text.append(f"  as of {age(max(self._now() - snapshot.taken_at, 0))} ago", Style(dim=True))
        text.append(f"  pid {snapshot.pid}")
        if snapshot.python:
            text.append(f"  Python {clean(snapshot.python)}")
        if self._background:
            text.append(f"  {clean(self._background)}", Style(color="blue"))
        if self._model:
            text.append(
                f"  model: {clean(self._model.strip())}", Style(color="yellow" if self._remote else "blue")
            )
        if snapshot.detail:
            text.append(f"  {clean(snapshot.detail)}", Style(color="yellow"))
        return text

    def _hints(self) -> Text:
        """As many as there is room for, what is possible first where nothing runs; help and leaving
        are always among them."""
        actions = [action for action in ACTIONS if action.hint]
        if self._snapshot is not None and self._snapshot.origin is Origin.RECORDED:
            actions[:0] = [a for a in ACTIONS if a.aside and not self._why_not(a)]
        room = self.size.width or 80
        if self.typing:
            return _typing_hints(self._why_not, room)
        while len(actions) > 2 and sum(len(_hint(a)) for a in actions) > room:
            actions.pop(-3)
        text = Text()
        for action in actions:
            possible = not self._why_not(action)
            key, _, words = _hint(action)[1:].partition(" ")
            text.append(f" {key} ", Style(bold=possible, dim=not possible))
            text.append(words, Style(dim=not possible))
        return text

    def on_resize(self) -> None:
        self.tick()


def _typing_hints(why_not: Callable[[Action], str], room: int) -> Text:
    text = Text().append(" ^] ", Style(bold=True)).append("iqdebug's keys")
    for name, words in (("pause", "pause"), ("leave", "leave"), ("restart", "start again")):
        action = next(a for a in ACTIONS if a.name == name)
        key = action.shown.split()[0]
        if not why_not(action) and text.cell_len + len(key) + len(words) + 3 <= room:
            text.append(f"  {key} ", Style(bold=True)).append(words)
    return text


def _hint(action: Action) -> str:
    key = action.shown.split()[0 if action.aside else -1]
    return f" {key} {action.hint or action.aside} "
