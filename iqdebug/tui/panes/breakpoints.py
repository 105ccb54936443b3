"""The breakpoints of this project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.message import Message

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import Breakpoint
from iqdebug.core.text import clean
from iqdebug.tui.messages import LineWanted
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["BreakpointsPane"]


class BreakpointsPane(RowsView):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("space", "enable"),
        ("e", "edit"),
        ("delete,backspace", "delete"),
    ]

    class Changed(Message):
        """The person wants this instead of the breakpoint; None deletes it."""

        def __init__(self, old: Breakpoint, new: Breakpoint | None) -> None:
            super().__init__()
            self.old = old
            self.new = new

    class EditWanted(Message):
        def __init__(self, breakpoint_: Breakpoint) -> None:
            super().__init__()
            self.breakpoint = breakpoint_

    def __init__(self, id: str | None = None) -> None:
        super().__init__(empty=message("tui.breakpoints.none"), id=id)
        self.set_title(message("tui.breakpoints.title"))

    def show(self, breakpoints: Sequence[Breakpoint]) -> None:
        counted = message("tui.breakpoints.title_counted", count=len(breakpoints))
        self.set_title(counted if breakpoints else message("tui.breakpoints.title"))
        self.set_rows([Row(_text(b), (b.path, b.line), b) for b in breakpoints])

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        self.post_message(LineWanted(event.row.data.path, event.row.data.line))

    def _chosen(self) -> Breakpoint | None:
        return self.current.data if self.current is not None else None

    def action_enable(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.post_message(self.Changed(chosen, replace(chosen, enabled=not chosen.enabled)))

    def action_edit(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.post_message(self.EditWanted(chosen))

    def action_delete(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.post_message(self.Changed(chosen, None))


def _text(breakpoint_: Breakpoint) -> Text:
    name = clean(breakpoint_.path).rpartition("/")[2]
    text = Text().append(
        "● " if breakpoint_.enabled else "○ ", Style(color="red", dim=not breakpoint_.enabled)
    )
    text.append(f"{name}:{breakpoint_.line}", Style(bold=True, dim=not breakpoint_.enabled))
    if breakpoint_.condition:
        text.append(_told(message("tui.breakpoints.if", condition=breakpoint_.condition)))
    if breakpoint_.hit_condition:
        text.append(_told(message("tui.breakpoints.hits", condition=breakpoint_.hit_condition)))
    if breakpoint_.log_message:
        text.append(_told(message("tui.breakpoints.logs", words=breakpoint_.log_message)))
    if not breakpoint_.enabled:
        text.append(_told(message("tui.breakpoints.disabled")), Style(dim=True))
    elif not breakpoint_.verified:
        why = breakpoint_.message or message("tui.breakpoints.not_set_yet")
        text.append(_told(message("tui.breakpoints.not_verified", reason=why)), Style(color="yellow"))
    elif breakpoint_.message:
        text.append(_told(breakpoint_.message), Style(color="yellow"))
    if breakpoint_.in_memory:
        text.append(_told(message("tui.breakpoints.for_this_process")), Style(dim=True))
    text.append(_told(breakpoint_.path), Style(dim=True))
    return text


def _told(words: Words) -> str:
    return f"  {clean(render(words))}"
