"""Evaluate in the selected frame: history, completions, results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import Completion, EvaluateResult, Variable
from iqdebug.core.text import clean
from iqdebug.tui.widgets.rows import Row, RowsView
from iqdebug.tui.widgets.variable_tree import PAGE

__all__ = ["ConsolePane"]

MAX_LINES = 2_000
MAX_OFFERS = 40
MAX_VALUE_CHARACTERS = 300
MAX_VALUE_LINES = 500


@dataclass(slots=True)
class _Branch:
    """A row that can be opened: children from ``start`` of the reference. ``continued`` is how
    many further rows its value takes."""

    reference: int
    epoch: int
    depth: int = 0
    start: int = 0
    asked: bool = False
    continued: int = 0


class _Prompt(Input):
    """An input whose up and down walk the history and whose Tab completes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "history(-1)"),
        ("down", "history(1)"),
        ("tab", "complete"),
        ("escape", "leave"),
    ]

    def action_history(self, by: int) -> None:
        pane = self.parent
        if isinstance(pane, ConsolePane):
            pane.walk_history(by)

    def action_complete(self) -> None:
        if self.value[: self.cursor_position].strip():
            self.post_message(ConsolePane.CompletionWanted(self.value, self.cursor_position))
        else:
            self.app.action_focus_next()

    def action_leave(self) -> None:
        self.screen.query_one("#source").focus()


class ConsolePane(Vertical):
    class Entered(Message):
        def __init__(self, expression: str) -> None:
            super().__init__()
            self.expression = expression

    class CompletionWanted(Message):
        def __init__(self, text: str, column: int) -> None:
            super().__init__()
            self.text = text
            self.column = column

    class Expand(Message):
        """The children of a result are wanted; ``key`` names the row they belong below."""

        def __init__(self, key: int, branch: _Branch) -> None:
            super().__init__()
            self.key = key
            self.branch = branch

    def __init__(self, history: Sequence[str] = (), id: str | None = None, *, recorded: bool = False) -> None:
        """:param recorded: expressions are looked up in a recording, which can run none."""
        super().__init__(id=id)
        self._recorded = recorded
        self._rows: list[Row] = []
        self._last_key = 0
        self.history = list(history)
        self._at = len(self.history)
        self.border_title = render(message("tui.console.title"))

    def compose(self) -> ComposeResult:
        empty, hint = message("tui.console.empty"), message("tui.console.hint")
        if self._recorded:
            empty, hint = message("tui.console.empty_recorded"), message("tui.console.hint_recorded")
        yield RowsView(empty=empty, id="console-lines")
        yield _Prompt(placeholder=render(hint), select_on_focus=False, id="prompt")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        expression = event.value.strip()
        if not expression:
            return
        if not self.history or self.history[-1] != expression:
            self.history.append(expression)
        self._at = len(self.history)
        event.input.value = ""
        self._add(Text(f"›› {clean(expression)}", Style(bold=True)))
        self.post_message(self.Entered(expression))

    def show_result(self, result: EvaluateResult, epoch: int = -1) -> None:
        """A result with children can be opened for as long as the epoch lasts."""
        if result.failed:
            self._add_lines(result.value, Style(color="red"))
        elif result.reference:
            lines = result.value.splitlines() or [result.type]
            self._add(
                Text(f"▸ {clean(lines[0])}"),
                _Branch(result.reference, epoch, continued=min(len(lines), MAX_VALUE_LINES) - 1),
            )
            self._add_lines("\n".join(f"  {line}" for line in lines[1:MAX_VALUE_LINES]), Style())
        elif result.value:
            self._add_lines(result.value, Style())

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        branch, key = event.row.data, event.row.key
        if isinstance(branch, _Branch) and isinstance(key, int) and not branch.asked:
            branch.asked = True
            self.post_message(self.Expand(key, branch))

    def show_children(self, key: int, branch: _Branch, variables: Sequence[Variable]) -> None:
        """Put children below the row; nothing where the row has been forgotten meanwhile."""
        at = next((n for n, row in enumerate(self._rows) if row.key == key), None)
        if at is None:
            return
        indent = "  " * (branch.depth + 1)
        fresh = []
        for variable in variables:
            mark = "▸ " if variable.reference else "  "
            text = Text(indent + mark).append(clean(variable.name), Style(color="cyan"))
            text.append(f" = {clean(variable.value[:MAX_VALUE_CHARACTERS])}")
            below = _Branch(variable.reference, branch.epoch, branch.depth + 1)
            fresh.append(self._row(text, below if variable.reference else None))
        if not variables:
            fresh.append(
                self._row(Text(indent + render(message("tui.console.nothing_more")), Style(dim=True)), None)
            )
        elif len(variables) >= PAGE:
            more = _Branch(branch.reference, branch.epoch, branch.depth, branch.start + len(variables))
            words = indent + render(message("tui.console.reads_on"))
            fresh.append(self._row(Text(words, Style(dim=True)), more))
        at += 1 + branch.continued
        self._rows[at:at] = fresh
        view = self.query_one("#console-lines", RowsView)
        view.set_rows(self._rows)
        view.show_cursor_row()

    def show_completions(self, text: str, column: int, completions: Sequence[Completion]) -> None:
        """Insert what all completions share; list them when there are several."""
        prompt = self.query_one(_Prompt)
        if prompt.value != text or not completions:
            if prompt.value == text:
                self.notify(render(message("tui.console.no_completions")))
            return
        first = completions[0]
        start = first.start if first.length or first.start else _word_start(text, column)
        shared = clean(_common_start([c.text.removesuffix("()") for c in completions]))
        if shared and len(shared) >= column - start:
            prompt.value = text[:start] + shared + text[column:]
            prompt.cursor_position = start + len(shared)
        if len(completions) > 1:
            self._add(Text(_listed([c.text for c in completions]), Style(dim=True)))

    def show_offered(self, by: Words, words: Sequence[str]) -> None:
        """What ``by`` would write at the end of an expression."""
        shown = _listed(words) if words else render(message("tui.console.offers_nothing"))
        self._add(Text(f"{render(by)}: ", Style(dim=True)).append(shown, Style(dim=not words)))

    def walk_history(self, by: int) -> None:
        self._at = max(0, min(self._at + by, len(self.history)))
        prompt = self.query_one(_Prompt)
        prompt.value = self.history[self._at] if self._at < len(self.history) else ""
        prompt.cursor_position = len(prompt.value)

    def _add_lines(self, value: str, style: Style) -> None:
        lines = value.splitlines() or [""]
        if not value:
            return
        for line in lines[:MAX_VALUE_LINES]:
            self._add(Text(clean(line), style))
        if len(lines) > MAX_VALUE_LINES:
            more = message("tui.console.more_lines", count=f"{len(lines) - MAX_VALUE_LINES:,}")
            self._add(Text(render(more), Style(dim=True)))

    def _row(self, text: Text, branch: _Branch | None) -> Row:
        self._last_key += 1
        return Row(text, self._last_key, branch)

    def _add(self, text: Text, branch: _Branch | None = None) -> None:
        self._rows = [*self._rows[-MAX_LINES:], self._row(text, branch)]
        view = self.query_one("#console-lines", RowsView)
        view.set_rows(self._rows)
        view.action_end(1)


def _listed(words: Sequence[str]) -> str:
    listed = [clean(word) for word in words[:MAX_OFFERS]]
    if len(words) > MAX_OFFERS:
        listed.append(render(message("tui.console.more_offers", count=len(words) - MAX_OFFERS)))
    return "  ".join(listed)


def _word_start(text: str, column: int) -> int:
    start = column
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return start


def _common_start(words: Sequence[str]) -> str:
    """The longest text that all words begin with."""
    first, last = min(words), max(words)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
