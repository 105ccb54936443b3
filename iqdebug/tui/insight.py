"""The card that says what is likely wrong, and the list of suspects behind it."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import Static

from iqdebug.state import Diagnosis, Suspect
from iqdebug.text import clean
from iqdebug.tui.rows import Row, RowsView

__all__ = ["InsightCard", "SuspectsScreen"]

LINES = 7
_COLOURS = {"likely": "red", "possible": "yellow", "no clear suspect": "green"}


class InsightCard(Static):
    """At most seven lines; one when there is no clear suspect."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.diagnosis: Diagnosis | None = None

    def show(self, diagnosis: Diagnosis | None, height: int) -> None:
        """``height``: the terminal's; a small one has room for the headline alone."""
        self.diagnosis = diagnosis
        self.display = diagnosis is not None
        if diagnosis is not None:
            self.update(card_text(diagnosis, 1 if height < 30 else 4 if height < 40 else LINES))


def card_text(diagnosis: Diagnosis, most: int) -> Text:
    """Headline, first suspect with its reasons and proof, in at most ``most`` lines."""
    colour = _COLOURS[diagnosis.confidence]
    if diagnosis.confidence == "no clear suspect":
        return Text(clean(diagnosis.headline), Style(color=colour), no_wrap=True, overflow="ellipsis")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{diagnosis.confidence}: ", Style(color=colour, bold=True))
    text.append(clean(diagnosis.headline), Style(bold=True))
    details: list[Text] = []
    for suspect in diagnosis.suspects[:2]:
        details.append(_place(suspect))
        details += [Text(f"    {clean(reason)}") for reason in suspect.reasons[:2]]
        details += [_proof(suspect)] if suspect.proof else []
    room = most - 1
    if len(details) > room or len(diagnosis.suspects) > 1 or diagnosis.notes:
        details = details[: max(room - 1, 0)]
        if room > 0:
            details.append(
                Text(f"  i: all {len(diagnosis.suspects)} suspects and the reasons", Style(dim=True))
            )
    for line in details:
        text.append("\n")
        text.append_text(line)
    return text


def _place(suspect: Suspect) -> Text:
    name = clean(suspect.path).rpartition("/")[2]
    text = Text("  → ").append(clean(suspect.function), Style(color="cyan"))
    return text.append(f"  {name}:{suspect.line}", Style(dim=True)) if name else text


def _proof(suspect: Suspect) -> Text:
    text = Text("    ")
    for variable in suspect.proof[:3]:
        text.append(clean(variable.name), Style(color="cyan"))
        text.append(f" = {clean(variable.value)[:60]}  ")
    return text


class SuspectsScreen(ModalScreen[Suspect | None]):
    """All suspects; Enter chooses one."""

    BINDINGS = [Binding("escape,q,i", "dismiss_none", "Close")]  # noqa: RUF012

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__()
        self._diagnosis = diagnosis

    def compose(self) -> ComposeResult:
        view = RowsView(empty="no suspects", id="suspects")
        view.set_title(f"{self._diagnosis.confidence}: {clean(self._diagnosis.headline)}")
        view.border_subtitle = "Enter: go there   Esc: close"
        yield view

    def on_mount(self) -> None:
        rows: list[Row] = []
        for rank, suspect in enumerate(self._diagnosis.suspects, 1):
            head = Text().append(f"{rank}. {clean(suspect.function)}", Style(bold=True))
            head.append(f"  {clean(suspect.path)}:{suspect.line}", Style(dim=True))
            head.append(f"  score {suspect.score:.2f}", Style(dim=True))
            rows.append(Row(head, rank, suspect))
            rows += [Row(Text(f"     {clean(r)}"), selectable=False) for r in suspect.reasons]
            for variable in suspect.proof:
                line = Text("       ").append(clean(variable.name), Style(color="cyan"))
                rows.append(Row(line.append(f" = {clean(variable.value)}", Style()), selectable=False))
        rows += [
            Row(Text(f"note: {clean(n)}", Style(italic=True)), selectable=False)
            for n in self._diagnosis.notes
        ]
        view = self.query_one(RowsView)
        view.set_rows(rows)
        view.focus()

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        self.dismiss(event.row.data)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)
