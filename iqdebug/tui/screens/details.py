"""All that is known about the cause, to be read and to go from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from iqdebug.core.messages import Message, message, render
from iqdebug.core.state import Diagnosis, Variable
from iqdebug.core.text import clean
from iqdebug.tui.locations import Place, file_line
from iqdebug.tui.panes.insight import confidence_words, value_text
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["DetailsScreen"]

_HEADING = Style(bold=True, underline=True)
MAX_VALUE_CHARACTERS = 300
MAX_ANOMALIES = 30


class DetailsScreen(ModalScreen[Place | None]):
    """What happened, what it means, every suspect with its reasons and proof, what is unusual, and
    remarks. Enter on a line about a place chooses the place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,i", "dismiss_none"),
        ("right_square_bracket", "suspect(1)"),
        ("left_square_bracket", "suspect(-1)"),
    ]

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__()
        self._diagnosis = diagnosis

    def compose(self) -> ComposeResult:
        view = RowsView(id="details")
        view.set_title(message("tui.details.title"))
        view.border_subtitle = Text(render(message("tui.details.keys")))
        yield view

    def on_mount(self) -> None:
        self._fill()
        view = self.query_one("#details", RowsView)
        view.focus()
        first = next((i for i in range(view.row_count()) if view.key_at(i) == ("suspect", 1)), 0)
        view.cursor = first if first < self.app.size.height * 9 // 10 - 2 else 0

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        view = self.query_one("#details", RowsView)
        most = max(self.app.size.height * 9 // 10, 3)
        width = max(self.app.size.width * 95 // 100 - 3, 20)
        rows = [row for part in _parts(self._diagnosis) for row in self._wrapped(part, width)]
        while rows and not rows[-1].text.plain:
            rows.pop()
        view.styles.height = min(len(rows) + 2, most)
        view.set_rows(rows)

    def _wrapped(self, row: Row, width: int) -> Iterator[Row]:
        """The row in as many lines as it needs, the further ones as far in as its text begins."""
        plain = row.text.plain
        indent = min(len(plain) - len(plain.lstrip(" -")), width // 2)
        lines = row.text.wrap(self.app.console, width - indent) if plain else [row.text]
        for number, line in enumerate(lines):
            line.rstrip()
            if number:
                line = Text(" " * indent).append_text(line)
            yield Row(line, None if number else row.key, row.data)

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        if event.row.data is not None:
            self.dismiss(event.row.data)

    def action_suspect(self, by: int) -> None:
        view = self.query_one("#details", RowsView)
        ways = range(view.cursor + 1, view.row_count()) if by > 0 else range(view.cursor - 1, -1, -1)
        heads = (i for i in ways if isinstance(key := view.key_at(i), tuple) and key[0] == "suspect")
        at = next(heads, None)
        if at is not None:
            view.move_to_key(view.key_at(at))

    def action_dismiss_none(self) -> None:
        self.dismiss(None)


def _parts(diagnosis: Diagnosis) -> Iterator[Row]:
    yield Row(Text(clean(diagnosis.headline), Style(bold=True)))
    yield Row(Text(confidence_words(diagnosis), Style(dim=True)))
    if diagnosis.meaning:
        yield from _heading(message("tui.details.meaning"))
        yield from (Row(Text(f"  {clean(line)}")) for line in diagnosis.meaning.splitlines())
    if diagnosis.suspects:
        yield from _heading(message("tui.details.suspects"))
    for rank, suspect in enumerate(diagnosis.suspects, 1):
        head = Text(f"{rank:>2} ").append(clean(suspect.function), Style(color="cyan", bold=True))
        where = f"{clean(suspect.path)}:{suspect.line}  " if suspect.path else ""
        score = render(message("tui.details.score", score=f"{suspect.score:.2f}"))
        head.append(f"  {where}{score}", Style(dim=True))
        yield Row(head, ("suspect", rank), suspect)
        yield from (Row(Text(f"   - {clean(reason)}"), data=suspect) for reason in suspect.reasons)
        yield from _values(suspect.proof, suspect)
    if diagnosis.anomalies:
        yield from _heading(message("tui.details.anomalies"))
    for anomaly in diagnosis.anomalies[:MAX_ANOMALIES]:
        text = Text(f"   - {clean(anomaly.text)}")
        place = f"  {file_line(anomaly)} {clean(anomaly.function)}" if anomaly.path else ""
        target = anomaly if anomaly.path else None
        yield Row(text.append(place, Style(dim=True)), data=target)
        yield from _values((anomaly.variable,) if anomaly.variable is not None else (), target)
    left = len(diagnosis.anomalies) - MAX_ANOMALIES
    if left > 0:
        yield Row(Text(f"   {render(message('tui.details.more', count=left))}", Style(dim=True)))
    if diagnosis.provenance:
        yield from _heading(message("tui.suspects.way"))
        yield Row(Text(f"   {render(message('tui.details.as_tree'))}", Style(dim=True)))
    if diagnosis.notes:
        yield from _heading(message("tui.details.notes"))
        yield from (Row(Text(f"   - {clean(note)}")) for note in diagnosis.notes)


def _heading(words: Message) -> Iterator[Row]:
    yield Row(Text())
    yield Row(Text(render(words), Style(bold=True, underline=True)))


def _values(values: Sequence[Variable], place: Place | None) -> Iterator[Row]:
    for variable in values:
        yield Row(Text("     ").append_text(value_text(variable, MAX_VALUE_CHARACTERS)), data=place)
