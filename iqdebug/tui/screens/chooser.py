"""Choose one of many places by typing parts of its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import CodePlace
from iqdebug.core.text import clean
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["ChooserScreen", "matching"]

MAX_ROWS = 500


class _Filter(Input):
    """The keys that move go to the list below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "list('move', -1)"),
        ("down", "list('move', 1)"),
        ("pageup", "list('page', -1)"),
        ("pagedown", "list('page', 1)"),
    ]

    def action_list(self, what: str, by: int) -> None:
        rows = self.screen.query_one("#chooser-rows", RowsView)
        (rows.action_move if what == "move" else rows.action_page)(by)


class ChooserScreen(ModalScreen["CodePlace | str | None"]):
    """The chosen place; the typed words where none matches them; None for Escape.

    :param load: gives all places; awaited once.
    :param label: how one is shown: what is searched, and what stands beside it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel")]

    def __init__(
        self,
        title: Words,
        hint: Words,
        load: Callable[[], Awaitable[Sequence[CodePlace]]],
        label: Callable[[CodePlace], tuple[str, Words]],
    ) -> None:
        super().__init__()
        self._heading, self._hint, self._loading, self._label = title, hint, load, label
        self._places: list[tuple[str, Words, CodePlace]] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="chooser-box") as box:
            box.border_title = Text(render(self._heading))
            box.border_subtitle = Text(render(message("tui.chooser.keys")))
            yield _Filter(placeholder=render(self._hint))
            yield RowsView(empty=message("tui.chooser.looking"), id="chooser-rows")

    def on_mount(self) -> None:
        self.run_worker(self._load())

    async def _load(self) -> None:
        words: Words = ""
        try:
            places = await self._loading()
        except IqdebugError as error:
            places, words = (), error.lines()[0]
        except TimeoutError:
            places, words = (), message("tui.chooser.no_answer")
        self._places = [(*self._label(place), place) for place in places]
        self._filter(words)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter()

    def _filter(self, failure: Words = "") -> None:
        typed = self.query_one(_Filter).value
        rows = self.query_one(RowsView)
        matches = matching(self._places, typed)
        nothing = message("tui.chooser.none_here") if typed.strip() else message("tui.chooser.none")
        rows.empty_text = clean(render(failure or nothing))
        rows.set_rows([self._row(*each) for each in matches[:MAX_ROWS]])
        rows.action_end(-1)
        title = self._heading
        if self._places:
            title = message(
                "tui.chooser.counted", title=title, count=f"{len(matches):,}", all=f"{len(self._places):,}"
            )
        self.query_one("#chooser-box").border_title = Text(render(title))

    @staticmethod
    def _row(name: str, beside: Words, place: CodePlace) -> Row:
        text = Text(clean(name)).append(f"  {clean(render(beside))}" if beside else "", Style(dim=True))
        return Row(text, (place.path, place.line, place.name), place)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        current = self.query_one(RowsView).current
        if current is not None:
            self.dismiss(current.data)
        elif event.value.strip():
            self.dismiss(event.value.strip())

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        self.dismiss(event.row.data)

    def action_cancel(self) -> None:
        self.dismiss(None)


def matching(
    places: Sequence[tuple[str, Words, CodePlace]], typed: str
) -> list[tuple[str, Words, CodePlace]]:
    """Those whose name holds all typed words; a name whose last part begins with them comes first."""
    words = typed.casefold().split()
    if not words:
        return list(places)

    def rank(name: str) -> int:
        last = name.replace("/", ".").split(".")
        ends = [part for part in last if part != "py"][-1:] or [""]
        return 0 if ends[0].startswith(words[0]) else 1

    ranked = [(rank(each[0].casefold()), each) for each in places if _holds(each[0].casefold(), words)]
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def _holds(name: str, words: Sequence[str]) -> bool:
    return all(word in name for word in words)
