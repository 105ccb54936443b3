"""The card that says what is likely wrong, why, and what proves it; and the words for values and
hops that the other views of a cause share."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import Message, contains, message, render
from iqdebug.core.messages import Text as Words
from iqdebug.core.state import Diagnosis, Step, Suspect, Variable
from iqdebug.core.text import clean
from iqdebug.tui.locations import file_line

__all__ = [
    "LOOKING",
    "InsightCard",
    "card_text",
    "cells",
    "confidence_meaning",
    "confidence_words",
    "cut_value",
    "last_name",
    "step_text",
    "value_text",
]

MAX_LINES = 7
LOOKING = message("tui.insight.looking")
_COLOURS = {
    Confidence.LIKELY: "red",
    Confidence.POSSIBLE: "yellow",
    Confidence.NO_CLEAR_SUSPECT: "green",
}
_CONFIDENCE = {
    Confidence.LIKELY: message("tui.insight.likely"),
    Confidence.POSSIBLE: message("tui.insight.possible"),
    Confidence.NO_CLEAR_SUSPECT: message("tui.insight.no_clear_suspect"),
}
LABEL_CELLS = 10  # cells before what a line of the card says
MAX_VALUE_CHARACTERS = 60
MIN_VALUE_CHARACTERS = 12
MIN_HOW_CHARACTERS = 16


class InsightCard(Static):
    """At most seven lines, fewer on a small terminal; one when there is no clear suspect."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.diagnosis: Diagnosis | None = None

    def show(self, diagnosis: Diagnosis | None, height: int, *, looking: bool = False) -> None:
        """``height``: the terminal's, which decides how many lines there is room for. ``looking``:
        the diagnosis is on its way, and what was known before is out of date."""
        self.diagnosis = diagnosis
        self.display = looking or diagnosis is not None
        if looking:
            self.update(Text(render(LOOKING), Style(dim=True, italic=True)))
        elif diagnosis is not None:
            self.update(card_text(diagnosis, _lines_at(height), max(self.app.size.width - 2, 20)))


def _lines_at(height: int) -> int:
    if height < 20:
        return 1
    return 3 if height < 30 else 5 if height < 40 else MAX_LINES


def confidence_meaning(diagnosis: Diagnosis) -> Message:
    """What the confidence means, as a sentence's end."""
    return _CONFIDENCE[diagnosis.confidence]


def confidence_words(diagnosis: Diagnosis) -> str:
    """The confidence and what it means."""
    return f"{diagnosis.confidence_name}: {render(confidence_meaning(diagnosis))}"


def card_text(diagnosis: Diagnosis, most: int, width: int = 200) -> Text:
    """What happened, the first suspect, why it, the values that prove it, and where to read on, in at
    most ``most`` lines; with no good suspect a line that says so. ``width`` in cells: what there is
    room for beside the keys."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append_text(_headline(diagnosis))
    lines = _lines(diagnosis, most - 1, width) if diagnosis.suspects else _silent(diagnosis)
    for line in lines[: most - 1]:
        text.append("\n").append_text(line)
    return text


def _headline(diagnosis: Diagnosis) -> Text:
    colour = _COLOURS[diagnosis.confidence]
    if diagnosis.confidence is Confidence.NO_CLEAR_SUSPECT:
        headline = clean(diagnosis.headline)
        if not diagnosis.headline_names_no_suspect:
            headline = f"{diagnosis.confidence_name}: {headline}"
        return Text(headline, Style(color=colour))
    text = Text().append(f"{diagnosis.confidence_name}: ", Style(color=colour, bold=True))
    return text.append(clean(diagnosis.short_headline), Style(bold=True))  # the place stands below


def _silent(diagnosis: Diagnosis) -> list[Text]:
    """Below a headline that accuses nobody: that there is more to read, where there is."""
    known = {
        message("tui.insight.about_meaning"): diagnosis.meaning,
        message("tui.insight.about_way"): diagnosis.provenance,
        message("tui.insight.about_anomalies"): diagnosis.anomalies,
        message("tui.insight.about_notes"): diagnosis.notes,
    }
    kinds = [words for words, what in known.items() if what]
    line = Text(f"  {render(message('tui.insight.read_on', kinds=kinds))}", Style(dim=True))
    return [line] if kinds else []


def _lines(diagnosis: Diagnosis, room: int, width: int) -> list[Text]:
    """Below the headline: what proves a suspect goes before more reasons, and the keys come last."""
    first = diagnosis.suspects[0]
    seen = _headline(diagnosis).cell_len <= width  # else what it ends with cannot be read there
    hidden = [r for r in first.reason_messages if not seen or not contains(diagnosis.headline_message, r)]
    why = [render(reason) for reason in hidden]
    keys = _keys(diagnosis)
    if room < 4:
        place = _place(first)
        if why:
            place.append(f"  {clean(why[0])}")
        none = _labelled(message("tui.insight.proof"), Text(render(message("tui.insight.no_values"))))
        tail = _proof(first.proof) if first.proof else none
        tail.truncate(max(width - keys.cell_len - 3, LABEL_CELLS), overflow="ellipsis")
        return [place, tail.append("   ").append_text(keys)]
    lines = [_place(first)]
    if why:
        lines.append(_labelled(message("tui.insight.why"), Text(clean(why[0]))))
    if first.proof:
        lines.append(_proof(first.proof))
    spare = room - len(lines) - 1
    if spare > 0 and len(why) > 1:
        lines.insert(2, _labelled("", Text(clean(why[1]))))
        spare -= 1
    if spare > 0:
        lines.append(_labelled(message("tui.insight.sure"), Text(confidence_words(diagnosis))))
    return [*lines[: max(room - 1, 0)], Text("  ").append_text(keys)]


def _keys(diagnosis: Diagnosis) -> Text:
    count = len(diagnosis.suspects)
    several = message("tui.insight.keys_several", count=count)
    return Text(render(message("tui.insight.keys_one") if count == 1 else several), Style(dim=True))


def _labelled(label: Words, words: Text) -> Text:
    return Text(f"  {render(label):<{LABEL_CELLS - 2}}", Style(dim=True)).append_text(words)


def _place(suspect: Suspect) -> Text:
    text = _labelled(
        message("tui.insight.suspect"), Text(clean(suspect.function), Style(color="cyan", bold=True))
    )
    return text.append(f"  {file_line(suspect)}", Style())


def _proof(values: tuple[Variable, ...]) -> Text:
    text = _labelled(message("tui.insight.proof"), Text())
    for number, variable in enumerate(values[:3]):
        text.append("   " if number else "").append_text(value_text(variable))
    if len(values) > 3:
        more = render(message("tui.insight.more", count=len(values) - 3))
        text.append(f"   {more}", Style(dim=True))
    return text


def value_text(variable: Variable, most: int = MAX_VALUE_CHARACTERS) -> Text:
    """``name = value``, the value cut to ``most`` characters."""
    return Text().append(clean(variable.name), Style(color="cyan")).append(f" = {cut_value(variable, most)}")


def cut_value(variable: Variable, most: int) -> str:
    """The value on one line, cut to ``most`` characters."""
    value = clean(variable.value[: most + 1])
    return value if len(value) <= most else value[: most - 1] + "…"


def step_text(step: Step, room: int) -> Text:
    """```user` = None  is assigned here  store.py:31 find_user``. Where the line is longer than
    ``room``, first the value gives way, then the class or module before the function's name, then
    the words."""
    name, how = f"`{clean(step.expression)}`", clean(step.how)
    place = f"{file_line(step)} {clean(step.function)}"
    label, least = "", 0
    if step.value is not None:
        own = step.value.name == step.expression
        where = render(message("tui.insight.where", name=clean(step.value.name)))
        label = " = " if own else f"  {where} = "
        least = min(len(step.value.value), MIN_VALUE_CHARACTERS)
    left = room - cells(name + label + how + place) - 4
    if left < least:
        place = f"{file_line(step)} {last_name(step.function)}"
        left = room - cells(name + label + how + place) - 4
    if left < least:
        how = _cut(how, max(len(how) - (least - left), MIN_HOW_CHARACTERS))
    text = Text().append(name, Style(color="cyan"))
    if step.value is not None:
        text.append(label + cut_value(step.value, max(min(left, MAX_VALUE_CHARACTERS), MIN_VALUE_CHARACTERS)))
    return text.append(f"  {how}").append(f"  {place}", Style(dim=True))


def last_name(function: str) -> str:
    """A function without its class or module."""
    return clean(function).rpartition(".")[2]


def cells(words: str) -> int:
    """How wide the words are on a terminal."""
    return Text(words).cell_len


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
