"""The conversation with a model: questions, answers as they come, and what it did."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Collapsible, Input, Markdown, Static

from iqdebug.assistant.transcript import Entry, ModelStatus, marked_blocks
from iqdebug.core.messages import message, render
from iqdebug.core.text import clean

__all__ = ["ChatPane"]

MAX_ENTRIES = 300
MAX_DETAIL_CHARACTERS = 20_000
_PLACE = re.compile(r"(?<![\w/`\[(])`?((?:[\w.+-]*/)*[\w.+-]+\.py):(\d{1,6})`?(?![\w\])])")
_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)

Complete = Callable[[str], Sequence[str]]


class _Question(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "history(-1)"),
        ("down", "history(1)"),
        ("tab", "complete"),
        ("shift+tab", "folded"),
        ("escape", "stop_or_leave"),
        ("pageup", "page(-1)"),
        ("pagedown", "page(1)"),
    ]

    def _pane(self) -> ChatPane:
        pane = self.parent
        assert isinstance(pane, ChatPane)
        return pane

    def action_history(self, by: int) -> None:
        self._pane().walk_history(by)

    def action_complete(self) -> None:
        if self._pane().take_offer():
            return
        if self.value.strip():
            self._pane().complete()
        else:
            self.app.action_focus_next()

    def action_folded(self) -> None:
        self._pane().action_folded(-1)

    def action_stop_or_leave(self) -> None:
        self._pane().stop_or_leave()

    def action_page(self, by: int) -> None:
        flow = self._pane().query_one("#chat-flow", VerticalScroll)
        flow.scroll_page_up() if by < 0 else flow.scroll_page_down()


class _Answer(Vertical):
    """Markdown that is drawn anew while it grows, at most as often as the screen. Marks stand below what they
    are about, in widgets of their own: no answer can write one."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._entry = entry
        self._due = True
        self._blocks: list[tuple[Markdown, str, Static]] = []

    def on_mount(self) -> None:
        self.call_later(self._draw)

    def grow(self, entry: Entry) -> None:
        self._entry = entry
        if not self._due:
            self._due = True
            self.call_later(self._draw)

    async def _draw(self) -> None:
        self._due = False
        blocks = marked_blocks(self._entry.text, self._entry.marks)
        for at, (text, marks) in enumerate(blocks):
            if at == len(self._blocks):
                self._blocks.append((Markdown(open_links=False), "", Static(classes="mark")))
                await self.mount(self._blocks[at][0], self._blocks[at][2])
            markdown, shown, below = self._blocks[at]
            if shown != text:
                self._blocks[at] = (markdown, text, below)
                await markdown.update(linked(text))
            below.display = bool(marks)
            below.update(Text("\n".join(f"≠ {clean(mark.words)}" for mark in marks), Style(color="yellow")))


class _Folded(Collapsible):
    """What opens: thoughts, calls and their results, diffs."""

    def __init__(self, entry: Entry) -> None:
        self._body = Static(_body(entry), markup=False)
        super().__init__(self._body, title=_title(entry), collapsed=entry.kind != "diff")

    def grow(self, entry: Entry) -> None:
        self.title = _title(entry)
        self._body.update(_body(entry))


class _Offer(Static):
    """What may be said next; a click takes it over."""

    def __init__(self, words: str) -> None:
        super().__init__(Text(f"  › {clean(words)}", Style(dim=True)))
        self._words = words

    def on_click(self) -> None:
        pane = self.screen.query_one(ChatPane)
        pane.put(self._words)
        pane.query_one(_Question).focus()


class _Offers(Vertical):
    def __init__(self, entry: Entry) -> None:
        head = message("tui.chat.offers", what=clean(entry.text))
        super().__init__(
            Static(Text(render(head), Style(dim=True))),
            *(_Offer(words) for words in entry.offers),
        )


class ChatPane(Vertical):
    """Posts intents; shows what :class:`~iqdebug.assistant.transcript.Transcript` tells."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("shift+tab,up", "folded(-1)"),
        ("tab,down", "folded(1)"),
        ("escape", "field"),
    ]

    class Asked(Message):
        """A question, or a command that begins with ``/``."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class StopWanted(Message):
        """The answer under way is to stop."""

    class PlaceChosen(Message):
        def __init__(self, path: str, line: int) -> None:
            super().__init__()
            self.path = path
            self.line = line

    def __init__(self, complete: Complete = lambda text: (), id: str | None = None) -> None:
        """:param complete: the words that may stand where the last one of a text stands."""
        super().__init__(id=id)
        self._complete = complete
        self._shown: dict[int, Widget] = {}
        self._standing = ModelStatus()
        self.history: list[str] = []
        self._at = 0
        self._stem = ""
        self._offers: tuple[int, tuple[str, ...]] = (0, ())  # of which entry
        self._taken = ""
        self.border_title = render(message("tui.chat.title"))

    def compose(self) -> ComposeResult:
        yield VerticalScroll(
            Static(
                render(message("tui.chat.empty")),
                id="chat-empty",
            ),
            id="chat-flow",
        )
        yield Static(id="chat-standing")
        yield _Question(placeholder=render(message("tui.chat.hint")), select_on_focus=False, id="question")

    def on_mount(self) -> None:
        self.query_one("#chat-flow", VerticalScroll).anchor()  # the end stays in sight
        self.show_standing(self._standing)

    # what is shown

    def show(self, entry: Entry) -> None:
        """New, or as it now is. Keeps the end in sight unless the person has scrolled away. What comes while
        the app ends is not drawn: it is in the transcript."""
        flow = self.query_one("#chat-flow", VerticalScroll)
        if not flow.is_attached:
            return
        if entry.offers:
            self._offers = (entry.id, entry.offers)
        widget = self._shown.get(entry.id)
        if widget is None:
            self.query_one("#chat-empty").display = False
            widget = self._shown[entry.id] = _widget_of(entry)
            widget.add_class("entry", f"entry-{entry.kind}")
            flow.mount(widget)
            self._forget(flow)
        else:
            _update(widget, entry)

    def _forget(self, flow: VerticalScroll) -> None:
        while len(self._shown) > MAX_ENTRIES:
            self._shown.pop(next(iter(self._shown))).remove()

    def remove_after(self, number: int) -> None:
        if self._offers[0] > number:
            self._offers = (0, ())
        for each in [n for n in self._shown if n > number]:
            self._shown.pop(each).remove()

    def show_standing(self, standing: ModelStatus) -> None:
        self._standing = standing
        text = Text(no_wrap=True, overflow="ellipsis")
        busy = standing.state in ("fetching", "loading", "ahead", "reading", "answering", "asking")
        text.append(
            clean(standing.words), Style(color="red" if standing.state == "failed" else None, bold=busy)
        )
        if standing.model:
            text.append(f"   {clean(standing.model)}", Style(dim=True))
            remote = message("tui.chat.bytes_go_to", host=standing.where)
            where = render(remote if standing.remote else standing.where)
            text.append(f"  {clean(where)}", Style(color="yellow") if standing.remote else Style(dim=True))
        if standing.window:
            share = 100 * standing.used // standing.window
            tokens = message(
                "tui.chat.tokens", used=f"{standing.used:,}", window=f"{standing.window:,}", share=share
            )
            text.append(f"   {render(tokens)}", Style(dim=True))
        if self.busy:
            text.append(f"   {render(message('tui.chat.stop_key'))}", Style(dim=True))
        self.query_one("#chat-standing", Static).update(text)

    @property
    def busy(self) -> bool:
        return self._standing.state in ("fetching", "reading", "answering", "asking")

    # what the person does

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            return
        if not self.history or self.history[-1] != text:
            self.history.append(text)
        self._at = len(self.history)
        event.input.value = ""
        self.query_one("#chat-flow", VerticalScroll).anchor()
        self.post_message(self.Asked(text))

    def stop_or_leave(self) -> None:
        if self.busy:
            self.post_message(self.StopWanted())
        else:
            self.screen.query_one("#source").focus()

    def walk_history(self, by: int) -> None:
        """To an earlier or later question that begins as what was typed before walking."""
        typed = self.query_one(_Question).value
        if self._at >= len(self.history) or typed != self.history[self._at]:
            self._at, self._stem = len(self.history), typed
        matching = [n for n, text in enumerate(self.history) if text.startswith(self._stem)]
        fitting = [n for n in matching if n < self._at] if by < 0 else [n for n in matching if n > self._at]
        if by < 0 and not fitting:
            return
        self._at = (fitting[-1] if by < 0 else fitting[0]) if fitting else len(self.history)
        self.put(self.history[self._at] if self._at < len(self.history) else self._stem)

    def put(self, text: str) -> None:
        """Into the field, to be sent or changed."""
        field = self.query_one(_Question)
        field.value = text
        field.cursor_position = len(text)

    def action_folded(self, by: int) -> None:
        """To the next thing in the flow that Enter opens; past the last one back to the field."""
        titles = list(self.query("CollapsibleTitle"))
        here = next((n for n, title in enumerate(titles) if title is self.app.focused), len(titles))
        there = here + by
        if not titles:
            self.notify(render(message("tui.chat.nothing_opens")))
        elif there >= len(titles):
            self.action_field()
        else:
            titles[max(there, 0)].focus(scroll_visible=True)

    def action_field(self) -> None:
        self.query_one(_Question).focus()

    def take_offer(self) -> bool:
        """Put what is offered into an empty field, or the next offer in the place of one; whether."""
        offers = self._offers[1]
        typed = self.query_one(_Question).value
        if not offers or (typed.strip() and typed != self._taken):
            return False
        at = offers.index(typed) + 1 if typed in offers else 0
        self._taken = offers[at % len(offers)]
        self.put(self._taken)
        return True

    def complete(self) -> None:
        field = self.query_one(_Question)
        head, word = _last_word(field.value[: field.cursor_position])
        completions = list(self._complete(field.value[: field.cursor_position]))
        if not completions:
            self.notify(render(message("tui.chat.no_completions")))
            return
        shared = _common(completions)
        if len(shared) > len(word) or len(completions) == 1:
            rest = field.value[field.cursor_position :]
            field.value = head + shared + (" " if len(completions) == 1 and not rest else "") + rest
            field.cursor_position = len(field.value) - len(rest)
        else:
            self.notify(
                "  ".join(clean(w) for w in completions[:24]) + ("  …" if len(completions) > 24 else "")
            )

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        path, _, line = event.href.removeprefix("place:").rpartition(":")
        if event.href.startswith("place:") and line.isdecimal():
            self.post_message(self.PlaceChosen(path, int(line)))
        else:
            self.notify(render(message("tui.chat.no_links")), severity="warning")


def _widget_of(entry: Entry) -> Widget:
    if entry.kind == "answer":
        return _Answer(entry)
    if entry.offers:
        return _Offers(entry)
    if entry.kind in ("call", "thinking", "diff") or entry.detail:
        return _Folded(entry)
    return Static(_line(entry))


def _update(widget: Widget, entry: Entry) -> None:
    if isinstance(widget, _Answer | _Folded):
        widget.grow(entry)
    elif isinstance(widget, Static):
        widget.update(_line(entry))


def _title(entry: Entry) -> Any:
    """Not a str, which :class:`Collapsible` would read as markup."""
    text, words = clean(entry.text), clean(entry.words)
    mark = "… " if entry.running else ""
    title = f"{mark}{text}" + (f"   ({words})" if words else "") + ("   /undo" if entry.undo else "")
    if entry.kind == "thinking":
        thinking, thought = message("tui.chat.thinking"), message("tui.chat.thought")
        title = f"{render(thinking if entry.running else thought)}  {words}"
    return Content(title)


def _body(entry: Entry) -> Text:
    shown = entry.text if entry.kind == "thinking" else entry.detail
    if len(shown) > MAX_DETAIL_CHARACTERS:
        more = message("tui.chat.more_characters", count=f"{len(shown) - MAX_DETAIL_CHARACTERS:,}")
        shown = f"{shown[:MAX_DETAIL_CHARACTERS]}\n{render(more)}"
    if entry.kind != "diff":
        return Text(clean_lines(shown), Style(dim=entry.kind == "thinking"))
    text = Text()
    for line in clean_lines(shown).splitlines():
        added, gone = line.startswith("+"), line.startswith("-")
        text.append(line + "\n", Style(color="green" if added else "red" if gone else None))
    return text


def _line(entry: Entry) -> Text:
    if entry.kind == "question":
        return Text(f"› {clean_lines(entry.text)}", Style(bold=True))
    style = Style(color="red") if entry.kind == "error" else Style(dim=True)
    words = f"   ({clean(entry.words)})" if entry.words else ""
    return Text(clean_lines(entry.text) + words, style)


def clean_lines(text: str) -> str:
    """Printable, with its line ends."""
    return "\n".join(clean(line.expandtabs(4)) for line in text.splitlines())


def linked(markdown: str) -> str:
    """``file.py:12`` outside of code becomes a link that jumps there; what cannot be printed goes."""
    parts = _FENCE.split("\n".join(clean(line) for line in markdown.split("\n")))
    for at in range(0, len(parts), 2):
        parts[at] = _PLACE.sub(lambda m: f"[{m[1]}:{m[2]}](place:{m[1]}:{m[2]})", parts[at])
    return "".join(parts)


def _last_word(text: str) -> tuple[str, str]:
    at = max(text.rfind(" "), text.rfind("\t")) + 1
    return text[:at], text[at:]


def _common(words: Sequence[str]) -> str:
    first, last = min(words), max(words)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
