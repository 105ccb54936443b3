"""The suspects, and the way of the failing value, as one tree to walk."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from iqdebug.core.messages import Message, message, render
from iqdebug.core.state import Diagnosis, Step, Suspect
from iqdebug.core.text import clean
from iqdebug.tui.locations import Place, Whereabouts, file_line
from iqdebug.tui.messages import PlaceWanted
from iqdebug.tui.panes.insight import LOOKING, cells, confidence_meaning, last_name, step_text, value_text
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["PROVENANCE", "SuspectsPane", "suspect_key"]

PROVENANCE = ("way",)
"""The key of the heading above the way of the failing value."""

MAX_NAME_CELLS = 28
MAX_PLACE_CELLS = 28
MAX_INDENT_LEVELS = 12
MIN_COLUMNS_FOR_FULL_NAMES = 100
MAX_PROOF_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class _Branch:
    """What a row stands for. ``opens``: something can be folded out below it; ``opened``: it is."""

    place: Place
    opens: bool
    opened: bool


class SuspectsPane(RowsView):
    """Moving shows a place in the source, Enter goes there with stack and variables; left and right
    fold. What was folded, and the cursor, survive a newer diagnosis of the same places.

    :param where: what is left of a place now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("left", "fold"),
        ("right", "unfold"),
    ]

    def __init__(self, where: Callable[[Place], Whereabouts], id: str | None = None) -> None:
        super().__init__(empty=message("tui.suspects.nothing_yet"), id=id)
        self._where = where
        self._diagnosis: Diagnosis | None = None
        self._folded: dict[Hashable, bool] = {}  # what the person chose, by key
        self._begin(message("tui.suspects.title"))

    def show(self, diagnosis: Diagnosis | None, *, looking: bool = False, failed: bool = False) -> None:
        """``looking``: the diagnosis is on its way; ``failed``: the process stopped on an exception,
        so that there is a value whose way could be told."""
        self._diagnosis, self._failed = diagnosis, failed
        if diagnosis is None:
            self.set_rows([])
            self.empty_text = LOOKING if looking else message("tui.suspects.nothing_yet")
            self._begin(message("tui.suspects.title"))
            return
        count = len(diagnosis.suspects)
        named = message("tui.suspects.title_counted", count=count, confidence=diagnosis.confidence_name)
        self._begin(named if count else message("tui.suspects.title_none"))
        self._rebuild()

    _failed = False

    def _begin(self, title: Message) -> None:
        self.set_title(title)
        self.border_subtitle = Text(render(message("tui.suspects.keys")))

    def _rebuild(self) -> None:
        if self._diagnosis is not None:
            self.set_rows([*self._suspect_rows(self._diagnosis), *self._way_rows(self._diagnosis)])

    # suspects

    def _suspect_rows(self, diagnosis: Diagnosis) -> Iterator[Row]:
        if not diagnosis.suspects:
            none = message("tui.suspects.none", means=confidence_meaning(diagnosis))
            yield Row(Text(render(none)), ("none",), selectable=False)
            return
        full = clean if self.size.width > MIN_COLUMNS_FOR_FULL_NAMES else last_name
        names = [_end_of(full(s.function), MAX_NAME_CELLS) for s in diagnosis.suspects]
        places = [_end_of(file_line(s), MAX_PLACE_CELLS) for s in diagnosis.suspects]
        name_cells, place_cells = max(map(cells, names)), max(map(cells, places))
        for rank, suspect in enumerate(diagnosis.suspects, 1):
            key = suspect_key(suspect)
            more = len(suspect.reasons) > 1 or bool(suspect.proof)
            opened = more and not self._is_folded(key, True)
            text = Text(_mark(more, opened)).append(f"{rank:>2} ", Style(dim=True))
            text.append(_padded(names[rank - 1], name_cells), Style(color="cyan", bold=rank == 1))
            text.append(f"  {_padded(places[rank - 1], place_cells)}")
            text.append_text(self._gone(suspect))
            if suspect.reasons and not opened:
                text.append(f"  {clean(suspect.reasons[0])}")
            yield Row(text, key, _Branch(suspect, more, opened))
            if opened:
                yield from _below(suspect, key)

    # the way of the failing value

    def _way_rows(self, diagnosis: Diagnosis) -> Iterator[Row]:
        heading = Text(render(message("tui.suspects.way")), Style(bold=True))
        yield Row(heading, PROVENANCE, selectable=False)
        for number, root in enumerate(diagnosis.provenance):
            yield from self._step_rows(root, (*PROVENANCE, number), 0, True)
        if not diagnosis.provenance:
            untraced = message("tui.suspects.way_untraced")
            words = untraced if self._failed else message("tui.suspects.way_no_exception")
            yield Row(Text(f"  {render(words)}", Style(dim=True)), (*PROVENANCE, "none"), selectable=False)

    def _step_rows(self, step: Step, above: tuple[Hashable, ...], depth: int, first: bool) -> Iterator[Row]:
        """The hop and those before it; of several ways to a value the first is folded out."""
        key = (*above, step.path, step.line, step.expression)
        more = bool(step.before)
        opened = more and not self._is_folded(key, not first)
        room, end = self.size.width - 2, self._gone(step)  # a scroll bar may come
        if more and not opened:
            hidden = render(message("tui.suspects.more", count=len(step.before)))
            end.append(f"  {hidden}", Style(dim=True))
        text = Text("  " * min(depth, MAX_INDENT_LEVELS) + _mark(more, opened))
        text.append_text(step_text(step, room - text.cell_len - end.cell_len)).append_text(end)
        yield Row(text, key, _Branch(step, more, opened))
        if opened:
            for number, before in enumerate(step.before):
                yield from self._step_rows(before, (*key, number), depth + 1, first and number == 0)

    def _gone(self, place: Place) -> Text:
        returned = f"  {render(message('tui.suspects.returned'))}"
        return Text(returned if self._where(place).gone else "", Style(dim=True, italic=True))

    def to_way(self) -> None:
        """The cursor on the failing value, with the heading above it in sight."""
        for index in range(self.row_count()):
            if self.key_at(index) == PROVENANCE:
                self.scroll_to(y=index, animate=False, force=True, immediate=True)
                self.cursor = self._selectable_near(index, 1)
                return

    def on_resize(self) -> None:
        """Also when it comes in sight, before which the cursor's row could not be scrolled to."""
        self._rebuild()
        if self.cursor < self.size.height:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        else:
            self.show_cursor_row()

    # walking

    def _is_folded(self, key: Hashable, unless_chosen: bool) -> bool:
        return self._folded.get(key, unless_chosen)

    def on_rows_view_moved(self, event: RowsView.Moved) -> None:
        event.stop()
        if isinstance(event.row.data, _Branch):
            self.post_message(PlaceWanted(event.row.data.place, go=False))

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        if isinstance(event.row.data, _Branch):
            self.post_message(PlaceWanted(event.row.data.place, go=True))

    def action_unfold(self) -> None:
        """Fold out; where there is nothing more to fold out, the text moves sideways."""
        row = self.current
        if row is not None and isinstance(row.data, _Branch) and row.data.opens and not row.data.opened:
            self._folded[row.key] = False
            self._rebuild()
            self._show_below(row.key)
        else:
            self.action_sideways(8)

    def action_fold(self) -> None:
        """Back from the side; else fold in; else to the hop above."""
        row = self.current
        if self.scroll_offset.x > 0:
            self.action_sideways(-8)
        elif row is not None and isinstance(row.data, _Branch) and row.data.opened:
            self._folded[row.key] = True
            self._rebuild()
        elif row is not None and isinstance(row.key, tuple):
            self._to_above(row.key)

    def _show_below(self, key: Hashable) -> None:
        """Scroll to what was folded out, as far as its own row stays in sight."""
        last = self.cursor
        while last + 1 < self.row_count() and self._hangs_below(self.key_at(last + 1), key):
            last += 1
        top = min(max(self.scroll_offset.y, last - self.size.height + 1), self.cursor)
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    @staticmethod
    def _hangs_below(key: Hashable, above: Hashable) -> bool:
        """The key of what hangs below another begins with the other's."""
        return isinstance(key, tuple) and isinstance(above, tuple) and key[: len(above)] == above != key

    def _to_above(self, key: tuple[Hashable, ...]) -> None:
        for index in range(self.cursor - 1, -1, -1):
            if self.row_at(index).selectable and self._hangs_below(key, self.key_at(index)):
                self._go(index, -1)
                return


def suspect_key(suspect: Suspect) -> tuple[Hashable, ...]:
    """The same in a newer diagnosis that names the same place."""
    return ("suspect", suspect.path, suspect.line, suspect.function, suspect.thread_id, suspect.frame_index)


def _below(suspect: Suspect, key: tuple[Hashable, ...]) -> Iterator[Row]:
    branch = _Branch(suspect, False, False)
    for number, reason in enumerate(suspect.reasons):
        yield Row(Text(f"       · {clean(reason)}"), (*key, "why", number), branch)
    for number, variable in enumerate(suspect.proof):
        text = Text("         ").append_text(value_text(variable, MAX_PROOF_CHARACTERS))
        yield Row(text, (*key, "proof", number), branch)


def _mark(opens: bool, opened: bool) -> str:
    return ("▾ " if opened else "▸ ") if opens else "  "


def _end_of(words: str, most: int) -> str:
    """The end of a qualified name or a path tells more than its beginning."""
    return words if len(words) <= most else "…" + words[-(most - 1) :]


def _padded(words: str, width: int) -> str:
    return words + " " * (width - cells(words))
